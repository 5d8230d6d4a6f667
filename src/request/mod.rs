//! What people type, as typed requests: slash commands, issue forms, JSON bodies, and the validation of inputs.
//!
//! Pure. The texts in [`Problem`] and [`CommandError`] are what somebody typed: whoever shows them escapes them.

mod asked;
mod command;
mod comment;
mod issue;
mod judge;
mod line;
mod types;
mod validate;

#[cfg(test)]
mod tests;

pub use asked::from_command;
pub use command::{Command, CommandError};
pub use comment::{CommandLine, parse_comment};
pub use issue::{IssueText, from_issue, revision};
pub use line::build_line;
pub use types::{Asked, Invalid, Problem, Request, Shown};
