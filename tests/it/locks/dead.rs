//! An event that cannot be applied does not stand in the way of others.

use trilock::{
    queue::{Event, Facts, RepoKey},
    store::{AuditQuery, DeadKind, Delivery, LockBounds, Store},
    workers::apply_lane,
};

use super::bench::{BOT, Bench, ask, comment, facts, repo};

/// A comment in `issue` that asks for a build, with its facts.
async fn ready(store: &Store, repo: RepoKey, issue: i64) {
    let (event, id): (Event, _) = (comment(issue, issue), format!("delivery-{issue}"));
    let delivery = Delivery {
        tenant_id: repo.tenant_id,
        repo_id: Some(repo.repo_id),
        repository: None,
        id: &id,
        name: "issue_comment",
        raw: None,
        event: Some(&event),
        seen: None,
    };
    store.accept(delivery).await.unwrap();
    let claim =
        store.claim_unprepared(store.now().await.unwrap()).await.unwrap().expect("it waits for facts");
    let facts: Facts = facts(vec![ask("desktop")]);
    store.prepared(repo, claim.stored.inbox_id, &facts).await.unwrap();
}

async fn issues_built(bench: &Bench) -> Vec<i64> {
    let mut open: Vec<i64> =
        bench.store.queue_view(repo(1)).await.unwrap().open.iter().filter_map(|build| build.issue).collect();
    open.sort_unstable();
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_five_times_alone_is_set_aside_and_later_ones_go_on() {
    let bench = Bench::new(LockBounds::default(), 1).await;
    sqlx::query("ALTER TABLE build ADD CONSTRAINT planted CHECK (issue <> 13)")
        .execute(&bench.sql)
        .await
        .unwrap();
    for issue in [12, 13, 14] {
        ready(&bench.store, repo(1), issue).await;
    }
    let attempts = "SELECT coalesce(max(attempts), 0)::bigint FROM inbox";
    for tried in 1..=5 {
        apply_lane(&bench.store, BOT, repo(1)).await.unwrap();
        assert_eq!(issues_built(&bench).await, [12, 14], "the others of the batch are applied");
        assert_eq!(bench.count(attempts).await, tried);
        apply_lane(&bench.store, BOT, repo(1)).await.unwrap();
        assert_eq!(bench.count(attempts).await, tried, "it is put off");
        let later = bench.store.now().await.unwrap() + chrono::TimeDelta::minutes(5);
        bench.store.set_clock(later, 1.0).await.unwrap();
    }
    let dead = bench.store.dead().await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.as_ref().unwrap().contains("planted"), "{dead:?}");
    assert_eq!(bench.count("SELECT count(*) FROM inbox WHERE state = 'dead' AND issue = 13").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM delivery WHERE outcome = 'dead'").await, 1);

    let noted = AuditQuery { repo: Some(repo(1)), limit: 100, ..AuditQuery::default() };
    let noted = bench.store.audit_view(&noted).await.unwrap();
    let noted: Vec<_> = noted.iter().filter(|row| row.after.as_deref() == Some("dead")).collect();
    let [row] = noted[..] else { panic!("{noted:?}") };
    assert_eq!(
        (row.actor.as_str(), row.what.as_str(), row.source.as_str()),
        ("trilock", "event", "delivery delivery-13")
    );
    assert!(row.why.as_ref().unwrap().starts_with("comment: "), "{row:?}");

    ready(&bench.store, repo(1), 15).await;
    apply_lane(&bench.store, BOT, repo(1)).await.unwrap();
    assert_eq!(issues_built(&bench).await, [12, 14, 15]);
    assert_eq!(bench.count(attempts).await, 5, "a dead event is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_retried_with_new_facts_once_the_cause_is_gone() {
    let bench = Bench::new(LockBounds::default(), 1).await;
    let planted = "ALTER TABLE build ADD CONSTRAINT planted CHECK (issue <> 13)";
    sqlx::query(planted).execute(&bench.sql).await.unwrap();
    ready(&bench.store, repo(1), 13).await;
    for _ in 0..5 {
        apply_lane(&bench.store, BOT, repo(1)).await.unwrap();
        let later = bench.store.now().await.unwrap() + chrono::TimeDelta::minutes(5);
        bench.store.set_clock(later, 1.0).await.unwrap();
    }
    sqlx::query("ALTER TABLE build DROP CONSTRAINT planted").execute(&bench.sql).await.unwrap();

    let dead = bench.store.dead().await.unwrap().remove(0);
    assert_eq!((dead.kind, dead.what.as_deref(), dead.issue), (DeadKind::Event, Some("comment"), Some(13)));
    assert_eq!(dead.delivery_id.as_deref(), Some("delivery-13"));
    assert!(bench.store.retry_dead(&dead, "operator ann").await.unwrap());
    assert!(!bench.store.retry_dead(&dead, "operator ann").await.unwrap(), "it is not dead any more");
    assert!(bench.store.dead().await.unwrap().is_empty());
    assert_eq!(bench.count("SELECT count(*) FROM delivery WHERE outcome = 'waiting'").await, 1);

    let now = bench.store.now().await.unwrap();
    let claim = bench.store.claim_unprepared(now).await.unwrap().expect("its facts are asked anew");
    assert_eq!(claim.attempts, 1);
    let new_facts = facts(vec![ask("desktop")]);
    bench.store.prepared(repo(1), claim.stored.inbox_id, &new_facts).await.unwrap();
    apply_lane(&bench.store, BOT, repo(1)).await.unwrap();
    assert_eq!(issues_built(&bench).await, [13]);
    let audited = "SELECT count(*) FROM audit WHERE what = 'retry event' AND actor = 'operator ann'
                      AND source = 'operator' AND why LIKE '%planted%'";
    assert_eq!(bench.count(audited).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_can_be_given_up_with_a_reason() {
    let bench = Bench::new(LockBounds::default(), 1).await;
    ready(&bench.store, repo(1), 13).await;
    sqlx::query("UPDATE inbox SET state = 'dead'").execute(&bench.sql).await.unwrap();
    let dead = bench.store.dead().await.unwrap().remove(0);
    assert!(bench.store.drop_dead(&dead, "operator ann", "nobody asks").await.unwrap());
    assert!(!bench.store.drop_dead(&dead, "operator ann", "nobody asks").await.unwrap());
    assert_eq!(bench.count("SELECT count(*) FROM inbox").await, 0);
    let audited = "SELECT count(*) FROM audit WHERE what = 'drop event' AND why = 'nobody asks'";
    assert_eq!(bench.count(audited).await, 1);
}
