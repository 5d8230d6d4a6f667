//! The demo's verdict, from the sandbox's own record and not from our tables. What only we know, such as an approval, is
//! taken from the audit, and held against the record where that can tell.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{decided::Decided, town::REPO};
use crate::{
    policy::CORRELATION_INPUT,
    sandbox::{Asked, Comment, Record, World},
    store::AuditRow,
};

/// What came of all requests. The JSON keys are these names, in this order.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub requests: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
    /// Answered by a refusal or by nobody's approval, or left to be corrected.
    pub refused: usize,
    #[serde(flatten)]
    pub decided: Decided,
    /// Asked and left without outcome or refusal.
    pub forgotten: usize,
    /// Runs beyond one per build.
    pub doubled: usize,
    /// Runs that were alive at the same time.
    pub max_holders: usize,
    pub max_runs_per_build: usize,
    pub max_status_comments_per_issue: usize,
    /// From a run's end at GitHub to the next dispatch there, while somebody waited; milliseconds of real time.
    pub turnover_ms: Percentiles,
    /// Real time.
    pub seconds: f64,
    pub violations: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: u64,
    pub p99: u64,
}

/// What one request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Succeeded,
    Failed,
    Cancelled,
    Refused,
    Forgotten,
}

/// Slots of the demo's queue.
const CAPACITY: usize = 1;

impl Summary {
    /// `rate`: how fast the record's clock ran.
    pub fn of(world: &World, audit: &[AuditRow], rate: f64, seconds: f64) -> Self {
        let record = world.record();
        let fates: Vec<Fate> =
            record.asked.iter().map(|asked| fate(&world.comments(REPO, asked.issue))).collect();
        let count = |fate| fates.iter().filter(|other| **other == fate).count();
        let per_build = runs_per_build(record);
        let statuses = record.asked.iter().map(|asked| {
            world
                .comments(REPO, asked.issue)
                .iter()
                .filter(|c| c.body.contains(crate::mirror::status_marker()))
                .count()
        });
        let mut summary = Self {
            requests: fates.len(),
            succeeded: count(Fate::Succeeded),
            failed: count(Fate::Failed),
            cancelled: count(Fate::Cancelled),
            refused: count(Fate::Refused),
            decided: Decided::of(audit),
            forgotten: count(Fate::Forgotten),
            doubled: per_build.values().map(|runs| runs.saturating_sub(1)).sum(),
            max_holders: most_alive(record),
            max_runs_per_build: per_build.values().copied().max().unwrap_or(0),
            max_status_comments_per_issue: statuses.max().unwrap_or(0),
            turnover_ms: turnover(record, rate),
            seconds,
            violations: world.violations().iter().map(|violation| format!("call: {violation}")).collect(),
        };
        summary.violations.extend(summary.broken());
        let told = told_of(world, REJECTED);
        if told != summary.decided.rejected {
            let rejected = summary.decided.rejected;
            summary.violations.push(format!("{rejected} requests were rejected, and {told} issues say so"));
        }
        summary
    }

    /// The invariants that do not hold.
    fn broken(&self) -> Vec<String> {
        let rules = [
            (self.forgotten > 0, format!("{} requests were forgotten", self.forgotten)),
            (self.doubled > 0, format!("{} runs too many were started", self.doubled)),
            (
                self.max_holders > CAPACITY,
                format!("{} runs were alive at once on {CAPACITY} slot", self.max_holders),
            ),
            (self.max_status_comments_per_issue > 1, "an issue has more than one status comment".to_owned()),
        ];
        rules.into_iter().filter_map(|(broken, text)| broken.then_some(text)).collect()
    }

    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }

    pub fn table(&self) -> String {
        let rows = [
            ("requests", self.requests.to_string()),
            ("succeeded", self.succeeded.to_string()),
            ("failed", self.failed.to_string()),
            ("cancelled", self.cancelled.to_string()),
            ("refused or to be corrected", self.refused.to_string()),
            ("approved", self.decided.approved.to_string()),
            ("rejected", self.decided.rejected.to_string()),
            ("approval expired", self.decided.expired.to_string()),
            ("retried", self.decided.retried.to_string()),
            ("forgotten", self.forgotten.to_string()),
            ("runs too many", self.doubled.to_string()),
            ("most runs at once", self.max_holders.to_string()),
            ("most status comments in an issue", self.max_status_comments_per_issue.to_string()),
            (
                "from a run's end to the next dispatch",
                format!("{} ms (p99 {} ms)", self.turnover_ms.p50, self.turnover_ms.p99),
            ),
            ("seconds", format!("{:.1}", self.seconds)),
        ];
        let rows = rows.map(|(name, value)| [name.to_owned(), value]);
        let mut text = super::super::table::table(["WHAT", "COUNT"], &rows);
        for violation in &self.violations {
            text.push_str(&format!("\nBROKEN: {violation}"));
        }
        text
    }
}

/// Whether every request has its answer.
pub(super) fn all_answered(world: &World) -> bool {
    world.record().asked.iter().all(|asked| fate(&world.comments(REPO, asked.issue)) != Fate::Forgotten)
}

/// How an outcome begins that tells of a rejection.
const REJECTED: &str = "### 🚫 Not approved";

fn fate(comments: &[Comment]) -> Fate {
    let ours = || comments.iter().filter(|comment| comment.author.ends_with("[bot]"));
    let last = outcomes(comments).last();
    match last.and_then(|comment| comment.body.chars().nth(4)) {
        Some('✅') => Fate::Succeeded,
        Some('🚫') if last.is_some_and(|comment| comment.body.starts_with(REJECTED)) => Fate::Refused,
        Some('🚫') => Fate::Cancelled,
        Some('💤') => Fate::Refused,
        Some(_) => Fate::Failed,
        None if ours().any(|comment| comment.body.starts_with("### ✏") || is_refusal(comment)) => {
            Fate::Refused
        }
        None => Fate::Forgotten,
    }
}

/// The comments at a build's end.
pub(super) fn outcomes(comments: &[Comment]) -> impl Iterator<Item = &Comment> {
    let ours = comments.iter().filter(|comment| comment.author.ends_with("[bot]"));
    ours.filter(|comment| comment.body.contains("<!-- trilock:outcome:"))
}

/// The issues with an outcome that begins so.
fn told_of(world: &World, words: &str) -> usize {
    let told = |asked: &&Asked| {
        outcomes(&world.comments(REPO, asked.issue)).any(|comment| comment.body.starts_with(words))
    };
    world.record().asked.iter().filter(told).count()
}

fn is_refusal(comment: &Comment) -> bool {
    comment.body.contains("<!-- trilock:reply:")
}

/// Runs by the build that their title names; a run that names none counts for itself.
fn runs_per_build(record: &Record) -> BTreeMap<String, usize> {
    let mut runs = BTreeMap::new();
    for run in &record.runs {
        let build = run.inputs.get(CORRELATION_INPUT).cloned().unwrap_or_else(|| format!("run {}", run.run));
        *runs.entry(build).or_insert(0) += 1;
    }
    runs
}

/// The most runs that were alive at one time: from the request to the real end.
fn most_alive(record: &Record) -> usize {
    let mut steps: Vec<(DateTime<Utc>, i64)> = Vec::new();
    for run in &record.runs {
        steps.push((run.requested_at, 1));
        steps.extend(run.completed_at.map(|at| (at, -1)));
    }
    // At the same moment an end comes before a beginning.
    steps.sort();
    let mut alive = 0_i64;
    let most = steps.into_iter().map(|(_, step)| {
        alive += step;
        alive
    });
    most.max().and_then(|most| usize::try_from(most).ok()).unwrap_or(0)
}

/// When people last said something about a request, before it was dispatched: approved it, or wanted it once more.
fn last_said(record: &Record, asked: &Asked, dispatched: DateTime<Utc>) -> DateTime<Utc> {
    let said = record.comments.iter().filter(|said| said.issue == asked.issue && said.at <= dispatched);
    let people = said.filter(|said| !said.author.ends_with("[bot]")).map(|said| said.at);
    people.chain([asked.at]).max().unwrap_or(asked.at)
}

/// Only ends after which somebody already waited: what is dispatched next was asked, and all that people say about it was
/// said, before.
fn turnover(record: &Record, rate: f64) -> Percentiles {
    let mut taken: Vec<u64> = Vec::new();
    for dispatch in &record.dispatches {
        let tag = dispatch.inputs.get("tag").map_or("", String::as_str);
        let asked = record.asked.iter().filter(|asked| asked.text.contains(tag)).min_by_key(|asked| asked.at);
        let asked = asked.map(|asked| last_said(record, asked, dispatch.at));
        let ended =
            record.runs.iter().filter_map(|run| run.completed_at).filter(|at| *at <= dispatch.at).max();
        if let (Some(asked), Some(ended)) = (asked, ended)
            && asked < ended
        {
            let millis = (dispatch.at - ended).num_milliseconds() as f64 / rate;
            taken.push(millis as u64);
        }
    }
    taken.sort_unstable();
    let at = |share: f64| {
        let last = taken.len().saturating_sub(1);
        taken.get((last as f64 * share).round() as usize).copied().unwrap_or(0)
    };
    Percentiles { p50: at(0.5), p99: at(0.99) }
}
