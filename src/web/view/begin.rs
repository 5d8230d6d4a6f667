//! How a build is asked for, read from the policy in force.

use serde::Serialize;

use crate::{
    policy::{BuildPolicy, CORRELATION_INPUT, Catalogue, InputKind, IssueTrigger, WorkflowInput},
    request::build_line,
};

#[derive(Serialize)]
pub(super) struct Begin {
    build_type: String,
    /// A comment with only this asks for it.
    comment: Option<String>,
    /// An issue like this does.
    issue: Option<IssueTrigger>,
    /// What is asked, with values that would be right. `…` where none is known.
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(skip)]
    name: String,
    label: String,
    value: String,
}

pub(super) fn of(catalogue: &Catalogue) -> Vec<Begin> {
    let builds = catalogue.policy.builds.iter();
    builds.map(|(build_type, build)| begin(build_type, build, catalogue)).collect()
}

fn begin(build_type: &str, build: &BuildPolicy, catalogue: &Catalogue) -> Begin {
    let workflow = catalogue.workflows.get(&build.workflow);
    let declared = workflow.and_then(|workflow| workflow.inputs.as_ref()).into_iter().flatten();
    let answers: Vec<Answer> = declared
        .filter(|input| input.name != CORRELATION_INPUT)
        .filter_map(|input| answer(build, input))
        .collect();
    let inputs = answers.iter().map(|answer| (answer.name.as_str(), answer.value.as_str()));
    Begin {
        build_type: build_type.to_owned(),
        comment: build.triggers.comment.then(|| build_line(Some(build_type), inputs)),
        issue: build.triggers.issue.clone(),
        answers,
    }
}

/// Nothing for what may be left out and has no example.
fn answer(build: &BuildPolicy, input: &WorkflowInput) -> Option<Answer> {
    let policy = build.inputs.get(&input.name);
    let first = match &input.kind {
        InputKind::Choice(options) => options.first().cloned(),
        _ => None,
    };
    let known = policy.and_then(|policy| policy.example.clone()).or_else(|| input.default.clone()).or(first);
    let required = policy.and_then(|policy| policy.required).unwrap_or(input.required);
    let value = known.filter(|value| !value.is_empty()).or_else(|| required.then(|| "…".to_owned()))?;
    let label = policy.and_then(|policy| policy.label.clone()).unwrap_or_else(|| input.name.clone());
    Some(Answer { name: input.name.clone(), label, value })
}
