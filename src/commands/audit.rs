//! `trilock audit`: who changed what, when, why and from where.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use uuid::Uuid;

use super::{database::Database, queue::find, settings::DatabaseSettings, table::table};
use crate::{
    queue::BuildId,
    store::{AuditQuery, AuditRow, LockBounds, Store},
};

#[derive(Args, Debug)]
pub struct AuditArgs {
    /// One repository, as OWNER/NAME [default: all]
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// One build, by the id that this command and the log show
    #[arg(long, value_name = "ID")]
    build: Option<Uuid>,
    /// From this time on: how long ago (2h, 3d), or a time such as 2026-11-20T13:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// How many changes at most, the newest
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// One JSON object per change
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Ago(TimeDelta),
    At(DateTime<Utc>),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Since::At(at.to_utc()));
    }
    let ago = humantime::parse_duration(text).ok().and_then(|ago| TimeDelta::from_std(ago).ok());
    ago.map(Since::Ago)
        .ok_or_else(|| "a duration such as 2h, or a time such as 2026-11-20T13:00:00Z".to_owned())
}

pub async fn run(args: AuditArgs, settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = Database::open(settings, LockBounds::default()).await?;
    let shown = show(&args, &database.store).await;
    database.close().await;
    shown
}

async fn show(args: &AuditArgs, store: &Store) -> anyhow::Result<()> {
    let repo = match &args.repo {
        Some(name) => Some(find(store, name).await?.key),
        None => None,
    };
    let since = match args.since {
        Some(Since::Ago(ago)) => {
            Some(store.now().await?.checked_sub_signed(ago).context("--since is too long ago")?)
        }
        Some(Since::At(at)) => Some(at),
        None => None,
    };
    let build = args.build.map(BuildId);
    let rows = store.audit_view(&AuditQuery { repo, build, since, limit: args.limit.into() }).await?;
    if args.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    if rows.is_empty() {
        println!("Nothing changed there.");
        return Ok(());
    }
    let header = ["AT (UTC)", "REPOSITORY", "BUILD", "WHO", "WHAT", "BEFORE", "AFTER", "WHY", "SOURCE"];
    println!("{}", table(header, &rows.iter().map(cells).collect::<Vec<_>>()));
    Ok(())
}

fn cells(row: &AuditRow) -> [String; 9] {
    let or_dash = |text: Option<&String>| text.map_or_else(|| "-".to_owned(), |text| plain(text));
    [
        row.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        row.repository.clone().unwrap_or_else(|| row.repo_id.to_string()),
        row.build_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
        plain(&row.actor),
        plain(&row.what),
        or_dash(row.before.as_ref()),
        or_dash(row.after.as_ref()),
        or_dash(row.why.as_ref()),
        plain(&row.source),
    ]
}

/// Some of it was typed by people: nothing of it steers the terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
