//! Keeps each issue's one status comment true: rendered at delivery, edited in place, sent again until it is shown.

use tracing::Instrument as _;

use super::{
    Context, back_off,
    budget::Budget,
    obstacle::{NobodyLeft, Obstacle, SUCCESSOR_TRIES, UNTIL_PEOPLE},
    pause,
    words::in_its_form,
};
use crate::{
    github::{CommentRef, GitHubError, Repo},
    metrics,
    mirror::{StatusLine, StatusView, status_comment, status_marker},
    queue::Build,
    store::{ClaimedMirror, IssueView},
};

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let budget = Budget::begin(context);
    let Some(claim) = store.claim_mirror(store.now().await?).await? else { return Ok(false) };
    let (tenant, repo) = (claim.repo.tenant_id, claim.repo.repo_id);
    let span = tracing::error_span!("mirror", tenant, repo, issue = claim.issue);
    bring_up(context, &claim, budget).instrument(span).await?;
    Ok(true)
}

async fn bring_up(context: &Context, claim: &ClaimedMirror, budget: Budget) -> anyhow::Result<()> {
    let store = context.store();
    let error = match budget.spend(show(context, claim)).await {
        Some(Ok(())) => {
            metrics::effect("status", "done");
            return Ok(());
        }
        // A new owner may be about to be known; else nobody reads it any more.
        Some(Err(error)) if error.is::<NobodyLeft>() && claim.attempts >= SUCCESSOR_TRIES => {
            return Ok(store.finish_mirror(claim, claim.comment_id, "").await?);
        }
        Some(Err(error)) => error,
        None => anyhow::anyhow!("it took too long"),
    };
    metrics::effect("status", "later");
    let text = format!("{error:#}");
    match error.downcast_ref::<GitHubError>() {
        Some(refusal) if !refusal.is_transient() => return refused(context, claim, refusal).await,
        // The call's failure is a line already.
        Some(_) => tracing::debug!(error = text, "the status comment is behind"),
        None => tracing::warn!(error = text, "the status comment is behind"),
    }
    let counts = error.downcast_ref().is_none_or(|error| pause::counts(error, claim.attempts));
    let due = store.now().await? + pause::after_any(&error, claim.attempts);
    Ok(store.postpone_mirror(claim, due, counts, &text).await?)
}

/// GitHub will not have it: for good, or until people change something there.
async fn refused(context: &Context, claim: &ClaimedMirror, error: &GitHubError) -> anyhow::Result<()> {
    let (store, (_, address)) = (context.store(), context.repository(claim.repo).await?);
    let (after, why) = match Obstacle::of(context, claim.repo, &address, error).await? {
        Some(Obstacle::Until(why)) => (UNTIL_PEOPLE, why.to_owned()),
        None if !matches!(error, GitHubError::Refused { .. }) => {
            (back_off(claim.attempts), error.to_string())
        }
        // The issue is gone or nobody may write in it: nobody misses the comment.
        Some(Obstacle::Gone) | None => return Ok(store.finish_mirror(claim, None, "").await?),
    };
    tracing::info!(why, "the status comment is behind");
    Ok(store.postpone_mirror(claim, store.now().await? + after, true, &why).await?)
}

async fn show(context: &Context, claim: &ClaimedMirror) -> anyhow::Result<()> {
    let (repository, address) = context.repository(claim.repo).await?;
    let view = context.store().issue_view(claim.repo, claim.issue).await?;
    let body = in_its_form(&repository, status_comment(&status_of(&view, &context.queue_url(&repository))));
    let comment_id = match claim.comment_id {
        // After a try that did not end here it may show another text than the one that we know of.
        Some(id) if claim.attempts == 1 && claim.body.as_deref() == Some(&body) => Some(id),
        Some(id) => match context.0.github.update_comment(&address, id.cast_unsigned(), &body).await {
            Ok(_) => Some(id),
            Err(GitHubError::NotFound) => return Ok(context.store().forget_comment(claim).await?),
            Err(error) => return Err(error.into()),
        },
        None => match first(context, claim, &address, &body).await {
            Ok(comment) => Some(comment.id.cast_signed()),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(context.store().finish_mirror(claim, comment_id, &body).await?)
}

/// The first status comment. If an earlier try may have made it, it is looked for; of two the oldest stays.
async fn first(
    context: &Context,
    claim: &ClaimedMirror,
    address: &Repo,
    body: &str,
) -> Result<CommentRef, GitHubError> {
    let (github, issue) = (&context.0.github, claim.issue.cast_unsigned());
    if claim.attempts > 1 {
        let bot = context.bot().await.map_err(|error| GitHubError::NotSent(format!("{error:#}")))?;
        let mut found = github.find_comments(address, issue, None, status_marker(), bot).await?.into_iter();
        if let Some(oldest) = found.next() {
            for double in found {
                match github.delete_comment(address, double.id).await {
                    // Gone already: the list lags.
                    Ok(()) | Err(GitHubError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            return github.update_comment(address, oldest.id, body).await;
        }
    }
    github.create_comment(address, issue, body).await
}

/// Per build type the open build, else the last one that ended. What named no build type that there is, is told until
/// something else is asked for.
pub(super) fn status_of<'a>(view: &'a IssueView, queue_url: &'a str) -> StatusView<'a> {
    let is_open = |build_type: &str| view.open.iter().any(|open| open.build_type == build_type);
    let last_asked = view.open.iter().chain(&view.ended).map(|build| build.requested_at).max();
    let is_over = |build: &&Build| build.build_type.is_empty() && Some(build.requested_at) < last_asked;
    let ended = view.ended.iter().filter(|build| !is_open(&build.build_type) && !is_over(build));
    let mut builds: Vec<StatusLine<'a>> = view
        .open
        .iter()
        .chain(ended)
        .map(|build| StatusLine {
            build,
            before: view.before.get(&build.build_id).copied(),
            outside: view.outside.contains(&build.build_id),
            outcome_url: view.outcomes.get(&format!("outcome:{}", build.build_id)).map(String::as_str),
        })
        .collect();
    builds.sort_by(|a, b| a.build.build_type.cmp(&b.build.build_type));
    StatusView { now: view.now, queue_url, builds }
}
