//! One transaction over one repository's events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction, types::Json};
use uuid::Uuid;

use super::{
    Locked, SecretKeys, Store, StoreError,
    locks::{give_back, millis},
    read_one,
};
use crate::{
    policy::{Policy, QueuePolicy},
    queue::{
        Access, Attempted, Build, BuildId, CancelMark, Event, Glance, Lease, LockPlan, QUEUE, QueueSettings,
        RepoKey, Resource, Resources, State, Stored, Use,
    },
};

/// A claimed lane (class 0): nobody else applies this repository's events meanwhile.
pub struct Lane {
    tx: Transaction<'static, Postgres>,
    repo: RepoKey,
    keys: SecretKeys,
}

/// A row of the inbox that waits in a lane.
#[derive(Clone, Debug, Deserialize)]
pub struct Waiting {
    /// `ready`, or `unprepared` when its facts are still missing.
    pub state: String,
    pub due: bool,
    pub attempts: i32,
    pub stored: Stored,
}

#[derive(Deserialize)]
struct RawState {
    now: DateTime<Utc>,
    policy: Option<Policy>,
    access: Access,
    open: Vec<Build>,
    ended: Vec<Build>,
    queued: u32,
    leases: Vec<Lease>,
    requests: BTreeSet<String>,
    cancel_marks: Vec<CancelMark>,
    dispatches: Vec<Attempted>,
}

#[derive(Deserialize)]
struct RawGlance {
    named: Vec<String>,
    builds: Vec<(BuildId, String, Vec<String>)>,
}

impl Store {
    /// Repositories with events to apply.
    pub async fn ready_lanes(&self, now: DateTime<Utc>) -> Result<Vec<RepoKey>, StoreError> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as(include_str!("sql/ready_lanes.sql")).bind(now).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(tenant_id, repo_id)| RepoKey { tenant_id, repo_id }).collect())
    }

    /// `None` when another worker has the lane.
    pub async fn claim_lane(&self, repo: RepoKey) -> Result<Option<Lane>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let claimed: Option<bool> = sqlx::query_scalar(include_str!("sql/claim_lane.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(millis(self.bounds.hold))
            .fetch_optional(&mut *tx)
            .await?;
        Ok(claimed.map(|_| Lane { tx, repo, keys: self.keys.clone() }))
    }
}

impl Lane {
    /// What is due, oldest first, at most `limit`; and what may hold it back. Beside it the ids of rows that this
    /// version cannot read: a newer one wrote them.
    pub async fn waiting(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<(Vec<Waiting>, Vec<Uuid>), StoreError> {
        let rows: Vec<Json<Value>> = sqlx::query_scalar(include_str!("sql/lane_events.sql"))
            .bind(self.repo.tenant_id)
            .bind(self.repo.repo_id)
            .bind(now)
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        let (mut waiting, mut unreadable) = (Vec::new(), Vec::new());
        for Json(mut row) in rows {
            let id: Option<Uuid> = row["stored"]["inbox_id"].as_str().and_then(|id| id.parse().ok());
            let opened = self.keys.open_event(&mut row["stored"]["event"]);
            match opened.and_then(|()| Ok(serde_json::from_value(row)?)) {
                Ok(row) => waiting.push(row),
                Err(_) => unreadable.extend(id),
            }
        }
        Ok((waiting, unreadable))
    }

    /// Reads, without locks, what a plan is made from.
    pub async fn glance(&mut self, events: &[Stored]) -> Result<Glance, StoreError> {
        let glance: Option<RawGlance> = read_one(
            &mut *self.tx,
            sqlx::query_scalar(include_str!("sql/glance.sql"))
                .bind(self.repo.tenant_id)
                .bind(self.repo.repo_id)
                .bind(QUEUE)
                .bind(heads(events))
                .bind(issues(events))
                .bind(touches_approvals(events)),
        )
        .await?;
        Ok(glance.map_or_else(Glance::default, |raw| Glance { builds: raw.builds, named: raw.named }))
    }

    /// Gives the lane back at once. One that is dropped does so a little later.
    pub async fn give_back(self) {
        give_back(self.tx).await;
    }

    /// Takes all locks of the plan in this transaction.
    pub async fn lock(self, store: &Store, plan: &LockPlan, holder: &str) -> Result<Locked, StoreError> {
        store.lock(self.tx, plan, holder).await
    }
}

impl Locked {
    /// The state that `events` may need, read in a statement later than the one that waited for the locks.
    pub async fn state(&mut self, repo: RepoKey, events: &[Stored], bot: &str) -> Result<State, StoreError> {
        let raw: RawState = read_one(
            &mut *self.tx,
            sqlx::query_scalar(include_str!("sql/read_state.sql"))
                .bind(repo.tenant_id)
                .bind(repo.repo_id)
                .bind(QUEUE)
                .bind(heads(events))
                .bind(issues(events))
                .bind(runs(events))
                .bind(request_keys(events))
                .bind(touches_approvals(events)),
        )
        .await?
        .ok_or_else(|| StoreError::Guard("no state".into()))?;
        let policy = raw.policy.as_ref();
        let builds: BTreeMap<BuildId, Build> =
            raw.ended.into_iter().chain(raw.open).map(|build| (build.build_id, build)).collect();
        let loaded = builds.values().filter(|build| build.status == crate::queue::Status::Queued).count();
        let leases =
            raw.leases.into_iter().map(|lease| ((lease.resource.clone(), lease.slot), lease)).collect();
        let tokens = self
            .counters()
            .0
            .iter()
            .filter(|(key, _)| key.class == crate::queue::LockClass::Build)
            .map(|(key, counter)| (Resource(key.key.clone()), *counter))
            .collect();
        let unloaded = raw.queued.saturating_sub(u32::try_from(loaded).unwrap_or(u32::MAX));
        Ok(State {
            repo,
            now: raw.now,
            locks: self.counters().clone(),
            settings: QueueSettings {
                limit: policy.map_or_else(|| QueuePolicy::default().limit, |policy| policy.queue.limit),
                permissions: policy.map(|policy| policy.permissions.clone()).unwrap_or_default(),
            },
            access: raw.access,
            workflows: policy.map(workflows).unwrap_or_default(),
            resources: Resources { capacity: capacities(repo, policy, &builds), tokens, leases },
            unloaded,
            loaded_to: (unloaded > 0).then(|| last_head(&builds, events)),
            builds,
            requests: raw.requests,
            cancel_marks: raw.cancel_marks,
            dispatches: raw.dispatches,
            bot: bot.to_owned(),
        })
    }
}

/// The policy's capacities. Without a policy (it was removed while builds wait), and for a resource that it no longer
/// names, one: what was promised still runs, one at a time.
fn capacities(
    repo: RepoKey,
    policy: Option<&Policy>,
    builds: &BTreeMap<BuildId, Build>,
) -> BTreeMap<Resource, u32> {
    let needed = builds.values().flat_map(|build| build.needs()).map(|resource| (resource, 1));
    let own = (Resource::slot_of(repo, QUEUE), policy.map_or(1, |policy| policy.queue.concurrency));
    let named = policy.into_iter().flat_map(|policy| &policy.named_resources);
    let named = named.map(|(name, resource)| (Resource::named(repo, name), resource.capacity));
    needed.chain([own]).chain(named).collect()
}

/// What each workflow makes. The build types come by name, and the first stands.
fn workflows(policy: &Policy) -> BTreeMap<String, Use> {
    let mut workflows = BTreeMap::new();
    for (build_type, build) in &policy.builds {
        workflows.entry(build.workflow.clone()).or_insert_with(|| Use {
            build_type: build_type.clone(),
            resources: build.resources.clone(),
            timeout_seconds: build.timeout.as_secs().cast_signed(),
        });
    }
    workflows
}

/// How much of the queue's head a batch can use up: one build per event, and whoever is promoted.
fn heads(events: &[Stored]) -> i64 {
    i64::try_from(events.len()).unwrap_or(i64::MAX).saturating_add(4)
}

/// The ticket of the last of the queue's heads: with `heads` of them loaded, they are the lowest tickets.
fn last_head(builds: &BTreeMap<BuildId, Build>, events: &[Stored]) -> i64 {
    let queued = builds.values().filter(|build| build.status == crate::queue::Status::Queued);
    let mut tickets: Vec<i64> = queued.filter_map(|build| build.ticket).collect();
    tickets.sort_unstable();
    tickets.truncate(usize::try_from(heads(events)).unwrap_or(usize::MAX));
    tickets.last().copied().unwrap_or(0)
}

/// Time alone, and what the App may do, change what awaits approval in any issue.
fn touches_approvals(events: &[Stored]) -> bool {
    events.iter().any(|stored| matches!(stored.event, Event::Look | Event::Access { .. }))
}

fn issues(events: &[Stored]) -> Vec<i64> {
    events.iter().filter_map(|stored| stored.event.issue()).collect()
}

fn runs(events: &[Stored]) -> Vec<i64> {
    events.iter().filter_map(|stored| stored.event.run()).collect()
}

fn request_keys(events: &[Stored]) -> Vec<String> {
    events.iter().flat_map(Stored::request_keys).collect()
}
