//! GitHub and the workers around the heart: dispatches that get lost, runs, webhooks, the monitor.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Access, BuildId, DispatchAnswer, Effect, Event, Phase, RunReport, Status, Stored};
use super::world::{BOT, World};

#[derive(Clone, Debug)]
pub struct Run {
    pub id: i64,
    /// The build whose dispatch made it.
    pub build: Option<BuildId>,
    pub actor: String,
    pub workflow: String,
    pub title: String,
    /// The first, and each time that somebody ran it again.
    pub attempts: Vec<Attempt>,
    pub created_at: DateTime<Utc>,
    pub commit: String,
    /// Deleted by somebody.
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub phase: Phase,
    pub conclusion: Option<&'static str>,
    cancelled: bool,
}

impl Attempt {
    const NEW: Self = Self { phase: Phase::Requested, conclusion: None, cancelled: false };
}

impl Run {
    /// The run that our dispatch made goes on. What becomes of it by hand is another matter.
    pub fn is_alive(&self) -> bool {
        self.attempts[0].phase != Phase::Completed && !self.gone
    }

    pub fn is_over(&self) -> bool {
        self.gone || self.attempts.iter().all(|attempt| attempt.phase == Phase::Completed)
    }

    pub fn last(&self) -> i32 {
        i32::try_from(self.attempts.len()).expect("few")
    }

    pub fn attempt(&self, number: i32) -> &Attempt {
        &self.attempts[usize::try_from(number).expect("from 1") - 1]
    }

    pub fn report(&self, number: i32) -> RunReport {
        let attempt = self.attempt(number);
        RunReport {
            run_id: self.id,
            attempt: number,
            phase: attempt.phase,
            conclusion: attempt.conclusion.map(str::to_owned),
            workflow: self.workflow.clone(),
            title: self.title.clone(),
            trigger: "workflow_dispatch".into(),
            actor: self.actor.clone(),
            started_by: if number == 1 { self.actor.clone() } else { "user9".into() },
            created_at: self.created_at,
            head_sha: self.commit.clone(),
            url: format!("https://github.test/runs/{}", self.id),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Hub {
    pub runs: BTreeMap<i64, Run>,
    /// Sent by GitHub and not received yet, runs' and people's.
    pub webhooks: Vec<Stored>,
    /// The branch moves after the next look at it and before the run.
    pub moves_at_dispatch: bool,
    /// How often a dispatch was not sent, for the branch had moved.
    pub moved: BTreeMap<BuildId, u32>,
}

/// What becomes of a dispatch's POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// The run is made, the answer is lost.
    Unanswered,
    /// Neither run nor answer.
    Vanished,
    Refused,
}

impl World {
    /// Carries out one effect, once its turn in the outbox has come.
    pub fn deliver(&mut self, key: &str, fate: Fate) {
        let Some(row) = self.outbox.get_mut(key) else { return };
        let (fate, done) = match self.access {
            Access::Active => (fate, fate == Fate::Answered),
            // GitHub knows neither it nor us any more.
            Access::Deleted | Access::Transferred => (Fate::Refused, true),
            Access::Suspended | Access::Archived | Access::Removed => return,
        };
        match row.effect.effect.clone() {
            Effect::Dispatch { build } if row.attempted.is_none() => {
                row.attempted = Some(self.now);
                if self.open[&build].approved_commit().is_some_and(|approved| approved != self.head) {
                    *self.hub.moved.entry(build).or_default() += 1;
                    let commit = self.head.clone();
                    return self.answer(key, build, DispatchAnswer::Moved { commit });
                }
                if std::mem::take(&mut self.hub.moves_at_dispatch) {
                    self.push();
                }
                let run = matches!(fate, Fate::Answered | Fate::Unanswered).then(|| self.start_run(build));
                match (fate, run) {
                    (Fate::Answered, Some(run_id)) => self.answer(key, build, started(run_id)),
                    (Fate::Refused, _) => {
                        let message = "No ref found for: main".into();
                        self.answer(key, build, DispatchAnswer::Refused { message });
                    }
                    _ => {}
                }
            }
            // Looked up for two minutes, by the title if it tells the build.
            Effect::Dispatch { build } => {
                let found = self.hub.runs.values().find(|run| run.build == Some(build) && !run.gone);
                let found = found.filter(|_| fate == Fate::Answered).map(|run| run.id);
                let given_up = row.attempted.is_some_and(|at| self.now - at >= TimeDelta::minutes(2));
                let stopping = self.open.get(&build).is_some_and(|build| build.status == Status::Cancelling);
                let no_run = !self.hub.runs.values().any(|run| run.build == Some(build));
                match found {
                    None if fate == Fate::Vanished && stopping && no_run => {
                        self.answer(key, build, DispatchAnswer::NotStarted);
                    }
                    Some(run_id) => self.answer(key, build, started(run_id)),
                    None if given_up => self.answer(key, build, DispatchAnswer::NeverConfirmed),
                    None => {}
                }
            }
            // These may be done again: the row stays when nobody knows that it was done.
            Effect::Cancel { run_id, .. } => {
                self.done(key, done);
                let run = self.hub.runs.get_mut(&run_id).expect("a run");
                run.attempts.last_mut().expect("an attempt").cancelled = true;
            }
            Effect::Outcome { issue, .. } => {
                self.done(key, done);
                *self.wanted.entry(issue).or_default() += 1;
            }
            Effect::React { .. } | Effect::Reply { .. } | Effect::Check { .. } => self.done(key, done),
        }
    }

    fn done(&mut self, key: &str, known: bool) {
        if known {
            self.outbox.remove(key);
        }
    }

    fn answer(&mut self, key: &str, build: BuildId, answer: DispatchAnswer) {
        self.outbox.remove(key);
        self.receive(Event::Dispatched { build, answer });
    }

    fn start_run(&mut self, id: BuildId) -> i64 {
        let build = &self.open[&id];
        let title = if build.correlates { format!("build {id}") } else { "build".to_owned() };
        let workflow = build.workflow.clone();
        assert!(!self.hub.runs.values().any(|other| other.build == Some(id)), "one run per build");
        self.new_run(Some(id), BOT, &workflow, title)
    }

    /// Somebody starts the workflow on GitHub; as our bot, it may be another App's fault.
    pub fn start_by_hand(&mut self, actor: &str, workflow: &str) -> i64 {
        self.new_run(None, actor, workflow, "by hand".into())
    }

    fn new_run(&mut self, build: Option<BuildId>, actor: &str, workflow: &str, title: String) -> i64 {
        let id = 900 + i64::try_from(self.hub.runs.len()).expect("few");
        let (attempts, created_at) = (vec![Attempt::NEW], self.now);
        let (actor, workflow) = (actor.to_owned(), workflow.to_owned());
        let commit = self.head.clone();
        let run = Run { id, build, actor, workflow, title, attempts, created_at, commit, gone: false };
        self.hub.runs.insert(id, run);
        self.announce(id);
        id
    }

    /// The branch moves on.
    pub fn push(&mut self) {
        self.made += 1;
        self.head = format!("commit {}", self.made);
    }

    fn announce(&mut self, run_id: i64) {
        let run = &self.hub.runs[&run_id];
        let event = Event::Run(run.report(run.last()));
        let webhook = self.stored(event, None);
        self.hub.webhooks.push(webhook);
    }

    /// The run goes one step on.
    pub fn progress(&mut self, run_id: i64, conclusion: &'static str) {
        let Some(run) = self.hub.runs.get_mut(&run_id).filter(|run| !run.gone) else { return };
        let attempt = run.attempts.last_mut().expect("an attempt");
        match attempt.phase {
            Phase::Requested if !attempt.cancelled => attempt.phase = Phase::InProgress,
            Phase::Requested | Phase::InProgress => {
                attempt.phase = Phase::Completed;
                attempt.conclusion = Some(if attempt.cancelled { "cancelled" } else { conclusion });
            }
            Phase::Completed => return,
        }
        self.announce(run_id);
    }

    /// Somebody runs it again on GitHub.
    pub fn rerun(&mut self, run_id: i64) {
        let run = self.hub.runs.get_mut(&run_id).filter(|run| run.is_over() && !run.gone);
        let Some(run) = run else { return };
        run.attempts.push(Attempt::NEW);
        self.announce(run_id);
    }

    /// The timer: asks GitHub about the runs of those who hold slots, and looks at the time.
    pub fn monitor(&mut self) {
        let known = self.open.values().filter_map(|build| Some((build.run_id?, build.attempt())));
        for (run_id, attempt) in known.collect::<Vec<_>>() {
            let run = &self.hub.runs[&run_id];
            let (gone, later) = (run.gone, (run.last() > attempt).then(|| run.report(run.last())));
            let own = if gone { Event::RunGone { run_id, attempt } } else { Event::Run(run.report(attempt)) };
            self.answered_by_github(own);
            if let Some(later) = later.filter(|_| !gone) {
                self.answered_by_github(Event::Run(later));
            }
        }
        self.receive(Event::Look);
    }

    /// What GitHub says when the monitor asks.
    pub fn answered_by_github(&mut self, event: Event) {
        let stored = self.stored(event, None);
        self.inbox.push(Stored { source: "monitor".into(), ..stored });
    }

    /// The App may do more or less; a deleted repository has no runs.
    pub fn changes_access(&mut self, access: Access) {
        if matches!(self.access, Access::Deleted | Access::Transferred) {
            return;
        }
        self.access = access;
        if access == Access::Deleted {
            self.hub.runs.values_mut().for_each(|run| run.gone = true);
        }
        let webhook = self.stored(Event::Access { access }, None);
        self.hub.webhooks.push(webhook);
    }

    /// All deliveries of the moment: effects, webhooks, then what waits in the inbox.
    pub fn calm(&mut self) {
        for key in self.outbox.keys().cloned().collect::<Vec<_>>() {
            self.deliver(&key, Fate::Answered);
        }
        self.inbox.append(&mut self.hub.webhooks);
        self.drain(5);
    }
}

fn started(run_id: i64) -> DispatchAnswer {
    DispatchAnswer::Started { run_id, url: format!("https://github.test/runs/{run_id}") }
}
