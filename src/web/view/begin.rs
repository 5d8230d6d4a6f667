//! How a build is asked for, read from the policy in force.

use serde::Serialize;

use crate::{
    policy::{BuildPolicy, Catalogue, Example, IssueTrigger},
    request::build_line,
};

#[derive(Serialize)]
pub(super) struct Begin {
    build_type: String,
    /// A comment with only this asks for it.
    comment: Option<String>,
    /// An issue like this does.
    issue: Option<IssueTrigger>,
    /// What is asked, with values that would be right.
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    label: String,
    value: String,
}

pub(super) fn of(catalogue: &Catalogue) -> Vec<Begin> {
    let builds = catalogue.policy.builds.iter();
    builds.map(|(build_type, build)| begin(build_type, build, catalogue.examples(build))).collect()
}

fn begin(build_type: &str, build: &BuildPolicy, examples: Vec<Example>) -> Begin {
    let inputs = examples.iter().map(|example| (example.name.as_str(), example.value.as_str()));
    let comment = build.triggers.comment.then(|| build_line(Some(build_type), inputs));
    let answers = examples.into_iter().map(|example| Answer { label: example.label, value: example.value });
    Begin {
        build_type: build_type.to_owned(),
        comment,
        issue: build.triggers.issue.clone(),
        answers: answers.collect(),
    }
}
