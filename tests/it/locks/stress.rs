//! Many tasks join, promote and release at random; afterwards the record is searched for a moment at which more held
//! than there were slots.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use sqlx::Row;
use tokio::task::JoinSet;
use trilock::{
    clock::Clock,
    queue::{Build, Effect, Event, LockKey, RepoKey, Stored},
    store::{Done, LockBounds, Locked, StoreError, Urgency, WriteSet},
};
use uuid::Uuid;

use super::bench::{
    Bench, ask, asked, cancelled, comment, completed, decide, dispatched, facts, read, repo, stored,
};

const TASKS: u64 = 32;
const QUEUES: i64 = 3;
const TIME: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn random_work_with_advisory_keys() {
    stress(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_work_with_rows_alone() {
    stress(false).await;
}

async fn stress(advisory: bool) {
    let seed = Uuid::now_v7().as_u64_pair().1;
    println!("seed {seed}, advisory {advisory}");
    let stress = Arc::new(Stress {
        bench: Bench::new(LockBounds { advisory, ..LockBounds::default() }, QUEUES).await,
        versions: Mutex::default(),
    });
    let clock = Clock::system();
    let end = clock.now() + chrono::TimeDelta::from_std(TIME).expect("a short time");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (stress, clock) = (Arc::clone(&stress), clock.clone());
        tasks.spawn(async move {
            let mut random = Random(seed.wrapping_add(task));
            while clock.now() < end {
                stress.step(&mut random).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("no task panicked");
    }
    stress.no_deadlock().await;
    stress.versions_only_grew().await;
    stress.tokens_only_grew().await;
    stress.never_more_holders_than_slots().await;
    stress.holders_hold().await;
}

struct Stress {
    bench: Bench,
    /// What each committed transaction saw on its locks' rows.
    versions: Mutex<BTreeMap<LockKey, Vec<i64>>>,
}

impl Stress {
    /// One transaction with one to three events.
    async fn step(&self, random: &mut Random) {
        let repo = repo(1 + random.below(QUEUES));
        let mut events = Vec::new();
        for _ in 0..=random.below(3) {
            events.extend(self.event(repo, random).await);
        }
        self.apply(repo, &events, random.below(2) == 0).await;
    }

    /// Tries again while it turns out to need more locks.
    async fn apply(&self, repo: RepoKey, events: &[Stored], by_lane: bool) {
        let mut extra: Vec<LockKey> = Vec::new();
        loop {
            match self.transaction(repo, events, &extra, by_lane).await {
                Ok(()) => return,
                Err(StoreError::NotPlanned(missing)) => extra.push(missing.0),
                Err(error) if only_a_dispatch_was_faster(&error) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn transaction(
        &self,
        repo: RepoKey,
        events: &[Stored],
        extra: &[LockKey],
        by_lane: bool,
    ) -> Result<(), StoreError> {
        let store = &self.bench.store;
        let mut plan = self.bench.plan(repo, events).await?;
        plan.keys.extend(extra.iter().cloned());
        let mut locked = if by_lane {
            let Some(lane) = store.claim_lane(repo).await? else { return Ok(()) };
            lane.lock(store, &plan, "lane").await?
        } else {
            store.acquire(&plan, "no lane").await?
        };
        let state = read(&mut locked, repo, events).await?;
        let now = state.now;
        let mut write = WriteSet::new(repo);
        write.turn(&locked, decide(state, events)?)?;
        self.commit(locked, write, now).await
    }

    async fn commit(
        &self,
        locked: Locked,
        write: WriteSet,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), StoreError> {
        let versions = locked.versions().clone();
        locked.commit(write, now).await?;
        let mut seen = self.versions.lock().expect("no task panicked");
        for (key, version) in versions {
            seen.entry(key).or_default().push(version);
        }
        Ok(())
    }

    async fn event(&self, repo: RepoKey, random: &mut Random) -> Option<Stored> {
        let (issue, id) = (1 + random.below(12), random.below(i64::MAX));
        let holders = async || {
            let open = self.bench.store.queue_view(repo).await.expect("a view").open;
            open.into_iter().filter(|build| build.status.is_holder()).collect::<Vec<Build>>()
        };
        match random.below(20) {
            0..3 => Some(asked(issue, id)),
            3..5 => Some(stored(comment(issue, id), Some(facts(vec![ask("model")])))),
            5 => Some(cancelled(issue, id)),
            6..12 => self.carry_out().await,
            12..19 => {
                let holders = holders().await;
                let runs: Vec<i64> = holders.iter().filter_map(|build| build.run_id).collect();
                random.choose(&runs).map(|run| completed(*run))
            }
            _ => Some(stored(Event::Look, None)),
        }
    }

    /// What the deliver workers do: claim an effect, carry it out, say what came of it.
    async fn carry_out(&self) -> Option<Stored> {
        let store = &self.bench.store;
        let now = store.now().await.expect("a time");
        let claim = store.claim_effect(now, Urgency::Action).await.expect("a claim")?;
        store.finish_effect(&claim.row, Done::default()).await.expect("it is done");
        let Effect::Dispatch { build } = claim.row.effect else { return None };
        let (high, low) = build.0.as_u64_pair();
        let stored = dispatched(build, ((high ^ low) >> 1).cast_signed());
        let repo = RepoKey { tenant_id: claim.row.tenant_id, repo_id: claim.row.repo_id };
        self.apply(repo, &[stored], false).await;
        None
    }

    async fn no_deadlock(&self) {
        // Postgres' statistics are complete once the backends that they are about are gone.
        self.bench.store.close().await;
        let others = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'trilock'";
        while self.bench.count(others).await > 0 {
            tokio::task::yield_now().await;
        }
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(self.bench.count(deadlocks).await, 0);
    }

    async fn versions_only_grew(&self) {
        let seen = std::mem::take(&mut *self.versions.lock().expect("no task panicked"));
        println!("{} acquisitions of {} locks", seen.values().map(Vec::len).sum::<usize>(), seen.len());
        for (key, mut versions) in seen {
            let last: i64 = sqlx::query_scalar(
                "SELECT version FROM lock WHERE tenant_id = 7 AND class = $1 AND key = $2",
            )
            .bind(key.class as i16)
            .bind(&key.key)
            .fetch_one(&self.bench.sql)
            .await
            .expect("a version");
            versions.sort_unstable();
            assert_eq!(
                versions,
                (1..=last).collect::<Vec<_>>(),
                "{key}: each acquisition has its own version"
            );
        }
    }

    async fn tokens_only_grew(&self) {
        let wrong = self
            .bench
            .count(
                "WITH grants AS (SELECT resource, token, granted_at FROM lease UNION ALL
                                 SELECT resource, token, granted_at FROM lease_history),
                      steps AS (SELECT *, lag(granted_at) OVER before AS granted_before, lag(token) OVER before AS token_before
                                  FROM grants WINDOW before AS (PARTITION BY resource ORDER BY token, granted_at))
                 SELECT (SELECT count(*) FROM steps WHERE token = token_before OR granted_at < granted_before)
                      + (SELECT count(*) FROM lock l WHERE class = 3 AND counter <
                         (SELECT coalesce(max(token), 0) FROM grants g WHERE g.resource = l.key))",
            )
            .await;
        assert_eq!(wrong, 0, "tokens repeat or do not follow time");
    }

    async fn never_more_holders_than_slots(&self) {
        let rows = sqlx::query(
            "WITH held AS (SELECT resource, granted_at, NULL::timestamptz AS released_at FROM lease UNION ALL
                           SELECT resource, granted_at, released_at FROM lease_history)
             SELECT g.resource, count(*) AS grants, max((SELECT count(*) FROM held h
                     WHERE h.resource = g.resource AND h.granted_at <= g.granted_at
                       AND (h.released_at IS NULL OR h.released_at > g.granted_at))) AS most
               FROM held g GROUP BY g.resource ORDER BY g.resource",
        )
        .fetch_all(&self.bench.sql)
        .await
        .expect("the record");
        assert_eq!(rows.len(), 2 * usize::try_from(QUEUES).expect("few"), "every resource was used");
        let mut all = 0;
        for row in rows {
            let (resource, grants, most): (String, i64, i64) =
                (row.get("resource"), row.get("grants"), row.get("most"));
            println!("{resource}: {grants} grants, at most {most} at once");
            let own = (1..=QUEUES).find(|n| resource == format!("{}/queue/default", repo(*n).repo_id));
            assert_eq!(most, own.unwrap_or(1), "{resource}: its slots were all used, and no more");
            all += grants;
        }
        assert!(all > 40, "{all} grants are too few to show anything");
    }

    async fn holders_hold(&self) {
        let wrong = self
            .bench
            .count(
                "SELECT (SELECT count(*) FROM build b WHERE status IN ('starting', 'running', 'cancelling')
                            AND (SELECT count(*) FROM lease l WHERE l.build_id = b.build_id) <> 1 + cardinality(resources))
                      + (SELECT count(*) FROM lease l WHERE NOT EXISTS (
                            SELECT FROM build b WHERE b.build_id = l.build_id
                               AND b.status IN ('starting', 'running', 'cancelling')))",
            )
            .await;
        assert_eq!(wrong, 0, "a build holds all that it needs from its start to its end");
    }
}

/// A dispatch that was to be withdrawn is claimed meanwhile: the one thing that needs no lock, and the guard refuses.
fn only_a_dispatch_was_faster(error: &StoreError) -> bool {
    let StoreError::Guard(text) = error else { return false };
    let rows: Vec<&str> =
        text.split("Expected").skip(1).filter_map(|rows| rows.split(", withdrawn").next()).collect();
    matches!(rows[..], [expected, found] if expected == found)
}

/// splitmix64: the same seed gives the same choices.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.unsigned_abs()).cast_signed()
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let len = i64::try_from(from.len()).ok().filter(|len| *len > 0)?;
        from.get(usize::try_from(self.below(len)).ok()?)
    }
}
