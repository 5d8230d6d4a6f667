//! The policy against the workflows and forms that it leans on.

mod forms;
mod inputs;

use super::nearest::suggestion;
use super::{BuildPolicy, Catalogue, InputKind, OWN_INPUTS, Workflow, WorkflowInput};

/// Findings of each kind that are told; whoever has more corrects these first.
pub(super) const MAX_FINDINGS: usize = 100;

/// What shows only when the files are compared with each other.
#[derive(Debug)]
pub(super) struct Finding {
    pub at: At,
    /// Else a warning.
    pub error: bool,
    pub message: String,
    pub help: Option<String>,
}

#[derive(Debug)]
pub(super) enum At {
    /// The keys from the policy's root to the value at fault.
    Policy(Vec<String>),
    /// A form by its number, and a place in it.
    Form(usize, InForm),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum InForm {
    Labels,
    Title,
    Field(usize),
    /// A field's number, and its option's.
    Option(usize, usize),
}

/// Compares the files. `known` are the names of all workflow files there are, whether they could be read or not;
/// without it what is missing is not told.
pub(super) fn check(catalogue: &Catalogue, known: Option<&[&str]>) -> Vec<Finding> {
    let mut checker = Checker { catalogue, findings: Vec::new() };
    for (name, build) in &catalogue.policy.builds {
        if let Some(declared) = checker.declared(name, build, known) {
            checker.inputs(name, build, declared);
        }
        if checker.findings.len() > 2 * MAX_FINDINGS {
            return checker.findings;
        }
    }
    checker.forms();
    checker.findings
}

struct Checker<'a> {
    catalogue: &'a Catalogue,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    fn add(&mut self, error: bool, at: At, message: String, help: Option<String>) {
        self.findings.push(Finding { at, error, message, help });
    }

    /// A mistake in a build type's part of the policy.
    fn error(&mut self, build: &str, keys: &[&str], message: String, help: Option<String>) {
        self.add(true, in_build(build, keys), message, help);
    }

    /// The inputs of a build's workflow, if it can be started.
    fn declared(
        &mut self,
        name: &str,
        build: &BuildPolicy,
        known: Option<&[&str]>,
    ) -> Option<&'a [WorkflowInput]> {
        let file = &build.workflow;
        let Some(workflow) = self.catalogue.workflows.get(file) else {
            let missing = known.filter(|known| !known.contains(&file.as_str()))?;
            let help = suggestion(file, missing.iter().copied());
            let message =
                format!("there is no workflow `{file}` in .github/workflows/ of the default branch");
            self.error(name, &["workflow"], message, help);
            return None;
        };
        if workflow.inputs.is_none() {
            let help = Some("add `workflow_dispatch:` to its `on:`".to_owned());
            let message = format!("`{file}` has no `workflow_dispatch` trigger, so it cannot be started");
            self.error(name, &["workflow"], message, help);
        }
        workflow.inputs.as_deref()
    }
}

fn in_build(build: &str, keys: &[&str]) -> At {
    At::Policy(["builds", build].iter().chain(keys).map(|key| (*key).to_owned()).collect())
}

/// What may be answered where not everything may.
fn options(kind: &InputKind) -> Option<Vec<&str>> {
    match kind {
        InputKind::Choice(options) => Some(options.iter().map(String::as_str).collect()),
        InputKind::Boolean => Some(vec!["true", "false"]),
        _ => None,
    }
}

fn is_among(answer: &str, options: &[&str]) -> bool {
    options.iter().any(|option| option.to_lowercase() == answer.to_lowercase())
}

/// The inputs that people are asked for, by name.
fn asked<'a>(workflow: &'a Workflow, build: &'a BuildPolicy) -> impl Iterator<Item = &'a str> + Clone {
    let declared = workflow.inputs.iter().flatten().map(|input| input.name.as_str());
    let hidden = build.inputs.iter().filter(|(_, policy)| policy.is_hidden()).map(|(name, _)| name.as_str());
    declared.filter(|name| !OWN_INPUTS.contains(name)).chain(hidden)
}
