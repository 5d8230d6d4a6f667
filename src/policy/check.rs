use std::fmt;

use super::nearest::suggestion;
use super::reader::lookup;
use super::yaml::{self, position};
use super::{BuildPolicy, Catalogue, FileError};

#[cfg(test)]
mod tests;

/// A mistake that shows only when the policy is compared with the workflows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The keys from the policy's root to the value at fault.
    pub keys: Vec<String>,
    pub message: String,
    pub help: Option<String>,
}

impl Finding {
    /// The same with its place in the policy's text, or the nearest enclosing place that is there.
    pub fn in_file(&self, path: &str, text: &str) -> FileError {
        let mut place = (1, 1);
        if let Ok(root) = yaml::parse(path, text) {
            let mut node = &root;
            for key in &self.keys {
                let Some(value) = lookup(node, key) else { break };
                node = value;
                place = position(node.defined);
            }
        }
        let (line, column) = place;
        let (message, help) = (self.message.clone(), self.help.clone());
        FileError { path: path.to_owned(), line, column, message, help }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.keys.join("."), self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Compares the policy with the workflows it names: each is there, can be dispatched, and declares the inputs to which
/// the policy adds.
pub fn check(catalogue: &Catalogue) -> Vec<Finding> {
    let builds = catalogue.policy.builds.iter();
    builds.flat_map(|(name, build)| check_build(catalogue, name, build)).collect()
}

fn check_build(catalogue: &Catalogue, name: &str, build: &BuildPolicy) -> Vec<Finding> {
    let finding = |keys: &[&str], message: String, help: Option<String>| {
        let keys = ["builds", name].iter().chain(keys).map(|key| (*key).to_owned()).collect();
        Finding { keys, message, help }
    };
    let file = &build.workflow;
    let Some(workflow) = catalogue.workflows.get(file) else {
        let help = suggestion(file, catalogue.workflows.keys().map(String::as_str));
        let message = format!("there is no workflow `{file}` in .github/workflows/ of the default branch");
        return vec![finding(&["workflow"], message, help)];
    };
    let Some(declared) = &workflow.inputs else {
        let help = Some("add `workflow_dispatch:` to its `on:`".to_owned());
        let message = format!("`{file}` has no `workflow_dispatch` trigger, so it cannot be started");
        return vec![finding(&["workflow"], message, help)];
    };
    let unknown = build.inputs.keys().filter(|input| !declared.iter().any(|d| d.name == **input));
    unknown
        .map(|input| {
            let message = format!("`{file}` declares no input `{input}`");
            let help = suggestion(input, declared.iter().map(|d| d.name.as_str()));
            finding(&["inputs", input], message, help)
        })
        .collect()
}
