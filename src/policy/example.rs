use super::{BuildPolicy, CORRELATION_INPUT, Catalogue, InputKind, WorkflowInput};

/// One answer that would be right, to show people how a build is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The input's name.
    pub name: String,
    /// What people know it by.
    pub label: String,
    /// Nothing where it must be given and no right value is known.
    pub value: Option<String>,
}

impl Catalogue {
    /// An example answer for each input of a build type, in the workflow's order; none for what may be left out and
    /// has no example.
    pub fn examples(&self, build: &BuildPolicy) -> Vec<Example> {
        let workflow = self.workflows.get(&build.workflow);
        let declared = workflow.and_then(|workflow| workflow.inputs.as_ref()).into_iter().flatten();
        let asked = declared.filter(|input| input.name != CORRELATION_INPUT);
        asked.filter_map(|input| example(build, input)).collect()
    }
}

fn example(build: &BuildPolicy, input: &WorkflowInput) -> Option<Example> {
    let policy = build.inputs.get(&input.name);
    let first = match &input.kind {
        InputKind::Choice(options) => options.first().cloned(),
        _ => None,
    };
    let known = policy.and_then(|policy| policy.example.clone()).or_else(|| input.default.clone()).or(first);
    let required = policy.and_then(|policy| policy.required).unwrap_or(input.required);
    let value = known.filter(|value| !value.is_empty());
    if value.is_none() && !required {
        return None;
    }
    let label = policy.and_then(|policy| policy.label.clone()).unwrap_or_else(|| input.name.clone());
    Some(Example { name: input.name.clone(), label, value })
}
