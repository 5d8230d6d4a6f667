//! What can go wrong before a private Postgres answers, each with its way out.

use std::{io, path::PathBuf};

use super::temporary::SOCKET_PATH_LIMIT;

/// Why there is no private Postgres. The text is for the person at the terminal: reason, place, way out.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("no PostgreSQL 15 or later is installed. Install it with {install}, or set DATABASE_URL")]
    NotInstalled { install: String },
    #[error("{}: no PostgreSQL 15 or later in this folder (it needs `postgres` and `initdb`); correct TRILOCK_PG_BIN", .0.display())]
    BadBinDir(PathBuf),
    #[error(
        "{}: this data is from PostgreSQL {major}, whose binaries were not found. Install them with {install}, \
         or name their folder in TRILOCK_PG_BIN; the data stays untouched until then", data.display()
    )]
    MajorMissing { major: u32, data: PathBuf, install: String },
    #[error(
        "{}: the folder is neither empty nor a PostgreSQL cluster; move it away, or choose another TRILOCK_STATE_DIR",
        .0.display()
    )]
    NotACluster(PathBuf),
    #[error(
        "{}: the socket's path is longer than {SOCKET_PATH_LIMIT} bytes; choose a shorter TRILOCK_STATE_DIR",
        .0.display()
    )]
    PathTooLong(PathBuf),
    #[error(
        "PostgreSQL does not run as root, and neither an account `postgres` nor `nobody` exists; \
         create one, or start trilock as another user"
    )]
    NoAccount,
    #[error(
        "{}: the account `{account}`, as which PostgreSQL runs when trilock is root, cannot enter this folder; \
         choose another TRILOCK_STATE_DIR", folder.display()
    )]
    Unreachable { account: String, folder: PathBuf },
    #[error(
        "{}: not allowed to give this folder to the account `{account}`: this root lacks the capability CAP_CHOWN \
         (common in containers). Start trilock as an ordinary user, or set DATABASE_URL", folder.display()
    )]
    ChownRefused { account: String, folder: PathBuf },
    #[error("{}: cannot {action}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: initdb failed: {output}", data.display())]
    Initialise { data: PathBuf, output: String },
    #[error("{}: PostgreSQL did not start: {reason} (its log: {})", data.display(), log.display())]
    Start { data: PathBuf, log: PathBuf, reason: String },
    #[error(
        "{}: owned by process {owner}, but its PostgreSQL does not answer; wait for it, or end that process",
        state.display()
    )]
    OwnerSilent { state: PathBuf, owner: String },
    #[error("the private PostgreSQL refused: {0}")]
    Database(#[from] sqlx::Error),
}

impl ClusterError {
    /// For `map_err`: what was tried with which path.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
