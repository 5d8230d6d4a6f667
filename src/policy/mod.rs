//! The repository's file `.github/trilock.yml`, and what it leans on: the workflow files and the issue forms.
//!
//! Pure: text in, types or errors with line and column out. [`parse_policy`] is strict (an unknown key is an error
//! that names the nearest known one); [`parse_workflow`] and [`parse_form`] read other tools' files and take from
//! them only what a build needs. [`check`] compares the files with each other.

mod check;
mod error;
mod example;
mod file;
mod form;
mod nearest;
mod pattern;
mod reader;
mod types;
mod workflow;
mod yaml;

#[cfg(test)]
mod tests;

pub use check::{Finding, check};
pub use error::FileError;
pub use example::Example;
pub use file::parse_policy;
pub use form::{Form, FormField, parse_form};
pub use nearest::nearest;
pub use pattern::Pattern;
pub use types::{
    BuildPolicy, Catalogue, InputPolicy, IssueTrigger, Policy, QueuePolicy, ResourcePolicy, Triggers,
};
pub use workflow::{CORRELATION_INPUT, InputKind, Workflow, WorkflowInput, parse_workflow};

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
