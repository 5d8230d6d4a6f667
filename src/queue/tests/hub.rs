//! GitHub and the workers around the heart: dispatches that get lost, runs, webhooks, the monitor.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{BuildId, DispatchAnswer, Effect, Event, Phase, RunReport, Status, Stored};
use super::world::{BOT, World};

#[derive(Clone, Debug)]
pub struct Run {
    pub id: i64,
    pub build: BuildId,
    pub workflow: String,
    pub title: String,
    pub attempt: i32,
    pub phase: Phase,
    pub conclusion: Option<&'static str>,
    pub cancelled: bool,
    pub created_at: DateTime<Utc>,
    /// Deleted by somebody.
    pub gone: bool,
}

impl Run {
    /// Runs that people start again by hand are outside the locks.
    pub fn is_alive(&self) -> bool {
        self.phase != Phase::Completed && !self.gone && self.attempt == 1
    }

    pub fn report(&self) -> RunReport {
        RunReport {
            run_id: self.id,
            attempt: self.attempt,
            phase: self.phase,
            conclusion: self.conclusion.map(str::to_owned),
            workflow: self.workflow.clone(),
            title: self.title.clone(),
            trigger: "workflow_dispatch".into(),
            actor: BOT.into(),
            created_at: self.created_at,
            head_sha: "1a2b3c4".into(),
            url: format!("https://github.test/runs/{}", self.id),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Hub {
    pub runs: BTreeMap<i64, Run>,
    /// Sent by GitHub and not received yet, runs' and people's.
    pub webhooks: Vec<Stored>,
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
        match row.effect.effect.clone() {
            Effect::Dispatch { build } if row.attempted.is_none() => {
                row.attempted = Some(self.now);
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
                let found = self.hub.runs.values().find(|run| run.build == build && !run.gone);
                let found = found.filter(|_| fate == Fate::Answered).map(|run| run.id);
                let given_up = row.attempted.is_some_and(|at| self.now - at >= TimeDelta::minutes(2));
                let stopping = self.open.get(&build).is_some_and(|build| build.status == Status::Cancelling);
                let no_run = !self.hub.runs.values().any(|run| run.build == build);
                match found {
                    None if fate == Fate::Vanished && stopping && no_run => {
                        self.answer(key, build, DispatchAnswer::NotStarted);
                    }
                    Some(run_id) => self.answer(key, build, started(run_id)),
                    None if given_up => self.answer(key, build, DispatchAnswer::NeverConfirmed),
                    None => {}
                }
            }
            Effect::Cancel { run_id, .. } => {
                self.outbox.remove(key);
                self.hub.runs.get_mut(&run_id).expect("a run").cancelled = true;
            }
            Effect::Outcome { issue, .. } => {
                self.outbox.remove(key);
                *self.wanted.entry(issue).or_default() += 1;
            }
            Effect::React { .. } | Effect::Reply { .. } => {
                self.outbox.remove(key);
            }
        }
    }

    fn answer(&mut self, key: &str, build: BuildId, answer: DispatchAnswer) {
        self.outbox.remove(key);
        self.receive(Event::Dispatched { build, answer });
    }

    fn start_run(&mut self, id: BuildId) -> i64 {
        let build = &self.open[&id];
        let run_id = 900 + i64::try_from(self.hub.runs.len()).expect("few");
        let title = if build.correlates { format!("build {id}") } else { "build".to_owned() };
        let run = Run {
            id: run_id,
            build: id,
            workflow: build.workflow.clone(),
            title,
            attempt: 1,
            phase: Phase::Requested,
            conclusion: None,
            cancelled: false,
            created_at: self.now,
            gone: false,
        };
        assert!(!self.hub.runs.values().any(|other| other.build == id), "one run per build");
        self.hub.runs.insert(run_id, run);
        self.announce(run_id);
        run_id
    }

    fn announce(&mut self, run_id: i64) {
        let event = Event::Run(self.hub.runs[&run_id].report());
        let webhook = self.stored(event, None);
        self.hub.webhooks.push(webhook);
    }

    /// The run goes one step on.
    pub fn progress(&mut self, run_id: i64, conclusion: &'static str) {
        let Some(run) = self.hub.runs.get_mut(&run_id).filter(|run| !run.gone) else { return };
        match run.phase {
            Phase::Requested if !run.cancelled => run.phase = Phase::InProgress,
            Phase::Requested | Phase::InProgress => {
                run.phase = Phase::Completed;
                run.conclusion = Some(if run.cancelled { "cancelled" } else { conclusion });
            }
            Phase::Completed => return,
        }
        self.announce(run_id);
    }

    /// Somebody runs it again on GitHub.
    pub fn rerun(&mut self, run_id: i64) {
        let Some(run) =
            self.hub.runs.get_mut(&run_id).filter(|run| run.phase == Phase::Completed && !run.gone)
        else {
            return;
        };
        (run.attempt, run.phase, run.conclusion, run.cancelled) =
            (run.attempt + 1, Phase::Requested, None, false);
        self.announce(run_id);
    }

    /// The timer: asks GitHub about the runs of those who hold slots, and looks at the time.
    pub fn monitor(&mut self) {
        let known: Vec<i64> = self.open.values().filter_map(|build| build.run_id).collect();
        for run_id in known {
            let run = &self.hub.runs[&run_id];
            let event = if run.gone { Event::RunGone { run_id } } else { Event::Run(run.report()) };
            self.receive(event);
        }
        self.receive(Event::Look);
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
