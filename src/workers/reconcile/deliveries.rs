//! Looks through GitHub's list of deliveries for those that we do not have. How far it has looked is stored, so that it
//! reads again only what is new; after downtime, or for a new database, that is all that GitHub remembers.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::REMEMBERED;
use crate::{
    github::{GitHub, GitHubError, HookDelivery},
    store::{Cursor, Missed, Store},
    webhook,
    workers::Context,
};

/// The list lags, GitHub waits for an answer before it notes a failure, and its clock is not ours: so much is looked
/// through again.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);

/// By how much our time of receiving may be before GitHub's of delivering.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

/// A list longer than this is cut, with a warning: 50,000 deliveries.
const MOST_PAGES: usize = 500;

pub(in crate::workers) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let now = store.now().await?;
    let cursor = store.delivery_cursor(now).await?;
    let oldest = now - REMEMBERED;
    let horizon = cursor.through.map_or(oldest, |through| oldest.max(through - OVERLAP));
    let listed = list(&context.0.github, horizon).await?;
    let missed = missed(store, &cursor, listed, horizon).await?;
    if !missed.is_empty() {
        let missed = with_tenants(context, missed).await?;
        let new = store.want_redelivery(missed).await?;
        if new > 0 {
            tracing::warn!(new, "GitHub has deliveries that we do not have; it is asked to send them again");
            context.0.wakes.redeliver.notify_one();
        }
    }
    // Only now: what was found is noted.
    store.save_delivery_cursor(Cursor { through: Some(now), ..cursor }).await?;
    Ok(false)
}

/// All deliveries since the horizon, newest first.
async fn list(github: &GitHub, horizon: DateTime<Utc>) -> Result<Vec<HookDelivery>, GitHubError> {
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = github.hook_deliveries(cursor.as_deref()).await?;
        let passed = page.deliveries.last().is_none_or(|last| last.delivered_at < horizon);
        all.extend(page.deliveries.into_iter().filter(|one| one.delivered_at >= horizon));
        cursor = page.next;
        if passed || cursor.is_none() {
            return Ok(all);
        }
    }
    tracing::warn!(pages = MOST_PAGES, "the list of deliveries was cut: older ones are not looked at");
    Ok(all)
}

/// Those that concern us and that we do not have, by their newest attempt. One that is said to have succeeded before
/// this database was in use is not missed: another one has it.
async fn missed(
    store: &Store,
    cursor: &Cursor,
    listed: Vec<HookDelivery>,
    horizon: DateTime<Utc>,
) -> anyhow::Result<Vec<HookDelivery>> {
    let mut seen = HashSet::new();
    let newest = listed.into_iter().filter(|one| seen.insert(one.guid.clone()));
    let wanted: Vec<HookDelivery> = newest
        .filter(|one| webhook::reads(&one.event))
        .filter(|one| !one.succeeded() || one.delivered_at >= cursor.since)
        .collect();
    let ids: Vec<String> = wanted.iter().map(|one| one.guid.clone()).collect();
    let known = store.known_deliveries(&ids, horizon - CLOCKS_DIFFER).await?;
    Ok(wanted.into_iter().filter(|one| !known.contains(&one.guid)).collect())
}

/// Whose they are: the repository's account, or else the installation's.
async fn with_tenants(context: &Context, missed: Vec<HookDelivery>) -> anyhow::Result<Vec<Missed>> {
    let repositories: Vec<i64> = missed.iter().filter_map(|one| one.repository_id).collect();
    let of_repository = context.store().tenants_of(&repositories).await?;
    let tenant = |one: &HookDelivery| one.repository_id.and_then(|id| of_repository.get(&id).copied());
    let mut of_installation = HashMap::new();
    if missed.iter().any(|one| tenant(one).is_none() && one.installation_id.is_some()) {
        let all = context.0.github.installations().await?;
        of_installation.extend(all.into_iter().filter_map(|one| Some((one.id, one.account?.id))));
    }
    let account = |one: &HookDelivery| of_installation.get(&one.installation_id?.cast_unsigned()).copied();
    Ok(missed
        .into_iter()
        .map(|one| Missed {
            tenant_id: tenant(&one).or_else(|| account(&one).map(u64::cast_signed)).unwrap_or(0),
            delivery_id: one.guid,
            hook_id: one.id.cast_signed(),
            event: one.event,
            delivered_at: one.delivered_at,
        })
        .collect())
}
