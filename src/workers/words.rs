//! Comments and reactions: outcome comments, replies to commands.

use super::{
    Context,
    budget::Budget,
    check,
    effects::{Settled, repo_of, settle},
    files,
    mirror::status_of,
};
use crate::{
    github::{GitHubError, Job, Post, Reaction as Emoji, Repo},
    mirror::{
        Artifact, FailedStep, HelpBuild, OutcomeView, QueueNow, ReplyView, in_long_form, outcome_comment,
        outcome_marker, reply_comment, reply_marker,
    },
    policy::CommandForms,
    queue::{Build, BuildId, Effect, Reaction, ReactionTarget, Refusal, Reply, RepoKey, Status},
    store::{ClaimedEffect, Done, Posted, Repository, Urgency},
};

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let budget = Budget::begin(context);
    let Some(claim) = store.claim_effect(store.now().await?, Urgency::Words).await? else { return Ok(false) };
    match claim.row.effect.clone() {
        Effect::React { target, reaction } => {
            settle(context, &claim, budget, react(context, &claim, target, reaction)).await?
        }
        Effect::Outcome { build, issue } => {
            settle(context, &claim, budget, outcome(context, &claim, build, issue)).await?
        }
        Effect::Reply { issue, key, reply } => {
            settle(context, &claim, budget, answer(context, &claim, issue, &key, &reply)).await?
        }
        Effect::Check { commit, report } => {
            settle(context, &claim, budget, check::show(context, &claim, &commit, &report)).await?
        }
        Effect::Dispatch { .. } | Effect::Cancel { .. } => {}
    }
    Ok(true)
}

async fn react(
    context: &Context,
    claim: &ClaimedEffect,
    target: ReactionTarget,
    reaction: Reaction,
) -> anyhow::Result<Settled> {
    let (_, address) = context.repository(repo_of(&claim.row)).await?;
    let emoji = match reaction {
        Reaction::Seen => Emoji::Eyes,
        Reaction::Done => Emoji::PlusOne,
        Reaction::Refused => Emoji::Confused,
    };
    let github = &context.0.github;
    let result = match target {
        ReactionTarget::Comment { id } => github.react_to_comment(&address, id.cast_unsigned(), emoji).await,
        ReactionTarget::Issue { number } => {
            github.react_to_issue(&address, number.cast_unsigned(), emoji).await
        }
    };
    match result {
        // What it was for is gone, or takes no reactions: nothing is missing.
        Ok(()) | Err(GitHubError::NotFound | GitHubError::Refused { .. }) => Ok(Settled::done()),
        Err(error) => Ok(Settled::from_error(&error, claim.attempts)),
    }
}

async fn answer(
    context: &Context,
    claim: &ClaimedEffect,
    issue: i64,
    key: &str,
    reply: &Reply,
) -> anyhow::Result<Settled> {
    let (repository, address) = context.repository(repo_of(&claim.row)).await?;
    let queue_url = context.queue_url(&repository);
    let issue_view = context.store().issue_view(repository.key, issue).await?;
    let status = status_of(&issue_view, &queue_url);
    let queue = match reply {
        Reply::Queue | Reply::DryRun { .. } => Some(queue_now(context, repository.key).await?),
        _ => None,
    };
    let shows_policy = matches!(reply, Reply::Help | Reply::Refused { refusal: Refusal::NoPolicy });
    let example = match &repository.catalogue {
        None if shows_policy => example_policy(context, &address).await,
        _ => None,
    };
    let body = reply_comment(&ReplyView {
        reply,
        key,
        status: (!status.builds.is_empty()).then_some(&status),
        queue: queue.as_ref(),
        queue_url: &queue_url,
        builds: &help_of(&repository),
        example: example.as_deref(),
    });
    let body = in_its_form(&repository, body);
    let post = Comment { key: format!("reply:{key}"), marker: reply_marker(key), body, issue, mirror: None };
    post.put(context, claim, &address).await
}

/// A policy for what can be started in the repository. Nothing is missing where GitHub does not say.
async fn example_policy(context: &Context, address: &Repo) -> Option<String> {
    match files::starter(context, address).await {
        Ok(example) => example,
        Err(error) => {
            tracing::info!(%error, "help goes without an example of its own");
            None
        }
    }
}

/// Where the policy leaves the short commands to others, people are told the long ones.
pub(super) fn in_its_form(repository: &Repository, comment: String) -> String {
    let policy = repository.catalogue.as_ref().map(|catalogue| &catalogue.policy);
    match policy.map(|policy| policy.commands) {
        Some(CommandForms::Long) => in_long_form(&comment),
        Some(CommandForms::Both) | None => comment,
    }
}

async fn queue_now(context: &Context, repo: RepoKey) -> anyhow::Result<QueueNow> {
    let view = context.store().queue_view(repo).await?;
    let count = |which: fn(Status) -> bool| view.open.iter().filter(|build| which(build.status)).count();
    Ok(QueueNow {
        now: view.now,
        running: count(Status::is_holder),
        queued: count(|status| status == Status::Queued),
        awaiting_approval: count(|status| status == Status::AwaitingApproval),
    })
}

async fn outcome(
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

/// How often the run's jobs and artifacts are asked for before an outcome goes out without them.
const LOOKS: i32 = 6;

/// A comment of ours that is posted once.
struct Comment {
    /// Its name in the table `posted`.
    key: String,
    marker: String,
    body: String,
    issue: i64,
    /// The issue whose status comment links it.
    mirror: Option<i64>,
}

impl Comment {
    async fn put(self, context: &Context, claim: &ClaimedEffect, address: &Repo) -> anyhow::Result<Settled> {
        if context.store().posted(repo_of(&claim.row), &self.key).await?.is_some() {
            return Ok(Settled::done());
        }
        let post = Post { marker: &self.marker, body: &self.body, bot: context.bot().await? };
        let issue = self.issue.cast_unsigned();
        match context.0.github.post_once(address, issue, &post, claim.tried_at).await {
            Ok(comment) => {
                let posted =
                    Posted { marker: self.key, comment_id: comment.id.cast_signed(), url: comment.html_url };
                Ok(Settled::Done(Box::new(Done { event: None, posted: Some(posted), mirror: self.mirror })))
            }
            Err(error) => Settled::from_refusal(context, claim, address, &error).await,
        }
    }
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

/// What can be asked for by comment.
fn help_of(repository: &Repository) -> Vec<HelpBuild> {
    let Some(catalogue) = &repository.catalogue else { return Vec::new() };
    let builds = catalogue.policy.builds.iter().filter(|(_, build)| build.triggers.comment);
    let of = |build| catalogue.examples(build).into_iter().map(|example| (example.name, example.value));
    builds
        .map(|(build_type, build)| HelpBuild { build_type: build_type.clone(), inputs: of(build).collect() })
        .collect()
}
