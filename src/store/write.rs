//! What a turn decided, written under its locks in one statement and committed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::Row;
use uuid::Uuid;

use super::{BuildLock, IssueLock, Locked, QueueLock, StoreError, audit::Shown, locks::LockedId, new_id};
use crate::{
    metrics,
    queue::{AuditEntry, Build, Changes, EndedLease, Lease, LockKey, OutboxEffect, RepoKey},
};

/// The rows of one transaction. Each is put in with the guard of the lock that protects it.
///
/// All guards come from one [`Locked`], and only that one commits it.
pub struct WriteSet {
    repo: RepoKey,
    locked: Option<LockedId>,
    builds: Vec<Build>,
    ended: Vec<Build>,
    granted: Vec<Lease>,
    renewed: Vec<Lease>,
    released: Vec<Value>,
    counters: Vec<Value>,
    rest: Changes,
    applied: Vec<Value>,
    parked: Vec<Uuid>,
}

impl WriteSet {
    pub fn new(repo: RepoKey) -> Self {
        Self {
            repo,
            locked: None,
            builds: Vec::new(),
            ended: Vec::new(),
            granted: Vec::new(),
            renewed: Vec::new(),
            released: Vec::new(),
            counters: Vec::new(),
            rest: Changes::default(),
            applied: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// A new or changed build, open or ended, under the lock of the issue that asked for it.
    pub fn build(&mut self, lock: &IssueLock<'_>, build: Build) -> Result<(), StoreError> {
        self.guarded_by(lock.locked())?;
        self.is_ours(build.repo())?;
        covers(lock.key(), &build.issue_lock())?;
        let list = if build.status.is_terminal() { &mut self.ended } else { &mut self.builds };
        list.push(build);
        Ok(())
    }

    /// Sets the queue's last ticket.
    pub fn ticket(&mut self, lock: &QueueLock<'_>, ticket: i64) -> Result<(), StoreError> {
        self.guarded_by(lock.locked())?;
        self.count(lock.key(), ticket);
        Ok(())
    }

    /// Sets the resource's last fencing token.
    pub fn token(&mut self, lock: &BuildLock<'_>, token: i64) -> Result<(), StoreError> {
        self.guarded_by(lock.locked())?;
        self.count(lock.key(), token);
        Ok(())
    }

    pub fn grant(&mut self, lock: &BuildLock<'_>, lease: Lease) -> Result<(), StoreError> {
        self.lease(lock, &lease)?;
        self.granted.push(lease);
        Ok(())
    }

    /// A heartbeat or a quarantine.
    pub fn renew(&mut self, lock: &BuildLock<'_>, lease: Lease) -> Result<(), StoreError> {
        self.lease(lock, &lease)?;
        self.renewed.push(lease);
        Ok(())
    }

    /// Gives a slot back. Refused at commit unless owner *and* token are still those of `ended`.
    pub fn release(&mut self, lock: &BuildLock<'_>, ended: &EndedLease) -> Result<(), StoreError> {
        let lease = &ended.lease;
        self.lease(lock, lease)?;
        self.released.push(json!({
            "resource": lease.resource, "slot": lease.slot, "token": lease.token,
            "build_id": lease.build_id, "outcome": ended.outcome,
        }));
        Ok(())
    }

    /// Everything that a turn changed, each row with its guard from `locked`.
    ///
    /// # Errors
    /// [`StoreError::NotPlanned`] when the turn touched what the plan did not lock.
    pub fn turn(&mut self, locked: &Locked, mut changes: Changes) -> Result<(), StoreError> {
        self.guarded_by(locked.id())?;
        for build in changes.builds.drain(..).chain(changes.ended.drain(..)) {
            self.build(&locked.issue(&build.issue_lock())?, build)?;
        }
        let counters = std::mem::take(&mut changes.counters);
        let (granted, renewed) = (std::mem::take(&mut changes.granted), std::mem::take(&mut changes.renewed));
        let released = std::mem::take(&mut changes.released);
        if !(counters.is_empty() && granted.is_empty() && renewed.is_empty() && released.is_empty()) {
            let issue = locked.any_issue()?;
            let build_lock = |lease: &Lease| issue.build(&LockKey::build(&lease.resource));
            for (key, value) in counters {
                match key.class {
                    crate::queue::LockClass::Queue => self.ticket(&issue.queue(&key)?, value)?,
                    _ => self.token(&issue.build(&key)?, value)?,
                }
            }
            for ended in &released {
                self.release(&build_lock(&ended.lease)?, ended)?;
            }
            for lease in granted {
                self.grant(&build_lock(&lease)?, lease)?;
            }
            for lease in renewed {
                self.renew(&build_lock(&lease)?, lease)?;
            }
        }
        self.rest = changes;
        Ok(())
    }

    /// Takes an inbox row away; its delivery is marked with the outcome (`applied` or `ignored`).
    pub fn applied(&mut self, inbox_id: Uuid, outcome: &str) {
        self.applied.push(json!({ "inbox_id": inbox_id, "outcome": outcome }));
    }

    pub fn parked(&mut self, inbox_id: Uuid) {
        self.parked.push(inbox_id);
    }

    /// What becomes of each event: `applied`, `ignored` or `parked`.
    pub fn outcomes(&self) -> Vec<String> {
        let applied = self.applied.iter().filter_map(|row| row["outcome"].as_str().map(str::to_owned));
        applied.chain(self.parked.iter().map(|_| "parked".to_owned())).collect()
    }

    /// What the audit will say.
    pub fn audit(&self) -> &[AuditEntry] {
        &self.rest.audit
    }

    fn lease(&mut self, lock: &BuildLock<'_>, lease: &Lease) -> Result<(), StoreError> {
        self.guarded_by(lock.locked())?;
        self.is_ours(RepoKey { tenant_id: lease.tenant_id, repo_id: lease.repo_id })?;
        covers(lock.key(), &LockKey::build(&lease.resource))
    }

    fn guarded_by(&mut self, locked: LockedId) -> Result<(), StoreError> {
        if *self.locked.get_or_insert(locked) == locked {
            Ok(())
        } else {
            Err(StoreError::Guard("the guards are of different transactions".into()))
        }
    }

    fn is_ours(&self, repo: RepoKey) -> Result<(), StoreError> {
        if repo == self.repo {
            Ok(())
        } else {
            Err(StoreError::Guard("the row is another repository's".into()))
        }
    }

    fn count(&mut self, key: &LockKey, counter: i64) {
        self.counters.push(json!({ "class": key.class as i16, "key": key.key, "counter": counter }));
    }

    fn into_json(self) -> (RepoKey, Value, Expected) {
        let expected = Expected {
            gone: count(self.ended.iter().filter(|build| build.version > 1)),
            changed: count(self.builds.iter().filter(|build| build.version > 1)),
            released: count(self.released.iter()),
            renewed: count(self.renewed.iter()),
            counted: count(self.counters.iter()),
            withdrawn: count(self.rest.withdrawn.iter()),
        };
        // What a build that this very turn resolved was parked for is applied again at once.
        let parked = if self.rest.unpark { Vec::new() } else { self.parked };
        let effects: Vec<&OutboxEffect> = self.rest.effects.iter().collect();
        let withdrawn: Vec<Value> =
            self.rest.withdrawn.iter().map(|(_, id)| json!({ "effect_id": id })).collect();
        let body = json!({
            "builds": self.builds, "ended": self.ended, "granted": self.granted, "renewed": self.renewed,
            "released": self.released, "counters": self.counters, "effects": effects, "withdrawn": withdrawn,
            "mirrors": self.rest.mirrors, "requests": self.rest.requests, "cancel_marks": self.rest.cancel_marks,
            "audit": self.rest.audit, "applied": self.applied, "parked": parked,
            "unpark": self.rest.unpark,
            "look_id": self.rest.look_again.then(new_id),
        });
        (self.repo, body, expected)
    }
}

/// How many rows each guarded step must touch.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    gone: i64,
    changed: i64,
    released: i64,
    renewed: i64,
    counted: i64,
    withdrawn: i64,
}

impl Locked {
    /// Writes everything in one statement and commits, which gives the locks back.
    ///
    /// # Errors
    /// [`StoreError::Guard`] when a guarded step touched fewer rows than it must, or the guards were those of another
    /// [`Locked`]; nothing is written then.
    pub async fn commit(mut self, write: WriteSet, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut shown = Shown::new(write.repo, now);
        match self.write(write, now, &mut shown).await {
            Ok(()) => Ok(self.tx.commit().await?),
            Err(error) => {
                let pool = self.pool.clone();
                self.rollback().await;
                if !shown.is_empty()
                    && let Err(fault) = shown.put_down(&pool).await
                {
                    tracing::warn!(error = %fault, "an ownership violation could not be put down in the audit");
                }
                Err(error)
            }
        }
    }

    /// `shown` gets the leases of a write in which one was not the build's that gives it back or renews it.
    async fn write(
        &mut self,
        mut write: WriteSet,
        now: DateTime<Utc>,
        shown: &mut Shown,
    ) -> Result<(), StoreError> {
        write.guarded_by(self.id())?;
        let (repo, body, expected) = write.into_json();
        if repo.tenant_id != self.tenant_id {
            return Err(StoreError::Guard("the write is another tenant's".into()));
        }
        let row = sqlx::query(include_str!("sql/write_changes.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(now)
            .bind(&body)
            .fetch_one(&mut *self.tx)
            .await?;
        let found = Expected {
            gone: row.get("gone"),
            changed: row.get("changed"),
            released: row.get("released"),
            renewed: row.get("renewed"),
            counted: row.get("counted"),
            withdrawn: row.get("withdrawn"),
        };
        let refused = (expected.released - found.released) + (expected.renewed - found.renewed);
        if refused > 0 {
            metrics::ownership_violations(refused.unsigned_abs());
            shown.add("release", &body["released"]);
            shown.add("renewal", &body["renewed"]);
        }
        if found != expected {
            return Err(StoreError::Guard(format!("expected {expected:?}, found {found:?}")));
        }
        Ok(())
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

fn covers(have: &LockKey, need: &LockKey) -> Result<(), StoreError> {
    if have == need {
        Ok(())
    } else {
        Err(StoreError::Guard(format!("the {have} does not cover the {need}")))
    }
}
