//! Guarded writes: what is not one's own is refused at the commit, and nothing of the set is written.

use trilock::{
    metrics,
    queue::{BuildId, EndedLease, Lease, LockKey, LockPlan, QUEUE, ReleaseOutcome, RepoKey, Resource},
    store::{AuditQuery, BuildLock, LockBounds, Locked, StoreError, WriteSet},
};
use uuid::Uuid;

use super::bench::{Bench, asked, repo};

fn slot(repo: RepoKey) -> LockKey {
    LockKey::build(&Resource::slot_of(repo, QUEUE))
}

async fn locked(bench: &Bench, repo: RepoKey) -> Locked {
    let keys = [LockKey::issue(repo, "1"), LockKey::queue(repo, QUEUE), slot(repo)];
    bench.store.acquire(&LockPlan { tenant_id: repo.tenant_id, keys: keys.into() }, "a test").await.unwrap()
}

/// A build of issue 1 that holds the slot.
async fn held() -> (Bench, Lease) {
    let bench = Bench::new(LockBounds::default(), 2).await;
    bench.turn(repo(1), &[asked(1, 1)]).await.unwrap();
    let lease = bench.store.lease_view(Some(repo(1))).await.unwrap().remove(0).lease;
    (bench, lease)
}

/// Commits a set with what `put` puts in, and with a new token beside it; both or neither are written.
async fn commit(
    bench: &Bench,
    put: impl FnOnce(&mut WriteSet, &BuildLock<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let now = bench.store.now().await?;
    let locked = locked(bench, repo(1)).await;
    let mut write = WriteSet::new(repo(1));
    {
        let issue = locked.any_issue()?;
        let build = issue.build(&slot(repo(1)))?;
        write.token(&build, 77)?;
        put(&mut write, &build)?;
    }
    locked.commit(write, now).await
}

async fn refused(
    bench: &Bench,
    lease: &Lease,
    put: impl FnOnce(&mut WriteSet, &BuildLock<'_>) -> Result<(), StoreError>,
) {
    let error = commit(bench, put).await.unwrap_err();
    assert!(matches!(error, StoreError::Guard(_)), "{error:?}");
    let leases = bench.store.lease_view(Some(repo(1))).await.unwrap();
    assert_eq!(leases.into_iter().map(|view| view.lease).collect::<Vec<_>>(), std::slice::from_ref(lease));
    assert_eq!(bench.count("SELECT count(*) FROM lease_history").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM lock WHERE counter = 77").await, 0);
}

fn ended(lease: &Lease) -> EndedLease {
    EndedLease { lease: lease.clone(), outcome: ReleaseOutcome::Released }
}

#[tokio::test]
async fn only_the_owner_with_the_current_token_releases() {
    let (bench, lease) = held().await;
    let other = Lease { build_id: BuildId(Uuid::now_v7()), ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.release(lock, &ended(&other))).await;
    let stale = Lease { token: lease.token - 1, ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.release(lock, &ended(&stale))).await;
    let elsewhere = Lease { slot: lease.slot + 1, ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.release(lock, &ended(&elsewhere))).await;

    commit(&bench, |write, lock| write.release(lock, &ended(&lease))).await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM lease").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM lease_history WHERE outcome = 'released'").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM lock WHERE counter = 77").await, 1);
    let twice = commit(&bench, |write, lock| write.release(lock, &ended(&lease))).await;
    assert!(matches!(twice, Err(StoreError::Guard(_))));
}

fn violations() -> u64 {
    let text = metrics::render(None).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("trilock_ownership_violations_total "));
    count.expect("the family").parse().unwrap()
}

#[tokio::test]
async fn a_refused_release_is_counted_and_put_down() {
    let (bench, lease) = held().await;
    let before = violations();
    let stale = Lease { token: lease.token + 6, ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.release(lock, &ended(&stale))).await;
    assert!(violations() > before);
    let rows = bench.store.audit_view(&AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap();
    let row = &rows[0];
    assert_eq!((row.what.as_str(), row.after.as_deref()), ("ownership violation", Some("refused")));
    assert_eq!(row.build_id, Some(stale.build_id));
    assert_eq!(row.why.as_deref(), Some("release of queue/default[0] token 7"));
    assert_eq!(row.before, Some(format!("held with token 1 by build {}", lease.build_id)));

    commit(&bench, |write, lock| write.release(lock, &ended(&lease))).await.unwrap();
    commit(&bench, |write, lock| write.release(lock, &ended(&lease))).await.unwrap_err();
    let rows = bench.store.audit_view(&AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap();
    assert_eq!((rows[0].what.as_str(), rows[0].before.as_deref()), ("ownership violation", Some("free")));
}

#[tokio::test]
async fn a_heartbeat_with_a_stale_token_is_refused() {
    let (bench, lease) = held().await;
    let stale = Lease { token: lease.token + 1, ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.renew(lock, stale)).await;
}

#[tokio::test]
async fn a_taken_slot_cannot_be_granted_again() {
    let (bench, lease) = held().await;
    let second = Lease { token: lease.token + 1, build_id: BuildId(Uuid::now_v7()), ..lease.clone() };
    let error = commit(&bench, |write, lock| write.grant(lock, second)).await.unwrap_err();
    assert!(error.to_string().contains("lease_one_holder_per_slot"), "{error}");
}

#[tokio::test]
async fn a_guard_covers_its_own_lock_only() {
    let (bench, lease) = held().await;
    let gpu = Lease { resource: Resource::named(repo(1), "gpu"), ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.grant(lock, gpu)).await;
    let foreign = Lease { tenant_id: 8, ..lease.clone() };
    refused(&bench, &lease, |write, lock| write.renew(lock, foreign)).await;
}

#[tokio::test]
async fn a_build_that_changed_meanwhile_is_not_written_over() {
    let (bench, _) = held().await;
    let now = bench.store.now().await.unwrap();
    let mut build = bench.store.queue_view(repo(1)).await.unwrap().open.remove(0);
    build.version += 2;
    let locked = locked(&bench, repo(1)).await;
    let mut write = WriteSet::new(repo(1));
    write.build(&locked.any_issue().unwrap(), build).unwrap();
    assert!(matches!(locked.commit(write, now).await, Err(StoreError::Guard(_))));
}

#[tokio::test]
async fn a_set_is_committed_by_the_transaction_whose_guards_it_has() {
    let (bench, lease) = held().await;
    let now = bench.store.now().await.unwrap();
    let ours = locked(&bench, repo(1)).await;
    let mut write = WriteSet::new(repo(1));
    {
        let issue = ours.any_issue().unwrap();
        write.release(&issue.build(&slot(repo(1))).unwrap(), &ended(&lease)).unwrap();
    }
    drop(ours);
    // Its plan lacks the key; without the check it would free the slot without the slot's lock.
    let theirs = locked(&bench, repo(2)).await;
    let mixed = write.token(&theirs.any_issue().unwrap().build(&slot(repo(2))).unwrap(), 5);
    assert!(matches!(mixed, Err(StoreError::Guard(_))));
    assert!(matches!(theirs.commit(write, now).await, Err(StoreError::Guard(_))));
    assert_eq!(bench.count("SELECT count(*) FROM lease").await, 1);
}

#[tokio::test]
async fn a_plan_without_the_key_gives_no_guard() {
    let bench = Bench::new(LockBounds::default(), 1).await;
    let plan = LockPlan { tenant_id: 7, keys: [LockKey::queue(repo(1), QUEUE)].into() };
    let locked = bench.store.acquire(&plan, "a test").await.unwrap();
    assert!(matches!(locked.any_issue().err(), Some(StoreError::Guard(_))), "no issue lock, no work");
    let missing = LockKey::issue(repo(1), "1");
    assert!(matches!(locked.issue(&missing).err(), Some(StoreError::NotPlanned(key)) if key.0 == missing));
}
