//! What people type, as typed requests: slash commands, issue forms, JSON bodies, and the validation of inputs.
//!
//! Pure. The texts in [`Problem`] and [`CommandError`] are what somebody typed: whoever shows them escapes them, and asks
//! [`shown_line`] before repeating a line. An answer that is nobody else's to see leaves this room in
//! [`Request::private`] alone.

mod approval;
mod arguments;
mod asked;
mod body;
mod body_commands;
mod command;
mod comment;
mod host;
mod input;
mod issue;
mod judge;
mod line;
mod markdown;
mod resolve;
mod shown;
mod spec;
mod types;
mod validate;

#[cfg(test)]
mod tests;

pub use asked::from_command;
pub use body_commands::from_body_commands;
pub use command::{Command, CommandError, long_form};
pub use comment::{CommandLine, parse_comment};
pub use host::is_private_host;
pub use issue::{IssueText, from_issue, revision};
pub use line::{build_line, line_of};
pub use shown::{counts, shown_line};
pub use spec::{CommandSpec, command_spec, commands};
pub use types::{ApprovalTerms, Asked, Invalid, Problem, Request, Shown};
