//! Why a valid wish was not granted, and what can be done.

use super::help::first_policy;
use super::text::{code, escape, line_to_copy, link, prose};
use crate::{policy::FileError, queue::Refusal};

/// Errors of a broken policy that are listed.
const MAX_LISTED: usize = 30;

pub(super) fn refusal(refusal: &Refusal, queue_url: &str) -> String {
    match refusal {
        Refusal::MayNotAsk { line } => may_not_ask(line.as_deref()),
        Refusal::MayNotCancel => {
            "### 🚫 Not cancelled: only who asked for the build may, or someone with write access\n\
             The build goes on as before. Ask one of them to write a comment with only `/cancel`."
                .to_owned()
        }
        Refusal::QueueFull { limit } => format!(
            "### ⛔ The queue is full ({limit} of {limit}).\n\
             Nothing has been queued. When the {} is shorter, ask again: write your `/build` comment once more, or \
             edit the issue's text.",
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
                first_policy()
            )
        }
        Refusal::BrokenPolicy { errors } => broken_policy(errors),
    }
}

fn may_not_ask(line: Option<&str>) -> String {
    let way_out = match line.and_then(line_to_copy) {
        Some(line) => format!("Someone who has it can ask in your place: write a comment with only {line}."),
        None => "Someone who has it can ask in your place, with the same words in a comment here.".to_owned(),
    };
    format!(
        "### 🚫 Not queued: asking for a build here needs write access\nNothing has been started. {way_out}"
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
