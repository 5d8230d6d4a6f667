//! Which lines count, and which may be repeated to everybody.

use super::command::Opening;
use super::comment::CommandLine;
use super::input::hides;
use crate::policy::{CommandForms, Policy};

/// Whether a line is for us: where the policy keeps the short forms for others, only `/trilock …` is.
pub fn counts(line: &CommandLine, policy: Option<&Policy>) -> bool {
    line.long || policy.is_none_or(|policy| policy.commands == CommandForms::Both)
}

/// A line's text, where it may be quoted. `None`: it may hold somebody's private answer, so nothing of it is repeated, and
/// no corrected line either.
pub fn shown_line(line: &CommandLine, policy: Option<&Policy>) -> Option<String> {
    let hidden = policy.is_some_and(|policy| policy.builds.values().any(hides));
    let bare = || {
        let opening = Opening::of(&line.text);
        opening.is_some_and(|opening| opening.spec().is_some() && opening.rest.trim().is_empty())
    };
    (!hidden || bare()).then(|| line.text.clone())
}
