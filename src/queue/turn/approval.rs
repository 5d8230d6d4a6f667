//! A maintainer's yes or no, what it is bound to, and what makes it void.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    super::{Access, Approval, ApprovalGrant, IssueEvent, Refusal, Trigger, Voided},
    Build, BuildId, Ending, NotPlanned, Slots, Status, Turn,
    ask::{Asker, asks_for},
};
use crate::{
    policy::Pin,
    request::{Asked, Request},
};

impl Asker<'_> {
    /// How a request of this asker is approved: with a time until when, if it has to be.
    pub(super) fn approval_of(&self, request: &Request, now: DateTime<Utc>) -> Option<Approval> {
        let terms = request.approval.clone()?;
        let needed = terms.unless.is_none_or(|unless| self.facts.role < unless);
        let git_ref = request.git_ref.as_ref().unwrap_or(&self.facts.default_branch);
        let pinned = needed && terms.pin == Pin::Commit;
        Some(Approval {
            asked_at: self.at.filter(|_| self.trigger == Trigger::Issue),
            written_at: self.at.filter(|_| self.trigger == Trigger::Issue),
            until: needed.then(|| now + TimeDelta::seconds(terms.expires_seconds)),
            stands_since: None,
            commit: pinned.then(|| self.facts.heads.get(git_ref).cloned()).flatten(),
            granted: None,
            voided: None,
            terms,
        })
    }
}

impl Turn {
    /// A new build waits for approval if it must be approved, else it joins the queue.
    pub(super) fn begin(&mut self, id: BuildId) -> Result<(), NotPlanned> {
        let approval = self.state.builds.get(&id).and_then(|build| build.approval.as_ref());
        if approval.is_none_or(|approval| approval.until.is_none()) {
            return self.join(id);
        }
        self.change(id, None, |build| build.status = Status::AwaitingApproval)?;
        let issue = self.state.builds.get(&id).and_then(|build| build.issue);
        self.mirror(issue);
        Ok(())
    }

    /// An edit of the issue takes the place of what its text asked for before, until that begins. What needed no approval
    /// is in the queue by its own right, and stays. Says whether an approval went with it.
    pub(super) fn void_edited(&mut self, asker: &Asker<'_>, asked: &Asked) -> Result<bool, NotPlanned> {
        let Some(old) = self.open_of_text(asker.issue, asked).cloned() else { return Ok(false) };
        let waits =
            old.status == Status::AwaitingApproval || old.status == Status::Queued && old.is_approved();
        let same = matches!(asked, Asked::Valid(request) if asks_for(&old, request));
        if asker.trigger != Trigger::Issue || !waits || same {
            return Ok(false);
        }
        self.end(old.build_id, Status::Cancelled, Ending::Replaced, Slots::GiveBack)?;
        if old.is_approved() {
            self.audit(
                Some(old.build_id),
                "approval",
                Some("granted"),
                Some("void"),
                Some("the answers were edited"),
            );
        }
        Ok(old.is_approved() || old.approval.is_some_and(|approval| approval.voided.is_some()))
    }

    /// Has this issue's text asked for anything before?
    pub(super) fn has_asked(&self, issue: i64) -> bool {
        let mut types = self.state.builds.values().filter(|build| build.issue == Some(issue));
        types.any(|build| {
            let last = self.state.last_of(issue, &build.build_type);
            last.is_some_and(|last| last.trigger == Trigger::Issue)
        })
    }

    /// It was written before what was asked for last: deliveries come in any order.
    pub(super) fn is_stale(&self, event: &IssueEvent, asked: &Asked) -> bool {
        let last = self.state.last_of(event.issue, asked.build_type());
        let last = last.filter(|build| build.trigger == Trigger::Issue);
        let known = last.and_then(|build| build.approval.as_ref()).and_then(|approval| approval.written_at);
        known.zip(event.at).is_some_and(|(known, at)| at < known)
    }

    /// The text asks again for what it asked for earlier, and meanwhile asked for something else.
    pub(super) fn is_changed_back(&self, event: &IssueEvent, asked: &Asked) -> bool {
        let Some(last) = self.state.last_of(event.issue, asked.build_type()) else { return false };
        let other = match asked {
            Asked::Valid(request) => !asks_for(last, request),
            Asked::Invalid(_) => true,
        };
        let known = last.approval.as_ref().and_then(|approval| approval.written_at);
        // Else it is an old delivery that comes once more.
        let later = known.zip(event.at).is_some_and(|(known, at)| at > known);
        let over = last.status.is_terminal() && last.ending != Some(Ending::Replaced);
        last.trigger == Trigger::Issue && other && later && !over
    }

    /// What the issue's text asks for and is not over.
    fn open_of_text(&self, issue: i64, asked: &Asked) -> Option<&Build> {
        let last = self.state.last_of(issue, asked.build_type())?;
        (!last.status.is_terminal() && last.trigger == Trigger::Issue).then_some(last)
    }

    pub(super) fn approve(
        &mut self,
        asker: &Asker<'_>,
        build_type: Option<&str>,
    ) -> Result<bool, NotPlanned> {
        let awaiting = self.awaiting(asker.issue, build_type);
        if awaiting.is_empty() {
            return Ok(self.refuse(asker, Refusal::NothingToApprove));
        }
        let mut all = true;
        for id in awaiting {
            all &= self.approve_one(asker, id)?;
        }
        Ok(all)
    }

    fn awaiting(&self, issue: i64, build_type: Option<&str>) -> Vec<BuildId> {
        let meant = |build: &&Build| {
            build.status == Status::AwaitingApproval
                && build_type.is_none_or(|wanted| build.build_type.eq_ignore_ascii_case(wanted))
        };
        self.state.open_in_issue(issue).filter(meant).map(|build| build.build_id).collect()
    }

    fn approve_one(&mut self, asker: &Asker<'_>, id: BuildId) -> Result<bool, NotPlanned> {
        let Some(build) = self.state.builds.get(&id).cloned() else { return Ok(false) };
        let Some(approval) = build.approval.clone() else { return Ok(false) };
        if !self.may_decide(asker, "approve", &build, &approval) {
            return Ok(false);
        }
        if !saw_it(asker, &build, &approval) {
            return Ok(self.refuse(asker, Refusal::ChangedSince));
        }
        let head = asker.facts.heads.get(&build.git_ref);
        if approval.terms.pin == Pin::Commit && (head.is_none() || head != approval.commit.as_ref()) {
            self.ask_anew(id, head.cloned(), None)?;
            return Ok(self.refuse(asker, Refusal::CommitChanged));
        }
        if self.is_full(asker) {
            return Ok(false);
        }
        let grant = ApprovalGrant {
            by: asker.person.clone(),
            at: self.state.now,
            digest: build.digest.clone(),
            commit: approval.commit.clone(),
        };
        let granted = Approval { until: None, granted: Some(grant), voided: None, ..approval };
        self.change(id, None, |build| build.approval = Some(granted))?;
        self.audit(Some(id), "approval", None, Some("granted"), build.digest.as_deref());
        self.join(id)?;
        Ok(true)
    }

    /// Of what it knows now, the approver is asked again.
    fn ask_anew(
        &mut self,
        id: BuildId,
        commit: Option<String>,
        voided: Option<Voided>,
    ) -> Result<(), NotPlanned> {
        let now = self.state.now;
        self.change(id, None, |build| {
            if let Some(approval) = &mut build.approval {
                approval.asked_at = Some(now);
                approval.commit = commit;
                approval.granted = None;
                approval.voided = voided.or(approval.voided);
                approval.until = Some(now + TimeDelta::seconds(approval.terms.expires_seconds));
            }
        })?;
        let issue = self.state.builds.get(&id).and_then(|build| build.issue);
        self.mirror(issue);
        Ok(())
    }

    /// The branch stands for another commit than the approved one, and nothing was started: approval is asked for anew.
    pub(super) fn moved(&mut self, id: BuildId, commit: &str) -> Result<(), NotPlanned> {
        self.release_all(id)?;
        self.change(id, Some("the branch has moved since it was approved"), |build| {
            build.status = Status::AwaitingApproval;
            (build.ticket, build.queued_at, build.starting_at) = (None, None, None);
        })?;
        self.audit(Some(id), "approval", Some("granted"), Some("void"), Some("the branch has moved"));
        self.ask_anew(id, Some(commit.to_owned()), Some(Voided::Commit))
    }

    pub(super) fn reject(&mut self, asker: &Asker<'_>, reason: &str) -> Result<bool, NotPlanned> {
        let awaiting = self.awaiting(asker.issue, None);
        if awaiting.is_empty() {
            return Ok(self.refuse(asker, Refusal::NothingToApprove));
        }
        let mut all = true;
        for id in awaiting {
            let Some(build) = self.state.builds.get(&id).cloned() else { continue };
            let Some(approval) = &build.approval else { continue };
            if !self.may_decide(asker, "reject", &build, approval) {
                all = false;
                continue;
            }
            let ending = Ending::Rejected { reason: reason.to_owned() };
            self.end(id, Status::Rejected, ending, Slots::GiveBack)?;
        }
        Ok(all)
    }

    /// Says why not, if not.
    fn may_decide(&mut self, asker: &Asker<'_>, command: &str, build: &Build, approval: &Approval) -> bool {
        if asker.facts.role < approval.terms.by {
            return self.may_not(asker, command, approval.terms.by, false);
        }
        if build.asker_id == asker.person.id && !approval.terms.own {
            return self.refuse(asker, Refusal::OwnRequest);
        }
        true
    }

    /// Nobody decided in time. While the App may do nothing here the time stands still.
    pub(super) fn expire_approvals(&mut self) -> Result<(), NotPlanned> {
        if self.state.access != Access::Active {
            return Ok(());
        }
        let now = self.state.now;
        let over = |build: &Build| {
            build.status == Status::AwaitingApproval
                && build
                    .approval
                    .as_ref()
                    .is_some_and(|a| a.stands_since.is_none() && a.until.is_some_and(|until| until <= now))
        };
        for id in self.ids(over) {
            self.end(id, Status::ApprovalExpired, Ending::ApprovalExpired, Slots::GiveBack)?;
        }
        Ok(())
    }

    /// Stops and starts the time in which approval is waited for, as the App may do nothing or something here.
    pub(super) fn keep_approvals(&mut self) -> Result<(), NotPlanned> {
        let (now, active) = (self.state.now, self.state.access == Access::Active);
        for id in self.ids(|build| build.status == Status::AwaitingApproval) {
            let mut shown = None;
            self.change(id, None, |build| {
                let issue = build.issue;
                let Some(approval) = &mut build.approval else { return };
                match (active, approval.stands_since) {
                    (false, None) => approval.stands_since = Some(now),
                    (true, Some(since)) => {
                        approval.stands_since = None;
                        approval.until = approval.until.map(|until| until + (now - since));
                        shown = issue;
                    }
                    _ => {}
                }
            })?;
            self.mirror(shown);
        }
        Ok(())
    }

    /// Its run has another commit than the approved one: it is stopped, and its result does not count.
    pub(super) fn hold_to_commit(&mut self, id: BuildId) -> Result<(), NotPlanned> {
        let Some(build) = self.state.builds.get(&id) else { return Ok(()) };
        let approved = build.approved_commit();
        let differs = approved.is_some() && build.head_sha.as_deref() != approved;
        if !differs || !matches!(build.status, Status::Starting | Status::Running) {
            return Ok(());
        }
        self.audit(Some(id), "approval", Some("granted"), Some("void"), Some("the run has another commit"));
        self.stop(id, Ending::OtherCommit)
    }

    /// The approval of `old`, if it still holds for a build of the same answers.
    pub(super) fn carried_over(&self, asker: &Asker<'_>, old: &Build) -> Option<ApprovalGrant> {
        let approval = old.approval.as_ref()?;
        let granted = approval.granted.clone()?;
        let same_answers = granted.digest.is_some() && granted.digest == old.digest;
        let same_commit =
            approval.terms.pin == Pin::Ref || granted.commit.as_ref() == asker.facts.heads.get(&old.git_ref);
        (same_answers && same_commit && old.status != Status::Succeeded).then_some(granted)
    }
}

/// Had the approver before them what would be approved? Comments are in order; of all else only seconds are known, and
/// within one nobody can tell.
fn saw_it(asker: &Asker<'_>, build: &Build, approval: &Approval) -> bool {
    match approval.asked_at {
        Some(asked_at) => asker.at.is_some_and(|at| at > asked_at),
        None => build.comment_id.zip(asker.comment).is_some_and(|(asked, approved)| approved > asked),
    }
}
