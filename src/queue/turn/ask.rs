//! What a person asks for becomes a build, or gets a reason why not.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    super::{
        By, CancelMark, Facts, IssueEvent, Person, PolicyState, Priority, Refusal, Reply, Role, Step,
        Trigger, event::issue_key,
    },
    Build, BuildId, Effect, Ending, LockKey, NotPlanned, QUEUE, Slots, Status, Turn, Verdict,
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
    /// The permanent key of the request, and of the words that answer it.
    pub key: String,
}

/// What a build is made of beside the request itself.
pub(super) struct Draft<'a> {
    /// The key of its issue lock.
    pub asker: String,
    pub issue: Option<i64>,
    pub comment: Option<i64>,
    pub key: String,
    pub trigger: Trigger,
    pub person: &'a Person,
    /// What is built when the request names no branch or tag.
    pub default_ref: &'a str,
}

impl<'a> Asker<'a> {
    fn draft(&self) -> Draft<'a> {
        Draft {
            asker: self.issue.to_string(),
            issue: Some(self.issue),
            comment: self.comment,
            key: self.key.clone(),
            trigger: self.trigger,
            person: self.person,
            default_ref: &self.facts.default_branch,
        }
    }
}

impl Turn {
    pub(super) fn issue(&mut self, event: &IssueEvent, facts: Option<&Facts>) -> Result<Verdict, NotPlanned> {
        let Some(facts) = facts else { return Ok(Verdict::Ignored("no facts")) };
        if facts.policy != PolicyState::Good {
            return Ok(Verdict::Ignored("no policy in force"));
        }
        let revision = revision(&event.text);
        let mut fresh = false;
        for step in &facts.steps {
            let Step::Ask { asked } = step else { continue };
            let key = issue_key(event.issue, asked, &revision);
            if !self.note_request(&key) {
                continue;
            }
            fresh = true;
            let asker = Asker {
                issue: event.issue,
                person: &event.author,
                facts,
                trigger: Trigger::Issue,
                comment: None,
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
        if asker.facts.role < Role::Write {
            let line = may_be_copied(asker, asked);
            return Ok(self.refuse(asker, Refusal::MayNotAsk { line }));
        }
        match asked {
            Asked::Valid(request) => self.ask_valid(asker, request),
            Asked::Invalid(invalid) => self.ask_invalid(asker, invalid),
        }
    }

    fn ask_valid(&mut self, asker: &Asker<'_>, request: &Request) -> Result<bool, NotPlanned> {
        let last = self.state.last_of(asker.issue, &request.build_type);
        let same =
            last.is_some_and(|build| build.inputs == request.inputs && build.status != Status::Invalid);
        let stopping = last.is_some_and(|build| build.status == Status::Cancelling);
        match last.map(|build| build.status.is_terminal()) {
            // Said yes to, this wish would end with the build that is being stopped.
            Some(false) if same && stopping && asker.trigger == Trigger::Comment => {
                let refusal =
                    Refusal::Stopping { build_type: request.build_type.clone(), line: line_of(request) };
                return Ok(self.refuse(asker, refusal));
            }
            Some(false) if same => return Ok(true),
            Some(false) => {
                let refusal = Refusal::OtherAnswers {
                    build_type: request.build_type.clone(),
                    line: Some(line_of(request)),
                };
                return Ok(self.refuse(asker, refusal));
            }
            // The issue's text changed, what it asks for did not.
            Some(true) if same && asker.trigger == Trigger::Issue => return Ok(true),
            _ => {}
        }
        if self.state.waiting() >= self.state.settings.limit {
            return Ok(self.refuse(asker, Refusal::QueueFull { limit: self.state.settings.limit }));
        }
        let follows = last.map(|build| build.build_id);
        let id = self.create(asker.draft(), request, follows);
        match self.cancelled_already(asker) {
            Some(by) => self.end(id, Status::Cancelled, Ending::Cancelled { by }, Slots::GiveBack)?,
            None => self.join(id)?,
        }
        Ok(true)
    }

    fn ask_invalid(&mut self, asker: &Asker<'_>, invalid: &Invalid) -> Result<bool, NotPlanned> {
        let build_type = invalid.build_type.clone().unwrap_or_default();
        let last = self.state.last_of(asker.issue, &build_type);
        if last.is_some_and(|build| !build.status.is_terminal()) {
            let refusal = Refusal::OtherAnswers { build_type, line: invalid.corrected.clone() };
            return Ok(self.refuse(asker, refusal));
        }
        let follows = last.map(|build| build.build_id);
        let request = Request {
            build_type,
            workflow: String::new(),
            git_ref: None,
            inputs: BTreeMap::new(),
            shown: Vec::new(),
            resources: Vec::new(),
            timeout_seconds: 0,
            correlates: false,
        };
        let id = self.create(asker.draft(), &request, follows);
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

    pub(super) fn create(
        &mut self,
        draft: Draft<'_>,
        request: &Request,
        follows: Option<BuildId>,
    ) -> BuildId {
        let repo = self.state.repo;
        let id = BuildId(self.ids.make());
        let build = Build {
            tenant_id: repo.tenant_id,
            build_id: id,
            repo_id: repo.repo_id,
            version: 1,
            queue: QUEUE.to_owned(),
            asker: draft.asker,
            issue: draft.issue,
            comment_id: draft.comment,
            request_key: draft.key,
            trigger: draft.trigger,
            asker_id: draft.person.id,
            asker_login: draft.person.login.clone(),
            build_type: request.build_type.clone(),
            workflow: request.workflow.clone(),
            git_ref: request.git_ref.clone().unwrap_or_else(|| draft.default_ref.to_owned()),
            inputs: request.inputs.clone(),
            shown: request.shown.clone(),
            resources: request.resources.clone(),
            timeout_seconds: request.timeout_seconds.cast_signed(),
            correlates: request.correlates,
            status: Status::Requested,
            priority: Priority::Normal,
            ticket: None,
            requested_at: self.state.now,
            queued_at: None,
            starting_at: None,
            running_at: None,
            stopping_at: None,
            forced_at: None,
            ended_at: None,
            run_id: None,
            run_attempt: None,
            run_phase: None,
            run_url: None,
            head_sha: None,
            ending: None,
            follows: follows.map(|id| id.0),
        };
        let why = asked_by(draft.trigger, draft.issue, draft.comment);
        self.audit(Some(id), "request", None, Some(build.status.as_str()), Some(&why));
        self.state.builds.insert(id, build);
        id
    }

    fn join(&mut self, id: BuildId) -> Result<(), NotPlanned> {
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

    /// Says why not, in words. Always `false`: not granted.
    pub(super) fn refuse(&mut self, asker: &Asker<'_>, refusal: Refusal) -> bool {
        let why = asked_by(asker.trigger, Some(asker.issue), asker.comment);
        let why = format!("{why}: {}", reason_of(&refusal));
        self.audit(None, "request", None, Some("refused"), Some(&why));
        self.effect(Effect::Reply {
            issue: asker.issue,
            key: asker.key.clone(),
            reply: Reply::Refused { refusal },
        });
        false
    }
}

fn may_be_copied(asker: &Asker<'_>, asked: &Asked) -> Option<String> {
    match asked {
        Asked::Valid(request) if asker.trigger == Trigger::Issue => Some(line_of(request)),
        _ => None,
    }
}

/// The line that asks for the same again.
fn line_of(request: &Request) -> String {
    let inputs = request.shown.iter().map(|shown| (shown.name.as_str(), shown.value.as_str()));
    crate::request::build_line(Some(&request.build_type), inputs)
}

fn reason_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::MayNotAsk { .. } => "asking needs write",
        Refusal::MayNotCancel => "cancelling needs write, or to have asked",
        Refusal::QueueFull { .. } => "the queue is full",
        Refusal::OtherAnswers { .. } => "a build with other answers is open",
        Refusal::Stopping { .. } => "the same build is still being stopped",
        Refusal::NothingToCancel => "nothing to cancel",
        Refusal::NoPolicy => "no policy",
        Refusal::BrokenPolicy { .. } => "broken policy",
    }
}
