//! The one status comment of an issue, edited in place.

use chrono::{DateTime, TimeDelta, Utc};

use super::build::{answers, approval_by, by, commit, holders, run, short_commit, title};
use super::hidden::{seal, status_marker};
use super::text::{code, code_cell, escape, line_to_copy, link, prose_cell};
use super::words::{capital, clock, count, long};
use crate::{
    policy::Pin,
    queue::{Build, Ending, Status, Trigger, Voided},
    request::Problem,
};

#[cfg(test)]
mod tests;

const TO_STOP: &str = "To stop, write a comment with only `/cancel`.";
const OUTSIDE: &str = "⚠️ A run started by hand is running outside the lock; your place is kept.";
const NOTHING_TO_DO: &str = "You need to do nothing: a new comment will tell you the result.";

/// What the status comment of one issue shows.
#[derive(Clone, Debug)]
pub struct StatusView<'a> {
    pub now: DateTime<Utc>,
    /// The live queue page of the repository.
    pub queue_url: &'a str,
    /// One per build type, in the order in which they are shown.
    pub builds: Vec<StatusLine<'a>>,
}

#[derive(Clone, Debug)]
pub struct StatusLine<'a> {
    pub build: &'a Build,
    /// How many builds come before it, while it is queued.
    pub before: Option<u32>,
    /// It is next, and a run that was started by hand holds it up.
    pub outside: bool,
    /// The outcome comment, once it stands.
    pub outcome_url: Option<&'a str>,
}

/// The status comment; its last line is [`status_marker`].
pub fn status_comment(view: &StatusView<'_>) -> String {
    seal(&blocks(view), status_marker())
}

/// One block for each build.
pub(super) fn blocks(view: &StatusView<'_>) -> String {
    if view.builds.is_empty() {
        return no_build(view.queue_url);
    }
    let blocks: Vec<String> = view.builds.iter().map(|line| block(view, line)).collect();
    blocks.join("\n\n---\n\n")
}

/// What stands in their place where nothing was asked for.
pub(super) fn no_build(queue_url: &str) -> String {
    format!(
        "### 💤 No build in this issue\n\
         To see what can be asked for, write a comment with only `/help`. What else is going on: {}",
        link("live queue", queue_url)
    )
}

fn block(view: &StatusView<'_>, line: &StatusLine<'_>) -> String {
    let build = line.build;
    match build.status {
        Status::Requested => {
            format!("### ⏳ Received\n{}\n\nIt is being checked. {NOTHING_TO_DO}", answers(build))
        }
        Status::AwaitingApproval => awaiting(build, view.now),
        Status::Queued => queued(view, line),
        Status::Starting => {
            let since = since(build.starting_at, view.now);
            format!(
                "### 🔨 Starting{since}\n{}\n\nIt is your turn: the build is being started. {NOTHING_TO_DO} {TO_STOP}",
                answers(build)
            )
        }
        Status::Running => {
            let since = since(build.running_at, view.now);
            format!("### 🔨 Building{since}{}\n{}\n\n{TO_STOP}", in_brackets(build), with_commit(build))
        }
        Status::Cancelling => cancelling(view, build),
        Status::Invalid => invalid(build, view.builds.len() > 1),
        Status::Succeeded => ended("✅ Succeeded", line),
        Status::Failed => ended("❌ Failed", line),
        Status::Rejected => ended("🚫 Not approved", line),
        Status::ApprovalExpired => ended("💤 Nobody approved in time", line),
        Status::Cancelled => ended("🚫 Cancelled", line),
        Status::TimedOut => ended("⌛ Timed out", line),
        Status::Lost => ended("❓ Not known how it ended", line),
    }
}

fn since(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    at.map(|at| format!(" since {}", clock(at, now))).unwrap_or_default()
}

fn in_brackets(build: &Build) -> String {
    build.run_url.as_deref().map(|url| format!(" ({})", run(url))).unwrap_or_default()
}

fn with_commit(build: &Build) -> String {
    match commit(build) {
        Some(commit) => format!("{} · {commit}", answers(build)),
        None => answers(build),
    }
}

fn queued(view: &StatusView<'_>, line: &StatusLine<'_>) -> String {
    let queue = link("live queue", view.queue_url);
    let now = clock(view.now, view.now);
    let place = match line.before {
        None => format!("Your place: {queue}"),
        Some(before) => {
            format!("{} as of {now}; the number of now: {queue}", builds_before(before))
        }
    };
    let state = if line.outside { OUTSIDE } else { "⏳ Queued" };
    format!("### {state}\n{}\n\n{place}\nNo estimate yet.\n{NOTHING_TO_DO} {TO_STOP}", answers(line.build))
}

pub(super) fn builds_before(before: u32) -> String {
    match before {
        0 => "Nothing before yours".to_owned(),
        1 => "1 build before yours".to_owned(),
        more => format!("{more} builds before yours"),
    }
}

fn awaiting(build: &Build, now: DateTime<Utc>) -> String {
    let Some(approval) = &build.approval else { return answers(build) };
    let until = approval.until.filter(|_| approval.stands_since.is_none());
    let until = until.map(|until| format!(" (until {})", clock(until, now))).unwrap_or_default();
    let waits = format!("Waiting for {}{until}", approval_by(approval.terms.by));
    let heading = match approval.voided {
        None => format!("### ✋ {waits}"),
        Some(Voided::Answers) => {
            format!("### ✋ The answers changed, so the approval no longer counts.\n{waits}.")
        }
        Some(Voided::Commit) => {
            format!("### ✋ The branch has moved, so the approval no longer counts.\n{waits}.")
        }
    };
    let of = match &approval.commit {
        Some(commit) => {
            format!("{} · from branch {} · {}", answers(build), code(&build.git_ref), short_commit(commit))
        }
        None if approval.terms.pin == Pin::Commit => {
            format!("{} · from branch {}, which is not there", answers(build), code(&build.git_ref))
        }
        None => format!("{} · from branch {}", answers(build), code(&build.git_ref)),
    };
    let anew = match build.trigger {
        Trigger::Issue => " Editing the issue asks for approval anew.",
        _ => "",
    };
    format!(
        "{heading}\n{of}\n\nYou need to do nothing.{anew}\n{}: `/approve`, or `/reject` and a reason.",
        capital(holders(approval.terms.by))
    )
}

fn cancelling(view: &StatusView<'_>, build: &Build) -> String {
    let why = match &build.ending {
        Some(Ending::Cancelled { by: who }) => format!(" {}", by(*who)),
        Some(Ending::TimedOut) => {
            format!(" because its limit of {} is over", long(TimeDelta::seconds(build.timeout_seconds)))
        }
        Some(Ending::OtherCommit) => " because it builds another commit than the approved one".to_owned(),
        _ => String::new(),
    };
    format!(
        "### 🚫 Stopping{}{}\n{}\n\nIt was asked to stop{why}; the machine is not free yet. {NOTHING_TO_DO}",
        since(build.stopping_at, view.now),
        in_brackets(build),
        with_commit(build)
    )
}

fn invalid(build: &Build, several: bool) -> String {
    let (problems, corrected) = match &build.ending {
        Some(Ending::Invalid { problems, corrected }) => (problems.as_slice(), corrected.as_deref()),
        _ => (&[][..], None),
    };
    // Alone in its issue there is nothing to mix it up with.
    let of = if several { build.build_type.as_str() } else { "" };
    format!("{}{}", needs_correction(problems, of), way_out(build.trigger, corrected))
}

/// How many answers, and each with its reason and a right one.
pub(super) fn needs_correction(problems: &[Problem], build_type: &str) -> String {
    let heading = match problems.len() {
        0 => "The request needs a correction".to_owned(),
        1 => "One answer needs a correction".to_owned(),
        many => format!("{} answers need a correction", count(many)),
    };
    let mut text = format!("### ✏️ {heading}\n");
    if !build_type.is_empty() {
        text.push_str(&format!("**{}**\n\n", escape(build_type)));
    }
    if !problems.is_empty() {
        text.push_str("| Field | Now | Why not | Would be right |\n|---|---|---|---|\n");
        text.extend(problems.iter().map(row));
        text.push('\n');
    }
    text
}

fn row(problem: &Problem) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), code_cell);
    let now = value(&problem.now);
    let right = value(&problem.right);
    format!("| {} | {now} | {} | {right} |\n", escape(&problem.field), prose_cell(&problem.why))
}

pub(super) fn way_out(trigger: Trigger, corrected: Option<&str>) -> String {
    let how = match (trigger, corrected.and_then(line_to_copy)) {
        (Trigger::Issue, _) => "Edit the issue's text above (⋯ → Edit); I check it again by myself.".to_owned(),
        (Trigger::Comment | Trigger::Manual, Some(line)) => format!("Write a new comment with only: {line}."),
        (Trigger::Comment | Trigger::Manual, None) => {
            "Write a new comment with only the corrected `/build` line; one with only `/help` shows what can be asked for."
                .to_owned()
        }
    };
    format!("{how} Nothing has been started.")
}

/// The last state: one line, and where to read more.
fn ended(state: &str, line: &StatusLine<'_>) -> String {
    let more = match line.outcome_url {
        Some(url) => format!(" ({})", link("result", url)),
        None => "; a new comment tells the result".to_owned(),
    };
    format!("### {state}: {}{more}", title(line.build))
}
