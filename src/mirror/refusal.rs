//! Why a valid wish was not granted, and what can be done.

use super::build::holders;
use super::help::first_policy;
use super::text::{code, escape, line_to_copy, link, prose};
use crate::{
    policy::FileError,
    queue::{Refusal, Role},
};

/// Errors of a broken policy that are listed.
const MAX_LISTED: usize = 30;

pub(super) fn refusal(refusal: &Refusal, example: Option<&str>, queue_url: &str) -> String {
    match refusal {
        Refusal::MayNot { command, role, own } => may_not(command, *role, *own),
        Refusal::OwnRequest => "### 🚫 Nobody decides about what they asked for themselves\n\
             It waits as before, for another maintainer. To take it back, write a comment with only `/cancel`."
            .to_owned(),
        Refusal::NothingToApprove => "### 💤 Nothing waits for approval here\n\
             No build of this issue, or none of the type that was named, waits for one. You need to do nothing."
            .to_owned(),
        Refusal::ChangedSince => "### ✋ Not approved: what was asked for changed at that very moment\n\
             Look at it once more. If it is right, write another comment with only `/approve`."
            .to_owned(),
        Refusal::CommitChanged => "### ✋ Not approved: the branch has moved meanwhile, or is gone\n\
             The status comment above shows how it is now. If that is right, write another comment with only `/approve`."
            .to_owned(),
        Refusal::NothingToRetry => "### 💤 Nothing to ask for once more\n\
             No build of this issue has ended, one goes on still, or the last request needs a correction first. A \
             comment with only `/status` says how it stands."
            .to_owned(),
        Refusal::PolicyChanged { line } => policy_changed(line.as_deref()),
        Refusal::NothingToUnlock { resource } => format!(
            "### 💤 Nothing to unlock\n\
             There is no slot of {} of which nobody knows whether it is in use. What surely runs is stopped with `/cancel`.",
            code(resource)
        ),
        Refusal::QueueFull { limit } => format!(
            "### ⛔ The queue is full ({limit} of {limit}).\n\
             Nothing has been queued. When the {} is shorter, try once more: with the same comment, or, if the \
             issue's text asks, by editing it.",
            link("live queue", queue_url)
        ),
        Refusal::OtherAnswers { build_type, line } => other_answers(build_type, line.as_deref()),
        Refusal::Stopping { build_type, line } => stopping(build_type, line),
        Refusal::NothingToCancel => "### 💤 Nothing to cancel\n\
             No build of this issue is queued or running. You need to do nothing."
            .to_owned(),
        Refusal::NoPolicy => {
            format!(
                "### 🚫 There is nothing to build here yet\nNothing has been started.\n\n{}",
                first_policy(example)
            )
        }
        Refusal::BrokenPolicy { errors } => broken_policy(errors),
    }
}

fn may_not(command: &str, role: Role, own: bool) -> String {
    let asker = if own { ", or who asked for the build" } else { "" };
    format!(
        "### 🚫 Not done: {} is for {}{asker}\n\
         Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)",
        code(&format!("/{command}")),
        holders(role)
    )
}

fn policy_changed(line: Option<&str>) -> String {
    let again = match line.and_then(line_to_copy) {
        Some(line) => format!("Ask anew instead: write a comment with only {line}."),
        None => "Ask anew instead, with a comment or a new issue.".to_owned(),
    };
    format!(
        "### 🚫 Not asked again: what can be asked for here has changed since\nNothing has been started. {again}"
    )
}

fn other_answers(build_type: &str, line: Option<&str>) -> String {
    let name = if build_type.is_empty() { String::new() } else { format!(" {}", escape(build_type)) };
    let then = match line.and_then(line_to_copy) {
        Some(line) => format!("one with only {line}"),
        None => "ask again with the new answers".to_owned(),
    };
    format!(
        "### 🚫 Not queued: this issue's{name} build with other answers has not ended\n\
         It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that \
         build has ended, {then}."
    )
}

fn stopping(build_type: &str, line: &str) -> String {
    let then = line_to_copy(line)
        .map_or_else(|| "ask again".to_owned(), |line| format!("write a comment with only {line}"));
    format!(
        "### 🚫 Not queued: this issue's {} build is still being stopped\n\
         A new comment will tell you when it has ended; then {then}.",
        escape(build_type)
    )
}

fn broken_policy(errors: &[FileError]) -> String {
    let mut text = "### ⚠️ This repository's build policy has errors\n\
         Nothing has been started, and there is nothing for you to correct: when the file is right, ask again.\n\
         Maintainers: these are the places.\n\n"
        .to_owned();
    text.push_str(&file_errors(errors));
    text
}

/// A list with each place, what is wrong there and the way out.
pub(super) fn file_errors(errors: &[FileError]) -> String {
    let mut text = String::new();
    for error in errors.iter().take(MAX_LISTED) {
        let place = code(&format!("{}:{}:{}", error.path, error.line, error.column));
        let help = error.help.as_deref().map(|help| format!(" ({})", prose(help))).unwrap_or_default();
        text.push_str(&format!("- {place}: {}{help}\n", prose(&error.message)));
    }
    if let Some(more) = errors.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        text.push_str(&format!("- and {more} more\n"));
    }
    text
}
