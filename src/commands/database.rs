//! Opens the database that a command works on: the given one, or a private Postgres.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use anyhow::{Context as _, bail};
use sqlx::postgres::PgConnectOptions;
use tempfile::NamedTempFile;

use super::settings::DatabaseSettings;
use crate::store::{
    LockBounds, SecretKeys, Store,
    cluster::{Cluster, ClusterOptions, Home, default_state_dir},
};

/// Connections per process; the loops need about one each.
const CONNECTIONS: u32 = 16;

/// An open database. The private Postgres, if this process owns it, lives as long as this.
pub struct Database {
    pub store: Store,
    cluster: Option<Cluster>,
}

impl Database {
    /// Opens it, brings the schema up to date and checks the secret key.
    ///
    /// # Errors
    /// Each says what to type.
    pub async fn open(settings: &DatabaseSettings, bounds: LockBounds) -> anyhow::Result<Self> {
        let (options, keys, cluster) = match &settings.database_url {
            Some(url) => {
                let options = PgConnectOptions::from_str(url).context("DATABASE_URL cannot be read")?;
                let Some(key) = &settings.secret_key else {
                    bail!(
                        "TRILOCK_SECRET_KEY is required with DATABASE_URL. `openssl rand -hex 32` makes one; keep it."
                    )
                };
                (options, key.parse()?, None)
            }
            None => Self::private(settings).await?,
        };
        let store = Store::new(options, bounds, keys, CONNECTIONS);
        store.migrate().await?;
        store.check_keys().await?;
        Ok(Self { store, cluster })
    }

    async fn private(
        settings: &DatabaseSettings,
    ) -> anyhow::Result<(PgConnectOptions, SecretKeys, Option<Cluster>)> {
        let state_dir = settings.state_dir.clone().unwrap_or_else(default_state_dir);
        let state_dir = std::path::absolute(state_dir)?;
        let options = ClusterOptions {
            home: Home::Kept(state_dir.clone()),
            bin_dir: settings.pg_bin.clone(),
            fsync: true,
            max_connections: 100,
        };
        let cluster = Cluster::start(options).await?;
        let keys = match &settings.secret_key {
            Some(key) => key.parse()?,
            None => kept_key(&state_dir)?,
        };
        Ok((cluster.options(), keys, Some(cluster)))
    }

    /// Closes the connections, then stops the private Postgres if this process owns it.
    pub async fn close(self) {
        self.store.close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// Whole or not at all, and never over another's: a crash half-way leaves no empty key.
fn make_key(state_dir: &Path, path: &Path) -> anyhow::Result<()> {
    let mut file = NamedTempFile::new_in(state_dir)?;
    file.write_all(SecretKeys::generate()?.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.error.into()),
        _ => Ok(()),
    }
}

/// The key beside the private Postgres; made on first use, readable by its owner alone.
fn kept_key(state_dir: &Path) -> anyhow::Result<SecretKeys> {
    let path: PathBuf = state_dir.join("secret.key");
    if !path.exists() {
        make_key(state_dir, &path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    text.trim().parse().with_context(|| format!("in {}", path.display()))
}
