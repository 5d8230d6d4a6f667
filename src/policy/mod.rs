//! The repository's file `.github/trilock.yml`, and what it leans on: the workflow files and the issue forms.
//!
//! Pure: text in, types or errors with line and column out. [`parse_policy`] is strict (an unknown key is an error
//! that names the nearest known one); [`parse_workflow`] and [`parse_form`] read other tools' files and take from
//! them only what a build needs. [`examine`] reads all of them and compares them with each other. What keys there are
//! stands in one table, from which [`schema`] and [`reference`] are made too.

mod check;
mod error;
mod examine;
mod example;
mod fields;
mod file;
mod form;
mod keys;
mod nearest;
mod pattern;
mod reader;
mod reference;
mod role;
mod schema;
mod scripts;
mod starter;
mod terms;
mod types;
mod workflow;
mod yaml;

#[cfg(test)]
mod tests;

pub use error::{FileError, Report};
pub use examine::{Examined, Source, Sources, examine};
pub use example::Example;
pub use file::parse_policy;
pub use form::{FieldKind, Form, FormField, parse_form};
pub use nearest::nearest;
pub use pattern::Pattern;
pub use reference::reference;
pub use role::Role;
pub use schema::schema;
pub use starter::starter;
pub use terms::terms;
pub use types::{
    ApprovalPolicy, BuildPolicy, Catalogue, CommandForms, Condition, InputPolicy, InputType, IssueTrigger,
    Pin, Policy, QueuePolicy, ResourcePolicy, Triggers,
};
pub use workflow::{
    COMMIT_INPUT, CORRELATION_INPUT, InputKind, OWN_INPUTS, Workflow, WorkflowInput, parse_workflow,
};

/// Where the policy stands.
pub const POLICY: &str = ".github/trilock.yml";
/// Where the workflows stand.
pub const WORKFLOWS: &str = ".github/workflows";
/// Where the issue forms stand.
pub const FORMS: &str = ".github/ISSUE_TEMPLATE";

/// Whether a change of the file at `path` may change a [`Catalogue`].
pub fn concerns(path: &str) -> bool {
    path == POLICY || path.starts_with(WORKFLOWS) || path.starts_with(FORMS)
}
