//! A world of its own for each test: a database, a GitHub, a server; its clock stands at a fixed time and is moved by
//! hand.

mod database;

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use trilock::{
    clock::Clock,
    commands::server::{Parts, Server},
    github::{GitHub, Settings, TimeOuts},
    sandbox::{Options, Sandbox, World},
    store::{LockBounds, Store},
    webhook::WebhookSecrets,
};

pub use database::{fresh_database, fresh_store};

pub const REPO: &str = "octo/app";
const SECRET: &str = "it is a secret";

/// The policy and the workflow that most stories use.
pub const POLICY: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4.0 }
      channel: { label: Channel }
";

pub const WORKFLOW: &str = "name: Desktop
run-name: Desktop ${{ inputs.tag }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      channel: { type: choice, options: [stable, beta], default: stable }
jobs:
  windows:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
      - name: Keep
        uses: actions/upload-artifact@v4
        with: { name: app-windows, path: out }
";

/// The same, but its runs show the build's id.
pub const CORRELATING_WORKFLOW: &str = "name: Desktop
run-name: Desktop ${{ inputs.tag }} ${{ inputs.trilock_build }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      channel: { type: choice, options: [stable, beta], default: stable }
      trilock_build: { type: string }
jobs:
  windows:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
";

/// 13:58 UTC, as in the examples that people read.
pub fn start_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_183_080, 0).expect("a valid time")
}

/// One test's world.
pub struct Trilock {
    pub clock: Clock,
    pub github: Sandbox,
    pub store: Store,
    server: Option<Server>,
}

impl Trilock {
    /// A repository with the usual policy, and people: ada (maintain), ben and eve (write), sam (read).
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Options)) -> Self {
        // RUST_LOG shows what the server says.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let clock = Clock::starting_at(start_time(), 1.0);
        let store = fresh_store(LockBounds::default()).await;
        store.set_clock(clock.now(), 1.0).await.expect("the clock is stored");
        let mut options = Options::new(clock.clone());
        options.webhook_secret = SECRET.into();
        options.api_requests = std::env::var_os("TRILOCK_API_REQUESTS").map(PathBuf::from);
        adjust(&mut options);
        let github = Sandbox::start(options).await.expect("the sandbox starts");
        let mut this = Self { clock, github, store, server: None };
        this.serve().await;
        this.people();
        this
    }

    fn people(&self) {
        let mut world = self.github.world();
        for (login, role) in [("ada", "maintain"), ("ben", "write"), ("eve", "write"), ("sam", "read")] {
            world.add_user(login);
            if role == "maintain" {
                world.add_repo(REPO, false).expect("a new repository");
            }
            let role = serde_json::from_value(serde_json::json!(role)).expect("a role");
            world.set_role(REPO, login, role).expect("a known person");
        }
        world.put_file(REPO, ".github/workflows/build-desktop.yml", WORKFLOW).expect("a file");
        world.put_file(REPO, ".github/trilock.yml", POLICY).expect("a file");
    }

    /// Starts (another time) a server on the same database.
    pub async fn serve(&mut self) {
        let github = GitHub::new(Settings {
            api_url: self.github.base_url().to_owned(),
            app_id: "1".into(),
            private_key_pem: self.github.private_key_pem(),
            clock: self.clock.clone(),
            time_outs: TimeOuts {
                connect: Duration::from_secs(2),
                read: Duration::from_secs(2),
                total: Duration::from_secs(3),
            },
        });
        let parts = Parts {
            store: self.store.clone(),
            github: github.expect("a client"),
            clock: self.clock.clone(),
            secrets: WebhookSecrets::parse(SECRET).expect("a secret"),
            allowed_owners: Vec::new(),
            public_url: "https://ci.example".into(),
            check_runs_every: Duration::from_secs(60),
            web: trilock::web::Options::default(),
        };
        let server =
            Server::start("127.0.0.1:0".parse().expect("an address"), parts).await.expect("it starts");
        self.github.set_webhook_url(format!("http://{}/webhooks/github", server.address()));
        self.server = Some(server);
    }

    /// Ends the server as kill -9 would.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    /// Moves all clocks forward.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.store.set_clock(self.clock.now(), 1.0).await.expect("the clock is stored");
        self.clock.advance(Duration::ZERO);
    }

    /// Waits until the world is as described, or fails with what it is like.
    pub async fn until(&self, what: &str, condition: impl Fn(&World) -> bool) {
        assert!(self.github.until(condition).await, "it never came to this: {what}");
    }
}

impl Drop for Trilock {
    fn drop(&mut self) {
        let violations = self.github.world().violations().to_vec();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "calls that GitHub does not know: {violations:#?}");
        }
    }
}
