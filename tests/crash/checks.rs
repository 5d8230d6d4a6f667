//! What must hold: at any time, and at the end when nothing is left to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::json;
use sqlx::Row as _;
use trilock::sandbox::{CommentChange, Record, RunTimes};

use crate::{
    database::Database,
    github::GitHub,
    logs::Logs,
    town::{BuildType, REPOS},
};

/// Who we are on GitHub.
pub const BOT: &str = "trilock[bot]";

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub check: &'static str,
    pub what: String,
}

/// All findings so far, each once.
pub type Findings = BTreeSet<Finding>;

pub fn found(check: &'static str, all: impl IntoIterator<Item = String>) -> Findings {
    all.into_iter().map(|what| Finding { check, what }).collect()
}

/// Tokens that are not unique, not in the order of their grants, or newer than the resource's counter.
const BAD_TOKENS: &str = "
    WITH granted AS (
        SELECT tenant_id, resource, token, granted_at FROM lease
        UNION ALL SELECT tenant_id, resource, token, granted_at FROM lease_history
    ), ordered AS (
        SELECT g.*, lag(granted_at) OVER one AS before, lag(token) OVER one AS last FROM granted g
        WINDOW one AS (PARTITION BY tenant_id, resource ORDER BY token, granted_at)
    )
    SELECT format('%s token %s granted %s', o.resource, o.token, o.granted_at) FROM ordered o
      LEFT JOIN lock l ON l.tenant_id = o.tenant_id AND l.class = 3 AND l.key = o.resource
     WHERE o.before > o.granted_at OR o.last = o.token OR o.token > coalesce(l.counter, 0)";

const ORPHANS: &str = "
    SELECT format('%s[%s] of build %s', l.resource, l.slot, l.build_id) FROM lease l
     WHERE l.state = 'held'
       AND NOT EXISTS (SELECT FROM build b WHERE b.tenant_id = l.tenant_id AND b.build_id = l.build_id
                          AND b.status IN ('starting', 'running', 'cancelling'))";

const DEAD: &str = "
    SELECT format('event %s: %s', event->>'event', last_error) FROM inbox WHERE state = 'dead'
    UNION ALL SELECT format('effect %s: %s', effect_key, last_error) FROM outbox WHERE state = 'dead'";

/// Of these deliveries, those that the servers do not have.
pub const NOT_STORED: &str = "
    SELECT guid FROM unnest($1::text[]) AS guid WHERE NOT EXISTS (SELECT FROM delivery WHERE delivery_id = guid)";

const COUNTERS: &str = "SELECT tenant_id || '/' || key AS key, counter FROM lock WHERE class = 3";

/// Looks within which a second status comment goes away.
const SOON: u32 = 10;

/// What is looked at during the run, again and again.
pub struct Watch<'a> {
    pub database: &'a Database,
    pub github: &'a GitHub,
    pub folder: &'a Path,
    pub logs: Logs,
    /// The highest token seen of each resource.
    pub counters: BTreeMap<String, i64>,
    /// How many acknowledged webhooks were looked at.
    pub acknowledged: usize,
    /// In how many looks running an issue had more than one status comment.
    pub second_comments: BTreeMap<(String, u64), u32>,
}

impl Watch<'_> {
    /// What holds at any time.
    pub async fn look(&mut self, record: &Record) -> Findings {
        let mut all = runs_per_request(record);
        all.extend(overlaps(record));
        all.extend(doubled_comments(record));
        all.extend(self.second_comments(record));
        all.extend(found("fencing tokens only grow", self.database.lines(BAD_TOKENS).await));
        all.extend(self.counters_grow().await);
        all.extend(self.stored(record).await);
        all.extend(found("no lease without a holder", self.database.lines(ORPHANS).await));
        all.extend(found("no dead letters", self.database.lines(DEAD).await));
        let violations: Vec<String> = self.github.read("violations", json!({})).await;
        all.extend(found("calls as GitHub describes them", violations));
        all.extend(found("no panic, no refused write", self.logs.unwell(self.folder)));
        all
    }

    async fn counters_grow(&mut self) -> Findings {
        let mut shrunk = Vec::new();
        for row in self.database.rows(COUNTERS).await {
            let (key, counter): (String, i64) = (row.get("key"), row.get("counter"));
            let highest = self.counters.entry(key.clone()).or_default();
            if counter < *highest {
                shrunk.push(format!("{key} went from {highest} to {counter}"));
            }
            *highest = counter.max(*highest);
        }
        found("fencing tokens only grow", shrunk)
    }

    /// A second status comment may stand for a moment, until it is found and deleted.
    fn second_comments(&mut self, record: &Record) -> Findings {
        let mut many = BTreeMap::<(String, u64), u32>::new();
        for (repo, issue, _) in standing(record).into_values().filter(|(_, _, mark)| *mark == STATUS) {
            *many.entry((repo.to_owned(), issue)).or_default() += 1;
        }
        many.retain(|_, many| *many > 1);
        self.second_comments.retain(|issue, _| many.contains_key(issue));
        for issue in many.into_keys() {
            *self.second_comments.entry(issue).or_default() += 1;
        }
        let stay = self.second_comments.iter().filter(|(_, looks)| **looks > SOON);
        found(
            "one status comment per issue",
            stay.map(|((repo, issue), _)| format!("{repo}#{issue} keeps several")),
        )
    }

    async fn stored(&mut self, record: &Record) -> Findings {
        let new: Vec<String> =
            record.acknowledged[self.acknowledged..].iter().map(|it| it.guid.clone()).collect();
        self.acknowledged = record.acknowledged.len();
        found("durable before it is acknowledged", self.database.lines_of(NOT_STORED, &new).await)
    }
}

fn ours(record: &Record) -> impl Iterator<Item = &RunTimes> {
    record.runs.iter().filter(|run| run.login == BOT && run.attempt == 1)
}

/// Each tag is asked for once, so one run of ours has it; and none has what nobody asked for.
fn runs_per_request(record: &Record) -> Findings {
    let (mut by_tag, mut by_build) = (BTreeMap::<&str, u32>::new(), BTreeMap::<&str, u32>::new());
    for run in ours(record) {
        *by_tag.entry(run.inputs.get("tag").map_or("", String::as_str)).or_default() += 1;
        if let Some(build) = run.inputs.get("trilock_build") {
            *by_build.entry(build).or_default() += 1;
        }
    }
    let asked = |tag: &str| tag.starts_with("v1.");
    let doubled = by_tag.iter().filter(|(tag, runs)| **runs > 1 || !asked(tag));
    let doubled = doubled.map(|(tag, runs)| format!("{runs} runs of {tag}"));
    let of_build = by_build.iter().filter(|(_, runs)| **runs > 1);
    let of_build = of_build.map(|(build, runs)| format!("{runs} runs of build {build}"));
    found("one run per build", doubled.chain(of_build))
}

/// More runs of ours at once than slots. Runs that people start are not counted.
fn overlaps(record: &Record) -> Findings {
    let mut all = Vec::new();
    for repo in &REPOS {
        let runs = || ours(record).filter(|run| run.repo == repo.name);
        all.extend(too_many(runs(), repo.slots).map(|why| format!("{}: {why}", repo.name)));
        let needing = |resource| {
            let uses = move |build: &&BuildType| build.resource == Some(resource);
            repo.builds.iter().filter(uses).map(|build| build.workflow).collect::<Vec<_>>()
        };
        for resource in repo.builds.iter().filter_map(|build| build.resource) {
            let workflows = needing(resource);
            let using = runs().filter(|run| workflows.contains(&run.workflow.as_str()));
            all.extend(too_many(using, 1).map(|why| format!("{}/{resource}: {why}", repo.name)));
        }
    }
    found("no more runs than slots", all)
}

fn too_many<'a>(runs: impl Iterator<Item = &'a RunTimes>, slots: usize) -> Option<String> {
    let mut alive: Vec<&RunTimes> = Vec::new();
    let mut runs: Vec<&RunTimes> = runs.collect();
    runs.sort_by_key(|run| run.requested_at);
    for run in runs {
        alive.retain(|other| other.completed_at.is_none_or(|at| at > run.requested_at));
        alive.push(run);
        if alive.len() > slots {
            let ids: Vec<u64> = alive.iter().map(|run| run.run).collect();
            return Some(format!("runs {ids:?} at {}", run.requested_at));
        }
    }
    None
}

/// The comments of ours that stand, as (repository, issue, id, last line).
pub fn standing(record: &Record) -> BTreeMap<u64, (&str, u64, &str)> {
    let mut standing = BTreeMap::new();
    for event in record.comments.iter().filter(|event| event.author == BOT) {
        let last = event.body.lines().last().unwrap_or_default();
        match event.change {
            CommentChange::Deleted => _ = standing.remove(&event.comment),
            _ => _ = standing.insert(event.comment, (event.repo.as_str(), event.issue, last)),
        }
    }
    standing
}

pub const STATUS: &str = "<!-- trilock:status -->";

/// Outcomes and replies are new comments, never posted twice. (A second status comment may stand for a moment.)
fn doubled_comments(record: &Record) -> Findings {
    let mut marks = BTreeMap::<(&str, u64, &str), u32>::new();
    for place in standing(record).into_values().filter(|(_, _, mark)| *mark != STATUS) {
        *marks.entry(place).or_default() += 1;
    }
    let many = marks.into_iter().filter(|(_, many)| *many > 1);
    let told =
        many.map(|((repo, issue, mark), many)| format!("{repo}#{issue} has {many} comments with {mark}"));
    found("one outcome per build", told)
}
