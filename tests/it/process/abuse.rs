//! What strangers send: the right status, bounded memory, and the service goes on.

use std::{path::Path, sync::Arc, time::Duration};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use trilock::{sandbox::Sandbox, webhook::WebhookSecrets};

use super::{
    child::{SECRET, Serving},
    survives::{open_folder, sandbox},
};
use crate::harness::fresh_database;

/// Longer than the server lets anybody take over headers or a body.
const PATIENCE: Duration = Duration::from_secs(20);
const MB: usize = 1024 * 1024;
/// What the process may hold at its worst, in MB of resident memory (docs/operating.md states it). 256 of them are bodies under way, and parsing
/// and sealing copy those that are being taken in.
const MOST_MEMORY: usize = 768;

struct Abused(Serving);

/// The status of a raw answer.
fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

impl Abused {
    async fn start(sandbox: &Sandbox, key_file: &Path) -> Self {
        let url = fresh_database().await.to_url_lossy().to_string();
        let database = [("DATABASE_URL", url.as_str()), ("TRILOCK_SECRET_KEY", &"22".repeat(32))];
        Self(Serving::start(sandbox, key_file, &database).await)
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.0.address()).await.expect("a connection")
    }

    /// Sends bytes and reads until the server closes or `PATIENCE` ends.
    async fn raw(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut stream = self.connect().await;
        for part in parts {
            // A server that has answered already may have closed its side.
            if stream.write_all(part).await.is_err() {
                break;
            }
        }
        let mut answer = Vec::new();
        _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        answer
    }

    async fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Option<u16> {
        let mut head = format!(
            "POST /webhooks/github HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        status(&self.raw(&[head.as_bytes(), body]).await)
    }

    async fn signed(&self, id: &str, body: &[u8]) -> Option<u16> {
        let secrets = WebhookSecrets::parse(SECRET).expect("a secret");
        let signature = secrets.sign(body).expect("a signature");
        let headers =
            [("x-hub-signature-256", &*signature), ("x-github-delivery", id), ("x-github-event", "issues")];
        self.post(&headers, body).await
    }

    async fn goes_on(&self) {
        let answer = self.raw(&[b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]).await;
        assert_eq!(status(&answer), Some(200));
        assert_eq!(self.signed(&uuid::Uuid::now_v7().to_string(), b"{}").await, Some(202));
    }

    /// The most that it ever held, in MB.
    fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.pid())).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("its peak");
        let kb: usize = line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number");
        kb / 1024
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn abuse_gets_the_right_status_and_the_service_goes_on() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let abused = Abused::start(&sandbox, &folder.path().join("app.pem")).await;

    // Who does not sign, or signs wrongly.
    let wrong = format!("sha256={}", "0".repeat(64));
    assert_eq!(abused.post(&[], b"{}").await, Some(401));
    assert_eq!(abused.post(&[("x-hub-signature-256", &wrong)], b"{}").await, Some(401));
    assert_eq!(abused.post(&[("x-hub-signature-256", "sha256=\u{e9}")], b"{}").await, Some(401));

    // Bodies that are not what they should be.
    let nested = format!("{}{}", "[".repeat(MB), "]".repeat(MB));
    assert_eq!(abused.signed("nested", nested.as_bytes()).await, Some(400));
    let hidden = format!(r#"{{"action": "opened", "unknown": {nested}}}"#);
    // Where nothing is read from it, it does no harm.
    assert_eq!(abused.signed("hidden", hidden.as_bytes()).await, Some(202));
    assert_eq!(abused.signed("not utf-8", b"{\"action\": \"\xff\"}").await, Some(400));
    let nul = json!({ "action": "opened\u{0}", "repository": Value::Null });
    assert_eq!(abused.signed("nul", nul.to_string().as_bytes()).await, Some(202));
    assert_eq!(abused.signed("replayed", b"{}").await, Some(202));
    assert_eq!(abused.signed("replayed", b"{}").await, Some(202));

    // Headers without end.
    let many: String = (0..500).map(|n| format!("x-{n}: y\r\n")).collect();
    let flood = format!("GET /healthz HTTP/1.1\r\n{many}\r\n");
    assert_eq!(status(&abused.raw(&[flood.as_bytes()]).await), Some(431));
    let long = format!("GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(MB));
    assert_eq!(status(&abused.raw(&[long.as_bytes()]).await), Some(431));

    abused.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_large_senders_by_the_thousand_leave_memory_bounded() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let abused = Abused::start(&sandbox, &folder.path().join("app.pem")).await;

    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("as many files as may be");
    // 2,000 connections that say little or nothing; half of them never end their headers.
    let mut idle = Vec::new();
    for n in 0..2000 {
        let mut stream = abused.connect().await;
        if n % 2 == 0 {
            stream
                .write_all(b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\nx-slow: ")
                .await
                .expect("written");
        }
        idle.push(stream);
    }
    abused.goes_on().await;

    // 60 of 25 MB at once, all unsigned but for the look of it: more than there is room for.
    let wrong = format!("sha256={}", "0".repeat(64));
    let large = vec![b' '; 25 * MB];
    let mut answers = JoinSet::new();
    let abused = Arc::new(abused);
    let large = Arc::new(large);
    for _ in 0..60 {
        let (abused, large, wrong) = (abused.clone(), large.clone(), wrong.clone());
        answers.spawn(async move { abused.post(&[("x-hub-signature-256", &wrong)], &large).await });
    }
    // A connection that is cut while it still sends may lose the answer.
    let answers = answers.join_all().await;
    assert!(answers.iter().all(|status| matches!(status, None | Some(401 | 503 | 408))), "{answers:?}");
    assert!(answers.contains(&Some(401)), "{answers:?}");
    assert_eq!(abused.signed("too large", &vec![b' '; 26 * MB]).await.unwrap_or(413), 413);

    // The slow ones are sent away, and a body that never ends too.
    let head =
        b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: a\r\ncontent-length: 9\r\n\r\n{";
    assert_eq!(status(&abused.raw(&[head]).await), Some(408));
    for mut stream in idle {
        let mut rest = Vec::new();
        let closed = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "a slow connection is still open");
    }
    abused.goes_on().await;
    let peak = abused.peak_memory();
    println!("peak memory: {peak} MB");
    assert!(peak < MOST_MEMORY, "{peak} MB");
}
