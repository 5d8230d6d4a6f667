//! `trilock locks`: who holds what; `trilock locks lift` ends a quarantine.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{database::Database, operator, queue::find, settings::DatabaseSettings, table::table};
use crate::{
    queue::{Event, LeaseState, Resource},
    store::{LeaseView, LockBounds, LockView, Store},
    workers::apply_lane,
};

/// How many locks are shown: those taken last.
const SHOWN: i64 = 50;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LocksArgs {
    #[command(subcommand)]
    command: Option<LocksCommand>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum LocksCommand {
    /// End the quarantine of a slot whose run is surely over
    Lift {
        /// As `trilock locks` shows it: OWNER/NAME/queue/default or OWNER/NAME/gpu:0
        resource: String,
        slot: i32,
        /// Why you are sure; kept in the audit
        #[arg(long)]
        reason: String,
    },
}

pub async fn run(args: LocksArgs, settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = Database::open(settings, LockBounds::default()).await?;
    let done = match args.command {
        None => show(&database.store, args.json).await,
        Some(LocksCommand::Lift { resource, slot, reason }) => {
            lift(&database.store, &resource, slot, reason).await
        }
    };
    database.close().await;
    done
}

async fn show(store: &Store, as_json: bool) -> anyhow::Result<()> {
    let (leases, locks) = (store.lease_view(None).await?, store.lock_view(None, SHOWN).await?);
    if as_json {
        println!("{}", json!({ "leases": leases, "locks": locks, "dead": store.dead().await? }));
        return Ok(());
    }
    if leases.is_empty() {
        println!("No build lock is held.");
    } else {
        let rows: Vec<[String; 7]> = leases.iter().map(lease_row).collect();
        println!("{}", table(["RESOURCE", "SLOT", "STATE", "TOKEN", "SINCE", "ISSUE", "RUN"], &rows));
    }
    if !locks.is_empty() {
        let rows: Vec<[String; 5]> = locks.iter().map(lock_row).collect();
        println!("\nLast taken:\n{}", table(["LOCK", "KEY", "VERSION", "LAST HOLDER", "TAKEN AT"], &rows));
    }
    let dead = store.dead().await?.len();
    if dead > 0 {
        println!("\nSet aside, needs a person: {dead}. `trilock dead` shows what.");
    }
    Ok(())
}

fn lease_row(view: &LeaseView) -> [String; 7] {
    let lease = &view.lease;
    [
        shown_resource(view),
        lease.slot.to_string(),
        lease.state.as_str().to_owned(),
        lease.token.to_string(),
        lease.granted_at.format("%m-%d %H:%M:%S").to_string(),
        view.issue.map_or_else(|| "-".to_owned(), |issue| format!("#{issue}")),
        view.run_url.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn shown_resource(view: &LeaseView) -> String {
    let repository = view.repository.clone().unwrap_or_else(|| view.lease.repo_id.to_string());
    format!("{repository}/{}", view.lease.resource.name())
}

fn lock_row(lock: &LockView) -> [String; 5] {
    let class = match lock.class {
        1 => "issue",
        2 => "queue",
        _ => "build",
    };
    [
        class.to_owned(),
        lock.key.clone(),
        lock.version.to_string(),
        lock.holder.clone().unwrap_or_else(|| "-".to_owned()),
        lock.taken_at.map_or_else(|| "-".to_owned(), |at| at.format("%m-%d %H:%M:%S").to_string()),
    ]
}

/// The one writer path: an event in the inbox, applied under the same locks as a webhook.
async fn lift(store: &Store, shown: &str, slot: i32, reason: String) -> anyhow::Result<()> {
    let mut parts = shown.splitn(3, '/');
    let (Some(owner), Some(name), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        bail!("{shown}: a resource is OWNER/NAME/RESOURCE, as `trilock locks` shows it");
    };
    let repository = find(store, &format!("{owner}/{name}")).await?;
    let resource = Resource::named(repository.key, rest);
    let is_it = |view: &&LeaseView| view.lease.resource == resource && view.lease.slot == slot;
    let leases = store.lease_view(Some(repository.key)).await?;
    let lease =
        &leases.iter().find(is_it).with_context(|| format!("nobody holds slot {slot} of {shown}"))?.lease;
    if lease.state != LeaseState::Quarantined {
        bail!(
            "slot {slot} of {shown} is held by a live build and not quarantined. Cancel the build instead: `/cancel`"
        );
    }
    let event = Event::Lift { resource: resource.clone(), slot, reason, by: operator() };
    store.add_event(repository.key, "operator", &event).await?;
    let bot = store.remembered_bot().await?.unwrap_or_default();
    apply_lane(store, &bot, repository.key).await?;
    let left = store.lease_view(Some(repository.key)).await?;
    if left.iter().any(|view| is_it(&view)) {
        println!("Noted. A running server applies it in a moment.");
    } else {
        println!("Lifted: slot {slot} of {shown} is free. The next build starts when a server runs.");
    }
    Ok(())
}
