//! What people do in issues, with the facts that *prepare* would have learned.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::{
    CommentEvent, Event, Facts, IssueEvent, Person, PolicyState, Role, Step, Stored, Verdict,
};
use super::world::World;
use crate::{
    policy::Pin,
    request::{ApprovalTerms, Asked, Invalid, IssueText, Problem, Request, Shown},
};

/// Anna may write, Ben too; Carl may read; Dora maintains.
pub const ANNA: i64 = 1;
pub const BEN: i64 = 2;
pub const CARL: i64 = 3;
pub const DORA: i64 = 4;

pub fn person(id: i64) -> Person {
    Person { id, login: format!("user{id}") }
}

pub fn role(who: i64) -> Role {
    match who {
        CARL => Role::Read,
        DORA => Role::Maintain,
        _ => Role::Write,
    }
}

fn facts(world: &World, who: i64, steps: Vec<Step>) -> Option<Facts> {
    let (known_at, policy) = (world.now, PolicyState::Good);
    let heads = BTreeMap::from([("main".to_owned(), world.head.clone())]);
    let terms = ["desktop", "model", "traced"].map(|name| (name.to_owned(), "terms".to_owned()));
    let default_branch = "main".into();
    let terms = BTreeMap::from(terms);
    Some(Facts { known_at, role: role(who), policy, default_branch, heads, terms, report: None, steps })
}

/// Whoever may not write needs a maintainer's approval; that of a traced build is bound to the commit.
pub fn request(build_type: &str, tag: &str) -> Request {
    let shown = Shown { name: "tag".into(), label: "Tag".into(), value: tag.into(), private: false };
    Request {
        build_type: build_type.into(),
        workflow: format!("{build_type}.yml"),
        inputs: BTreeMap::from([("tag".into(), tag.into())]),
        shown: vec![shown],
        resources: if build_type == "model" { vec!["gpu".into()] } else { Vec::new() },
        timeout_seconds: 7200,
        correlates: build_type == "traced",
        digest: Some(format!("{build_type} {tag}")),
        terms: Some("terms".into()),
        approval: Some(ApprovalTerms {
            unless: Some(Role::Write),
            by: Role::Maintain,
            expires_seconds: 3 * 24 * 3600,
            pin: if build_type == "traced" { Pin::Commit } else { Pin::Ref },
            own: false,
            takes_commit: false,
        }),
        ..Request::default()
    }
}

pub fn asks(asked: Asked) -> Step {
    Step::Ask { asked, dry_run: false, corrects: false }
}

pub fn build(build_type: &str, tag: &str) -> Step {
    asks(Asked::Valid(request(build_type, tag)))
}

pub fn approve() -> Step {
    Step::Approve { build_type: None }
}

pub fn reject() -> Step {
    Step::Reject { reason: "not now".into() }
}

pub fn retry() -> Step {
    Step::Retry { build_type: None }
}

pub fn wrong(build_type: &str) -> Step {
    let problem =
        Problem { field: "tag".into(), now: None, why: "is missing".into(), right: Some("v1".into()) };
    let build_type = Some(build_type.to_owned());
    asks(Asked::Invalid(Invalid { build_type, problems: vec![problem], corrected: None }))
}

impl World {
    pub fn comment(&mut self, issue: i64, comment_id: i64, who: i64, steps: Vec<Step>) -> Stored {
        let facts = facts(self, who, steps);
        let (author, at) = (person(who), Some(self.second()));
        let (commands, pull_request) = (Vec::new(), false);
        let event = CommentEvent { issue, comment_id, author, commands, at, pull_request };
        self.stored(Event::Comment(event), facts)
    }

    pub fn text(&mut self, issue: i64, who: i64, body: &str, step: Step) -> Stored {
        let facts = facts(self, who, vec![step]);
        let text = IssueText { title: "Build".into(), body: body.into(), labels: Vec::new() };
        let (author, at) = (person(who), Some(self.second()));
        self.stored(Event::Issue(IssueEvent { issue, author, text, opened: false, at }), facts)
    }

    /// GitHub tells no more of a time.
    fn second(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.now.timestamp(), 0).expect("a time")
    }

    /// A comment arrives and is applied at once.
    pub fn says(&mut self, issue: i64, comment_id: i64, who: i64, step: Step) -> Verdict {
        let stored = self.comment(issue, comment_id, who, vec![step]);
        self.hears(stored)
    }

    pub fn writes(&mut self, issue: i64, who: i64, body: &str, step: Step) -> Verdict {
        let stored = self.text(issue, who, body, step);
        self.hears(stored)
    }

    pub fn hears(&mut self, stored: Stored) -> Verdict {
        self.turn(&[stored]).remove(0)
    }

    pub fn happens(&mut self, event: Event) -> Verdict {
        let stored = self.stored(event, None);
        self.hears(stored)
    }
}
