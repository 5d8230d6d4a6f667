//! The lines of a comment, and a closed issue.

use super::{
    super::{
        By, CancelMark, CommentEvent, Facts, PolicyState, Reaction, ReactionTarget, Refusal, Reply, Role,
        Step, Trigger,
    },
    BuildId, Effect, Ending, NotPlanned, Slots, Status, Turn, Verdict,
    ask::Asker,
};

impl Turn {
    pub(super) fn comment(
        &mut self,
        event: &CommentEvent,
        facts: Option<&Facts>,
    ) -> Result<Verdict, NotPlanned> {
        let Some(facts) = facts else { return Ok(Verdict::Ignored("no facts")) };
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
            (Step::Help, _) => Ok(self.say(asker, Reply::Help)),
            (Step::Mistake { mistake }, _) => {
                self.say(asker, Reply::Mistake { mistake: mistake.clone() });
                Ok(false)
            }
            (Step::Status, _) => Ok(self.say(asker, Reply::Status)),
            (Step::Cancel, _) => self.cancel(asker),
            (Step::Ask { .. }, PolicyState::None) => Ok(self.refuse(asker, Refusal::NoPolicy)),
            (Step::Ask { .. }, PolicyState::Broken { errors }) => {
                Ok(self.refuse(asker, Refusal::BrokenPolicy { errors: errors.clone() }))
            }
            (Step::Ask { asked }, PolicyState::Good) => self.ask(asker, asked),
        }
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
        let may = asker.facts.role >= Role::Write;
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
            return Ok(self.refuse(asker, Refusal::MayNotCancel));
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
            Some(Status::Queued) => self.end(id, Status::Cancelled, ending, Slots::GiveBack),
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
        let queued = |build: &&super::Build| build.status == Status::Queued;
        let queued: Vec<BuildId> =
            self.state.open_in_issue(issue).filter(queued).map(|build| build.build_id).collect();
        for id in &queued {
            self.cancel_build(*id, By::ClosedIssue)?;
        }
        Ok(if queued.is_empty() { Verdict::Ignored("nothing waits in this issue") } else { Verdict::Applied })
    }
}
