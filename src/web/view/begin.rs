//! How a build is asked for, read from the policy in force.

use serde::Serialize;

use super::Answer;
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

pub(super) fn of(catalogue: &Catalogue) -> Vec<Begin> {
    let builds = catalogue.policy.builds.iter();
    builds.map(|(build_type, build)| begin(build_type, build, catalogue.examples(build))).collect()
}

fn begin(build_type: &str, build: &BuildPolicy, examples: Vec<Example>) -> Begin {
    let value = |example: &Example| example.value.clone().unwrap_or_else(|| "…".to_owned());
    let pairs: Vec<(String, String)> = examples.iter().map(|it| (it.name.clone(), value(it))).collect();
    let inputs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Begin {
        build_type: build_type.to_owned(),
        comment: build.triggers.comment.then(|| build_line(Some(build_type), inputs)),
        issue: build.triggers.issue.clone(),
        answers: examples.iter().map(|it| Answer { label: it.label.clone(), value: value(it) }).collect(),
    }
}
