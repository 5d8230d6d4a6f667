//! A world of its own for each test: a database, a GitHub, a server. A story does something, waits until all that
//! follows from it is done, and looks at every word that the bot wrote: what no snapshot looked at fails it.
//!
//! | file | has |
//! |---|---|
//! | `people` | what people do on GitHub |
//! | `runs` | what becomes of workflow runs |
//! | `words` | what the bot wrote, made stable for snapshots |
//! | `time` | waiting, and moving the clock |
//! | `end` | what must hold at the end of every story |

mod database;
mod end;
mod people;
mod policies;
mod runs;
mod time;
mod words;

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, PgPool};
use trilock::{
    clock::Clock,
    commands::server::{Parts, Server},
    github::{GitHub, Settings, TimeOuts},
    sandbox::{Options, Sandbox},
    store::{LockBounds, Store},
    webhook::WebhookSecrets,
};

pub use database::{empty_database, fresh_database, store_on};
pub use people::Issue;
pub use policies::{CORRELATING_WORKFLOW, POLICY, POLICY_PATH, REPO, WORKFLOW, WORKFLOW_PATH};
pub use time::{minutes, seconds};

const SECRET: &str = "it is a secret";

/// The clock all but stands: a story's time moves by [`Trilock::pass`]. It is not 0, for a worker that finds a row in
/// another's hands looks again after 0.1 s.
const RATE: f64 = 0.1;

/// 13:58 UTC, as in the examples that people read.
fn start_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_183_080, 0).expect("a valid time")
}

/// One test's world.
pub struct Trilock {
    pub github: Sandbox,
    pub store: Store,
    pub clock: Clock,
    database: PgPool,
    server: Option<Server>,
    /// Far away, unless a story is about that: else what GitHub did not deliver would come at any time.
    pub reconcile_every: Duration,
    secret_keys: String,
    /// Comments of the bot that a snapshot looked at, with the text that it saw.
    seen: Mutex<BTreeMap<u64, String>>,
    ended: bool,
}

impl Trilock {
    /// A repository with the usual policy, and people: ada (maintain), ben and eve (write), sam (read).
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A world for what is no story: nobody reads its comments.
    pub async fn backdrop() -> Self {
        let mut this = Self::start().await;
        this.ended = true;
        this
    }

    pub async fn with(adjust: impl FnOnce(&mut Options)) -> Self {
        // RUST_LOG shows what the server says.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let clock = Clock::starting_at(start_time(), RATE);
        let options = fresh_database().await;
        let store = database::store_on(options.clone(), LockBounds::default());
        store.set_clock(clock.now(), RATE).await.expect("the clock is stored");
        let mut github = Options::new(clock.clone());
        github.webhook_secret = SECRET.into();
        github.api_requests = std::env::var_os("TRILOCK_API_REQUESTS").map(PathBuf::from);
        adjust(&mut github);
        let mut this = Self {
            github: Sandbox::start(github).await.expect("the sandbox starts"),
            store,
            clock,
            database: PgPool::connect_lazy_with(options),
            server: None,
            reconcile_every: Duration::from_secs(365 * 24 * 3600),
            secret_keys: "11".repeat(32),
            seen: Mutex::default(),
            ended: false,
        };
        this.serve().await;
        this.repository(REPO);
        this.calm().await;
        this
    }

    /// Starts (another time) a server on the same database.
    pub async fn serve(&mut self) {
        let time_outs = TimeOuts {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(20),
            total: Duration::from_secs(30),
        };
        let github = GitHub::new(Settings {
            api_url: self.github.api_url().to_owned(),
            app_id: "1".into(),
            private_key_pem: self.github.private_key_pem(),
            clock: self.clock.clone(),
            time_outs,
        });
        let options = self.database.connect_options().as_ref().clone();
        let parts = Parts {
            store: database::store_with(options, LockBounds::default(), &self.secret_keys),
            github: github.expect("a client"),
            clock: self.clock.clone(),
            secrets: WebhookSecrets::parse(SECRET).expect("a secret"),
            allowed_owners: Vec::new(),
            public_url: "https://ci.example".into(),
            check_runs_every: Duration::from_secs(60),
            reconcile_every: self.reconcile_every,
            web: trilock::web::Options::default(),
        };
        let server =
            Server::start("127.0.0.1:0".parse().expect("an address"), parts).await.expect("it starts");
        self.github.set_webhook_url(format!("http://{}/webhooks/github", server.address()));
        self.server = Some(server);
    }

    /// Ends the server and starts one that has these keys for what is encrypted at rest.
    pub async fn serve_with_keys(&mut self, keys: &str) {
        self.calm().await;
        self.kill();
        let options = self.database.connect_options().as_ref().clone();
        self.store = database::store_with(options, LockBounds::default(), keys);
        self.secret_keys = keys.to_owned();
        self.serve().await;
    }

    /// Where commands find the database.
    pub fn database_url(&self) -> String {
        self.database.connect_options().to_url_lossy().to_string()
    }

    /// Ends the server as kill -9 would.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            let store = server.context().store().clone();
            server.kill();
            // What an aborted task began in the database ends with its connection, as with a process.
            tokio::spawn(async move { store.close().await });
        }
    }
}
