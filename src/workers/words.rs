//! Comments and reactions: replies to commands, and how a comment is posted once.

use std::collections::BTreeMap;

use super::{
    Context,
    budget::Budget,
    check,
    effects::{Settled, repo_of, settle},
    files,
    mirror::status_of,
    outcome,
};
use crate::{
    github::{GitHubError, Post, Reaction as Emoji, Repo},
    mirror::{HelpBuild, QueueNow, ReplyView, in_long_form, reply_comment, reply_marker},
    policy::CommandForms,
    queue::{Effect, Reaction, ReactionTarget, Refusal, Reply, RepoKey, Role, Status},
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
            settle(context, &claim, budget, outcome::post(context, &claim, build, issue)).await?
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
        permissions: &permissions_of(&repository),
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

/// A comment of ours that is posted once.
pub(super) struct Comment {
    /// Its name in the table `posted`.
    pub key: String,
    pub marker: String,
    pub body: String,
    pub issue: i64,
    /// The issue whose status comment links it.
    pub mirror: Option<i64>,
}

impl Comment {
    pub async fn put(
        self,
        context: &Context,
        claim: &ClaimedEffect,
        address: &Repo,
    ) -> anyhow::Result<Settled> {
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

/// Who may use which command, where the policy says so. Of builds that different people approve, the least is told.
fn permissions_of(repository: &Repository) -> BTreeMap<String, Role> {
    let Some(catalogue) = &repository.catalogue else { return BTreeMap::new() };
    let mut permissions = catalogue.policy.permissions.clone();
    if let Some(by) = catalogue.policy.builds.values().map(|build| build.approval.by).min() {
        permissions.extend(["approve", "reject"].map(|command| (command.to_owned(), by)));
    }
    permissions
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
