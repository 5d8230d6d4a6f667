//! The JSON that the page is made from. It has what people may read: no internal ids, of inputs only what is shown.

mod begin;
mod locks;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{DemoPanel, operator::Visitor};
use crate::{
    queue::{Build, BuildId, By, Ending, Gone, Status},
    store::{Dead, Repository, RepositoryView},
};
use begin::Begin;
use locks::Locks;

#[derive(Serialize)]
pub(super) struct Page {
    pub now: DateTime<Utc>,
    pub operator: bool,
    pub can_sign_in: bool,
    pub repositories: Vec<RepositoryJson>,
    /// Repositories that are not in the list any more.
    pub more: usize,
    /// What was set aside; for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead: Option<Vec<Dead>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoPanel>,
}

#[derive(Serialize)]
pub(super) struct RepositoryJson {
    /// `owner/name`
    name: String,
    url: String,
    private: bool,
    /// `unread`, `none`, `good` or `broken`.
    policy: String,
    /// How a build is asked for, one entry per build type.
    begin: Vec<Begin>,
    /// Those that have their slots.
    running: Vec<BuildJson>,
    /// In the queue's order, after those that are still being checked.
    waiting: Vec<BuildJson>,
    ended: Vec<BuildJson>,
    locks: Locks,
}

/// One answer as people know it, given or as an example.
#[derive(Serialize)]
struct Answer {
    label: String,
    value: String,
}

#[derive(Serialize)]
struct BuildJson {
    build_type: String,
    status: Status,
    /// From 1, among those that wait.
    position: Option<usize>,
    /// Nobody here dispatched it: a person started it on GitHub.
    by_hand: bool,
    /// It holds no slot, and what it uses is granted to nobody until it ends.
    outside: bool,
    issue: Option<i64>,
    issue_url: Option<String>,
    asked_by: String,
    answers: Vec<Answer>,
    requested_at: DateTime<Utc>,
    queued_at: Option<DateTime<Utc>>,
    starting_at: Option<DateTime<Utc>>,
    running_at: Option<DateTime<Utc>>,
    stopping_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    run_id: Option<i64>,
    run_url: Option<String>,
    commit: Option<String>,
    /// In the queue, until it got its slots or left.
    waited_seconds: Option<i64>,
    /// With its slots, until it ended.
    ran_seconds: Option<i64>,
    /// As GitHub says it.
    conclusion: Option<String>,
    /// What it was for is gone.
    gone: Option<&'static str>,
    /// As a role.
    stopped_by: Option<By>,
}

/// In the place of a private answer.
const HIDDEN: &str = "(hidden)";

impl RepositoryJson {
    pub fn new(row: &Repository, view: RepositoryView, github_url: &str, visitor: Visitor) -> Self {
        let url = format!("{github_url}/{}", row.full_name());
        let (running, mut waiting): (Vec<Build>, Vec<Build>) =
            view.open.into_iter().partition(|build| build.status.is_holder());
        // In the queue's order, then those who wait for approval.
        waiting.sort_by_key(|build| (std::cmp::Reverse(build.status), build.order(), build.requested_at));
        let json = |build: Build| BuildJson::new(build, &url);
        let holds = |id: BuildId| view.leases.iter().any(|held| held.lease.build_id == id);
        let with_lock = |build: Build| {
            let outside = build.is_manual() && !holds(build.build_id);
            BuildJson { outside, ..json(build) }
        };
        let mut position = 0;
        let in_line = |build: Build| {
            let queued = build.status == Status::Queued;
            position += usize::from(queued);
            BuildJson { position: queued.then_some(position), ..json(build) }
        };
        Self {
            name: row.full_name(),
            private: row.private,
            policy: row.policy_state.clone(),
            begin: row.catalogue.as_ref().map(begin::of).unwrap_or_default(),
            running: running.into_iter().map(with_lock).collect(),
            waiting: waiting.into_iter().map(in_line).collect(),
            ended: view.ended.into_iter().map(json).collect(),
            locks: Locks::new(row.catalogue.as_ref(), view.locks, &view.leases, &url, visitor),
            url,
        }
    }

    /// Whether something is going on, then when the last build began or ended.
    pub fn last_change(&self) -> (bool, Option<DateTime<Utc>>) {
        let open = self.running.iter().chain(&self.waiting).map(|build| build.requested_at);
        let ended = self.ended.iter().filter_map(|build| build.ended_at);
        (!(self.running.is_empty() && self.waiting.is_empty()), open.chain(ended).max())
    }
}

impl BuildJson {
    fn new(build: Build, repository_url: &str) -> Self {
        let span = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| {
            from.zip(to).map(|(from, to)| (to - from).num_seconds().max(0))
        };
        let (by_hand, gone) = (build.is_manual(), build.ending.as_ref().and_then(gone));
        let (conclusion, stopped_by) = match build.ending {
            Some(Ending::Concluded { conclusion }) => (Some(conclusion), None),
            Some(Ending::Cancelled { by }) => (None, Some(by)),
            _ => (None, None),
        };
        Self {
            status: build.status,
            position: None,
            by_hand,
            outside: false,
            issue: build.issue,
            issue_url: build.issue.map(|issue| format!("{repository_url}/issues/{issue}")),
            asked_by: build.asker_login,
            answers: build
                .shown
                .into_iter()
                .map(|shown| Answer {
                    label: shown.label,
                    value: if shown.private { HIDDEN.to_owned() } else { shown.value },
                })
                .collect(),
            requested_at: build.requested_at,
            queued_at: build.queued_at,
            starting_at: build.starting_at,
            running_at: build.running_at,
            stopping_at: build.stopping_at,
            ended_at: build.ended_at,
            run_id: build.run_id,
            run_url: build.run_url,
            commit: build.head_sha.map(|sha| sha.chars().take(7).collect()),
            waited_seconds: span(build.queued_at, build.starting_at.or(build.ended_at)),
            ran_seconds: span(build.starting_at, build.ended_at),
            conclusion,
            gone,
            stopped_by,
            build_type: build.build_type,
        }
    }
}

fn gone(ending: &Ending) -> Option<&'static str> {
    Some(match ending {
        Ending::IssueGone { why: Gone::Deleted } => "the issue was deleted",
        Ending::IssueGone { why: Gone::Transferred } => "the issue is another repository's now",
        Ending::RepositoryGone => "the repository was deleted",
        Ending::RepositoryMoved => "the repository has another owner now",
        _ => return None,
    })
}
