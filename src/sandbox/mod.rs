//! A simulated GitHub over HTTP, with state of its own, for the demo and the tests. It knows nothing of the server.
//!
//! | file | knows |
//! |---|---|
//! | `world` | all state, accounts, ids, chance |
//! | `auth`, `installations` | the App's key, JSON Web Tokens, installation tokens and what they may do |
//! | `access` | what accounts do with the App: suspended, removed, fewer permissions |
//! | `repos`, `branches`, `contents`, `workflow` | files, refs and how they move, roles; workflow files |
//! | `lifecycle` | repositories renamed, transferred, archived, deleted |
//! | `issues`, `comments`, `issues_api` | issues, comments, labels, reactions |
//! | `checks` | check runs |
//! | `runs`, `progress`, `runs_api` | workflow runs, how they come to be and what becomes of them |
//! | `webhooks`, `deliveries` | what is sent to the App, and the list of it |
//! | `faults` | what goes wrong on demand |
//! | `table` | GitHub's description of its API, which every request is held against |
//! | `record` | the sandbox's own history |
//! | `api`, `server`, `control` | from a request to the above; HTTP; the control API |

mod access;
mod api;
mod auth;
mod branches;
mod checks;
mod comments;
mod contents;
mod control;
mod deliveries;
mod faults;
mod installations;
mod issues;
mod issues_api;
mod lifecycle;
mod progress;
mod record;
mod repos;
mod runs;
mod runs_api;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod webhooks;
mod workflow;
mod world;

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;

#[cfg(test)]
pub(crate) use {api::Call, table::Table};

pub use checks::{CheckAnnotation, CheckOutput, CheckRun};
pub use comments::{Comment, Reaction};
pub use deliveries::Delivery;
pub use faults::{ApiFault, ApiTrouble, HookFault, HookTrouble};
pub use progress::{AutoRuns, Fails};
pub use record::{Acknowledged, Asked, Cancel, CommentChange, CommentEvent, Dispatch, Record, RunTimes};
pub use repos::Role;
pub use runs::{Job, JobStep, Run, RunStatus};
pub use world::{Refusal, World};

/// Real time that [`Sandbox::until`] waits.
const UNTIL: Duration = Duration::from_secs(30);

/// How the simulated GitHub behaves. The defaults are those of github.com without faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// All times and waits follow this clock.
    pub clock: Clock,
    pub listen: SocketAddr,
    /// Where the API begins: nowhere on github.com, at `/api/v3` on an Enterprise Server.
    pub api_path: &'static str,
    /// The table that every request is held against; none: nothing is checked.
    pub api_requests: Option<PathBuf>,
    pub webhook_secret: String,
    /// Where webhooks go; may be set later. None: none are sent.
    pub webhook_url: Option<String>,
    /// How many webhooks may be under way at once. One keeps them in order, which GitHub does not promise.
    pub hooks_at_once: usize,
    /// How long a webhook may go without an answer, in real time.
    pub hook_answer_within: Duration,
    pub app_id: u64,
    pub app_slug: String,
    /// False: a dispatch answers 204 without the run's id, as older servers do.
    pub return_run_details: bool,
    /// None: runs are started and finished by hand.
    pub auto: Option<AutoRuns>,
    /// From a cancel's 202 to the run's end; `Duration::MAX`: the run ignores it.
    pub cancel_takes: Duration,
    /// A new run is missing in listings for this long.
    pub list_lag: Duration,
    /// A delivery is missing in the list of deliveries for this long.
    pub delivery_lag: Duration,
    /// Calls per hour.
    pub rate_limit: u32,
    /// Repeats chance: durations, failures, probabilities, ids of deliveries.
    pub seed: u64,
    pub plant: Option<Plant>,
}

/// A deliberate breach, so that whoever checks the record can be seen to notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Every dispatch makes two runs.
    DoubleDispatch,
    /// Runs are said to be completed while, in the record, they still go on.
    EarlyRelease,
}

impl Options {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            api_path: "",
            api_requests: None,
            webhook_secret: "secret".to_owned(),
            webhook_url: None,
            hooks_at_once: 1,
            hook_answer_within: Duration::from_secs(10),
            app_id: 1,
            app_slug: "trilock".to_owned(),
            return_run_details: true,
            auto: None,
            cancel_takes: Duration::from_secs(5),
            list_lag: Duration::ZERO,
            delivery_lag: Duration::ZERO,
            rate_limit: 15_000,
            seed: 0,
            plant: None,
        }
    }
}

/// A running sandbox. Clones are handles of the same one; it stops with the last of them.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    base_url: String,
    api_url: String,
    stop: CancellationToken,
    _stop_with_last: Arc<DropGuard>,
}

/// What the tasks of a sandbox share. `changes` counts the changes of the world.
struct Shared {
    world: Mutex<World>,
    changes: watch::Sender<u64>,
}

/// The world, locked. Whoever waits for a change looks again when this is dropped; do not keep it while awaiting.
pub struct WorldGuard<'a> {
    world: MutexGuard<'a, World>,
    changes: &'a watch::Sender<u64>,
}

impl Sandbox {
    /// Listens, makes the App's key and starts to serve.
    ///
    /// # Errors
    /// When the address is taken, or the table of API requests cannot be read.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let table = options.api_requests.as_deref().map(table::Table::read).transpose()?.unwrap_or_default();
        let listener = TcpListener::bind(options.listen).await;
        let listener =
            listener.with_context(|| format!("the sandbox cannot listen on {}", options.listen))?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (clock, api_path) = (options.clock.clone(), options.api_path);
        let world = World::new(options, base_url.clone(), auth::AppKey::generate()?, table);
        let shared = Arc::new(Shared { world: Mutex::new(world), changes: watch::Sender::new(0) });
        let stop = CancellationToken::new();

        let service =
            server::router(shared.clone(), api_path).into_make_service_with_connect_info::<server::Line>();
        let server = axum::serve(server::Switchboard(listener), service);
        tokio::spawn(server.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        let webhooks = webhooks::deliver(shared.clone(), octocrab::Octocrab::builder().build()?);
        tokio::spawn(stop.clone().run_until_cancelled_owned(webhooks));
        tokio::spawn(stop.clone().run_until_cancelled_owned(run_schedule(shared.clone(), clock)));

        let api_url = format!("{base_url}{api_path}");
        Ok(Self { shared, base_url, api_url, _stop_with_last: Arc::new(stop.clone().drop_guard()), stop })
    }

    /// `http://host:port`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the App's calls go.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The App's private key, PKCS#8.
    pub fn private_key_pem(&self) -> String {
        self.shared.peek().key.pem.clone()
    }

    /// The world, to look at and to change: the control API.
    pub fn world(&self) -> WorldGuard<'_> {
        self.shared.world()
    }

    /// Where webhooks go from now on.
    pub fn set_webhook_url(&self, url: impl Into<String>) {
        self.world().set_webhook_url(Some(url.into()));
    }

    /// Resolves when no webhook is waiting or under way. One held back to be reordered does not count.
    pub async fn settled(&self) {
        self.shared.settled().await;
    }

    /// Marks every change of the world.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Waits until the condition holds; false when it does not within 30 s of real time.
    pub async fn until(&self, condition: impl FnMut(&World) -> bool) -> bool {
        self.until_within(UNTIL, condition).await
    }

    /// The same with another limit of real time.
    pub async fn until_within(&self, limit: Duration, condition: impl FnMut(&World) -> bool) -> bool {
        tokio::time::timeout(limit, self.shared.until(condition)).await.is_ok()
    }

    /// Stops serving and sending. Connections in use end after their present answer.
    pub fn shutdown(&self) {
        self.stop.cancel();
    }
}

impl Shared {
    /// The world, to look at.
    fn peek(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn world(&self) -> WorldGuard<'_> {
        WorldGuard { world: self.peek(), changes: &self.changes }
    }

    async fn until(&self, mut condition: impl FnMut(&World) -> bool) {
        let mut changes = self.changes.subscribe();
        while !condition(&self.peek()) {
            // The sender lives in self, so this only ever means that something changed.
            _ = changes.changed().await;
        }
    }

    async fn sleep(&self, ms: u64) {
        let clock = self.peek().options.clock.clone();
        clock.sleep(Duration::from_millis(ms)).await;
    }

    async fn settled(&self) {
        self.until(World::is_settled).await;
    }
}

impl Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldGuard<'_> {
    fn drop(&mut self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Does to runs what is due, for as long as it is polled.
async fn run_schedule(shared: Arc<Shared>, clock: Clock) {
    let mut changes = shared.changes.subscribe();
    loop {
        changes.borrow_and_update();
        let due = shared.peek().next_due();
        tokio::select! {
            () = sleep_until(&clock, due) => shared.world().tick(),
            _ = changes.changed() => {}
        }
    }
}

/// Without a deadline: for ever.
async fn sleep_until(clock: &Clock, deadline: Option<DateTime<Utc>>) {
    match deadline {
        Some(deadline) => clock.sleep_until(deadline).await,
        None => pending().await,
    }
}
