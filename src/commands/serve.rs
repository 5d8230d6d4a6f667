//! `trilock serve`: the server, until SIGINT or SIGTERM.

use std::{io::IsTerminal as _, net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    database::Database,
    server::{Parts, Server},
    settings::{DatabaseSettings, ServeSettings},
};
use crate::{
    clock::Clock,
    github::{GitHub, Settings, TimeOuts},
    store::{CALL, LockBounds, Store},
    web,
    webhook::WebhookSecrets,
};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const GITHUB: &str = "https://api.github.com";
const CHECK_RUNS_EVERY: Duration = Duration::from_secs(60);
const RECONCILE_EVERY: Duration = Duration::from_secs(5 * 60);

/// SIGINT and SIGTERM. Taken before Postgres is started: a Ctrl-C in between would leave an orphan.
pub struct Signals(Signal, Signal);

impl Signals {
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn take() -> anyhow::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    /// Resolves when one of them has come.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Runs the server until it is told to stop; then it finishes what is in flight.
///
/// # Errors
/// What is missing in the settings, all at once; or why the database or the address cannot be had.
pub async fn run(database: DatabaseSettings, settings: ServeSettings) -> anyhow::Result<()> {
    let mut signals = Signals::take()?;
    let needed = Needed::of(&settings)?;
    let clock = Clock::system();
    let call = settings.call_timeout.unwrap_or(CALL);
    let api_url = settings.github_api_url.unwrap_or_else(|| GITHUB.to_owned());
    let github_url = web_address(&api_url);
    let github = GitHub::new(Settings {
        api_url,
        app_id: needed.app_id,
        private_key_pem: needed.private_key,
        clock: clock.clone(),
        time_outs: TimeOuts::within(call),
    })?;
    let mut bounds = LockBounds::default();
    bounds.issue_wait = settings.issue_lock_wait.unwrap_or(bounds.issue_wait);
    bounds.build_wait = settings.issue_lock_wait.unwrap_or(bounds.build_wait);
    bounds.queue_wait = settings.queue_lock_wait.unwrap_or(bounds.queue_wait);
    bounds.hold = settings.lock_hold.unwrap_or(bounds.hold);
    let mut database = tokio::select! {
        opened = Database::open(&database, bounds) => opened?,
        () = signals.received() => return Ok(()),
    };
    database.store = paced(database.store, &clock).await?.for_calls_of(call);
    let operator_token = database.store.operator_token().await?;
    let parts = Parts {
        store: database.store.clone(),
        github,
        clock,
        secrets: needed.secrets,
        allowed_owners: named(settings.allowed_owners.unwrap_or_default()),
        public_url: settings.public_url.unwrap_or_default(),
        check_runs_every: settings.check_runs_every.unwrap_or(CHECK_RUNS_EVERY),
        reconcile_every: settings.reconcile_every.unwrap_or(RECONCILE_EVERY),
        web: web::Options { operator_token: operator_token.clone(), github_url, ..web::Options::default() },
    };
    let server = Server::start(settings.listen.unwrap_or(LISTEN), parts).await?;
    tracing::info!(address = %server.address(), "listening");
    // A log is read by more people than a terminal.
    if std::io::stderr().is_terminal() {
        eprintln!("Operator token for the page: {operator_token}");
    } else {
        tracing::info!("`trilock token` shows the operator token for the page");
    }
    signals.received().await;
    tracing::info!("stopping: what is in flight is finished first");
    server.stop().await;
    database.close().await;
    Ok(())
}

/// Sets the clock to the one that the database has, if it has one.
async fn paced(store: Store, clock: &Clock) -> anyhow::Result<Store> {
    let Some(stored) = store.stored_clock().await? else { return Ok(store) };
    tracing::warn!(
        rate = stored.rate,
        "this database has a clock of its own, which is for tests: time is not the wall's"
    );
    clock.set(store.now().await?, stored.rate);
    Ok(store.at_rate(stored.rate))
}

/// Logins as given, without blanks and empty ones.
fn named(logins: Vec<String>) -> Vec<String> {
    logins.iter().map(|login| login.trim().to_owned()).filter(|login| !login.is_empty()).collect()
}

/// Where people see what the API at `api_url` is about: Enterprise Server has it under `/api/v3`.
fn web_address(api_url: &str) -> String {
    let api_url = api_url.trim_end_matches('/');
    if api_url == GITHUB {
        return "https://github.com".to_owned();
    }
    api_url.trim_end_matches("/api/v3").to_owned()
}

/// The settings without which there is no App.
struct Needed {
    app_id: String,
    private_key: String,
    secrets: WebhookSecrets,
}

impl Needed {
    fn of(settings: &ServeSettings) -> anyhow::Result<Self> {
        let key_file = settings.private_key_file.as_ref();
        let from_file = key_file
            .map(|path| {
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
            })
            .transpose()?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let private_key = given(&settings.private_key).or(from_file);
        let app_id = given(&settings.app_id);
        let secrets = settings.webhook_secret.as_deref().and_then(WebhookSecrets::parse);
        let missing: Vec<&str> = [
            (app_id.is_none(), "TRILOCK_APP_ID (the App's id)"),
            (private_key.is_none(), "TRILOCK_PRIVATE_KEY_FILE (the App's private key, a .pem file)"),
            (secrets.is_none(), "TRILOCK_WEBHOOK_SECRET (the secret that the App signs its webhooks with)"),
        ]
        .into_iter()
        .filter_map(|(missing, name)| missing.then_some(name))
        .collect();
        match (app_id, private_key, secrets) {
            (Some(app_id), Some(private_key), Some(secrets)) => Ok(Self { app_id, private_key, secrets }),
            _ => bail!(
                "missing: {}. All three are on the App's settings page on GitHub; README.md says how to make an App. \
                 To look around without one: trilock demo",
                missing.join("; ")
            ),
        }
    }
}
