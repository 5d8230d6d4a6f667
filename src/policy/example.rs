use super::{BuildPolicy, Catalogue, InputKind, InputPolicy, OWN_INPUTS, WorkflowInput};

#[cfg(test)]
mod tests;

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
    /// An example answer for each input of a build type, in the workflow's order, then the policy's own; none for what
    /// may be left out and has no example, or is nobody else's to see.
    pub fn examples(&self, build: &BuildPolicy) -> Vec<Example> {
        let nothing = InputPolicy::default();
        let workflow = self.workflows.get(&build.workflow);
        let declared = workflow.and_then(|workflow| workflow.inputs.as_deref()).unwrap_or_default();
        let asked = declared.iter().filter(|input| !OWN_INPUTS.contains(&input.name.as_str()));
        let asked = asked.map(|input| {
            (input.name.as_str(), Some(input), build.inputs.get(&input.name).unwrap_or(&nothing))
        });
        let is_declared = |name: &String| declared.iter().any(|input| input.name == *name);
        let hidden = build.inputs.iter().filter(|(name, policy)| policy.is_hidden() && !is_declared(name));
        let hidden = hidden.map(|(name, policy)| (name.as_str(), None, policy));
        asked.chain(hidden).filter_map(|(name, input, policy)| example(name, input, policy)).collect()
    }
}

fn example(name: &str, input: Option<&WorkflowInput>, policy: &InputPolicy) -> Option<Example> {
    let required = policy.required == Some(true) || input.is_some_and(|input| input.required);
    if policy.is_hidden() && !required {
        return None;
    }
    let first = match input.map(|input| &input.kind) {
        Some(InputKind::Choice(options)) => options.first(),
        _ => None,
    };
    let default = input.and_then(|input| input.default.as_ref());
    let known = policy.example.as_ref().or(default).or(policy.default.as_ref()).or(first);
    let value = known.filter(|value| !value.is_empty()).cloned();
    if value.is_none() && !required {
        return None;
    }
    let label = policy.label.clone().unwrap_or_else(|| name.to_owned());
    Some(Example { name: name.to_owned(), label, value })
}
