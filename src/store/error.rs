use crate::queue::{LockClass, NotPlanned};

/// Why the database did not do what was asked. For operators; clients get none of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database is away: {0}")]
    Away(sqlx::Error),
    /// The class is not known when the holder went just then.
    #[error("{} of the plan was not free in time{blocker}", lock.map_or("a lock".into(), |class| format!("the {class} lock")))]
    LockTimeout { lock: Option<LockClass>, blocker: String },
    /// A guarded write touched fewer rows than it must: somebody wrote without the locks, or a lease was not ours.
    #[error("guarded write refused: {0}")]
    Guard(String),
    #[error(transparent)]
    NotPlanned(#[from] NotPlanned),
    #[error("the schema could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("what is stored cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("{0}")]
    Setting(String),
    #[error("the database refused: {0}")]
    Refused(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls};
        // 57P0x: the server is being shut down or was told to end this connection; 08xxx: connection trouble; 25P03:
        // the connection was ended because we idled in a transaction.
        let away = match &error {
            Io(_) | Tls(_) | PoolTimedOut | PoolClosed => true,
            sqlx::Error::Database(db) => db.code().is_some_and(|code| {
                code.starts_with("57P") || code.starts_with("08") || code == "53300" || code == "25P03"
            }),
            _ => false,
        };
        if away { Self::Away(error) } else { Self::Refused(error) }
    }
}

impl StoreError {
    fn code(&self) -> Option<String> {
        match self {
            Self::Refused(sqlx::Error::Database(db)) => db.code().map(|code| code.into_owned()),
            _ => None,
        }
    }

    /// 40001 and 40P01: the whole transaction may simply be tried again.
    pub fn is_retryable(&self) -> bool {
        matches!(self.code().as_deref(), Some("40001" | "40P01"))
    }

    pub(super) fn is_lock_timeout(&self) -> bool {
        self.code().as_deref() == Some("55P03")
    }

    pub(super) fn is_undefined_table(&self) -> bool {
        self.code().as_deref() == Some("42P01")
    }

    /// Whether it says nothing against the event at hand: the same may work later.
    pub fn is_passing(&self) -> bool {
        // 57014 and 55P03: our own bounds ended a statement on a slow database.
        let bounded = matches!(self.code().as_deref(), Some("57014" | "55P03"));
        matches!(self, Self::Away(_) | Self::LockTimeout { .. }) || bounded || self.is_retryable()
    }
}
