//! The comment that tells how a build ended, with what GitHub tells of its run.

use super::{
    Context,
    effects::Settled,
    words::{Comment, in_its_form},
};
use crate::{
    github::{GitHubError, Job, Repo},
    mirror::{Artifact, FailedStep, OutcomeView, outcome_comment, outcome_marker},
    queue::{Build, BuildId, Status},
    store::{ClaimedEffect, Repository},
};

/// How often the run's jobs and artifacts are asked for before an outcome goes out without them.
const LOOKS: i32 = 6;

pub(super) async fn post(
    context: &Context,
    claim: &ClaimedEffect,
    id: BuildId,
    issue: i64,
) -> anyhow::Result<Settled> {
    let Some(build) = context.store().build(claim.row.tenant_id, id).await? else {
        return Ok(Settled::Never("no such build".into()));
    };
    let (repository, address) = context.repository(build.repo()).await?;
    let found = match Found::look(context, &build, &address).await {
        Ok(found) => found,
        // Nothing was posted yet, so this counts as not tried.
        Err(error) if error.is_transient() && claim.attempts < LOOKS => {
            return Ok(Settled::from_error(&GitHubError::NotSent(error.to_string()), claim.attempts));
        }
        // The outcome is said without what GitHub does not tell.
        Err(_) => Found::default(),
    };
    let body = outcome_comment(&OutcomeView {
        build: &build,
        repo_url: &repo_url(&build, &repository),
        artifacts: &found.artifacts,
        failed: found.failed,
        last_step: found.last_step,
    });
    let body = in_its_form(&repository, body);
    let key = format!("outcome:{id}");
    let post = Comment { key, marker: outcome_marker(id), body, issue, mirror: Some(issue) };
    post.put(context, claim, &address).await
}

/// What GitHub tells of an ended run.
#[derive(Default)]
struct Found {
    artifacts: Vec<Artifact>,
    failed: Option<FailedStep>,
    last_step: Option<FailedStep>,
}

impl Found {
    async fn look(context: &Context, build: &Build, address: &Repo) -> Result<Self, GitHubError> {
        let (github, mut found) = (&context.0.github, Self::default());
        let Some((run_id, run_url)) = build.run_id.zip(build.run_url.as_deref()) else { return Ok(found) };
        let run = run_id.cast_unsigned();
        match build.status {
            Status::Succeeded => {
                let artifacts = github.artifacts(address, run).await?.into_iter();
                let shown = artifacts.map(|artifact| Artifact {
                    url: format!("{run_url}/artifacts/{}", artifact.id),
                    name: artifact.name,
                    size_bytes: artifact.size,
                    expires_at: artifact.expires_at,
                });
                found.artifacts = shown.collect();
            }
            Status::Failed => {
                found.failed = stopped_at(&github.jobs(address, run).await?, Job::failed, run_url)
            }
            Status::TimedOut => {
                let cancelled = |job: &Job| job.conclusion.as_deref() == Some("cancelled");
                found.last_step = stopped_at(&github.jobs(address, run).await?, cancelled, run_url);
            }
            _ => {}
        }
        Ok(found)
    }
}

fn stopped_at(jobs: &[Job], which: impl Fn(&Job) -> bool, run_url: &str) -> Option<FailedStep> {
    let job = jobs.iter().find(|job| which(job))?;
    Some(FailedStep {
        job: job.name.clone(),
        step: job.stopped_at.clone(),
        url: job.html_url.clone().unwrap_or_else(|| run_url.to_owned()),
    })
}

/// The repository's address for people, as the run's link has it.
fn repo_url(build: &Build, repository: &Repository) -> String {
    let of_run = build.run_url.as_deref().and_then(|url| url.split_once("/actions/"));
    of_run.map_or_else(|| format!("https://github.com/{}", repository.full_name()), |(url, _)| url.to_owned())
}
