//! Repositories with a policy, and turns over them through the real store, without workers and without GitHub.

use std::time::Duration;

use sqlx::{PgPool, postgres::PgConnectOptions};
use trilock::{
    clock::Clock,
    github::{GitHub, Settings, TimeOuts},
    policy::{Catalogue, parse_policy},
    queue::{
        BuildId, Changes, CommentEvent, DispatchAnswer, Event, Facts, Glance, LockPlan, Person, Phase,
        PolicyState, RepoKey, Role, RunReport, State, Step, Stored, Turn,
    },
    request::{Asked, Request},
    sandbox::{Options, Sandbox},
    store::{LockBounds, Locked, PolicyOutcome, Store, StoreError, WriteSet},
    workers::Context,
};
use uuid::Uuid;

use crate::harness::fresh_database;

pub const BOT: &str = "trilock[bot]";

pub struct Bench {
    pub store: Store,
    options: PgConnectOptions,
    /// For looking at tables, and for planting trouble in them.
    pub sql: PgPool,
}

fn store_on(options: &PgConnectOptions, bounds: LockBounds) -> Store {
    Store::new(options.clone(), bounds, "11".repeat(32).parse().expect("a key"), 40)
}

/// What the loops share, with nothing of them running.
pub async fn context(store: &Store) -> (Context, Sandbox) {
    let clock = Clock::system();
    let sandbox = Sandbox::start(Options::new(clock.clone())).await.expect("the sandbox starts");
    let github = GitHub::new(Settings {
        api_url: sandbox.base_url().to_owned(),
        app_id: "1".into(),
        private_key_pem: sandbox.private_key_pem(),
        clock: clock.clone(),
        time_outs: TimeOuts::default(),
    });
    let minute = Duration::from_secs(60);
    (Context::new(store.clone(), github.expect("a client"), clock, String::new(), minute, minute), sandbox)
}

pub fn repo(n: i64) -> RepoKey {
    RepoKey { tenant_id: 7, repo_id: 100 + n }
}

impl Bench {
    /// With `repositories` (numbered from 1) whose queue has as many slots as its number, and a `gpu` of one slot.
    pub async fn new(bounds: LockBounds, repositories: i64) -> Self {
        let options = fresh_database().await;
        let store = store_on(&options, bounds);
        let this = Self {
            store,
            sql: PgPool::connect_lazy_with(options.clone().application_name("a test")),
            options,
        };
        for n in 1..=repositories {
            this.add_repository(n).await;
        }
        this
    }

    /// A store with new connections, which see changed settings.
    pub fn reconnected(&self) -> Store {
        store_on(&self.options, LockBounds::default())
    }

    async fn add_repository(&self, n: i64) {
        let policy = format!(
            "version: 1\n\
             builds: {{ desktop: {{ workflow: build.yml }}, model: {{ workflow: train.yml, resources: [gpu] }} }}\n\
             queue: {{ limit: 8, concurrency: {n} }}\n\
             named_resources: {{ gpu: {{ capacity: 1 }} }}\n"
        );
        let policy = parse_policy("trilock.yml", &policy).expect("a good policy");
        let catalogue = Catalogue { policy, workflows: Default::default(), forms: Vec::new() };
        sqlx::query(
            "INSERT INTO repository (tenant_id, repo_id, owner, name, private, default_branch, installation_id)
             VALUES ($1, $2, 'octo', $3, false, 'main', 1)",
        )
        .bind(repo(n).tenant_id)
        .bind(repo(n).repo_id)
        .bind(format!("app-{n}"))
        .execute(&self.sql)
        .await
        .expect("a new repository");
        let (outcome, now) =
            (PolicyOutcome::Good(Box::new(catalogue)), self.store.now().await.expect("a time"));
        self.store.save_policy(repo(n), &outcome, now, "a test").await.expect("a saved policy");
        sqlx::query("INSERT INTO lane (tenant_id, repo_id) VALUES ($1, $2)")
            .bind(repo(n).tenant_id)
            .bind(repo(n).repo_id)
            .execute(&self.sql)
            .await
            .expect("a new lane");
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.sql).await.expect("a count")
    }

    /// A plan for `events` and whoever holds or waits now, as seen without locks.
    pub async fn plan(&self, repo: RepoKey, events: &[Stored]) -> Result<LockPlan, StoreError> {
        let open = self.store.queue_view(repo).await?.open;
        let builds = open.into_iter().map(|build| (build.build_id, build.asker, build.resources)).collect();
        Ok(LockPlan::new(repo, events, &Glance { builds, named: vec!["gpu".into()] }))
    }

    /// One transaction over `events`, by the way that needs no lane.
    pub async fn turn(&self, repo: RepoKey, events: &[Stored]) -> Result<(), StoreError> {
        let plan = self.plan(repo, events).await?;
        let mut locked = self.store.acquire(&plan, "a test").await?;
        let state = read(&mut locked, repo, events).await?;
        let now = state.now;
        let mut write = WriteSet::new(repo);
        write.turn(&locked, decide(state, events)?)?;
        locked.commit(write, now).await
    }

    /// How many backends wait for a lock in this database.
    pub async fn waiters(&self) -> i64 {
        self.count(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await
    }
}

pub async fn read(locked: &mut Locked, repo: RepoKey, events: &[Stored]) -> Result<State, StoreError> {
    locked.state(repo, events, BOT).await
}

pub fn decide(state: State, events: &[Stored]) -> Result<Changes, StoreError> {
    let mut turn = Turn::new(state, Uuid::now_v7().as_u64_pair().1);
    for stored in events {
        turn.apply(stored)?;
    }
    Ok(turn.finish())
}

pub fn stored(event: Event, facts: Option<Facts>) -> Stored {
    let received_at = chrono::DateTime::UNIX_EPOCH;
    Stored {
        inbox_id: Uuid::now_v7(),
        delivery_id: None,
        source: "operator".into(),
        event,
        facts,
        received_at,
    }
}

pub fn facts(steps: Vec<Step>) -> Facts {
    let known_at = chrono::DateTime::UNIX_EPOCH;
    Facts {
        known_at,
        role: Role::Write,
        policy: PolicyState::Good,
        default_branch: "main".into(),
        heads: Default::default(),
        terms: Default::default(),
        report: None,
        steps,
    }
}

pub fn comment(issue: i64, comment_id: i64) -> Event {
    let author = Person { id: 1, login: "ben".into() };
    let (commands, at, pull_request) = (Vec::new(), None, false);
    Event::Comment(CommentEvent { issue, comment_id, author, commands, at, pull_request })
}

/// A valid `/build` of the type `model`, which needs the gpu, or `desktop`, which does not.
pub fn ask(build_type: &str) -> Step {
    let resources = if build_type == "model" { vec!["gpu".into()] } else { Vec::new() };
    let request = Request {
        build_type: build_type.into(),
        workflow: "build.yml".into(),
        resources,
        timeout_seconds: 7200,
        ..Request::default()
    };
    Step::Ask { asked: Asked::Valid(request), dry_run: false, corrects: false }
}

pub fn asked(issue: i64, comment_id: i64) -> Stored {
    stored(comment(issue, comment_id), Some(facts(vec![ask("desktop")])))
}

pub fn cancelled(issue: i64, comment_id: i64) -> Stored {
    stored(comment(issue, comment_id), Some(facts(vec![Step::Cancel])))
}

pub fn dispatched(build: BuildId, run_id: i64) -> Stored {
    let answer = DispatchAnswer::Started { run_id, url: "https://example.org/run".into() };
    stored(Event::Dispatched { build, answer }, None)
}

pub fn completed(run_id: i64) -> Stored {
    let report = RunReport {
        run_id,
        attempt: 1,
        phase: Phase::Completed,
        conclusion: Some("success".into()),
        workflow: "build.yml".into(),
        title: String::new(),
        trigger: "workflow_dispatch".into(),
        actor: BOT.into(),
        started_by: BOT.into(),
        head_sha: "0".repeat(40),
        url: "https://example.org/run".into(),
        created_at: chrono::DateTime::UNIX_EPOCH,
    };
    stored(Event::Run(report), None)
}
