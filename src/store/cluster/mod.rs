//! A Postgres of our own from the installed binaries, for whoever set no `DATABASE_URL`.
//!
//! It is private (its data folder, 0700, holds the only socket), needs no set-up, and goes when we go. One process owns a
//! state folder, by a file lock; every other joins what runs there. After a `kill -9` of the owner the kept cluster runs
//! on and the next start adopts it; a temporary one is removed.

mod account;
mod error;
mod find;
mod initialise;
mod keeper;
mod owner;
mod process;
mod temporary;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use nix::unistd::geteuid;
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};

pub use error::ClusterError;
use keeper::Keeper;

/// Only names the socket; nothing listens on the network.
const SOCKET_PORT: u16 = 5432;
/// The superuser, and the database that [`Cluster::options`] leads to.
const NAME: &str = "trilock";

/// How to bring up a cluster.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    pub home: Home,
    /// The folder with `postgres` and `initdb`; searched for if not given.
    pub bin_dir: Option<PathBuf>,
    /// `false` is faster and loses data in a power cut: for tests.
    pub fsync: bool,
    pub max_connections: u32,
}

/// Where a cluster lives.
#[derive(Clone, Debug)]
pub enum Home {
    /// The kept one: `<state dir>/pg-<major>`. The path is the state dir.
    Kept(PathBuf),
    /// A fresh one outside `/root`, removed when it is stopped or dropped, or when this process ends in whatever way.
    Temporary,
}

/// A running private Postgres, as its owner or as its guest.
#[derive(Debug)]
pub struct Cluster {
    socket_dir: PathBuf,
    owns: Arc<AtomicBool>,
    keeper: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Cluster {
    /// Starts the cluster, adopts the one that a killed owner left, or joins that of a living owner (waiting up to 60 s
    /// for it to be ready). The database `trilock` exists afterwards.
    ///
    /// Install the handlers of SIGINT and SIGTERM before, or a Ctrl-C meanwhile leaves Postgres running.
    pub async fn start(mut options: ClusterOptions) -> Result<Self, ClusterError> {
        if let Home::Kept(state) = &mut options.home {
            *state = std::path::absolute(&*state).map_err(ClusterError::io("find the folder", &*state))?;
        }
        let opening = tokio::task::spawn_blocking(move || Self::open(options));
        let cluster = opening.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        cluster.ensure_database().await?;
        Ok(cluster)
    }

    fn open(options: ClusterOptions) -> Result<Self, ClusterError> {
        let keeper = Keeper::open(options)?;
        let socket_dir = keeper.data.clone();
        let owns = Arc::new(AtomicBool::new(keeper.is_owner()));
        let (stop, stopped) = mpsc::channel();
        let told = Arc::clone(&owns);
        let thread = thread::Builder::new()
            .name("postgres-keeper".into())
            .spawn(move || keeper.keep(&stopped, &told))
            .map_err(ClusterError::io("start a thread for", &socket_dir))?;
        Ok(Self { socket_dir, owns, keeper: Some((stop, thread)) })
    }

    /// Leads to the database `trilock`.
    pub fn options(&self) -> PgConnectOptions {
        self.database(NAME)
    }

    /// Leads to another database of the cluster, as superuser; `postgres` always exists.
    pub fn database(&self, name: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(SOCKET_PORT)
            .username(NAME)
            .database(name)
            .ssl_mode(PgSslMode::Disable)
            .application_name(NAME)
    }

    /// Whether it is for us to stop the cluster. A guest becomes the owner when the owner leaves before it.
    pub fn is_owner(&self) -> bool {
        self.owns.load(Ordering::Acquire)
    }

    /// The owner stops the cluster, fast at first and harder if that takes over 30 s; a guest only leaves.
    pub async fn stop(self) {
        if let Err(error) = tokio::task::spawn_blocking(move || drop(self)).await {
            tracing::error!(%error, "private PostgreSQL may not have been stopped");
        }
    }

    async fn ensure_database(&self) -> Result<(), ClusterError> {
        let mut connection = self.database("postgres").connect().await?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'trilock')")
                .fetch_one(&mut connection)
                .await?;
        if !exists {
            let made = sqlx::query("CREATE DATABASE trilock").execute(&mut connection).await;
            // An owner and its first guest may both try: then duplicate_database or unique_violation.
            let twice = |error: &sqlx::Error| {
                let code = error.as_database_error().and_then(|error| error.code());
                code.is_some_and(|code| code == "42P04" || code == "23505")
            };
            match made {
                Err(error) if !twice(&error) => return Err(error.into()),
                _ => {}
            }
        }
        connection.close().await?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.keeper.take() {
            drop(stop);
            if thread.join().is_err() {
                tracing::error!(data = %self.socket_dir.display(), "the keeper of the private PostgreSQL panicked");
            }
        }
    }
}

/// `/var/lib/trilock` for root, else `$XDG_STATE_HOME/trilock` or `~/.local/state/trilock`.
pub fn default_state_dir() -> PathBuf {
    let home = || std::env::home_dir().map(|home| home.join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|base| base.is_absolute());
    match base.or_else(home) {
        Some(base) if !geteuid().is_root() => base.join(NAME),
        _ => "/var/lib/trilock".into(),
    }
}
