//! `trilock dead`: what was set aside; retried, or given up for good.

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::{database::Database, operator, settings::DatabaseSettings, table::table};
use crate::store::{Dead, DeadKind, LockBounds, Store};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DeadArgs {
    #[command(subcommand)]
    command: Option<DeadCommand>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum DeadCommand {
    /// Try again, once the cause is gone; what may have been done on GitHub is looked for first
    Retry {
        /// As `trilock dead` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<Uuid>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// Give it up for good
    Drop {
        /// As `trilock dead` shows it
        id: Uuid,
        /// Why nobody misses it; kept in the audit
        #[arg(long)]
        reason: String,
    },
}

pub async fn run(args: DeadArgs, settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = Database::open(settings, LockBounds::default()).await?;
    let store = &database.store;
    let done = match args.command {
        None => show(store, args.json).await,
        Some(DeadCommand::Retry { id: Some(id), .. }) => retry(store, vec![find(store, id).await?]).await,
        Some(DeadCommand::Retry { id: None, .. }) => retry(store, store.dead().await?).await,
        Some(DeadCommand::Drop { id, reason }) => give_up(store, &find(store, id).await?, &reason).await,
    };
    database.close().await;
    done
}

async fn show(store: &Store, as_json: bool) -> anyhow::Result<()> {
    let dead = store.dead().await?;
    if as_json {
        println!("{}", json!({ "dead": dead }));
    } else if dead.is_empty() {
        println!("Nothing was set aside.");
    } else {
        let rows: Vec<[String; 7]> = dead.iter().map(row).collect();
        println!("{}", table(["ID", "KIND", "REPOSITORY", "ISSUE", "SINCE", "TRIES", "WHY"], &rows));
        println!("\nWhen the cause is gone: `trilock dead retry ID`, or `trilock dead retry --all`.");
    }
    Ok(())
}

fn row(dead: &Dead) -> [String; 7] {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        dead.id.to_string(),
        named(dead),
        or_none(&dead.repository),
        dead.issue.map_or_else(|| "-".to_owned(), |issue| format!("#{issue}")),
        dead.since.format("%m-%d %H:%M:%S").to_string(),
        dead.attempts.to_string(),
        or_none(&dead.error),
    ]
}

fn named(dead: &Dead) -> String {
    let kind = match dead.kind {
        DeadKind::Event => "event",
        DeadKind::Effect => "effect",
    };
    format!("{kind} {}", dead.what.as_deref().unwrap_or("?"))
}

async fn find(store: &Store, id: Uuid) -> anyhow::Result<Dead> {
    match store.dead().await?.into_iter().find(|dead| dead.id == id) {
        Some(dead) => Ok(dead),
        None => bail!("nothing with the id {id} is set aside; `trilock dead` shows what is"),
    }
}

async fn retry(store: &Store, all: Vec<Dead>) -> anyhow::Result<()> {
    let mut retried = 0;
    for dead in &all {
        retried += u32::from(store.retry_dead(dead, &operator()).await?);
    }
    match retried {
        0 => println!("Nothing was set aside."),
        1 => println!("It is due again. A running server takes it up within a minute."),
        _ => println!("{retried} are due again. A running server takes them up within a minute."),
    }
    Ok(())
}

async fn give_up(store: &Store, dead: &Dead, reason: &str) -> anyhow::Result<()> {
    if store.drop_dead(dead, &operator(), reason).await? {
        println!("Given up: {}.", named(dead));
    } else {
        println!("It is not set aside any more.");
    }
    Ok(())
}
