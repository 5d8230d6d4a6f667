//! `trilock queue`: what runs and waits, by repository.

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::{database::Database, settings::DatabaseSettings, table::table};
use crate::{
    queue::Build,
    store::{LockBounds, Repository, Store},
};

#[derive(Args, Debug)]
pub struct QueueArgs {
    /// One repository, as OWNER/NAME [default: all]
    repository: Option<String>,
    /// One JSON object per repository
    #[arg(long)]
    json: bool,
}

pub async fn run(args: QueueArgs, settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = Database::open(settings, LockBounds::default()).await?;
    let shown = show(&args, &database.store).await;
    database.close().await;
    shown
}

async fn show(args: &QueueArgs, store: &Store) -> anyhow::Result<()> {
    let repositories = match &args.repository {
        Some(name) => vec![find(store, name).await?],
        None => store.repositories(false).await?,
    };
    if repositories.is_empty() && !args.json {
        println!("No repository has installed the App yet.");
    }
    for repository in repositories {
        let view = store.queue_view(repository.key).await?;
        if args.json {
            println!("{}", json!({ "repository": repository.full_name(), "queue": view }));
            continue;
        }
        println!("{} (as of {})", repository.full_name(), view.now.format("%Y-%m-%d %H:%M:%S UTC"));
        if view.open.is_empty() {
            println!("Nothing is queued.\n");
            continue;
        }
        let rows: Vec<[String; 6]> = view.open.iter().map(row).collect();
        println!("{}\n", table(["STATUS", "ISSUE", "TYPE", "ASKED BY", "ASKED AT", "RUN"], &rows));
    }
    Ok(())
}

fn row(build: &Build) -> [String; 6] {
    [
        build.status.as_str().to_owned(),
        build.issue.map_or_else(|| by_hand(build).to_owned(), |issue| format!("#{issue}")),
        build.build_type.clone(),
        build.asker_login.clone(),
        build.requested_at.format("%m-%d %H:%M").to_string(),
        build.run_url.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

/// What stands in the place of an issue.
fn by_hand(build: &Build) -> &'static str {
    match (build.is_manual(), build.attempt()) {
        (false, _) => "-",
        (true, 1) => "started by hand",
        (true, _) => "run again by hand",
    }
}

/// A repository by the name that people write.
pub(super) async fn find(store: &Store, name: &str) -> anyhow::Result<Repository> {
    let (owner, short) =
        name.split_once('/').with_context(|| format!("{name}: a repository is OWNER/NAME"))?;
    let found = store.repository_by_name(owner, short).await?;
    found.with_context(|| {
        format!("{name} is not known here: is the App installed there, and did a webhook arrive?")
    })
}
