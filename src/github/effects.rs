//! Calls made idempotent: what may have been done before is looked for before it is done again.
//!
//! A server can die, or an answer get lost, at three moments. The outbox row (for the status comment its row in `mirror`)
//! says that a call was about to be made before it is made, and goes, or says "shown", only once its answer is recorded;
//! so the next worker knows in each case that the call *may* have been made, and does this:
//!
//! | effect | before the call | after the call, before the record | answer lost (reset, time-out, 5xx) |
//! |---|---|---|---|
//! | dispatch | the run is looked for ([`GitHub::find_runs`]) for 2 minutes; if its title would show the build it is sent again, else the build is lost and its slot quarantined | the run is found, by the build's id in its title, else as the only run of ours that no build has | the same |
//! | cancel, force-cancel | sent again | sent again: 202, or 409 once the run is over | the same |
//! | reaction | sent again | sent again: GitHub keeps one of a kind | the same |
//! | outcome comment, reply | looked for by its hidden marker ([`GitHub::post_once`]), not found, posted | found, not posted again | the same |
//! | status comment, the first | looked for by its marker, not found, posted | found and edited; of two the oldest stays, the others are deleted | the same |
//! | check run | sent again | sent again: people see the newest of a name on a commit | the same |
//! | status comment, edited | edited again | edited again, even if the text seems to stand there | the same |
//!
//! Reading (policy, facts, runs) is simply done again. `tests/it/stories/windows.rs` has a story for every field of the
//! table; the fields whose GitHub lags or cannot tell runs apart are in `dispatches.rs` beside it.
//!
//! An answer that is a refusal (404, 410, 422, another 4xx) ends the effect: a refused dispatch is told in the issue, a
//! run that is gone needs no cancel, a reaction is not missed; anything else is set aside and shown (`trilock dead`).

use chrono::{DateTime, TimeDelta, Utc};

use super::{Comment, CommentRef, GitHub, GitHubError, Repo, Run};

/// Clocks differ, and a list's filter is in whole seconds.
const SLACK: TimeDelta = TimeDelta::minutes(1);

/// Which run a dispatch may have made.
pub struct RunSearch<'a> {
    pub workflow: &'a str,
    /// When the dispatch was first tried.
    pub since: DateTime<Utc>,
    /// Our own login.
    pub bot: &'a str,
    /// The build's id, if the workflow shows it in the run's title.
    pub title_has: Option<&'a str>,
}

impl GitHub {
    /// The runs that the dispatch may have made. With a title to look for it is that one or none.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn find_runs(&self, repo: &Repo, search: &RunSearch<'_>) -> Result<Vec<Run>, GitHubError> {
        let since = search.since - SLACK;
        let runs = self.workflow_runs(repo, search.workflow, "workflow_dispatch", since).await?;
        let ours = |run: &Run| {
            run.actor_login.as_deref() == Some(search.bot)
                && search.title_has.is_none_or(|title| run.display_title.contains(title))
        };
        Ok(runs.into_iter().filter(ours).collect())
    }

    /// Our own comments in the issue whose last line is the marker, oldest first.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn find_comments(
        &self,
        repo: &Repo,
        issue: u64,
        since: Option<DateTime<Utc>>,
        marker: &str,
        bot: &str,
    ) -> Result<Vec<Comment>, GitHubError> {
        let comments = self.list_comments(repo, issue, since.map(|since| since - SLACK)).await?;
        let ours = |comment: &Comment| comment.author.as_ref().is_some_and(|author| author.login == bot);
        let mut found: Vec<Comment> = comments
            .into_iter()
            .filter(ours)
            .filter(|comment| comment.body.trim_end().ends_with(marker))
            .collect();
        found.sort_by_key(|comment| comment.id);
        Ok(found)
    }

    /// Posts a comment that carries `marker`, unless an earlier try (at `tried_at`) got through.
    ///
    /// # Errors
    /// See [`GitHubError`]; after an unknown one call again with the time of this try.
    pub async fn post_once(
        &self,
        repo: &Repo,
        issue: u64,
        post: &Post<'_>,
        tried_at: Option<DateTime<Utc>>,
    ) -> Result<CommentRef, GitHubError> {
        if tried_at.is_some() {
            let found = self.find_comments(repo, issue, tried_at, post.marker, post.bot).await?;
            if let Some(comment) = found.into_iter().next() {
                return Ok(CommentRef { id: comment.id, html_url: comment.html_url });
            }
        }
        self.create_comment(repo, issue, post.body).await
    }
}

/// A comment to be posted once.
pub struct Post<'a> {
    pub marker: &'a str,
    pub body: &'a str,
    /// Our own login.
    pub bot: &'a str,
}
