//! Events become state: claim a lane, plan, lock, read, decide, write.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Context, back_off};
use crate::{
    metrics,
    queue::{AuditEntry, Event, LockKey, LockPlan, RepoKey, Stored, Turn, Verdict},
    store::{Locked, PutOff, Store, StoreError, WriteSet},
};

/// How many events one transaction applies at most.
const BATCH: usize = 100;

/// When an event that a newer version wrote is looked at again.
const UNREADABLE_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// An event that fails this often alone is set aside.
const TRIES: i32 = 5;

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let mut any = false;
    for repo in store.ready_lanes(store.now().await?).await? {
        context.health().goes_on("Apply");
        any |= apply_lane(store, context.bot().await?, repo).await?;
    }
    if any {
        context.wake_effects();
    }
    Ok(any)
}

/// Applies what waits in a lane. Returns whether anything was applied; `false` also when another worker has the lane.
///
/// # Errors
/// What says nothing against the events: the database is away, or a lock was not free in time.
pub async fn apply_lane(store: &Store, bot: &str, repo: RepoKey) -> anyhow::Result<bool> {
    let span = tracing::error_span!("lane", tenant = repo.tenant_id, repo = repo.repo_id);
    apply_waiting(store, bot, repo).instrument(span).await
}

async fn apply_waiting(store: &Store, bot: &str, repo: RepoKey) -> anyhow::Result<bool> {
    let mut batch = Batch { store, repo, size: BATCH, extra: BTreeSet::new(), bot };
    let mut any = false;
    loop {
        match batch.apply().await? {
            Outcome::Applied => {
                any = true;
                batch = Batch { size: BATCH, extra: BTreeSet::new(), ..batch };
            }
            Outcome::Again => {}
            Outcome::Nothing => return Ok(any),
        }
    }
}

enum Outcome {
    Applied,
    /// With another size or plan.
    Again,
    Nothing,
}

struct Batch<'a> {
    store: &'a Store,
    repo: RepoKey,
    size: usize,
    /// Keys that an earlier try turned out to need.
    extra: BTreeSet<LockKey>,
    bot: &'a str,
}

/// Why a batch did not go through, and which events it had.
struct Failed {
    error: StoreError,
    events: Vec<Chosen>,
}

/// An event of a batch.
struct Chosen {
    inbox_id: Uuid,
    attempts: i32,
    delivery_id: Option<String>,
}

impl Batch<'_> {
    async fn apply(&mut self) -> anyhow::Result<Outcome> {
        let failed = match self.attempt().await {
            Ok(true) => return Ok(Outcome::Applied),
            Ok(false) => return Ok(Outcome::Nothing),
            Err(failed) => failed,
        };
        match failed.error {
            StoreError::NotPlanned(missing) => {
                self.extra.insert(missing.0);
            }
            error if error.is_retryable() => tracing::info!(%error, "the transaction is tried again"),
            error if error.is_passing() => return Err(error.into()),
            // Nothing was chosen yet: no event is to blame.
            error if failed.events.is_empty() => return Err(error.into()),
            error if failed.events.len() > 1 => {
                tracing::warn!(%error, events = failed.events.len(), "a batch is halved");
                self.size = failed.events.len() / 2;
            }
            error => self.put_off(&failed.events, &error).await?,
        }
        Ok(Outcome::Again)
    }

    /// One event failed alone: later ones go on, and after some tries it is set aside.
    async fn put_off(&self, events: &[Chosen], error: &StoreError) -> anyhow::Result<()> {
        let now = self.store.now().await?;
        for Chosen { inbox_id, attempts, delivery_id } in events {
            let attempts = attempts + 1;
            let dead = attempts >= TRIES;
            let text = error.to_string();
            if dead {
                tracing::error!(%inbox_id, delivery = delivery_id, %error, "an event is set aside as dead");
                metrics::event("dead");
            } else {
                tracing::warn!(%inbox_id, delivery = delivery_id, %error, attempts, "an event could not be applied");
            }
            let state = if dead { "dead" } else { "ready" };
            let put_off = PutOff { state, due_at: now + back_off(attempts), attempts, error: &text };
            self.store.postpone_event(self.repo, *inbox_id, put_off).await?;
        }
        Ok(())
    }

    /// One transaction. Returns whether there was anything.
    async fn attempt(&self) -> Result<bool, Failed> {
        let mut events = Vec::new();
        self.transaction(&mut events).await.map_err(|error| Failed { error, events })
    }

    async fn transaction(&self, chosen: &mut Vec<Chosen>) -> Result<bool, StoreError> {
        let store = self.store;
        let Some(mut lane) = store.claim_lane(self.repo).await? else { return Ok(false) };
        let now = store.now().await?;
        let (waiting, unreadable) = lane.waiting(now, 5 * BATCH as i64).await?;
        for inbox_id in unreadable {
            let (error, due_at) = ("this version cannot read it", now + UNREADABLE_AGAIN);
            tracing::warn!(%inbox_id, error, "an event is left to a newer version");
            let put_off = PutOff { state: "ready", due_at, attempts: 0, error };
            store.postpone_event(self.repo, inbox_id, put_off).await?;
        }
        let events = choose(waiting, self.size);
        if events.is_empty() {
            lane.give_back().await;
            return Ok(false);
        }
        chosen.extend(events.iter().map(|(stored, attempts)| Chosen {
            inbox_id: stored.inbox_id,
            attempts: *attempts,
            delivery_id: stored.delivery_id.clone(),
        }));
        let events: Vec<Stored> = events.into_iter().map(|(stored, _)| stored).collect();

        let glance = lane.glance(&events).await?;
        let mut plan = LockPlan::new(self.repo, &events, &glance);
        plan.keys.extend(self.extra.iter().cloned());
        let mut locked = lane.lock(store, &plan, &format!("apply {}", std::process::id())).await?;
        match self.decide(&mut locked, &events).await {
            Ok((write, now)) => {
                let told = Told::of(&write);
                locked.commit(write, now).await?;
                told.tell();
                Ok(true)
            }
            Err(error) => {
                // Awaited: else the next try, with another size or plan, would find the lane claimed by this one.
                locked.rollback().await;
                Err(error)
            }
        }
    }

    /// Reads under the locks, and decides. A panic is an error like others.
    async fn decide(
        &self,
        locked: &mut Locked,
        events: &[Stored],
    ) -> Result<(WriteSet, DateTime<Utc>), StoreError> {
        let state = locked.state(self.repo, events, self.bot).await?;
        let now = state.now;
        let turn = Turn::new(state, Uuid::now_v7().as_u64_pair().1);
        let write = catch_unwind(AssertUnwindSafe(|| self.turn(locked, turn, events)));
        Ok((write.map_err(|_| StoreError::Guard("applying it panicked".into()))??, now))
    }

    fn turn(&self, locked: &Locked, mut turn: Turn, events: &[Stored]) -> Result<WriteSet, StoreError> {
        let mut write = WriteSet::new(self.repo);
        for stored in events {
            let _event = tracing::error_span!("event", delivery = stored.delivery_id).entered();
            match turn.apply(stored)? {
                Verdict::Applied => write.applied(stored.inbox_id, "applied"),
                Verdict::Ignored(why) => {
                    tracing::debug!(why, "ignored");
                    write.applied(stored.inbox_id, "ignored");
                }
                Verdict::Parked => write.parked(stored.inbox_id),
            }
        }
        write.turn(locked, turn.finish())?;
        Ok(write)
    }
}

/// What a batch changed, told once it is committed.
struct Told {
    audit: Vec<AuditEntry>,
    outcomes: Vec<String>,
}

impl Told {
    fn of(write: &WriteSet) -> Self {
        Self { audit: write.audit().to_vec(), outcomes: write.outcomes() }
    }

    fn tell(self) {
        for outcome in &self.outcomes {
            metrics::event(outcome);
        }
        for AuditEntry { build_id, actor, what, before, after, why, source, .. } in self.audit {
            if what == "status" || what == "request" {
                let from = before.as_deref().unwrap_or("none");
                metrics::transition(from, after.as_deref().unwrap_or("none"));
            }
            if what == AuditEntry::RECOVERED {
                metrics::recovered("run");
            }
            let build = build_id.map(tracing::field::display);
            let delivery = source.strip_prefix("delivery ");
            tracing::info!(build, delivery, actor, what, before, after, why, source, "changed");
        }
    }
}

/// Which events to apply now, in which order: as they came, but comments of one issue by their id. What has no facts
/// yet, or is put off, holds back later events of its own issue only.
fn choose(waiting: Vec<crate::store::Waiting>, size: usize) -> Vec<(Stored, i32)> {
    let mut held = BTreeSet::new();
    let mut chosen = Vec::new();
    for row in in_order(waiting) {
        let issue = row.stored.event.issue();
        if issue.is_some_and(|issue| held.contains(&issue)) {
            continue;
        }
        if row.state != "ready" || !row.due {
            held.extend(issue);
        } else if chosen.len() < size {
            chosen.push((row.stored, row.attempts));
        }
    }
    chosen
}

/// Puts the comments of each issue, which arrive in any order, into the order in which they were written.
fn in_order(mut rows: Vec<crate::store::Waiting>) -> Vec<crate::store::Waiting> {
    let mut places: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Event::Comment(event) = &row.stored.event {
            places.entry(event.issue).or_default().push(place);
        }
    }
    for places in places.values() {
        let mut sorted = places.clone();
        sorted.sort_by_key(|place| rows[*place].stored.event.comment());
        let stored: Vec<_> = sorted.iter().map(|place| rows[*place].clone()).collect();
        for (place, row) in places.iter().zip(stored) {
            rows[*place] = row;
        }
    }
    rows
}
