//! The three locks as types.
//!
//! [`Locked`] is a transaction that holds a whole plan. Only it gives an [`IssueLock`], and only that gives a
//! [`QueueLock`] or a [`BuildLock`]: nothing touches a queue or a build lock without the issue lock first. What writes
//! takes the guards that it needs, so code that bypasses them does not compile (`tests/compile_fail`).

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{PgPool, Postgres, Row, Transaction};

use super::{Store, StoreError};
use crate::{
    metrics,
    queue::{LockClass, LockKey, LockPlan, Locks},
};

/// How long locks may be waited for and held. The operator's setting, not the policy's.
#[derive(Clone, Copy, Debug)]
pub struct LockBounds {
    pub issue_wait: Duration,
    pub queue_wait: Duration,
    pub build_wait: Duration,
    /// From the plan's last lock to the commit; Postgres ends a holder that hangs longer.
    pub hold: Duration,
    /// Off only to prove that rows alone suffice.
    pub advisory: bool,
}

impl Default for LockBounds {
    fn default() -> Self {
        let (short, long) = (Duration::from_secs(30), Duration::from_secs(300));
        Self { issue_wait: short, queue_wait: long, build_wait: short, hold: short, advisory: true }
    }
}

impl LockBounds {
    fn wait(&self, class: LockClass) -> Duration {
        match class {
            LockClass::Issue => self.issue_wait,
            LockClass::Queue => self.queue_wait,
            LockClass::Build => self.build_wait,
        }
    }
}

/// Tells one [`Locked`] from another, in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockedId(u64);

impl LockedId {
    fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        Self(MADE.fetch_add(1, Ordering::Relaxed))
    }
}

/// A transaction that holds all locks of its plan.
pub struct Locked {
    pub(super) tx: Transaction<'static, Postgres>,
    pub(super) tenant_id: i64,
    id: LockedId,
    locks: Locks,
    versions: BTreeMap<LockKey, i64>,
    /// For what must be written although this transaction was rolled back.
    pub(super) pool: PgPool,
}

/// Proof that an issue lock is held.
pub struct IssueLock<'a> {
    locked: &'a Locked,
    key: LockKey,
}

/// Proof that a queue lock is held, and with it an issue lock.
pub struct QueueLock<'a> {
    key: LockKey,
    issue: &'a IssueLock<'a>,
}

/// Proof that a build lock's row is held, and with it an issue lock.
pub struct BuildLock<'a> {
    key: LockKey,
    issue: &'a IssueLock<'a>,
}

impl Locked {
    /// Gives the locks back at once. One that is dropped does so a little later, and until then stands in the way of
    /// the next try.
    pub async fn rollback(self) {
        give_back(self.tx).await;
    }

    pub(super) fn id(&self) -> LockedId {
        self.id
    }

    /// # Errors
    /// [`StoreError::NotPlanned`] when the plan did not have it.
    pub fn issue(&self, key: &LockKey) -> Result<IssueLock<'_>, StoreError> {
        self.locks.require(key)?;
        Ok(IssueLock { locked: self, key: key.clone() })
    }

    /// Any issue lock of the plan: enough for work on the queue and on resources.
    ///
    /// # Errors
    /// [`StoreError::NotPlanned`] when the plan has none, which then may not touch any queue or build lock.
    pub fn any_issue(&self) -> Result<IssueLock<'_>, StoreError> {
        let key = self.locks.0.keys().find(|key| key.class == LockClass::Issue);
        match key {
            Some(key) => self.issue(key),
            None => Err(StoreError::Guard("no issue lock in the plan".into())),
        }
    }

    /// The counter on each lock's row, as it was when the lock was got.
    pub fn counters(&self) -> &Locks {
        &self.locks
    }

    /// The version that each acquisition counted up to.
    pub fn versions(&self) -> &BTreeMap<LockKey, i64> {
        &self.versions
    }
}

impl IssueLock<'_> {
    pub fn key(&self) -> &LockKey {
        &self.key
    }

    pub(super) fn locked(&self) -> LockedId {
        self.locked.id
    }

    /// # Errors
    /// [`StoreError::NotPlanned`] when the plan did not have it.
    pub fn queue(&self, key: &LockKey) -> Result<QueueLock<'_>, StoreError> {
        self.locked.locks.require(key)?;
        Ok(QueueLock { key: key.clone(), issue: self })
    }

    /// # Errors
    /// [`StoreError::NotPlanned`] when the plan did not have it.
    pub fn build(&self, key: &LockKey) -> Result<BuildLock<'_>, StoreError> {
        self.locked.locks.require(key)?;
        Ok(BuildLock { key: key.clone(), issue: self })
    }
}

impl QueueLock<'_> {
    pub fn key(&self) -> &LockKey {
        &self.key
    }

    pub(super) fn locked(&self) -> LockedId {
        self.issue.locked()
    }
}

impl BuildLock<'_> {
    pub fn key(&self) -> &LockKey {
        &self.key
    }

    pub(super) fn locked(&self) -> LockedId {
        self.issue.locked()
    }
}

impl Store {
    /// Takes all locks of `plan` in a transaction of its own, in ascending order. `holder` is noted on each row.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`] names the class that was not free, and who holds it.
    pub async fn acquire(&self, plan: &LockPlan, holder: &str) -> Result<Locked, StoreError> {
        let tx = self.pool.begin().await?;
        self.lock(tx, plan, holder).await
    }

    pub(super) async fn lock(
        &self,
        mut tx: Transaction<'static, Postgres>,
        plan: &LockPlan,
        holder: &str,
    ) -> Result<Locked, StoreError> {
        let keys: Vec<&LockKey> = plan.keys.iter().collect();
        let ids: Vec<i64> = keys.iter().map(|key| advisory_id(plan.tenant_id, key)).collect();
        let rows = sqlx::query(include_str!("sql/take_locks.sql"))
            .bind(plan.tenant_id)
            .bind(keys.iter().map(|key| key.class as i16).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.key.clone()).collect::<Vec<_>>())
            .bind(&ids)
            .bind(keys.iter().map(|key| millis(self.bounds.wait(key.class))).collect::<Vec<_>>())
            .bind(holder)
            .bind(millis(self.bounds.hold))
            .bind(self.bounds.advisory)
            .fetch_all(&mut *tx)
            .await
            .map_err(StoreError::from);
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                let who = if error.is_lock_timeout() { self.who_blocks(plan, &ids).await } else { error };
                give_back(tx).await;
                return Err(who);
            }
        };
        let mut locks = Locks::default();
        let mut versions = BTreeMap::new();
        for row in rows {
            let key = LockKey { class: class(row.get("class")), key: row.get("key") };
            metrics::lock_wait(key.class, row.get("waited"));
            locks.0.insert(key.clone(), row.get("counter"));
            versions.insert(key, row.get("version"));
        }
        let pool = self.pool.clone();
        Ok(Locked { tx, tenant_id: plan.tenant_id, id: LockedId::new(), locks, versions, pool })
    }

    /// Says who stood in the way, for the operator; asking happens on a connection of its own.
    async fn who_blocks(&self, plan: &LockPlan, ids: &[i64]) -> StoreError {
        let blocker = sqlx::query(include_str!("sql/who_blocks.sql"))
            .bind(plan.tenant_id)
            .bind(plan.keys.iter().map(|key| key.class as i16).collect::<Vec<_>>())
            .bind(plan.keys.iter().map(|key| key.key.clone()).collect::<Vec<_>>())
            .bind(ids)
            .fetch_optional(&self.pool)
            .await;
        let Ok(Some(row)) = blocker else {
            metrics::lock_timeout(None);
            return StoreError::LockTimeout { lock: None, blocker: String::new() };
        };
        let (pid, application, seconds): (i32, String, i64) =
            (row.get("pid"), row.get("application"), row.get("seconds"));
        let blocker = format!(": backend {pid} ({application}) has held it for {seconds} s");
        let lock = Some(class(row.get("class")));
        metrics::lock_timeout(lock);
        StoreError::LockTimeout { lock, blocker }
    }
}

/// A connection that cannot roll back is dead, and Postgres gave its locks back.
pub(super) async fn give_back(tx: Transaction<'static, Postgres>) {
    if let Err(error) = tx.rollback().await {
        tracing::debug!(%error, "the transaction was over already");
    }
}

fn class(number: i16) -> LockClass {
    match number {
        1 => LockClass::Issue,
        2 => LockClass::Queue,
        _ => LockClass::Build,
    }
}

/// As Postgres' settings want it.
pub(super) fn millis(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}

const CLASS_SHIFT: u32 = 60;

/// The class in the highest bits, so that ascending ids are ascending classes; then a hash. Two keys with the same
/// hash exclude each other too, which costs time and nothing else.
fn advisory_id(tenant_id: i64, key: &LockKey) -> i64 {
    let hash = digest(&SHA256, format!("{tenant_id}/{}", key.key).as_bytes());
    let mut low = [0; 8];
    low.copy_from_slice(&hash.as_ref()[..8]);
    ((key.class as i64) << CLASS_SHIFT) | (i64::from_be_bytes(low) & ((1 << CLASS_SHIFT) - 1))
}
