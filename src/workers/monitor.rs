//! Asks GitHub about the runs of held locks, at the start of the process too, so that a lost webhook costs one interval
//! and never a build.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use tracing::Instrument as _;

use super::{Context, obstacle::NobodyLeft};
use crate::{
    github::{GitHubError, Repo, Run},
    queue::{Build, DispatchAnswer, Event, Phase, RepoKey, RunReport},
    store::RunToCheck,
};

/// A run that GitHub does not show counts as gone after so long: it may be new, and lists lag.
const MISSING_FOR: TimeDelta = TimeDelta::minutes(2);

/// Since when GitHub does not show a run. Lost with the process, which makes it wait once more.
#[derive(Default)]
pub(super) struct Missing(Mutex<HashMap<i64, DateTime<Utc>>>);

impl Missing {
    /// Not shown at `now`; since when? `answered_at` is when GitHub last spoke of it.
    fn since(&self, run_id: i64, answered_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = all.entry(run_id).or_insert(now);
        if answered_at.is_some_and(|answered_at| answered_at >= *since) {
            *since = now;
        }
        *since
    }

    fn forget(&self, run_id: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&run_id);
    }
}

/// How many repositories are asked about at once: where GitHub hangs, the others are heard of in time.
const AT_ONCE: usize = 8;

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let now = context.store().now().await?;
    let half = TimeDelta::from_std(context.0.check_runs_every / 2).unwrap_or(TimeDelta::MAX);
    let mut holders: BTreeMap<RepoKey, Vec<RunToCheck>> = BTreeMap::new();
    for holder in context.store().runs_to_check(now - half, now).await? {
        holders.entry(holder.build.repo()).or_default().push(holder);
    }
    let asked = stream::iter(holders).map(|(repo, holders)| look(context, repo, holders));
    let results: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
    results.into_iter().collect::<Result<(), _>>()?;
    for repo in context.store().approvals_due(now).await? {
        context.tell(repo, "monitor", &Event::Look).await?;
    }
    Ok(false)
}

/// Looks after the holders of one repository.
async fn look(context: &Context, repo: RepoKey, holders: Vec<RunToCheck>) -> anyhow::Result<()> {
    let mut late = false;
    for holder in holders {
        context.health().goes_on("Monitor");
        if holder.unanswered {
            // Its dispatch was set aside: nothing else would ever move this build.
            let event =
                Event::Dispatched { build: holder.build.build_id, answer: DispatchAnswer::NeverConfirmed };
            context.tell(repo, "monitor", &event).await?;
            continue;
        }
        let over = match holder.build.run_id.filter(|_| holder.ask) {
            Some(run_id) => {
                let (tenant, repo, build) = (repo.tenant_id, repo.repo_id, holder.build.build_id);
                let span = tracing::error_span!("monitor", tenant, repo, %build, run = run_id);
                match ask(context, &holder, run_id).instrument(span.clone()).await {
                    Ok(over) => over,
                    // It went where the App is not: nothing can be known.
                    Err(error) if error.is::<NobodyLeft>() => continue,
                    Err(error) => {
                        let error = format!("{error:#}");
                        span.in_scope(|| tracing::warn!(error, "GitHub did not say how the run is"));
                        false
                    }
                }
            }
            None => false,
        };
        // After downtime a build that has ended is completed, not timed out. Nor is one of which GitHub did not say now
        // that it goes on: the heart sees that in its leases' heartbeats.
        late |= holder.overdue && !over;
    }
    if late {
        context.tell(repo, "monitor", &Event::Look).await?;
    }
    Ok(())
}

/// Tells how the build's own attempt is, and that another has begun, if so. Returns whether its own is over.
async fn ask(context: &Context, holder: &RunToCheck, run_id: i64) -> anyhow::Result<bool> {
    let build = &holder.build;
    let (_, address) = context.repository(build.repo()).await?;
    let github = &context.0.github;
    let gone = Event::RunGone { run_id, attempt: build.attempt() };
    let (own, later) = match github.run(&address, run_id.cast_unsigned()).await.map(|run| report(&run)) {
        Ok(run) if run.attempt == build.attempt() => (Event::Run(run), None),
        Ok(run) => {
            let own = build.attempt().unsigned_abs();
            match github.run_attempt(&address, run_id.cast_unsigned(), own).await {
                Ok(own) => (Event::Run(report(&own)), (run.attempt > build.attempt()).then_some(run)),
                // Another one took its place, and what became of it is not kept.
                Err(GitHubError::NotFound) if run.attempt > build.attempt() => (gone, Some(run)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(GitHubError::NotFound) => {
            confirm_access(context, build, &address).await?;
            let now = context.store().now().await?;
            let since = context.0.missing.since(run_id, holder.answered_at, now);
            anyhow::ensure!(
                now - since >= MISSING_FOR,
                "it does not show the run since {since}; that may pass"
            );
            (gone, None)
        }
        Err(error) => return Err(error.into()),
    };
    context.0.missing.forget(run_id);
    let over = match &own {
        Event::Run(report) => report.phase == Phase::Completed,
        _ => true,
    };
    for event in [own].into_iter().chain(later.map(Event::Run)) {
        context.tell(build.repo(), "monitor", &event).await?;
    }
    Ok(over)
}

/// "Not found" counts only while the same token still reads this very repository and its runs.
async fn confirm_access(context: &Context, build: &Build, address: &Repo) -> anyhow::Result<()> {
    let github = &context.0.github;
    let repository = github.repository(address).await?;
    anyhow::ensure!(repository.id.cast_signed() == build.repo_id, "another repository has this name now");
    let runs =
        github.workflow_runs(address, &build.workflow, "workflow_dispatch", build.requested_at).await?;
    let listed = runs.iter().any(|run| Some(run.id.cast_signed()) == build.run_id);
    anyhow::ensure!(!listed, "GitHub lists the run that it says is not there");
    Ok(())
}

pub(super) fn report(run: &Run) -> RunReport {
    let phase = match run.status.as_str() {
        "completed" => Phase::Completed,
        "in_progress" => Phase::InProgress,
        // queued, requested, waiting, pending, action_required, and what may come
        _ => Phase::Requested,
    };
    RunReport {
        run_id: run.id.cast_signed(),
        attempt: i32::try_from(run.attempt).unwrap_or(i32::MAX),
        phase,
        conclusion: run.conclusion.clone(),
        workflow: RunReport::workflow_file(&run.path),
        title: run.display_title.clone(),
        trigger: run.event.clone(),
        actor: run.actor_login.clone().unwrap_or_default(),
        started_by: run.triggering_actor_login.clone().unwrap_or_default(),
        created_at: run.created_at,
        head_sha: run.head_sha.clone(),
        url: run.html_url.clone(),
    }
}
