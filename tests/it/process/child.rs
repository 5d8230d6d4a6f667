use std::{
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    task::JoinHandle,
    time::timeout,
};
use trilock::sandbox::Sandbox;

pub const SECRET: &str = "it is a secret";

/// A machine slower than this has other troubles.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary without anything that this machine's environment says.
pub fn trilock() -> Command {
    trilock_at(Path::new(env!("CARGO_BIN_EXE_trilock")))
}

/// The same, of another version.
pub fn trilock_at(program: &Path) -> Command {
    let mut command = Command::new(program);
    let ours = |name: &str| name.starts_with("TRILOCK_") || name == "DATABASE_URL" || name == "RUST_LOG";
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub async fn output(command: &mut Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("it ends in time").expect("it runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `trilock serve` as a process, listening.
pub struct Serving {
    child: Child,
    address: SocketAddr,
    /// Read all the while: a full pipe would stop it.
    log: JoinHandle<String>,
}

impl Serving {
    /// With the sandbox as GitHub, and `database` as more environment.
    pub async fn start(sandbox: &Sandbox, key_file: &Path, database: &[(&str, &str)]) -> Self {
        // What a killed one had in hand is taken over after four times that.
        Self::spawn(trilock(), &["--call-timeout", "3s"], sandbox, key_file, database).await
    }

    /// The same with another version's binary.
    pub async fn start_as(
        command: Command,
        sandbox: &Sandbox,
        key_file: &Path,
        database: &[(&str, &str)],
    ) -> Self {
        Self::spawn(command, &[], sandbox, key_file, database).await
    }

    async fn spawn(
        mut command: Command,
        more: &[&str],
        sandbox: &Sandbox,
        key_file: &Path,
        database: &[(&str, &str)],
    ) -> Self {
        std::fs::write(key_file, sandbox.private_key_pem()).expect("a key file");
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--check-runs-every", "1s"])
            .args(more)
            .env("TRILOCK_APP_ID", "1")
            .env("TRILOCK_WEBHOOK_SECRET", SECRET)
            .env("TRILOCK_PRIVATE_KEY_FILE", key_file)
            .env("TRILOCK_GITHUB_API_URL", sandbox.base_url())
            .envs(database.iter().copied())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log")).lines();
        let address = timeout(PATIENCE, listening(&mut log)).await.expect("it listens in time");
        let address = address.parse().expect("an address");
        let serving = Self { child, address, log: tokio::spawn(rest(log)) };
        sandbox.set_webhook_url(serving.webhook_url());
        serving
    }

    pub fn webhook_url(&self) -> String {
        format!("http://{}/webhooks/github", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Asks it by HTTP: status line, headers and body as they come.
    pub async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("an answer");
        answer
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).expect("a signal");
    }

    /// Waits for its end; the rest of its log and whether it ended well.
    pub async fn end(mut self) -> (String, bool) {
        let ending = async { (self.log.await.expect("its log"), self.child.wait().await.expect("its end")) };
        let (said, status) = timeout(PATIENCE, ending).await.expect("it ends in time");
        (said, status.success())
    }
}

async fn rest(mut log: Lines<BufReader<ChildStderr>>) -> String {
    let mut said = String::new();
    while let Ok(Some(line)) = log.next_line().await {
        said.push_str(&line);
        said.push('\n');
    }
    said
}

async fn listening(log: &mut Lines<BufReader<ChildStderr>>) -> String {
    let mut said = Vec::new();
    while let Some(line) = log.next_line().await.expect("a log") {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if value["message"] == "listening" {
            return value["address"].as_str().expect("an address").to_owned();
        }
        said.push(line);
    }
    panic!("it ended before it listened:\n{}", said.join("\n"));
}
