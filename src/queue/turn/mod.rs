//! One batch of events applied to one state.
//!
//! Each event kind has its file. All of them change builds through [`Turn::change`] alone, which asks for the issue
//! lock, checks that the step is allowed, counts the version and writes the audit entry; and all slots come and go
//! through `promote.rs`.

mod approval;
mod ask;
mod closed;
mod command;
mod create;
mod manual;
mod overdue;
mod promote;
mod retry;
mod run;
mod whose;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    AuditEntry, Build, BuildId, Changes, Effect, Ending, Event, Ids, LockKey, NotPlanned, OutboxEffect,
    QUEUE, State, Status, Stored, event::check_key,
};
use why::{actor_of, why_of};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Applied,
    Ignored(&'static str),
    /// A run of ours that may belong to a dispatch still without an answer, or a later attempt of a build's run: kept
    /// until that is resolved or has ended.
    Parked,
}

/// Who is behind the change at hand, for the audit.
#[derive(Clone, Debug, Default)]
struct Origin {
    actor: String,
    source: String,
}

/// See the module's essay in `queue`.
pub struct Turn {
    state: State,
    /// As they were read: what differs at the end is written.
    before: BTreeMap<BuildId, Build>,
    leases_before: super::Resources,
    ids: Ids,
    origin: Origin,
    /// When GitHub said what the event at hand reports, if it was asked.
    answered_at: Option<DateTime<Utc>>,
    /// Kept apart from `out.mirrors`, which is a list.
    mirrors: BTreeSet<i64>,
    out: Changes,
}

impl Turn {
    /// `seed` makes the new ids unique; the same state, events and seed give the same changes.
    pub fn new(state: State, seed: u64) -> Self {
        Self {
            before: state.builds.clone(),
            leases_before: state.resources.clone(),
            ids: Ids::new(state.now, seed),
            origin: Origin::default(),
            answered_at: None,
            mirrors: BTreeSet::new(),
            out: Changes::default(),
            state,
        }
    }

    /// Applies one event, then promotes whoever can start now and resets an emptied queue: a batch decides as its
    /// events would one by one. Any order and any repetition of events is tolerated.
    ///
    /// # Errors
    /// [`NotPlanned`] when it touches something whose lock is not held; nothing of the turn may then be written.
    pub fn apply(&mut self, stored: &Stored) -> Result<Verdict, NotPlanned> {
        self.origin = Origin { actor: actor_of(&stored.event), source: stored.origin() };
        self.answered_at = (stored.source == "monitor").then_some(stored.received_at);
        let verdict = match &stored.event {
            Event::Issue(event) => self.issue(event, stored.facts.as_ref()),
            Event::IssueClosed { issue, .. } => self.issue_closed(*issue),
            Event::Comment(event) => self.comment(event, stored.facts.as_ref()),
            Event::Run(report) => self.run(report),
            Event::IssueGone { issue, why } => self.issue_gone(*issue, *why),
            Event::RunGone { run_id, attempt } => self.run_gone(*run_id, *attempt),
            Event::Dispatched { build, answer } => self.dispatched(*build, answer),
            // What the App may do was noted elsewhere; what ends every turn does the rest.
            Event::FilesChanged { .. } => self.files_changed(stored),
            Event::Access { .. } => Ok(Verdict::Applied),
            Event::Look => self.look(),
            Event::Lift { resource, slot, reason, .. } => self.lift(resource, *slot, reason),
        }?;
        self.origin.actor = "trilock".into();
        self.go_on()?;
        self.reset_if_empty()?;
        Ok(verdict)
    }

    /// A new policy may have more slots, which promotion sees to. Who changed the files is told what is wrong with them.
    fn files_changed(&mut self, stored: &Stored) -> Result<Verdict, NotPlanned> {
        let report = stored.facts.as_ref().and_then(|facts| facts.report.clone());
        if let Some((commit, report)) = stored.checked_commit().zip(report)
            && self.note_request(&check_key(commit))
        {
            self.effect(Effect::Check { commit: commit.to_owned(), report });
        }
        Ok(Verdict::Applied)
    }

    /// What is to be written.
    pub fn finish(mut self) -> Changes {
        self.collect_leases();
        self.out.unpark = self.state.builds.values().any(|build| self.resolves_a_run(build));
        let changed =
            self.state.builds.values().filter(|build| self.before.get(&build.build_id) != Some(build));
        let (ended, open) = changed.cloned().partition(|build: &Build| build.status.is_terminal());
        self.out.ended = ended;
        self.out.builds = open;
        self.out.mirrors = self.mirrors.into_iter().collect();
        self.out
    }

    /// Its run is known now, or surely none; or its run is over, which a later attempt may wait for.
    fn resolves_a_run(&self, build: &Build) -> bool {
        let before = self.before.get(&build.build_id);
        let was_open = before.is_none_or(|before| !before.status.is_terminal());
        let ended = was_open && build.status.is_terminal() && build.starting_at.is_some();
        ended || before.is_some_and(Build::awaits_run) && !build.awaits_run()
    }

    /// The one way to change a build: `edit` works on a copy, which replaces it with its version counted up.
    fn change(
        &mut self,
        id: BuildId,
        why: Option<&str>,
        edit: impl FnOnce(&mut Build),
    ) -> Result<(), NotPlanned> {
        let Some(old) = self.state.builds.get(&id).cloned() else { return Ok(()) };
        self.state.locks.require(&old.issue_lock())?;
        let mut new = old.clone();
        edit(&mut new);
        if new == old {
            return Ok(());
        }
        debug_assert!(
            old.status.may_become(new.status) || new.status == old.status && !old.status.is_terminal(),
            "{:?} may not become {:?}",
            old.status,
            new.status
        );
        new.version = self.before.get(&id).map_or(1, |before| before.version + 1);
        if new.status != old.status {
            self.audit(Some(id), "status", Some(old.status.as_str()), Some(new.status.as_str()), why);
        }
        self.state.builds.insert(id, new);
        Ok(())
    }

    /// Ends a build: its slots, and the outcome comment.
    fn end(&mut self, id: BuildId, status: Status, ending: Ending, slots: Slots) -> Result<(), NotPlanned> {
        let now = self.state.now;
        self.change(id, Some(&why_of(&ending)), |build| {
            build.status = status;
            build.ended_at = Some(now);
            build.ending = Some(ending);
        })?;
        match slots {
            Slots::GiveBack => self.release_all(id)?,
            Slots::Quarantine => self.quarantine(id)?,
        }
        let Some(build) = self.state.builds.get(&id) else { return Ok(()) };
        if build.is_manual() {
            self.tell_the_next();
        } else if let Some(issue) = build.issue.filter(|_| self.is_told(id)) {
            // The status comment follows the outcome comment, whose link it shows.
            self.effect(Effect::Outcome { build: id, issue });
        }
        Ok(())
    }

    fn effect(&mut self, effect: Effect) {
        let row = OutboxEffect::new(self.state.repo, self.ids.make(), effect);
        if !self.out.effects.iter().any(|other| other.effect_key == row.effect_key) {
            self.out.effects.push(row);
        }
    }

    fn mirror(&mut self, issue: Option<i64>) {
        self.mirrors.extend(issue);
    }

    fn audit(
        &mut self,
        build: Option<BuildId>,
        what: &str,
        before: Option<&str>,
        after: Option<&str>,
        why: Option<&str>,
    ) {
        let own = |text: Option<&str>| text.map(str::to_owned);
        self.out.audit.push(AuditEntry {
            audit_id: self.ids.make(),
            build_id: build,
            actor: self.origin.actor.clone(),
            what: what.to_owned(),
            before: own(before),
            after: own(after),
            why: own(why),
            source: self.origin.source.clone(),
        });
    }

    /// When a queue runs empty its state is reset inside the transaction that emptied it.
    fn reset_if_empty(&mut self) -> Result<(), NotPlanned> {
        let key = LockKey::queue(self.state.repo, QUEUE);
        self.state.locks.require(&key)?;
        // What awaits approval has no place in the queue.
        let in_it = |status: Status| status == Status::Queued || status.is_holder();
        let open = self.state.builds.values().any(|build| in_it(build.status));
        if !open && self.state.unloaded == 0 && self.state.resources.leases.is_empty() {
            self.count(key, 0);
        }
        Ok(())
    }

    /// Sets a counter on a lock's row, if it changes.
    fn count(&mut self, key: LockKey, value: i64) {
        if self.state.locks.0.insert(key.clone(), value) != Some(value) {
            self.out.counters.retain(|(other, _)| *other != key);
            self.out.counters.push((key, value));
        }
    }
}

/// What becomes of an ended build's slots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slots {
    GiveBack,
    /// Its run may still be alive.
    Quarantine,
}
