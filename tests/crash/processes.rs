//! The sandbox and the replicas as processes.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
    sync::mpsc,
};
use trilock::{clock::Clock, store::StoredClock};

use crate::{database::SECRET_KEY, github::GitHub, plan::Chaos, table::Counts};

const REPLICAS: usize = 2;
const WEBHOOK_SECRET: &str = "it is a secret";

/// What one call to GitHub may take, in real time: what a dead server had in hand is free after four times that.
const CALL: &str = "1s";

/// A supervisor's rest before it starts again what ended by itself.
const REST: Duration = Duration::from_millis(300);

/// The binary without anything that this machine's environment says.
pub fn trilock() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilock"));
    let ours = |name: &str| name.starts_with("TRILOCK_") || name == "DATABASE_URL" || name == "RUST_LOG";
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// The simulated GitHub.
pub struct Sandbox {
    _child: Child,
    pub github: GitHub,
    address: String,
    key_file: PathBuf,
}

impl Sandbox {
    pub async fn start(folder: &Path, clock: StoredClock, seed: u64) -> Self {
        let key_file = folder.join("app.pem");
        let mut command = trilock();
        command.args(["sandbox", "--listen", "127.0.0.1:0", "--webhook-secret", WEBHOOK_SECRET]);
        command.arg("--app-key-file").arg(&key_file);
        command.args(["--clock-real", &clock.real.to_rfc3339(), "--clock-shown", &clock.shown.to_rfc3339()]);
        command.args(["--rate", &clock.rate.to_string(), "--seed", &seed.to_string()]);
        command.args(["--cancel-takes", "8s", "--list-lag", "10s"]);
        command.args(["--rate-limit", "100000000", "--hooks-at-once", "16", "--hook-answer-within", "2s"]);
        if let Some(table) = std::env::var_os("TRILOCK_API_REQUESTS") {
            command.arg("--api-requests").arg(table);
        }
        command.stdout(Stdio::piped()).stderr(log_file(folder, "sandbox"));
        let mut child = command.spawn().expect("the sandbox starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
        let line = lines.next_line().await.expect("a line").expect("the sandbox says where it is");
        let told: Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = told["address"].as_str().expect("an address").to_owned();
        Self { _child: child, github: GitHub::new(address.clone()), address, key_file }
    }
}

fn log_file(folder: &Path, name: &str) -> File {
    File::create(folder.join(format!("{name}.log"))).expect("a log file")
}

/// Where the replicas are reached, as far as they said.
type Addresses = Arc<Mutex<[Option<String>; REPLICAS]>>;

/// What a replica's supervisor is told.
pub type Orders = mpsc::UnboundedSender<Chaos>;

/// One `trilock serve` after the other, with the same log.
pub struct Replica {
    number: usize,
    command: Command,
    log: Arc<Mutex<File>>,
    github: GitHub,
    addresses: Addresses,
    counts: Counts,
}

/// Starts all replicas, each under a supervisor.
pub fn replicas(folder: &Path, sandbox: &Sandbox, database_url: &str, counts: &Counts) -> Vec<Orders> {
    let addresses = Addresses::default();
    let start = |number| {
        let mut command = trilock();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--call-timeout", CALL, "--check-runs-every", "20s"])
            .args(["--reconcile-every", "60s"])
            .env("RUST_LOG", "info")
            .env("DATABASE_URL", database_url)
            .env("TRILOCK_SECRET_KEY", SECRET_KEY)
            .env("TRILOCK_APP_ID", "1")
            .env("TRILOCK_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("TRILOCK_PRIVATE_KEY_FILE", &sandbox.key_file)
            .env("TRILOCK_GITHUB_API_URL", &sandbox.address)
            .env("TRILOCK_PUBLIC_URL", "https://ci.example")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let replica = Replica {
            number,
            command,
            log: Arc::new(Mutex::new(log_file(folder, &format!("replica-{number}")))),
            github: sandbox.github.clone(),
            addresses: addresses.clone(),
            counts: counts.clone(),
        };
        let (orders, inbox) = mpsc::unbounded_channel();
        tokio::spawn(replica.supervise(inbox));
        orders
    };
    (0..REPLICAS).map(start).collect()
}

impl Replica {
    /// Runs until the orders end.
    async fn supervise(mut self, mut orders: mpsc::UnboundedReceiver<Chaos>) {
        let wall = Clock::system();
        loop {
            let mut child = self.spawn();
            let away = loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        None => return,
                        Some(Chaos::Kill { away, .. }) => {
                            signal(&child, Signal::SIGKILL);
                            self.counts.add("replica killed with -9");
                            break away;
                        }
                        Some(Chaos::Pause { lasts, .. }) => {
                            signal(&child, Signal::SIGSTOP);
                            self.counts.add("replica stopped and continued");
                            wall.sleep(lasts).await;
                            signal(&child, Signal::SIGCONT);
                        }
                        Some(_) => {}
                    },
                    _ = child.wait() => {
                        self.counts.add("replica ended by itself");
                        break REST;
                    }
                }
            };
            _ = child.wait().await;
            wall.sleep(away).await;
        }
    }

    fn spawn(&mut self) -> Child {
        let mut child = self.command.spawn().expect("a replica starts");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        let (file, number, addresses) = (self.log.clone(), self.number, self.addresses.clone());
        tokio::spawn(listen(log, file, number, addresses, self.github.clone()));
        child
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = child.id() {
        // It may have ended by itself just then.
        _ = kill(Pid::from_raw(pid.cast_signed()), signal);
    }
}

/// Keeps a replica's log, and tells GitHub its address once it has one.
async fn listen(
    log: BufReader<ChildStderr>,
    file: Arc<Mutex<File>>,
    number: usize,
    addresses: Addresses,
    github: GitHub,
) {
    let mut lines = log.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        _ = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        if !line.contains("\"listening\"") {
            continue;
        }
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let url = said["address"].as_str().map(|address| format!("http://{address}/webhooks/github"));
        let urls: Vec<String> = {
            let mut addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
            addresses[number] = url;
            addresses.iter().flatten().cloned().collect()
        };
        github.tell("set_webhook_urls", json!({ "urls": urls })).await;
    }
}
