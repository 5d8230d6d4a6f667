//! What the policy says of inputs against what the workflow declares.

use super::{Checker, in_build, is_among, options};
use crate::policy::nearest::suggestion;
use crate::policy::{BuildPolicy, InputKind, InputPolicy, InputType, OWN_INPUTS, WorkflowInput};

/// Names that are looked through for the nearest; GitHub takes 25 inputs.
const MAX_NAMES: usize = 100;

impl Checker<'_> {
    pub(super) fn inputs(&mut self, name: &str, build: &BuildPolicy, declared: &[WorkflowInput]) {
        for (input, policy) in &build.inputs {
            let known = declared.iter().find(|declared| declared.name == *input);
            match known {
                _ if policy.is_hidden() => self.hidden(name, build, input, policy, known),
                Some(known) => self.input(name, build, policy, known),
                None => {
                    let message = format!("`{}` declares no input `{input}`", build.workflow);
                    self.error(name, &["inputs", input], message, suggestion(input, names(declared)));
                }
            }
        }
        self.condition(name, build, declared);
    }

    /// Values of these inputs are never sent, and no run can fetch them yet.
    fn hidden(
        &mut self,
        name: &str,
        build: &BuildPolicy,
        input: &str,
        policy: &InputPolicy,
        known: Option<&WorkflowInput>,
    ) {
        let kind = if policy.secret { "secret" } else { "private" };
        let file = &build.workflow;
        if policy.required == Some(true) {
            let message = format!(
                "the {kind} input `{input}` is required, and runs cannot fetch such values yet: the build cannot be \
                 started"
            );
            let help = Some("make it optional: `required: false`".to_owned());
            self.error(name, &["inputs", input, "required"], message, help);
        }
        let Some(known) = known else { return };
        let keys = ["inputs", input, kind];
        if known.required && known.default.is_none() {
            let message = format!(
                "`{file}` requires the input `{input}`, and what is {kind} is never sent as an input: GitHub would \
                 refuse to start the build"
            );
            let help = Some("take the input out of the workflow".to_owned());
            self.error(name, &keys, message, help);
        } else {
            let message = format!(
                "`{file}` declares the input `{input}`, but what is {kind} is never sent as an input: the run gets \
                 none"
            );
            let help = Some("take the input out of the workflow".to_owned());
            self.add(false, in_build(name, &keys), message, help);
        }
    }

    fn input(&mut self, name: &str, build: &BuildPolicy, policy: &InputPolicy, known: &WorkflowInput) {
        let (input, file) = (known.name.as_str(), &build.workflow);
        if let Some((theirs, ours)) = conflict(policy.kind, &known.kind) {
            let message = format!("`{input}` is {theirs} in `{file}`, so it cannot be `{ours}`");
            let help = Some("leave `type` out, or make it a string in the workflow".to_owned());
            self.error(name, &["inputs", input, "type"], message, help);
        }
        if policy.default.is_some() && known.default.is_some() {
            let message = format!("`{file}` has its own default for `{input}`, so this one never counts");
            let at = in_build(name, &["inputs", input, "default"]);
            self.add(false, at, message, Some("leave it out".to_owned()));
        }
        let Some(options) = options(&known.kind) else { return };
        for (key, answer) in [("example", &policy.example), ("default", &policy.default)] {
            if let Some(answer) = answer.as_ref().filter(|answer| !is_among(answer, &options)) {
                let message = format!("the {key} `{answer}` is no option of `{input}` in `{file}`");
                let help = suggestion(answer, options.iter().copied());
                self.error(name, &["inputs", input, key], message, help);
            }
        }
    }

    /// A rule whose answer nobody can give would let everything pass.
    fn condition(&mut self, name: &str, build: &BuildPolicy, declared: &[WorkflowInput]) {
        let Some(condition) = &build.approval.when else { return };
        let (input, file) = (condition.input.as_str(), &build.workflow);
        let known = declared.iter().find(|declared| declared.name == input);
        if OWN_INPUTS.contains(&input) || (known.is_none() && !build.inputs.contains_key(input)) {
            let message = format!("neither `{file}` nor this build's `inputs` has an input `{input}`");
            let help = suggestion(input, names(declared));
            self.error(name, &["approval", "when", "input"], message, help);
        }
        let Some(options) = known.and_then(|known| options(&known.kind)) else { return };
        for answer in condition.is.iter().filter(|answer| !is_among(answer, &options)) {
            let message = format!("`{answer}` is no option of `{input}` in `{file}`");
            let help = suggestion(answer, options.iter().copied());
            self.error(name, &["approval", "when", "is"], message, help);
        }
    }
}

fn names(declared: &[WorkflowInput]) -> impl Iterator<Item = &str> + Clone {
    let names = declared.iter().map(|input| input.name.as_str());
    names.filter(|name| !OWN_INPUTS.contains(name)).take(MAX_NAMES)
}

/// What the workflow's kind and the policy's type are called, where both cannot be.
fn conflict(ours: Option<InputType>, theirs: &InputKind) -> Option<(&'static str, &'static str)> {
    let theirs = match (theirs, ours?) {
        (InputKind::Text, _) | (_, InputType::String) => return None,
        (InputKind::Number, InputType::Number) | (InputKind::Boolean, InputType::Boolean) => return None,
        (InputKind::Number, _) => "a number",
        (InputKind::Boolean, _) => "a boolean",
        (InputKind::Choice(_), _) => "a choice",
        (InputKind::Environment, _) => "an environment",
    };
    let ours = match ours? {
        InputType::String => "string",
        InputType::Number => "number",
        InputType::Boolean => "boolean",
        InputType::Email => "email",
        InputType::Url => "url",
        InputType::Host => "host",
    };
    Some((theirs, ours))
}
