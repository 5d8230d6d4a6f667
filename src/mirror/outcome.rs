//! The new comment at a build's end.

use chrono::{DateTime, TimeDelta, Utc};

use super::build::{by, commit, run, same_again, short_commit, title, to_ask_again};
use super::hidden::{outcome_marker, seal};
use super::text::{code, escape, link};
use super::words::{day, days, long, short, size};
use crate::queue::{Build, Ending, Gone, Status};

#[cfg(test)]
mod tests;

/// Artifacts named one by one.
const MAX_NAMED: usize = 30;

/// All that the outcome comment of one ended build is made of.
#[derive(Clone, Debug)]
pub struct OutcomeView<'a> {
    pub build: &'a Build,
    /// The repository on GitHub, e.g. `https://github.com/owner/name`.
    pub repo_url: &'a str,
    pub artifacts: &'a [Artifact],
    /// Where a failed run failed, if GitHub told.
    pub failed: Option<FailedStep>,
    /// Where a run stood when it was stopped, if GitHub told.
    pub last_step: Option<FailedStep>,
}

/// A file that the run left on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    pub name: String,
    pub size_bytes: u64,
    pub url: String,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A place in a run, and its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedStep {
    pub job: String,
    pub step: Option<String>,
    pub url: String,
}

/// The outcome comment; its last line is [`outcome_marker`].
pub fn outcome_comment(view: &OutcomeView<'_>) -> String {
    let build = view.build;
    let text = match (build.status, &build.ending) {
        (Status::Succeeded, _) => succeeded(view),
        (_, Some(Ending::DispatchRefused { message })) => refused(build, message),
        (Status::Rejected, ending) => rejected(build, ending.as_ref()),
        (Status::ApprovalExpired, _) => approval_expired(build),
        (_, Some(Ending::OtherCommit)) => other_commit(build),
        (Status::TimedOut, Some(Ending::TimedOut)) => over_limit(view),
        (Status::TimedOut, _) => over_githubs_limit(view),
        (Status::Cancelled, ending) => cancelled(build, ending.as_ref()),
        (Status::Lost, ending) => lost(build, ending.as_ref()),
        _ => failed(view),
    };
    seal(&text, &outcome_marker(build.build_id))
}

fn succeeded(view: &OutcomeView<'_>) -> String {
    let files = if view.artifacts.is_empty() { no_files(view) } else { files(view) };
    let mut facts = facts(view.build, "built");
    facts.extend(run_link(view));
    format!("### ✅ Your build is ready: {}\n{files}\n{}", title(view.build), facts.join(" · "))
}

fn files(view: &OutcomeView<'_>) -> String {
    let named = view.artifacts.iter().take(MAX_NAMED);
    let mut named: Vec<String> = named
        .map(|file| format!("**{}** {}", link(&escape(&file.name), &file.url), size(file.size_bytes)))
        .collect();
    if let Some(more) = view.artifacts.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        named.push(format!("and {more} more in the run"));
    }
    let kept = view.artifacts.iter().filter_map(|file| file.expires_at).min();
    let kept = kept.map(|until| format!("; kept until {}", day(until))).unwrap_or_default();
    format!("{}\nSign in to GitHub to download (a zip file){kept}.", named.join(" · "))
}

fn no_files(view: &OutcomeView<'_>) -> String {
    match run_link(view) {
        Some(run) => {
            format!("It left no files to download; what it did is in the {run}. You need to do nothing.")
        }
        None => "It left no files to download. You need to do nothing.".to_owned(),
    }
}

fn failed(view: &OutcomeView<'_>) -> String {
    let build = view.build;
    let place = match &view.failed {
        Some(at) => format!("It stopped in {}: {}.", place(at), link("log", &at.url)),
        None => unknown_place(view),
    };
    let again = "Write a comment with only `/retry` to try once more with the same answers; if it fails again, ask here.";
    let facts = facts(build, "ran").join(" · ");
    format!(
        "### ❌ Your build failed: {}\n{place}\nYour request itself was valid. {again}\n{facts}",
        title(build)
    )
}

fn place(at: &FailedStep) -> String {
    match &at.step {
        Some(step) => format!("job **{}**, step **{}**", escape(&at.job), escape(step)),
        None => format!("job **{}**", escape(&at.job)),
    }
}

fn unknown_place(view: &OutcomeView<'_>) -> String {
    let said = match &view.build.ending {
        Some(Ending::Concluded { conclusion }) => format!("GitHub says {}", code(conclusion)),
        _ => "It did not succeed".to_owned(),
    };
    match run_link(view) {
        Some(run) => format!("{said}; the step is not known, see the {run}."),
        None => format!("{said}; the step is not known."),
    }
}

/// A maintainer's no, with their reason.
fn rejected(build: &Build, ending: Option<&Ending>) -> String {
    let reason = match ending {
        Some(Ending::Rejected { reason }) => format!(": *{}*", escape(reason.trim())),
        _ => String::new(),
    };
    format!(
        "### 🚫 Not approved{reason}\nNothing was built: {}. If you think that it should be, ask here.",
        title(build)
    )
}

fn approval_expired(build: &Build) -> String {
    let waited = build.approval.as_ref().map_or(0, |approval| approval.terms.expires_seconds);
    format!(
        "### 💤 Nobody approved in {}\n\
         Nothing was built. Write a comment with only `/retry` to ask again; your answers are kept.",
        days(TimeDelta::seconds(waited))
    )
}

/// The branch moved in the moment between our last look and the start of the run.
fn other_commit(build: &Build) -> String {
    let approved = build.approved_commit().map(short_commit).unwrap_or_default();
    let built = commit(build).unwrap_or_default();
    format!(
        "### ✋ Stopped: the branch moved after the approval: {}\n\
         Approved was {approved}, the run had {built}; what it made must not be used.\n\
         Write a comment with only `/retry` to ask for approval of the branch as it is now; your answers are kept.",
        title(build)
    )
}

fn refused(build: &Build, message: &str) -> String {
    let reason = message.trim().trim_end_matches('.');
    let again = match same_again(build) {
        Some(line) => format!("When that is done, ask again: write a comment with only {line}."),
        None => "When that is done, open a new issue with the same answers.".to_owned(),
    };
    format!(
        "### ❌ Your build could not be started: {}\n\
         GitHub refused it: *{}*. Nothing was built.\n\
         A maintainer must correct that; there is nothing for you to correct. {again}",
        title(build),
        escape(reason)
    )
}

fn over_limit(view: &OutcomeView<'_>) -> String {
    let limit = TimeDelta::seconds(view.build.timeout_seconds);
    format!(
        "### ⌛ Stopped after {}: {}\n\
         The limit for this build is {} (set by the maintainers).{} The machine is free again.",
        short(limit),
        title(view.build),
        long(limit),
        last_step(view)
    )
}

/// A limit in the workflow itself, or GitHub's own.
fn over_githubs_limit(view: &OutcomeView<'_>) -> String {
    let after = ran(view.build).map(|ran| format!(" after {}", short(ran))).unwrap_or_default();
    format!(
        "### ⌛ Stopped{after}: {}\n\
         It reached a limit on GitHub's side (`timeout-minutes` in the workflow, if the maintainers set it).{} \
         The machine is free again.",
        title(view.build),
        last_step(view)
    )
}

fn last_step(view: &OutcomeView<'_>) -> String {
    let Some(at) = &view.last_step else { return String::new() };
    let name = at.step.as_ref().unwrap_or(&at.job);
    format!(" Last step: **{}** ({}).", escape(name), link("log", &at.url))
}

fn cancelled(build: &Build, ending: Option<&Ending>) -> String {
    let who = match ending {
        Some(Ending::Cancelled { by: who }) => format!(" {}", by(*who)),
        Some(Ending::IssueGone { why: Gone::Deleted }) => " because the issue was deleted".to_owned(),
        Some(Ending::IssueGone { why: Gone::Transferred }) => {
            " because the issue is another repository's now".to_owned()
        }
        Some(Ending::RepositoryGone) => " because the repository was deleted".to_owned(),
        Some(Ending::RepositoryMoved) => " because the repository has another owner now".to_owned(),
        _ => String::new(),
    };
    let how_far =
        if build.run_id.is_none() { "Nothing was built." } else { "It was stopped before it finished." };
    format!("### 🚫 Cancelled{who}\n{how_far} {}", to_ask_again(build))
}

fn lost(build: &Build, ending: Option<&Ending>) -> String {
    match ending {
        Some(Ending::RunGone) => format!(
            "### ❓ GitHub no longer knows the run of your build: {}\n\
             Whether it finished cannot be learnt any more. {}",
            title(build),
            to_ask_again(build)
        ),
        Some(Ending::RepositoryGone) => {
            format!("### ❓ The repository was deleted while this was built: {}", title(build))
        }
        Some(Ending::Lifted { reason }) => format!(
            "### ❓ Given up by a maintainer: {}\n\
             How it ended could not be learnt. The reason given: *{}*.\n{}",
            title(build),
            escape(reason.trim().trim_end_matches('.')),
            to_ask_again(build)
        ),
        _ => format!(
            "### ❓ We could not learn whether the build started. A maintainer must look; you need do nothing.\n\
             It was to be: {}",
            title(build)
        ),
    }
}

/// How long it waited and ran, and of what.
fn facts(build: &Build, verb: &str) -> Vec<String> {
    let waited = build.queued_at.zip(build.starting_at).map(|(from, to)| short(to - from));
    let times = match (waited, ran(build).map(short)) {
        (Some(waited), Some(ran)) => Some(format!("Waited {waited}, {verb} {ran}")),
        (Some(waited), None) => Some(format!("Waited {waited}")),
        _ => None,
    };
    times.into_iter().chain(commit(build)).collect()
}

fn ran(build: &Build) -> Option<TimeDelta> {
    Some(build.ended_at? - build.running_at.or(build.starting_at)?)
}

fn run_link(view: &OutcomeView<'_>) -> Option<String> {
    let made = || view.build.run_id.map(|id| format!("{}/actions/runs/{id}", view.repo_url));
    view.build.run_url.clone().or_else(made).map(|url| run(&url))
}
