//! `trilock replay`: a stored delivery once more.

use anyhow::Context as _;
use clap::Args;

use super::{database::Database, operator, settings::DatabaseSettings};
use crate::{
    queue::AuditEntry,
    store::{Delivery, LockBounds, Store},
    webhook::parse,
};

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The delivery's id, as GitHub's "Recent Deliveries" and the log show it
    id: String,
}

pub async fn run(args: &ReplayArgs, settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = Database::open(settings, LockBounds::default()).await?;
    let done = replay(&database.store, &args.id).await;
    database.close().await;
    done
}

/// It gets an id of its own; what was asked for before is still known by its permanent key, so nothing runs twice. If
/// its event was set aside, this one comes in its place.
async fn replay(store: &Store, id: &str) -> anyhow::Result<()> {
    let (tenant_id, name, raw) = store.raw_delivery(id).await?.with_context(|| {
        format!("no payload of {id} is stored: payloads are kept for 7 days, and only for repositories with a policy")
    })?;
    let parsed = parse(&name, &raw)?;
    let again = format!("replay-{}-of-{id}", store.now().await?.timestamp_millis());
    store
        .accept(Delivery {
            tenant_id,
            repo_id: parsed.repository.as_ref().map(|repository| repository.key.repo_id),
            // What it says of its repository may be out of date by now.
            repository: None,
            id: &again,
            name: &name,
            raw: None,
            event: parsed.event.as_ref(),
            seen: None,
        })
        .await?;
    if let Some(repository) = &parsed.repository {
        let entry = AuditEntry {
            audit_id: uuid::Uuid::now_v7(),
            build_id: None,
            actor: operator(),
            what: "replay".to_owned(),
            before: Some(format!("delivery {id}")),
            after: Some(format!("delivery {again}")),
            why: None,
            source: "operator".to_owned(),
        };
        store.add_audit(repository.key, &entry).await?;
    }
    for dead in store.dead().await?.iter().filter(|dead| dead.delivery_id.as_deref() == Some(id)) {
        store.drop_dead(dead, &operator(), &format!("replayed as {again}")).await?;
    }
    println!("Accepted as {again}. A running server applies it within a minute.");
    Ok(())
}
