//! Waiting for a lock: what is read afterwards, for how long, and for whom.

use std::time::Duration;

use trilock::{
    clock::Clock,
    queue::{LockClass, LockKey, LockPlan, QUEUE, Resource, Status},
    store::{LockBounds, Locked, Store, StoreError, WriteSet},
};

use super::bench::{Bench, asked, decide, read, repo};

/// Far more than any bound of these tests.
const LONG: Duration = Duration::from_secs(20);

fn plan(issue: i64) -> LockPlan {
    let keys = [
        LockKey::issue(repo(1), &issue.to_string()),
        LockKey::queue(repo(1), QUEUE),
        LockKey::build(&Resource::slot_of(repo(1), QUEUE)),
        LockKey::build(&Resource::named(repo(1), "gpu")),
    ];
    LockPlan { tenant_id: repo(1).tenant_id, keys: keys.into() }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("it ends long before")
}

/// Waits until `n` backends wait for a lock.
async fn until_waiting(bench: &Bench, n: i64) {
    let clock = Clock::system();
    in_time(async {
        while bench.waiters().await < n {
            clock.sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The stale-read trap: a statement that waited still sees the world from before its wait.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_during_the_wait_is_seen() {
    for advisory in [true, false] {
        let bench = Bench::new(LockBounds { advisory, ..LockBounds::default() }, 1).await;
        let first = [asked(1, 1)];
        let mut holder = bench.store.acquire(&plan(1), "holder").await.unwrap();

        let second = [asked(2, 2)];
        let lane = bench.store.claim_lane(repo(1)).await.unwrap().expect("a free lane");
        let store = bench.store.clone();
        let waiter = tokio::spawn(async move { lane.lock(&store, &plan(2), "waiter").await });
        until_waiting(&bench, 1).await;

        let state = read(&mut holder, repo(1), &first).await.unwrap();
        let now = state.now;
        let mut write = WriteSet::new(repo(1));
        write.turn(&holder, decide(state, &first).unwrap()).unwrap();
        holder.commit(write, now).await.unwrap();

        let mut locked = in_time(waiter).await.unwrap().unwrap();
        let slot = LockKey::build(&Resource::slot_of(repo(1), QUEUE));
        assert_eq!(locked.counters().0[&slot], 1, "the token is the holder's");
        let state = read(&mut locked, repo(1), &second).await.unwrap();
        assert_eq!(state.resources.leases.len(), 1, "the grant is seen");
        assert!(state.now > now);
        let changes = decide(state, &second).unwrap();
        assert!(changes.granted.is_empty(), "there is one slot");
        assert_eq!(changes.builds.iter().map(|build| build.status).collect::<Vec<_>>(), [Status::Queued]);
    }
}

async fn timed_out(store: &Store, issue: i64) -> (Option<LockClass>, String, String) {
    let result: Result<Locked, StoreError> = in_time(store.acquire(&plan(issue), "waiter")).await;
    match result.err() {
        Some(error @ StoreError::LockTimeout { .. }) => {
            assert!(error.is_passing(), "it says nothing against the event at hand");
            let text = error.to_string();
            let StoreError::LockTimeout { lock, blocker } = error else { unreachable!() };
            (lock, blocker, text)
        }
        other => panic!("expected a time-out, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lock_is_waited_for_within_its_bound_and_the_error_says_whose_it_is() {
    for advisory in [true, false] {
        let short = Duration::from_millis(100);
        let bounds = LockBounds { issue_wait: short, queue_wait: short, advisory, ..LockBounds::default() };
        let bench = Bench::new(bounds, 1).await;
        // Once, so that the rows exist.
        let rows = bench.store.acquire(&plan(1), "before").await.unwrap();
        rows.commit(WriteSet::new(repo(1)), now(&bench).await).await.unwrap();

        let _holder = bench.store.acquire(&plan(1), "holder").await.unwrap();
        let pid = bench
            .count("SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")
            .await;
        let blocker = format!(": backend {pid} (trilock) has held it for 0 s");
        let issue = (
            Some(LockClass::Issue),
            blocker.clone(),
            format!("the issue lock of the plan was not free in time{blocker}"),
        );
        assert_eq!(timed_out(&bench.store, 1).await, issue);
        let queue = (
            Some(LockClass::Queue),
            blocker.clone(),
            format!("the queue lock of the plan was not free in time{blocker}"),
        );
        assert_eq!(timed_out(&bench.store, 2).await, queue, "another issue, the same queue");
    }
}

async fn now(bench: &Bench) -> chrono::DateTime<chrono::Utc> {
    bench.store.now().await.unwrap()
}

/// The first to take a lock makes its row; until it commits others wait for the row, and that is bounded too.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_was_never_taken_before_is_waited_for_within_its_bound() {
    for advisory in [true, false] {
        let bounds = LockBounds { issue_wait: Duration::from_millis(100), advisory, ..LockBounds::default() };
        let bench = Bench::new(bounds, 1).await;
        let _holder = bench.store.acquire(&plan(1), "holder").await.unwrap();
        let (lock, blocker, text) = timed_out(&bench.store, 1).await;
        if advisory {
            assert_eq!(lock, Some(LockClass::Issue));
            assert!(blocker.starts_with(": backend "), "{blocker}");
        } else {
            // Nobody sees a row that is not committed.
            assert_eq!(text, "a lock of the plan was not free in time");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_hangs_is_ended() {
    for advisory in [true, false] {
        let hold = Duration::from_millis(300);
        let bench = Bench::new(LockBounds { hold, advisory, ..LockBounds::default() }, 1).await;
        let events = [asked(1, 1)];
        let mut hung = bench.store.acquire(&plan(1), "hung").await.unwrap();
        let state = read(&mut hung, repo(1), &events).await.unwrap();
        let now = state.now;
        let mut write = WriteSet::new(repo(1));
        write.turn(&hung, decide(state, &events).unwrap()).unwrap();

        // It idles in its transaction; the next one gets the lock.
        let next = in_time(bench.store.acquire(&plan(1), "next")).await.unwrap();
        next.commit(WriteSet::new(repo(1)), now).await.unwrap();

        let error = hung.commit(write, now).await.unwrap_err();
        assert!(matches!(error, StoreError::Away(_)) && error.is_passing(), "{error:?}");
        assert_eq!(bench.count("SELECT count(*) FROM build").await, 0, "it wrote nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_with_a_lane_is_ended_too() {
    let bench = Bench::new(LockBounds { hold: Duration::from_millis(300), ..LockBounds::default() }, 1).await;
    let _hung = bench.store.claim_lane(repo(1)).await.unwrap().expect("a free lane");
    let clock = Clock::system();
    in_time(async {
        while bench.store.claim_lane(repo(1)).await.unwrap().is_none() {
            clock.sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
