//! The lines of a comment, and a closed issue.

use super::{
    super::{
        By, CancelMark, CommentEvent, Facts, Lease, LeaseState, PolicyState, Reaction, ReactionTarget,
        Refusal, Reply, Resource, Role, Step, Trigger, event::told_key,
    },
    BuildId, Effect, Ending, NotPlanned, Slots, Status, Turn, Verdict,
    ask::Asker,
    closed::NOT_HERE,
};
use crate::request::{Asked, command_spec};

impl Turn {
    pub(super) fn comment(
        &mut self,
        event: &CommentEvent,
        facts: Option<&Facts>,
    ) -> Result<Verdict, NotPlanned> {
        let Some(facts) = facts else { return Ok(Verdict::Ignored("no facts")) };
        if self.is_gone() {
            return Ok(Verdict::Ignored(NOT_HERE));
        }
        if facts.steps.is_empty() {
            return Ok(Verdict::Ignored("no line of it counts here"));
        }
        if !self.note_request(&format!("comment:{}", event.comment_id)) {
            return Ok(Verdict::Ignored("this comment was applied before"));
        }
        let mut done = true;
        for (n, step) in facts.steps.iter().enumerate() {
            let asker = Asker {
                issue: event.issue,
                person: &event.author,
                facts,
                trigger: Trigger::Comment,
                comment: Some(event.comment_id),
                at: event.at,
                key: format!("c{}.{n}", event.comment_id),
            };
            done &= self.step(&asker, step)?;
        }
        let reaction = if done { Reaction::Done } else { Reaction::Refused };
        self.effect(Effect::React { target: ReactionTarget::Comment { id: event.comment_id }, reaction });
        Ok(Verdict::Applied)
    }

    /// Returns whether it was carried out.
    fn step(&mut self, asker: &Asker<'_>, step: &Step) -> Result<bool, NotPlanned> {
        match (step, &asker.facts.policy) {
            (Step::Help, _) => Ok(self.may(asker, "help", false) && self.say(asker, Reply::Help)),
            (Step::Mistake { mistake }, _) => {
                self.say(asker, Reply::Mistake { mistake: mistake.clone() });
                Ok(false)
            }
            (Step::Status, _) => Ok(self.may(asker, "status", false) && self.say(asker, Reply::Status)),
            (Step::Queue, _) => Ok(self.may(asker, "queue", false) && self.say(asker, Reply::Queue)),
            (Step::Cancel, _) => self.cancel(asker),
            (Step::Unlock { resource, reason }, _) => self.unlock(asker, resource, reason),
            (Step::Approve { build_type }, _) => self.approve(asker, build_type.as_deref()),
            (Step::Reject { reason }, _) => self.reject(asker, reason),
            (Step::Ask { .. } | Step::Retry { .. }, PolicyState::None) => {
                Ok(self.refuse(asker, Refusal::NoPolicy))
            }
            (Step::Ask { .. } | Step::Retry { .. }, PolicyState::Broken { errors }) => {
                Ok(self.refuse(asker, Refusal::BrokenPolicy { errors: errors.clone() }))
            }
            (Step::Retry { build_type }, PolicyState::Good) => self.retry(asker, build_type.as_deref()),
            (Step::Ask { asked, dry_run: true, .. }, PolicyState::Good) => Ok(self.dry_run(asker, asked)),
            (Step::Ask { asked, .. }, PolicyState::Good) => self.ask(asker, asked),
        }
    }

    /// Has the asker the role that the command needs here, or is it theirs to command anyway? Says so if not, once in
    /// each issue.
    pub(super) fn may(&mut self, asker: &Asker<'_>, command: &str, own: bool) -> bool {
        let role = self.role_for(command);
        let for_own = command_spec(command).is_some_and(|spec| spec.own);
        asker.facts.role >= role || own || self.may_not(asker, command, role, for_own)
    }

    fn role_for(&self, command: &str) -> Role {
        let usual = command_spec(command).map_or(Role::Admin, |spec| spec.role);
        self.state.settings.permissions.get(command).copied().unwrap_or(usual)
    }

    pub(super) fn may_not(&mut self, asker: &Asker<'_>, command: &str, role: Role, own: bool) -> bool {
        let refusal = Refusal::MayNot { command: command.to_owned(), role, own };
        if self.note_request(&told_key(asker.issue)) {
            self.refuse(asker, refusal)
        } else {
            self.deny(asker, &refusal)
        }
    }

    /// Tells what would become of a request, and changes nothing.
    fn dry_run(&mut self, asker: &Asker<'_>, asked: &Asked) -> bool {
        if !self.may(asker, "build", false) {
            return false;
        }
        let reply = match asked {
            Asked::Invalid(invalid) => Reply::DryRunInvalid { invalid: invalid.clone() },
            Asked::Valid(request) => {
                let approval = asker.approval_of(request, self.state.now);
                let running = self.state.builds.values().filter(|build| build.status.is_holder()).count();
                Reply::DryRun {
                    request: Box::new(request.clone()),
                    approval: approval.filter(|it| it.until.is_some()).map(|it| it.terms.by),
                    before: self.state.waiting() + u32::try_from(running).unwrap_or(u32::MAX),
                }
            }
        };
        self.say(asker, reply);
        matches!(asked, Asked::Valid(_))
    }

    /// An admin knows that nothing runs: all quarantined slots of the resource come back.
    fn unlock(&mut self, asker: &Asker<'_>, name: &str, reason: &str) -> Result<bool, NotPlanned> {
        if !self.may(asker, "unlock", false) {
            return Ok(false);
        }
        let meant = |lease: &&Lease| lease.resource.name() == name && lease.state == LeaseState::Quarantined;
        let slots: Vec<(Resource, i32)> = self
            .state
            .resources
            .leases
            .values()
            .filter(meant)
            .map(|lease| (lease.resource.clone(), lease.slot))
            .collect();
        if slots.is_empty() {
            return Ok(self.refuse(asker, Refusal::NothingToUnlock { resource: name.to_owned() }));
        }
        for (resource, slot) in slots {
            self.lift(&resource, slot, reason)?;
        }
        Ok(true)
    }

    fn say(&mut self, asker: &Asker<'_>, reply: Reply) -> bool {
        self.effect(Effect::Reply { issue: asker.issue, key: asker.key.clone(), reply });
        true
    }

    fn cancel(&mut self, asker: &Asker<'_>) -> Result<bool, NotPlanned> {
        // A `/build` that was written after this comment is not meant, in whatever order they arrive.
        let earlier = |build: &&super::Build| build.comment_id <= asker.comment;
        let open: Vec<(BuildId, i64)> = self
            .state
            .open_in_issue(asker.issue)
            .filter(earlier)
            .map(|build| (build.build_id, build.asker_id))
            .collect();
        let may = asker.facts.role >= self.role_for("cancel");
        if let Some(comment_id) = asker.comment {
            let (author_id, at) = (asker.person.id, self.state.now);
            let mark = CancelMark { issue: asker.issue, comment_id, author_id, for_all: may, at };
            self.state.cancel_marks.push(mark);
            self.out.cancel_marks.push(mark);
        }
        if open.is_empty() {
            return Ok(self.refuse(asker, Refusal::NothingToCancel));
        }
        let mine: Vec<(BuildId, i64)> =
            open.into_iter().filter(|(_, asker_id)| may || *asker_id == asker.person.id).collect();
        if mine.is_empty() {
            return Ok(self.may(asker, "cancel", false));
        }
        for (id, asker_id) in mine {
            let by = if asker_id == asker.person.id { By::Requester } else { By::Maintainer };
            self.cancel_build(id, by)?;
        }
        Ok(true)
    }

    /// Cancels at once what has not begun; asks for the end of what may have.
    fn cancel_build(&mut self, id: BuildId, by: By) -> Result<(), NotPlanned> {
        let ending = Ending::Cancelled { by };
        match self.state.builds.get(&id).map(|build| build.status) {
            Some(Status::Queued | Status::AwaitingApproval) => {
                self.end(id, Status::Cancelled, ending, Slots::GiveBack)
            }
            Some(Status::Starting) if self.withdraw_dispatch(id) => {
                self.end(id, Status::Cancelled, ending, Slots::GiveBack)
            }
            Some(Status::Starting | Status::Running) => self.stop(id, ending),
            _ => Ok(()),
        }
    }

    /// Takes back a dispatch that was never tried. Says whether there was one.
    pub(super) fn withdraw_dispatch(&mut self, id: BuildId) -> bool {
        let decided = self.out.effects.len();
        self.out.effects.retain(|row| row.effect != Effect::Dispatch { build: id });
        if self.out.effects.len() < decided {
            return true;
        }
        let untried = self.state.dispatches.iter().find(|row| row.build_id == id && !row.attempted).copied();
        if let Some(row) = untried {
            self.out.withdrawn.push((id, row.effect_id));
        }
        untried.is_some()
    }

    /// A closed issue's waiting builds are cancelled; what runs goes on, and its outcome is told.
    pub(super) fn issue_closed(&mut self, issue: i64) -> Result<Verdict, NotPlanned> {
        let queued = |build: &&super::Build| build.status.waits();
        let queued: Vec<BuildId> =
            self.state.open_in_issue(issue).filter(queued).map(|build| build.build_id).collect();
        for id in &queued {
            self.cancel_build(*id, By::ClosedIssue)?;
        }
        Ok(if queued.is_empty() { Verdict::Ignored("nothing waits in this issue") } else { Verdict::Applied })
    }
}
