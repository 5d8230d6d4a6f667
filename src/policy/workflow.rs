use serde::{Deserialize, Serialize};

use super::reader::{Reader, lookup, parse_bool, plain};
use super::yaml::{self, Node, Value};
use super::{FileError, nearest::suggestion};

#[cfg(test)]
mod tests;

/// The input by which a run is found again after a dispatch whose answer was lost. Only Trilock fills it in.
pub const CORRELATION_INPUT: &str = "trilock_build";
/// The input that gets the approved commit, if the workflow declares it and a commit was approved.
pub const COMMIT_INPUT: &str = "trilock_commit";
/// Inputs that nobody answers: Trilock fills them in.
pub const OWN_INPUTS: [&str; 2] = [CORRELATION_INPUT, COMMIT_INPUT];

/// What a build needs to know of a workflow file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    pub name: Option<String>,
    pub run_name: Option<String>,
    /// In the file's order. `None`: the workflow has no `workflow_dispatch` and cannot be started.
    pub inputs: Option<Vec<WorkflowInput>>,
}

/// One input of `workflow_dispatch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowInput {
    pub name: String,
    pub description: Option<String>,
    pub required: bool,
    pub default: Option<String>,
    pub kind: InputKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    Text,
    Choice(Vec<String>),
    Boolean,
    Number,
    Environment,
}

impl Workflow {
    /// Whether it declares an input of this name.
    pub fn declares(&self, name: &str) -> bool {
        self.inputs.iter().flatten().any(|input| input.name == name)
    }

    /// Whether a run tells which build it belongs to: the workflow declares [`CORRELATION_INPUT`] and shows it in its
    /// `run-name`.
    pub fn correlates(&self) -> bool {
        let declared = self.declares(CORRELATION_INPUT);
        let shown = self.run_name.as_ref().is_some_and(|name| {
            name.split("inputs.").skip(1).any(|rest| {
                rest.strip_prefix(CORRELATION_INPUT).is_some_and(|after| {
                    !after.starts_with(|c: char| c.is_alphanumeric() || "-_".contains(c))
                })
            })
        });
        declared && shown
    }
}

/// Reads a file of `.github/workflows/`. Only `name`, `run-name` and `on` are looked at.
pub fn parse_workflow(path: &str, text: &str) -> Result<Workflow, Vec<FileError>> {
    let root = yaml::parse(path, text).map_err(|error| vec![error])?;
    let mut reader = Reader::new(path);
    if !matches!(root.value, Value::Map(_)) {
        reader.error(root.defined, "a workflow must be a mapping (`key: value`)".to_owned(), None);
    }
    let inputs = match lookup(&root, "on") {
        Some(on) => reader.dispatch(on),
        None => None,
    };
    let text = |key| lookup(&root, key).and_then(plain).map(str::to_owned);
    let workflow = Workflow { name: text("name"), run_name: text("run-name"), inputs };
    if reader.errors.is_empty() { Ok(workflow) } else { Err(reader.errors) }
}

const DISPATCH: &str = "workflow_dispatch";

impl Reader {
    /// The inputs of `workflow_dispatch` in `on`, which may be one event, a list or a mapping.
    fn dispatch(&mut self, on: &Node<'_>) -> Option<Vec<WorkflowInput>> {
        let listed = match &on.value {
            Value::Text(event) => event == DISPATCH,
            Value::List(events) => events.iter().any(|event| plain(event) == Some(DISPATCH)),
            _ => false,
        };
        if listed {
            return Some(Vec::new());
        }
        let inputs = lookup(lookup(on, DISPATCH)?, "inputs");
        let entries = inputs.map_or(&[][..], |node| self.entries(node, "`inputs`"));
        Some(entries.iter().map(|(name, node)| self.dispatch_input(&name.value, node)).collect())
    }

    fn dispatch_input(&mut self, name: &str, node: &Node<'_>) -> WorkflowInput {
        let text = |key| lookup(node, key).and_then(plain).filter(|text| !text.is_empty()).map(str::to_owned);
        WorkflowInput {
            name: name.to_owned(),
            description: text("description"),
            required: text("required").as_deref().and_then(parse_bool).unwrap_or(false),
            default: text("default"),
            kind: self.kind(name, node),
        }
    }

    fn kind(&mut self, name: &str, node: &Node<'_>) -> InputKind {
        let Some(kind) = lookup(node, "type") else { return InputKind::Text };
        match plain(kind) {
            Some("string") => InputKind::Text,
            Some("boolean") => InputKind::Boolean,
            Some("number") => InputKind::Number,
            Some("environment") => InputKind::Environment,
            Some("choice") => {
                let options = lookup(node, "options").map(|node| self.texts(node, "an option"));
                let options: Vec<_> = options.into_iter().flatten().map(|option| option.value).collect();
                if options.is_empty() {
                    self.error(kind.defined, format!("input `{name}` is a choice without `options`"), None);
                }
                InputKind::Choice(options)
            }
            other => {
                let other = other.unwrap_or_default();
                let known = ["string", "choice", "boolean", "number", "environment"];
                let message = format!("input `{name}` has the unknown type `{other}`");
                self.error(kind.defined, message, suggestion(other, known));
                InputKind::Text
            }
        }
    }
}
