//! What an operator types. `--help` is made from here.

mod audit;
mod database;
mod dead;
mod demo;
mod locks;
mod policy;
mod queue;
mod replay;
mod sandbox;
mod serve;
pub mod server;
mod settings;
mod table;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use settings::{DatabaseSettings, ServeSettings};

/// Turns GitHub issues into builds, one at a time, and never loses one.
#[derive(Debug, Parser)]
#[command(name = "trilock", version, about, max_term_width = 100)]
pub struct Cli {
    /// TOML file with settings; flags and environment variables beat it
    #[arg(long, env = "TRILOCK_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<ServeSettings>),
    /// See it work: a simulated GitHub, a few people, builds of seconds; needs no settings
    Demo(demo::DemoArgs),
    /// Serve a simulated GitHub, to try the App against; every call of the App, and commands for you
    Sandbox(Box<sandbox::SandboxArgs>),
    /// Bring the database's schema up to date, and stop
    Migrate,
    /// Show what runs and waits
    Queue(queue::QueueArgs),
    /// Show who holds what, or end a quarantine
    Locks(locks::LocksArgs),
    /// Show who changed what, when, why and from where
    Audit(audit::AuditArgs),
    /// Show what was set aside, try it again, or give it up
    Dead(dead::DeadArgs),
    /// Show the operator token, with which the page shows private repositories and locks too
    Token,
    /// Look at policy files
    Policy(policy::PolicyArgs),
    /// Apply a stored delivery again, as if GitHub had sent it once more
    Replay(replay::ReplayArgs),
}

impl Cli {
    /// What is logged when RUST_LOG says nothing: a server tells what it does, a command speaks for itself.
    pub fn default_log(&self) -> &'static str {
        match self.command {
            Command::Serve(_) => "info",
            _ => "warn",
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, for the operator's eyes.
    pub async fn run(self) -> anyhow::Result<()> {
        let config = self.config.as_ref();
        let database = self.database.with_file(config)?;
        match self.command {
            Command::Serve(settings) => serve::run(database, settings.with_file(config)?).await,
            Command::Demo(args) => demo::run(args, database).await,
            Command::Sandbox(args) => sandbox::run(*args).await,
            Command::Migrate => migrate(&database).await,
            Command::Queue(args) => queue::run(args, &database).await,
            Command::Locks(args) => locks::run(args, &database).await,
            Command::Audit(args) => audit::run(args, &database).await,
            Command::Dead(args) => dead::run(args, &database).await,
            Command::Token => token(&database).await,
            Command::Policy(args) => policy::run(&args),
            Command::Replay(args) => replay::run(&args, &database).await,
        }
    }
}

async fn token(database: &DatabaseSettings) -> anyhow::Result<()> {
    let database = database::Database::open(database, crate::store::LockBounds::default()).await?;
    let token = database.store.operator_token().await;
    database.close().await;
    println!("{}", token?);
    Ok(())
}

async fn migrate(database: &DatabaseSettings) -> anyhow::Result<()> {
    let database = database::Database::open(database, crate::store::LockBounds::default()).await?;
    println!("The schema is up to date.");
    database.close().await;
    Ok(())
}

/// Who types, for the audit.
fn operator() -> String {
    let name = nix::unistd::User::from_uid(nix::unistd::Uid::current()).ok().flatten().map(|user| user.name);
    format!("operator {}", name.unwrap_or_else(|| "unknown".to_owned()))
}
