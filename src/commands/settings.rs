//! Settings: a flag beats the environment, the environment beats the file that `--config` names.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;

/// What every command may need to find its database.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Postgres to use; without it Trilock brings up a private one from the installed binaries
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Where the private Postgres and its key live [default: /var/lib/trilock as root, else ~/.local/state/trilock]
    #[arg(long, env = "TRILOCK_STATE_DIR", value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// Folder of the Postgres binaries, if they are not found by themselves
    #[arg(long, env = "TRILOCK_PG_BIN", value_name = "DIR", global = true)]
    pub pg_bin: Option<PathBuf>,
    /// Encrypts what is stored: 32 bytes in hex; comma-separated while rotating, the first encrypts. Required with
    /// DATABASE_URL; made by itself for the private Postgres
    #[arg(long, env = "TRILOCK_SECRET_KEY", value_name = "HEX", hide_env_values = true, global = true)]
    pub secret_key: Option<String>,
}

/// What `serve` needs.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeSettings {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "TRILOCK_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// What people open, e.g. https://ci.example.org [default: the address that is listened on]
    #[arg(long, env = "TRILOCK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The App's webhook secret; comma-separated while rotating
    #[arg(long, env = "TRILOCK_WEBHOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub webhook_secret: Option<String>,
    /// The App's id (or client id)
    #[arg(long, env = "TRILOCK_APP_ID", value_name = "ID")]
    pub app_id: Option<String>,
    /// The App's private key, PEM
    #[arg(long, env = "TRILOCK_PRIVATE_KEY", value_name = "PEM", hide_env_values = true)]
    pub private_key: Option<String>,
    /// File with the App's private key; TRILOCK_PRIVATE_KEY beats it
    #[arg(long, env = "TRILOCK_PRIVATE_KEY_FILE", value_name = "FILE")]
    pub private_key_file: Option<PathBuf>,
    /// Accounts whose repositories are served, with commas; others are acknowledged and ignored [default: all]
    #[arg(long, env = "TRILOCK_ALLOWED_OWNERS", value_name = "LOGINS", value_delimiter = ',')]
    pub allowed_owners: Option<Vec<String>>,
    /// GitHub's API; for Enterprise Server https://HOST/api/v3 [default: https://api.github.com]
    #[arg(long, env = "TRILOCK_GITHUB_API_URL", value_name = "URL")]
    pub github_api_url: Option<String>,
    /// How long one call to GitHub may take; what a dead server had in hand is taken over after four times that
    /// [default: 15s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub call_timeout: Option<Duration>,
    /// GitHub is asked about a run at least this often: what a lost webhook costs at most [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub check_runs_every: Option<Duration>,
    /// GitHub's list of webhook deliveries is looked through this often for those that never arrived [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub reconcile_every: Option<Duration>,
    /// How long an issue or a build lock may be waited for [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub issue_lock_wait: Option<Duration>,
    /// How long a queue lock may be waited for [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub queue_lock_wait: Option<Duration>,
    /// How long locks may be held before Postgres ends their holder [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub lock_hold: Option<Duration>,
}

/// The file is one flat table: keys as the flags, with underscores.
const DATABASE_KEYS: [&str; 4] = ["database_url", "state_dir", "pg_bin", "secret_key"];

impl DatabaseSettings {
    /// Fills what flags and environment left out.
    ///
    /// # Errors
    /// When the file cannot be read, or says something unknown.
    pub fn with_file(self, path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let file: Self = read(path, |key| DATABASE_KEYS.contains(&key))?;
        Ok(Self {
            database_url: self.database_url.or(file.database_url),
            state_dir: self.state_dir.or(file.state_dir),
            pg_bin: self.pg_bin.or(file.pg_bin),
            secret_key: self.secret_key.or(file.secret_key),
        })
    }
}

impl ServeSettings {
    /// Fills what flags and environment left out.
    ///
    /// # Errors
    /// When the file cannot be read, or says something unknown.
    pub fn with_file(self, path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let file: Self = read(path, |key| !DATABASE_KEYS.contains(&key))?;
        let own_key = self.private_key.is_some() || self.private_key_file.is_some();
        Ok(Self {
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            webhook_secret: self.webhook_secret.or(file.webhook_secret),
            app_id: self.app_id.or(file.app_id),
            private_key: self.private_key.or(file.private_key.filter(|_| !own_key)),
            private_key_file: self.private_key_file.or(file.private_key_file.filter(|_| !own_key)),
            allowed_owners: self.allowed_owners.or(file.allowed_owners),
            github_api_url: self.github_api_url.or(file.github_api_url),
            call_timeout: self.call_timeout.or(file.call_timeout),
            check_runs_every: self.check_runs_every.or(file.check_runs_every),
            reconcile_every: self.reconcile_every.or(file.reconcile_every),
            issue_lock_wait: self.issue_lock_wait.or(file.issue_lock_wait),
            queue_lock_wait: self.queue_lock_wait.or(file.queue_lock_wait),
            lock_hold: self.lock_hold.or(file.lock_hold),
        })
    }
}

fn read<T: Default + for<'de> Deserialize<'de>>(
    path: Option<&PathBuf>,
    mine: impl Fn(&str) -> bool,
) -> anyhow::Result<T> {
    let Some(path) = path else { return Ok(T::default()) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings {}", path.display()))?;
    let file: toml::Table = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let table: toml::Table = file.into_iter().filter(|(key, _)| mine(key)).collect();
    toml::Value::Table(table).try_into().with_context(|| format!("in {}", path.display()))
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}
