//! Claims: an effect, an event, a status comment and a lane have one worker at a time.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;
use trilock::{
    clock::Clock,
    queue::{Event, Facts},
    store::{Delivery, LockBounds, Store, Urgency, Wait},
};

use super::bench::{Bench, asked, comment, facts, repo};

const WORKERS: usize = 8;

/// Several ended or waiting builds at once, each with an effect and a status comment.
async fn with_work() -> Bench {
    let bench = Bench::new(LockBounds::default(), 3).await;
    let events: Vec<_> = (1..=3).map(|issue| asked(issue, issue)).collect();
    bench.turn(repo(3), &events).await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM outbox WHERE effect->>'effect' = 'dispatch'").await, 3);
    assert_eq!(bench.count("SELECT count(*) FROM mirror").await, 3);
    for issue in 1..=3 {
        accept(&bench.store, &format!("delivery-{issue}"), &comment(issue, issue)).await;
    }
    bench
}

async fn accept(store: &Store, id: &str, event: &Event) {
    let delivery = Delivery {
        tenant_id: repo(3).tenant_id,
        repo_id: Some(repo(3).repo_id),
        repository: None,
        id,
        name: "issue_comment",
        raw: None,
        event: Some(event),
        seen: None,
    };
    store.accept(delivery).await.unwrap();
}

/// Lets many workers claim until nothing is left; gives what each got.
async fn all_claim<F, Fut>(store: &Store, claim: F) -> Vec<String>
where
    F: Fn(Store) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Option<String>> + Send,
{
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (store, claim) = (store.clone(), claim.clone());
        workers.spawn(async move {
            let mut got = Vec::new();
            while let Some(one) = claim(store.clone()).await {
                got.push(one);
            }
            got
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}

fn each_once(got: &[String], rows: usize) {
    assert_eq!(got.len(), rows, "{got:?}");
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), rows, "{got:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_claimed_by_one_worker() {
    let bench = with_work().await;
    let got = all_claim(&bench.store, async |store: Store| {
        let claim = store.claim_effect(store.now().await.unwrap(), Urgency::Action).await.unwrap();
        claim.map(|claim| claim.row.effect_key)
    });
    each_once(&got.await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_and_a_status_comment_are_claimed_by_one_worker() {
    let bench = with_work().await;
    let got = all_claim(&bench.store, async |store: Store| {
        let claim = store.claim_unprepared(store.now().await.unwrap()).await.unwrap();
        claim.map(|claim| claim.stored.inbox_id.to_string())
    });
    each_once(&got.await, 3);
    let got = all_claim(&bench.store, async |store: Store| {
        store.claim_mirror(store.now().await.unwrap()).await.unwrap().map(|claim| claim.target)
    });
    each_once(&got.await, 3);
}

/// Whatever join the planner chooses, one claim takes one row.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_takes_one_row() {
    let bench = with_work().await;
    let database: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&bench.sql).await.unwrap();
    for setting in
        ["enable_hashjoin", "enable_mergejoin", "enable_material", "enable_indexscan", "enable_bitmapscan"]
    {
        let sql = format!("ALTER DATABASE {database} SET {setting} = off");
        sqlx::query(AssertSqlSafe(sql)).execute(&bench.sql).await.unwrap();
    }
    let store = bench.reconnected();
    let now = store.now().await.unwrap();
    store.claim_effect(now, Urgency::Action).await.unwrap().expect("one");
    assert_eq!(bench.count("SELECT count(*) FROM outbox WHERE attempted_at IS NOT NULL").await, 1);
    store.claim_mirror(now).await.unwrap().expect("one");
    assert_eq!(bench.count("SELECT count(*) FROM mirror WHERE attempts > 0").await, 1);
    store.claim_unprepared(now).await.unwrap().expect("one");
    assert_eq!(bench.count("SELECT count(*) FROM inbox WHERE attempts > 0").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_not_settled_is_handed_on_and_says_so() {
    let bench = with_work().await;
    let now = bench.store.now().await.unwrap();
    let first = bench.store.claim_effect(now, Urgency::Action).await.unwrap().expect("an effect");
    assert_eq!((first.attempts, first.tried_at), (1, None));
    let later = now + TimeDelta::hours(1);
    let again: Vec<_> = all_claim(&bench.store, move |store: Store| async move {
        let claim = store.claim_effect(later, Urgency::Action).await.unwrap()?;
        Some(format!("{} {:?}", claim.row.effect_id, claim.tried_at.is_some()))
    })
    .await;
    assert!(again.contains(&format!("{} true", first.row.effect_id)), "{again:?}");
    each_once(&again, 3);
}

/// As a process that was paused: another has claimed what it held, and may have sent it.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_the_claim_has_ended_changes_nothing_of_anothers() {
    let bench = with_work().await;
    let store = &bench.store;
    let (now, wait) = (store.now().await.unwrap(), Wait { untried: true, counts: true, error: "not sent" });
    let late = store.claim_effect(now, Urgency::Action).await.unwrap().expect("an effect");
    let after = now + TimeDelta::hours(1);
    while store.claim_effect(after, Urgency::Action).await.unwrap().is_some() {}
    let tried = "SELECT count(*) FROM outbox WHERE attempted_at IS NOT NULL AND state = 'pending'
                    AND effect->>'effect' IN ('dispatch', 'cancel')";
    let before = bench.count(tried).await;
    store.postpone_effect(&late, now, wait).await.unwrap();
    store.bury_effect(&late, "given up").await.unwrap();
    assert_eq!(bench.count(tried).await, before);

    // A status comment that was written too late may have replaced a newer one: it is written once more.
    let late = store.claim_mirror(now).await.unwrap().expect("a comment");
    let mut newer = None;
    while let Some(claim) = store.claim_mirror(after).await.unwrap() {
        newer = Some(claim).filter(|claim| claim.target == late.target).or(newer);
    }
    store.finish_mirror(&newer.expect("claimed anew"), Some(1), "newer").await.unwrap();
    let behind = "SELECT count(*) FROM mirror WHERE shown < wanted AND body IS NULL AND comment_id = 1";
    assert_eq!(bench.count(behind).await, 0);
    store.finish_mirror(&late, Some(1), "older").await.unwrap();
    assert_eq!(bench.count(behind).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_claimed_by_one_worker() {
    let bench = Bench::new(LockBounds::default(), 2).await;
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let store = bench.store.clone();
        workers.spawn(async move { store.claim_lane(repo(1)).await.unwrap() });
    }
    let claims = workers.join_all().await;
    assert_eq!(claims.iter().flatten().count(), 1);
    assert!(bench.store.claim_lane(repo(2)).await.unwrap().is_some(), "another repository's lane is free");
    drop(claims);
    let clock = Clock::system();
    let free = async {
        while bench.store.claim_lane(repo(1)).await.unwrap().is_none() {
            clock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free)
        .await
        .expect("a lane is free when its transaction ends");
}

/// Events about runs wait for nobody's facts, however many others do.
#[tokio::test]
async fn what_is_due_is_found_behind_any_number_that_wait_for_facts() {
    let bench = Bench::new(LockBounds::default(), 3).await;
    for n in 1..=6 {
        accept(&bench.store, &format!("waits-{n}"), &comment(n, n)).await;
    }
    bench.store.add_event(repo(3), "monitor", &Event::Look).await.unwrap();
    let now = bench.store.now().await.unwrap();
    let mut lane = bench.store.claim_lane(repo(3)).await.unwrap().expect("a free lane");
    let waiting = lane.waiting(now, 2).await.unwrap();
    assert_eq!(waiting.0.iter().map(|row| &row.stored.event).collect::<Vec<_>>(), [&Event::Look]);
    drop(lane);

    let claim = bench.store.claim_unprepared(now).await.unwrap().expect("an event");
    let empty: Facts = facts(Vec::new());
    bench.store.prepared(claim.repo, claim.stored.inbox_id, &empty).await.unwrap();
    accept(&bench.store, "same-issue", &comment(claim.stored.event.issue().unwrap(), 99)).await;
    let now = bench.store.now().await.unwrap();
    let lane = async {
        loop {
            if let Some(lane) = bench.store.claim_lane(repo(3)).await.unwrap() {
                return lane;
            }
        }
    };
    let mut lane = tokio::time::timeout(Duration::from_secs(20), lane).await.unwrap();
    let states: Vec<_> =
        lane.waiting(now, 2).await.unwrap().0.into_iter().map(|row| (row.state, row.due)).collect();
    let row = |state: &str, due| (state.to_owned(), due);
    assert_eq!(
        states,
        [row("ready", true), row("ready", true), row("unprepared", true)],
        "and what may hold a due one back is there with it"
    );
}
