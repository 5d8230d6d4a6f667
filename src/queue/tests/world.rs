//! The store in memory: what a turn may read of it, and the guards of what a turn writes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::{
    Access, Build, BuildId, CancelMark, Changes, Effect, Event, Facts, Glance, Lease, LockKey, LockPlan,
    NotPlanned, OutboxEffect, Reaction, Refusal, Reply, RepoKey, Resource, State, Status, Stored, Turn,
    Verdict,
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
    /// The commit that the branch stands for.
    pub head: String,
    /// By issue and build type, the last text that asked for a build: when it was written, and its digest.
    pub texts: BTreeMap<(i64, String), (DateTime<Utc>, String)>,
    /// Keys of texts that were written when their build had begun, as their writers were told.
    pub late_texts: BTreeSet<String>,
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
            head: "commit 0".into(),
            texts: BTreeMap::new(),
            late_texts: BTreeSet::new(),
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
        self.note_texts(events, &verdicts, &changes);
        self.write(&locks, &changes);
        self.settle_inbox(events, &verdicts, &changes);
        self.check_step(&before, &changes);
        self.check_approvals(events, &before, &changes);
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

type Decision = Result<(Vec<Verdict>, Changes), NotPlanned>;

fn decide(state: State, seed: u64, events: &[Stored]) -> Decision {
    let mut turn = Turn::new(state, seed);
    let verdicts = events.iter().map(|stored| turn.apply(stored)).collect::<Result<_, _>>()?;
    Ok((verdicts, turn.finish()))
}
