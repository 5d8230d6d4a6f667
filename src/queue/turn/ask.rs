//! What a person asks for becomes a build, or gets a reason why not.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    super::{
        Approval, By, CancelMark, Facts, IssueEvent, Person, PolicyState, Refusal, Reply, Step, Trigger,
        Voided, event::issue_key,
    },
    Build, BuildId, Effect, Ending, LockKey, NotPlanned, QUEUE, Slots, Status, Turn, Verdict,
    closed::NOT_HERE,
    create::Draft,
    why::asked_by,
};
use crate::request::{Asked, Invalid, Request, revision};

/// How long a `/cancel` also counts for a `/build` that was written before it and arrives after it.
const CANCEL_REACHES_BACK: TimeDelta = TimeDelta::minutes(10);

/// Who asks, where and how.
pub(super) struct Asker<'a> {
    pub issue: i64,
    pub person: &'a Person,
    pub facts: &'a Facts,
    pub trigger: Trigger,
    pub comment: Option<i64>,
    /// When it was written, by GitHub's clock, to the second.
    pub at: Option<DateTime<Utc>>,
    /// The permanent key of the request, and of the words that answer it.
    pub key: String,
}

impl<'a> Asker<'a> {
    pub(super) fn draft(&self) -> Draft<'a> {
        Draft {
            asker: self.issue.to_string(),
            issue: Some(self.issue),
            comment: self.comment,
            key: self.key.clone(),
            trigger: self.trigger,
            person: self.person,
            default_ref: &self.facts.default_branch,
            why: None,
        }
    }
}

impl Turn {
    pub(super) fn issue(&mut self, event: &IssueEvent, facts: Option<&Facts>) -> Result<Verdict, NotPlanned> {
        let Some(facts) = facts else { return Ok(Verdict::Ignored("no facts")) };
        if self.is_gone() {
            return Ok(Verdict::Ignored(NOT_HERE));
        }
        if facts.policy != PolicyState::Good {
            return Ok(Verdict::Ignored("no policy in force"));
        }
        let revision = revision(&event.text);
        let mut fresh = false;
        for step in &facts.steps {
            let Step::Ask { asked, corrects, .. } = step else { continue };
            if *corrects && !self.has_asked(event.issue) || self.is_stale(event, asked) {
                continue;
            }
            let key = issue_key(event.issue, asked, &revision);
            if !self.note_request(&key) && !self.is_changed_back(event, asked) {
                continue;
            }
            fresh = true;
            let asker = Asker {
                issue: event.issue,
                person: &event.author,
                facts,
                trigger: Trigger::Issue,
                comment: None,
                at: event.at,
                key,
            };
            self.ask(&asker, asked)?;
        }
        Ok(if fresh { Verdict::Applied } else { Verdict::Ignored("nothing new asked") })
    }

    /// Returns whether the request is new.
    pub(super) fn note_request(&mut self, key: &str) -> bool {
        let new = self.state.requests.insert(key.to_owned());
        if new {
            self.out.requests.push(key.to_owned());
        }
        new
    }

    /// Returns whether the request was granted or needs nothing.
    pub(super) fn ask(&mut self, asker: &Asker<'_>, asked: &Asked) -> Result<bool, NotPlanned> {
        self.state.locks.require(&LockKey::issue(self.state.repo, &asker.issue.to_string()))?;
        // Before anything is refused: what was edited must not be approved any more.
        let voids = self.void_edited(asker, asked)?;
        if !self.may(asker, "build", false) {
            return Ok(false);
        }
        match asked {
            Asked::Valid(request) => self.ask_valid(asker, request, voids),
            Asked::Invalid(invalid) => self.ask_invalid(asker, invalid),
        }
    }

    fn ask_valid(&mut self, asker: &Asker<'_>, request: &Request, voids: bool) -> Result<bool, NotPlanned> {
        let last = self.state.last_of(asker.issue, &request.build_type).cloned();
        let same = last.as_ref().is_some_and(|build| asks_for(build, request));
        match last.as_ref().map(|build| build.status.is_terminal()) {
            // Said yes to, this wish would end with the build that is being stopped.
            Some(false) if same && self.is_stopping(&last) && asker.trigger == Trigger::Comment => {
                let (build_type, line) = (request.build_type.clone(), line_of(request));
                return Ok(self.refuse(asker, Refusal::Stopping { build_type, line }));
            }
            Some(false) if same => return Ok(true),
            Some(false) => {
                let (build_type, line) = (request.build_type.clone(), Some(line_of(request)));
                return Ok(self.refuse(asker, Refusal::OtherAnswers { build_type, line }));
            }
            // The issue's text changed, what it asks for did not.
            Some(true) if same && asker.trigger == Trigger::Issue => return Ok(true),
            _ => {}
        }
        let approval = asker.approval_of(request, self.state.now);
        if approval.as_ref().is_none_or(|approval| approval.until.is_none()) && self.is_full(asker) {
            return Ok(false);
        }
        let id = self.create(asker.draft(), request, last.map(|build| build.build_id));
        let approval =
            approval.map(|approval| Approval { voided: voids.then_some(Voided::Answers), ..approval });
        // Also of one that is born cancelled: it may be asked for once more.
        self.change(id, None, |build| build.approval = approval)?;
        if let Some(by) = self.cancelled_already(asker) {
            self.end(id, Status::Cancelled, Ending::Cancelled { by }, Slots::GiveBack)?;
            return Ok(true);
        }
        self.begin(id)?;
        Ok(true)
    }

    /// Says so, if no more may wait.
    pub(super) fn is_full(&mut self, asker: &Asker<'_>) -> bool {
        let limit = self.state.settings.limit;
        let full = self.state.waiting() >= limit;
        if full {
            self.refuse(asker, Refusal::QueueFull { limit });
        }
        full
    }

    fn is_stopping(&self, build: &Option<Build>) -> bool {
        build.as_ref().is_some_and(|build| build.status == Status::Cancelling)
    }

    fn ask_invalid(&mut self, asker: &Asker<'_>, invalid: &Invalid) -> Result<bool, NotPlanned> {
        let build_type = invalid.build_type.clone().unwrap_or_default();
        let last = self.state.last_of(asker.issue, &build_type).cloned();
        if last.as_ref().is_some_and(|build| !build.status.is_terminal()) {
            let refusal = Refusal::OtherAnswers { build_type, line: invalid.corrected.clone() };
            return Ok(self.refuse(asker, refusal));
        }
        let request = Request { build_type, ..Request::default() };
        let id = self.create(asker.draft(), &request, last.map(|build| build.build_id));
        let now = self.state.now;
        let ending =
            Ending::Invalid { problems: invalid.problems.clone(), corrected: invalid.corrected.clone() };
        let problems = invalid.problems.iter().map(|problem| format!("{}: {}", problem.field, problem.why));
        let why = problems.collect::<Vec<_>>().join("; ");
        self.change(id, Some(&why), |build| {
            build.status = Status::Invalid;
            build.ended_at = Some(now);
            build.ending = Some(ending);
        })?;
        self.mirror(Some(asker.issue));
        Ok(false)
    }

    pub(super) fn join(&mut self, id: BuildId) -> Result<(), NotPlanned> {
        let queue = LockKey::queue(self.state.repo, QUEUE);
        self.state.locks.require(&queue)?;
        let now = self.state.now;
        let ticket = self.state.locks.0.get(&queue).copied().unwrap_or(0) + 1;
        self.count(queue, ticket);
        self.change(id, None, |build| {
            build.status = Status::Queued;
            build.queued_at = Some(now);
            build.ticket = Some(ticket);
        })?;
        let issue = self.state.builds.get(&id).and_then(|build| build.issue);
        self.mirror(issue);
        Ok(())
    }

    /// Who cancelled this `/build` with a later comment that arrived before it.
    fn cancelled_already(&self, asker: &Asker<'_>) -> Option<By> {
        let comment = asker.comment?;
        let counts = |mark: &&CancelMark| {
            mark.issue == asker.issue
                && mark.comment_id > comment
                && (mark.for_all || mark.author_id == asker.person.id)
                && self.state.now - mark.at <= CANCEL_REACHES_BACK
        };
        let mark = self.state.cancel_marks.iter().filter(counts).min_by_key(|mark| mark.comment_id)?;
        Some(if mark.author_id == asker.person.id { By::Requester } else { By::Maintainer })
    }

    /// Without words: the reaction says it. Always `false`: not granted.
    pub(super) fn deny(&mut self, asker: &Asker<'_>, refusal: &Refusal) -> bool {
        let why = asked_by(&asker.issue.to_string(), asker.comment);
        let why = format!("{why}: {}", reason_of(refusal));
        self.audit(None, "request", None, Some("refused"), Some(&why));
        false
    }

    /// Says why not, in words. Always `false`: not granted.
    pub(super) fn refuse(&mut self, asker: &Asker<'_>, refusal: Refusal) -> bool {
        self.deny(asker, &refusal);
        self.effect(Effect::Reply {
            issue: asker.issue,
            key: asker.key.clone(),
            reply: Reply::Refused { refusal },
        });
        false
    }
}

/// Is this build of what `request` asks for, and was not edited into something else since?
pub(super) fn asks_for(build: &Build, request: &Request) -> bool {
    let same = match (&build.digest, &request.digest) {
        (Some(one), Some(other)) => one == other,
        // Asked of a version that made no digests.
        _ => build.inputs == request.inputs,
    };
    same && build.status != Status::Invalid && build.ending != Some(Ending::Replaced)
}

/// The line that asks for the same again.
pub(super) fn line_of(request: &Request) -> String {
    crate::request::line_of(&request.build_type, &request.shown)
}

fn reason_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::MayNot { .. } => "the command needs a higher role",
        Refusal::OwnRequest => "nobody approves what they asked for",
        Refusal::NothingToApprove => "nothing to approve",
        Refusal::ChangedSince => "the approval is older than what it would approve",
        Refusal::CommitChanged => "the branch has moved",
        Refusal::NothingToRetry => "nothing to retry",
        Refusal::PolicyChanged { .. } => "the policy has changed",
        Refusal::NothingToUnlock { .. } => "nothing to unlock",
        Refusal::QueueFull { .. } => "the queue is full",
        Refusal::OtherAnswers { .. } => "a build with other answers is open",
        Refusal::Stopping { .. } => "the same build is still being stopped",
        Refusal::NothingToCancel => "nothing to cancel",
        Refusal::NoPolicy => "no policy",
        Refusal::BrokenPolicy { .. } => "broken policy",
    }
}
