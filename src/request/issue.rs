//! An issue's title, labels and text to requests.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::body::{Body, from_json, typed};
use super::body_commands::asked_in_body;
use super::input::{Input, inputs_of};
use super::types::{Asked, Problem};
use super::validate::{Answers, Given, assess};
use crate::policy::{BuildPolicy, Catalogue, IssueTrigger};

#[cfg(test)]
mod tests;

/// What an issue says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueText {
    pub title: String,
    pub body: String,
    pub labels: Vec<String>,
}

/// A short stable name of an issue's title and body: the first 64 bits of a SHA-256, in hex. Labels do not count, nor
/// does how lines end.
pub fn revision(text: &IssueText) -> String {
    let mut context = Context::new(&SHA256);
    for part in [&text.title, &text.body] {
        let part = part.replace("\r\n", "\n");
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex::encode(&context.finish().as_ref()[..8])
}

/// One answer for every build type whose issue trigger matches; none if the issue asks for nothing.
///
/// Inputs come from the form's `### heading`s. Where no heading stands for an input, they come from a JSON object that
/// is the whole body or stands in a fenced block. A build type for which the body has a `/build` line is left to
/// [`from_body_commands`](super::from_body_commands).
pub fn from_issue(catalogue: &Catalogue, issue: &IssueText) -> Vec<Asked> {
    let builds = catalogue.policy.builds.iter();
    let asked: Vec<_> = builds
        .filter(|(_, build)| {
            build.triggers.issue.as_ref().is_some_and(|trigger| matches_trigger(trigger, issue))
        })
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let commands = asked_in_body(catalogue, &issue.body);
    let body = Body::read(&issue.body);
    let asked =
        asked.into_iter().filter(|(name, _)| !commands.iter().any(|asked| asked.build_type() == *name));
    asked
        .map(|(name, build)| match answers(catalogue, build, &body) {
            Ok(answers) => assess(catalogue, name, build, &answers),
            Err(problem) => Asked::refused(Some(name), problem, None),
        })
        .collect()
}

fn matches_trigger(trigger: &IssueTrigger, issue: &IssueText) -> bool {
    let has = |label: &String| issue.labels.iter().any(|own| own.to_lowercase() == label.to_lowercase());
    let prefix = trigger.title_prefix.as_ref().map(|prefix| prefix.to_lowercase());
    trigger.labels.iter().all(has)
        && prefix
            .is_none_or(|prefix| issue.title.trim_start().to_lowercase().starts_with(prefix.trim_start()))
}

/// What the body answers to this build's inputs.
fn answers(catalogue: &Catalogue, build: &BuildPolicy, body: &Body) -> Result<Answers, Problem> {
    let workflow = catalogue.workflows.get(&build.workflow);
    let declared = workflow.and_then(|workflow| workflow.inputs.as_deref()).unwrap_or_default();
    let inputs = inputs_of(build, declared);
    let mut answers = Answers::default();
    for (heading, text) in &body.sections {
        let Some(input) = input_of(catalogue, &inputs, heading) else { continue };
        if answers.headings.iter().any(|(name, _)| name == input.name) {
            continue;
        }
        answers.headings.push((input.name.to_owned(), heading.clone()));
        let value = typed(input, text);
        if !value.is_empty() {
            answers.given.push(Given { name: input.name.to_owned(), value, fault: None });
        }
    }
    if answers.headings.is_empty()
        && let Some(json) = &body.json
    {
        answers.given = from_json(json)?;
    }
    Ok(answers)
}

/// The input that a heading stands for: by a form's field, else by the input's label or name.
fn input_of<'a>(catalogue: &Catalogue, inputs: &[Input<'a>], heading: &str) -> Option<Input<'a>> {
    let same = |text: &str| text.trim().to_lowercase() == heading.to_lowercase();
    let find = |is: &dyn Fn(&Input<'a>) -> bool| inputs.iter().find(|input| is(input)).copied();
    let fields = catalogue.forms.iter().flat_map(|form| &form.fields);
    let by_form =
        fields.filter(|field| same(&field.label)).find_map(|field| find(&|input| input.name == field.id));
    by_form
        .or_else(|| find(&|input| input.label().is_some_and(same)))
        .or_else(|| find(&|input| same(input.name)))
}
