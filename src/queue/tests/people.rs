//! What people do in issues, with the facts that *prepare* would have learned.

use std::collections::BTreeMap;

use super::super::{
    CommentEvent, Event, Facts, IssueEvent, Person, PolicyState, Role, Step, Stored, Verdict,
};
use super::world::World;
use crate::request::{Asked, Invalid, IssueText, Problem, Request, Shown};

/// Anna may write, Ben too; Carl may read.
pub const ANNA: i64 = 1;
pub const BEN: i64 = 2;
pub const CARL: i64 = 3;

pub fn person(id: i64) -> Person {
    Person { id, login: format!("user{id}") }
}

fn facts(world: &World, who: i64, steps: Vec<Step>) -> Option<Facts> {
    let role = if who == CARL { Role::Read } else { Role::Write };
    let (known_at, policy) = (world.now, PolicyState::Good);
    Some(Facts { known_at, role, policy, default_branch: "main".into(), steps })
}

pub fn request(build_type: &str, tag: &str) -> Request {
    Request {
        build_type: build_type.into(),
        workflow: format!("{build_type}.yml"),
        git_ref: None,
        inputs: BTreeMap::from([("tag".into(), tag.into())]),
        shown: vec![Shown { name: "tag".into(), label: "Tag".into(), value: tag.into() }],
        resources: if build_type == "model" { vec!["gpu".into()] } else { Vec::new() },
        timeout_seconds: 7200,
        correlates: build_type == "traced",
    }
}

pub fn build(build_type: &str, tag: &str) -> Step {
    Step::Ask { asked: Asked::Valid(request(build_type, tag)) }
}

pub fn wrong(build_type: &str) -> Step {
    let problem =
        Problem { field: "tag".into(), now: None, why: "is missing".into(), right: Some("v1".into()) };
    let build_type = Some(build_type.to_owned());
    Step::Ask { asked: Asked::Invalid(Invalid { build_type, problems: vec![problem], corrected: None }) }
}

impl World {
    pub fn comment(&mut self, issue: i64, comment_id: i64, who: i64, steps: Vec<Step>) -> Stored {
        let facts = facts(self, who, steps);
        let event = CommentEvent { issue, comment_id, author: person(who), commands: Vec::new() };
        self.stored(Event::Comment(event), facts)
    }

    pub fn text(&mut self, issue: i64, who: i64, body: &str, step: Step) -> Stored {
        let facts = facts(self, who, vec![step]);
        let text = IssueText { title: "Build".into(), body: body.into(), labels: Vec::new() };
        self.stored(Event::Issue(IssueEvent { issue, author: person(who), text }), facts)
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
