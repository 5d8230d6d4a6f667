//! State to the Markdown that people read in their issues.
//!
//! Pure: whoever calls gives everything, the time too. All that came from a person or from GitHub is shown by way of
//! [`escape`] or [`code`], so that it is text and nothing else. The last line of each comment is a hidden marker, by
//! which [`carries`] knows it again.

mod build;
mod check;
mod commands;
mod help;
mod hidden;
#[cfg(test)]
mod hostile;
mod outcome;
mod refusal;
mod reply;
#[cfg(test)]
mod sample;
mod status;
mod text;
mod words;

pub use check::{CheckSummary, check_summary};
pub use commands::commands_page;
pub use help::HelpBuild;
pub use hidden::{MAX_COMMENT, carries, in_long_form, outcome_marker, reply_marker, status_marker};
pub use outcome::{Artifact, FailedStep, OutcomeView, outcome_comment};
pub use reply::{QueueNow, ReplyView, reply_comment};
pub use status::{StatusLine, StatusView, status_comment};
pub use text::{code, code_cell, escape, prose};
