//! The store in memory: what a turn may read of it, and the guards of what a turn writes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::{
    Access, Attempted, Build, BuildId, CancelMark, Changes, Effect, Event, Facts, Glance, Lease, LockClass,
    LockKey, LockPlan, Locks, NotPlanned, OutboxEffect, QUEUE, QueueSettings, Reaction, Refusal, Reply,
    RepoKey, Resource, Resources, State, Status, Stored, Turn, Use, Verdict,
};
use super::hub::Hub;

pub const REPO: RepoKey = RepoKey { tenant_id: 7, repo_id: 70 };
pub const BOT: &str = "trilock[bot]";

/// The outbox's row, with what the deliver worker noted on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub effect: OutboxEffect,
    pub attempted: Option<DateTime<Utc>>,
}

#[derive(Clone)]
pub struct World {
    pub now: DateTime<Utc>,
    pub limit: u32,
    pub access: Access,
    pub concurrency: u32,
    /// The named resource's capacity.
    pub gpu: u32,
    /// How many heads of the queue a turn may see; `None`: as many as the store loads.
    pub heads: Option<usize>,
    /// The plan is made from nothing, as if everything had changed since.
    pub stale_glance: bool,
    pub open: BTreeMap<BuildId, Build>,
    pub history: BTreeMap<BuildId, Build>,
    pub leases: BTreeMap<(Resource, i32), Lease>,
    pub counters: BTreeMap<LockKey, i64>,
    pub tokens: BTreeMap<Resource, i64>,
    pub requests: BTreeSet<String>,
    pub marks: Vec<CancelMark>,
    pub outbox: BTreeMap<String, Row>,
    pub inbox: Vec<Stored>,
    pub parked: Vec<Stored>,
    pub wanted: BTreeMap<i64, u32>,
    /// All effects that were ever decided, in order.
    pub decided: Vec<Effect>,
    /// How often each build was dispatched, and how often its outcome was to be told.
    pub dispatched: BTreeMap<BuildId, u32>,
    pub told: BTreeMap<BuildId, u32>,
    /// Builds that ended when there was nobody left to tell.
    pub untold: BTreeSet<BuildId>,
    /// How many may still be started before each that waits.
    pub ahead: BTreeMap<BuildId, usize>,
    pub lifted: BTreeSet<BuildId>,
    /// Attempts of runs whose end was applied.
    pub over: BTreeSet<(i64, i32)>,
    /// Builds that ever held a slot.
    pub taken: BTreeSet<BuildId>,
    pub hub: Hub,
    pub turns: u64,
    /// Events that were applied.
    pub steps: u64,
    pub made: u128,
}

impl World {
    pub fn new() -> Self {
        Self {
            now: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
            limit: 50,
            access: Access::Active,
            concurrency: 1,
            gpu: 1,
            heads: None,
            stale_glance: false,
            open: BTreeMap::new(),
            history: BTreeMap::new(),
            leases: BTreeMap::new(),
            counters: BTreeMap::new(),
            tokens: BTreeMap::new(),
            requests: BTreeSet::new(),
            marks: Vec::new(),
            outbox: BTreeMap::new(),
            inbox: Vec::new(),
            parked: Vec::new(),
            wanted: BTreeMap::new(),
            decided: Vec::new(),
            dispatched: BTreeMap::new(),
            told: BTreeMap::new(),
            untold: BTreeSet::new(),
            ahead: BTreeMap::new(),
            lifted: BTreeSet::new(),
            over: BTreeSet::new(),
            taken: BTreeSet::new(),
            hub: Hub::default(),
            turns: 0,
            steps: 0,
            made: 0,
        }
    }

    pub fn stored(&mut self, event: Event, facts: Option<Facts>) -> Stored {
        self.made += 1;
        let (inbox_id, received_at) = (Uuid::from_u128(self.made), self.now);
        Stored { inbox_id, delivery_id: None, source: "delivery".into(), event, facts, received_at }
    }

    pub fn receive(&mut self, event: Event) {
        let stored = self.stored(event, None);
        self.inbox.push(stored);
    }

    /// Applies these events in one transaction.
    pub fn turn(&mut self, events: &[Stored]) -> Vec<Verdict> {
        // No two transactions of a lane see the same time.
        self.now += TimeDelta::milliseconds(1);
        let mut found = BTreeSet::new();
        let (locks, verdicts, changes) = loop {
            let glance = if self.stale_glance { Glance::default() } else { self.glance(events) };
            let mut plan = LockPlan::new(REPO, events, &glance);
            plan.keys.extend(found.iter().cloned());
            for key in &plan.keys {
                self.counters.entry(key.clone()).or_insert(0);
            }
            let state = self.state(events, &plan);
            let again = self.turns.is_multiple_of(4).then(|| decide(state.clone(), self.turns, events));
            let once = decide(state, self.turns, events);
            assert!(again.is_none_or(|again| again == once), "a turn is deterministic");
            match once {
                Ok((verdicts, changes)) => break (plan.keys, verdicts, changes),
                Err(NotPlanned(key)) => assert!(found.insert(key.clone()), "{key} was in the plan"),
            }
        };
        self.turns += 1;
        self.steps += events.len() as u64;
        let before = Before { open: self.open.clone(), leases: self.leases.clone() };
        self.write(&locks, &changes);
        self.settle_inbox(events, &verdicts, &changes);
        self.check_step(&before, &changes);
        if let ([stored], [Verdict::Applied]) = (events, &verdicts[..]) {
            self.check_answer(stored);
        }
        self.check();
        verdicts
    }

    /// Decides, and is gone before it commits: nothing of it stays.
    pub fn crash(&mut self, events: &[Stored]) {
        self.clone().turn(events);
        self.turns += 1;
    }

    /// Applies all that waits, `batch` at a time, until nothing is left.
    pub fn drain(&mut self, batch: usize) {
        for _ in 0..500 {
            if self.inbox.is_empty() {
                return;
            }
            let events: Vec<Stored> = self.inbox.drain(..batch.min(self.inbox.len())).collect();
            self.turn(&events);
        }
        panic!("the inbox does not run empty: {:?}", self.inbox);
    }

    fn glance(&self, events: &[Stored]) -> Glance {
        let touched = self.loaded(events).into_values();
        let builds = touched.map(|build| (build.build_id, build.asker, build.resources)).collect();
        Glance { builds, named: vec!["gpu".into()] }
    }

    fn heads(&self, events: &[Stored]) -> Vec<&Build> {
        let mut queued: Vec<&Build> = self.queued().collect();
        queued.sort_by_key(|build| build.ticket);
        queued.truncate(self.heads.unwrap_or(events.len() + 4));
        queued
    }

    pub fn queued(&self) -> impl Iterator<Item = &Build> {
        self.open.values().filter(|build| build.status == Status::Queued)
    }

    /// As `read_state.sql` has it.
    fn loaded(&self, events: &[Stored]) -> BTreeMap<BuildId, Build> {
        let issues: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.issue()).collect();
        let runs: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.run()).collect();
        let of_issue = |build: &&Build| build.issue.is_some_and(|issue| issues.contains(&issue));
        let of_run = |build: &&Build| build.run_id.is_some_and(|run| runs.contains(&run));
        let open =
            self.open.values().filter(|build| of_issue(build) || of_run(build) || build.status.is_holder());
        let mut last: BTreeMap<(Option<i64>, &str), &Build> = BTreeMap::new();
        for build in self.history.values().filter(of_issue) {
            let slot = last.entry((build.issue, build.build_type.as_str())).or_insert(build);
            if (build.requested_at, build.build_id) > (slot.requested_at, slot.build_id) {
                *slot = build;
            }
        }
        let keeps = |build: &&Build| self.leases.values().any(|lease| lease.build_id == build.build_id);
        let ended = self.history.values().filter(|build| of_run(build) || keeps(build));
        let all = open.chain(self.heads(events)).chain(last.into_values()).chain(ended);
        all.map(|build| (build.build_id, build.clone())).collect()
    }

    fn state(&self, events: &[Stored], plan: &LockPlan) -> State {
        let builds = self.loaded(events);
        let loaded = builds.values().filter(|build| build.status == Status::Queued).count();
        let unloaded = u32::try_from(self.queued().count() - loaded).expect("few");
        let heads = self.heads(events);
        let loaded_to = (unloaded > 0).then(|| heads.last().and_then(|build| build.ticket).unwrap_or(0));
        let keys = events.iter().flat_map(Stored::request_keys);
        let locks = plan.keys.iter().map(|key| (key.clone(), self.counters[key])).collect();
        let of_build = |(key, counter): (&LockKey, &i64)| {
            (key.class == LockClass::Build && plan.keys.contains(key))
                .then(|| (Resource(key.key.clone()), *counter))
        };
        let dispatches = self.outbox.values().filter_map(|row| match row.effect.effect {
            Effect::Dispatch { build } => Some(Attempted {
                build_id: build,
                effect_id: row.effect.effect_id,
                attempted: row.attempted.is_some(),
            }),
            _ => None,
        });
        let issues: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.issue()).collect();
        State {
            repo: REPO,
            now: self.now,
            locks: Locks(locks),
            settings: QueueSettings { limit: self.limit },
            access: self.access,
            workflows: workflows(),
            resources: Resources {
                capacity: self.capacities(),
                tokens: self.counters.iter().filter_map(of_build).collect(),
                leases: self.leases.clone(),
            },
            builds,
            unloaded,
            loaded_to,
            requests: keys.filter(|key| self.requests.contains(key)).collect(),
            cancel_marks: self.marks.iter().filter(|mark| issues.contains(&mark.issue)).copied().collect(),
            dispatches: dispatches.collect(),
            bot: BOT.into(),
        }
    }

    pub fn capacities(&self) -> BTreeMap<Resource, u32> {
        BTreeMap::from([
            (Resource::slot_of(REPO, QUEUE), self.concurrency),
            (Resource::named(REPO, "gpu"), self.gpu),
        ])
    }

    pub fn pass(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    /// The build that was asked for last in this issue.
    pub fn last(&self, issue: i64) -> &Build {
        let builds = self.open.values().chain(self.history.values());
        builds.filter(|build| build.issue == Some(issue)).max_by_key(|build| build.build_id).expect("a build")
    }

    pub fn status(&self, issue: i64) -> Status {
        self.last(issue).status
    }

    /// Why the last request of this issue was refused.
    pub fn refusal(&self, issue: i64) -> Option<&Refusal> {
        self.decided.iter().rev().find_map(|effect| match effect {
            Effect::Reply { issue: own, reply: Reply::Refused { refusal }, .. } if *own == issue => {
                Some(refusal)
            }
            _ => None,
        })
    }

    pub fn reactions(&self) -> Vec<Reaction> {
        let reaction = |effect: &Effect| match effect {
            Effect::React { reaction, .. } => Some(*reaction),
            _ => None,
        };
        self.decided.iter().filter_map(reaction).collect()
    }

    pub fn holders(&self) -> Vec<i64> {
        let mut issues: Vec<i64> = self
            .open
            .values()
            .filter(|build| build.status.is_holder())
            .filter_map(|build| build.issue)
            .collect();
        issues.sort_unstable();
        issues
    }
}

/// What was there before a turn.
pub struct Before {
    pub open: BTreeMap<BuildId, Build>,
    pub leases: BTreeMap<(Resource, i32), Lease>,
}

/// What the policy's workflows make.
fn workflows() -> BTreeMap<String, Use> {
    let uses = ["desktop", "model", "traced"].map(|build_type| {
        let request = super::people::request(build_type, "v1");
        let build_type = build_type.to_owned();
        (request.workflow, Use { build_type, resources: request.resources, timeout_seconds: 7200 })
    });
    BTreeMap::from(uses)
}

type Decision = Result<(Vec<Verdict>, Changes), NotPlanned>;

fn decide(state: State, seed: u64, events: &[Stored]) -> Decision {
    let mut turn = Turn::new(state, seed);
    let verdicts = events.iter().map(|stored| turn.apply(stored)).collect::<Result<_, _>>()?;
    Ok((verdicts, turn.finish()))
}
