//! Words in answer to a command or an issue.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::build::{answers_to, approval_by};
use super::help::{HelpBuild, help};
use super::hidden::{reply_marker, seal};
use super::refusal::refusal;
use super::status::{StatusView, blocks, builds_before, needs_correction, no_build, way_out};
use super::text::{code, line_to_copy, link, prose};
use super::words::clock;
use crate::{
    queue::{Mistake, Reply, Role, Trigger},
    request::{Request, line_of},
};

#[cfg(test)]
mod tests;

/// All that one reply is made of.
#[derive(Clone, Debug)]
pub struct ReplyView<'a> {
    pub reply: &'a Reply,
    /// The key of the reply's effect: one comment for each.
    pub key: &'a str,
    /// The builds, for [`Reply::Status`].
    pub status: Option<&'a StatusView<'a>>,
    /// The repository's queue, for [`Reply::Queue`] and dry runs.
    pub queue: Option<&'a QueueNow>,
    /// The live queue page of the repository.
    pub queue_url: &'a str,
    /// What can be asked for by comment, for [`Reply::Help`].
    pub builds: &'a [HelpBuild],
    /// Who may use which command here, where the policy says so.
    pub permissions: &'a BTreeMap<String, Role>,
    /// A policy for the repository's own workflows, where it has none.
    pub example: Option<&'a str>,
}

/// How many builds run and wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueNow {
    pub now: DateTime<Utc>,
    pub running: usize,
    pub queued: usize,
    pub awaiting_approval: usize,
}

/// The reply; its last line is [`reply_marker`].
pub fn reply_comment(view: &ReplyView<'_>) -> String {
    let text = match view.reply {
        Reply::Help => help(view),
        Reply::Status => view.status.map_or_else(|| no_build(view.queue_url), blocks),
        Reply::Queue => {
            view.queue.map_or_else(|| no_build(view.queue_url), |queue| queue_now(queue, view.queue_url))
        }
        Reply::DryRun { request, approval, before } => dry_run(view, request, *approval, *before),
        Reply::DryRunInvalid { invalid } => {
            format!(
                "{}{}",
                needs_correction(&invalid.problems, ""),
                way_out(Trigger::Comment, invalid.corrected.as_deref())
            )
        }
        Reply::Refused { refusal: why } => refusal(why, view.example, view.queue_url),
        Reply::Mistake { mistake: what } => mistake(what),
    };
    seal(&text, &reply_marker(view.key))
}

fn queue_now(queue: &QueueNow, queue_url: &str) -> String {
    let approval = match queue.awaiting_approval {
        0 => String::new(),
        some => format!(", {some} waiting for approval"),
    };
    format!(
        "### 📋 {} building, {} queued{approval} as of {}\nThe queue of now: {}",
        queue.running,
        queue.queued,
        clock(queue.now, queue.now),
        link("live queue", queue_url)
    )
}

fn dry_run(view: &ReplyView<'_>, request: &Request, approval: Option<Role>, before: u32) -> String {
    let approval = match approval {
        None => "It would need no approval.".to_owned(),
        Some(role) => format!("It would wait for {} first.", approval_by(role)),
    };
    let as_of = view.queue.map(|queue| format!(" as of {}", clock(queue.now, queue.now))).unwrap_or_default();
    let line = line_to_copy(&line_of(&request.build_type, &request.shown));
    let line =
        line.map(|line| format!(" To ask for it, write a comment with only {line}.")).unwrap_or_default();
    format!(
        "### 🧪 This is what would be built\n{}\n\n{approval} {}{as_of}; the number of now: {}\nNothing has been started.{line}",
        answers_to(&request.build_type, &request.shown),
        builds_before(before),
        link("live queue", view.queue_url)
    )
}

fn mistake(mistake: &Mistake) -> String {
    let way_out = match mistake.corrected.as_deref().and_then(line_to_copy) {
        Some(line) => format!("Write a new comment with only: {line}."),
        None => "A comment with only `/help` shows what can be written.".to_owned(),
    };
    let at = |found: &String| format!(", at {}", code(found));
    let text = match mistake.text.as_str() {
        "" => "(not shown, as it may hold a private answer)".to_owned(),
        text => {
            let found = mistake.found.as_ref().filter(|found| found.trim() != text.trim());
            code(text) + &found.map(at).unwrap_or_default()
        }
    };
    format!(
        "### ✏️ Line {} of your comment needs a correction\n{text}: {}\n\n{way_out} This line changed nothing.",
        mistake.line,
        prose(&mistake.why)
    )
}
