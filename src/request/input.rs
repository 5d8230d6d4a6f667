//! The inputs that one build type asks for.

use crate::policy::{BuildPolicy, InputKind, InputPolicy, InputType, OWN_INPUTS, WorkflowInput};

/// What the workflow declares of an input, and what the policy adds to it. One of the two may be missing.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub name: &'a str,
    declared: Option<&'a WorkflowInput>,
    policy: Option<&'a InputPolicy>,
}

/// The inputs that people answer: the workflow's in its order, then those of the policy alone. Only what is hidden from
/// the workflow too need not be declared by it.
pub(super) fn inputs_of<'a>(build: &'a BuildPolicy, declared: &'a [WorkflowInput]) -> Vec<Input<'a>> {
    let own = |name: &str| OWN_INPUTS.contains(&name);
    let of_workflow = declared.iter().filter(|input| !own(&input.name)).map(|input| Input {
        name: &input.name,
        declared: Some(input),
        policy: build.inputs.get(&input.name),
    });
    let undeclared = |name: &str| !declared.iter().any(|input| input.name == name);
    let of_policy =
        build.inputs.iter().filter(|(name, policy)| policy.is_hidden() && undeclared(name) && !own(name));
    let of_policy =
        of_policy.map(|(name, policy)| Input { name: name.as_str(), declared: None, policy: Some(policy) });
    of_workflow.chain(of_policy).collect()
}

/// Whether any answer of this build type is nobody else's to see.
pub(super) fn hides(build: &BuildPolicy) -> bool {
    build.inputs.values().any(InputPolicy::is_hidden)
}

impl<'a> Input<'a> {
    pub fn kind(&self) -> &'a InputKind {
        self.declared.map_or(&InputKind::Text, |input| &input.kind)
    }

    /// The type of the policy's own.
    pub fn own_kind(&self) -> Option<InputType> {
        self.policy?.kind
    }

    pub fn is_boolean(&self) -> bool {
        *self.kind() == InputKind::Boolean || self.own_kind() == Some(InputType::Boolean)
    }

    pub fn options(&self) -> &'a [String] {
        match self.kind() {
            InputKind::Choice(options) => options,
            _ => &[],
        }
    }

    pub fn required(&self) -> bool {
        self.declared.is_some_and(|input| input.required)
            || self.policy.is_some_and(|policy| policy.required == Some(true))
    }

    pub fn default(&self) -> Option<&'a str> {
        let workflow = self.declared.and_then(|input| input.default.as_deref());
        workflow.or_else(|| self.policy?.default.as_deref())
    }

    pub fn label(&self) -> Option<&'a str> {
        self.policy?.label.as_deref()
    }

    pub fn policy(&self) -> Option<&'a InputPolicy> {
        self.policy
    }

    pub fn is_hidden(&self) -> bool {
        self.policy.is_some_and(InputPolicy::is_hidden)
    }

    pub fn is_secret(&self) -> bool {
        self.policy.is_some_and(|policy| policy.secret)
    }

    /// An answer that would be right, whatever was given.
    pub fn known_right(&self) -> Option<&'a str> {
        let example = self.policy.and_then(|policy| policy.example.as_deref());
        example.or_else(|| self.default()).or_else(|| self.options().first().map(String::as_str))
    }
}
