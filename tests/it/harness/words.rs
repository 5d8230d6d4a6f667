//! What the bot wrote, made stable for snapshots. Looking at a comment is noted: at the end none may be left.

use std::sync::PoisonError;

use regex::Regex;
use trilock::sandbox::Comment;

use super::{Issue, Trilock};

/// The kinds of comments, by the hidden mark in their last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Status,
    Outcome,
    Reply,
}

impl Kind {
    pub(super) fn of(body: &str) -> Self {
        let mark = body.lines().last().unwrap_or_default();
        let kinds = [("status", Self::Status), ("outcome:", Self::Outcome), ("reply:", Self::Reply)];
        let found = kinds.iter().find(|(name, _)| mark.starts_with(&format!("<!-- trilock:{name}")));
        found.unwrap_or_else(|| panic!("a comment of the bot without a mark: {body}")).1
    }
}

impl Trilock {
    /// What the issue's status comment says now; "(none)" where there is none.
    pub async fn status(&self, issue: Issue) -> String {
        self.calm().await;
        let all = self.written(issue, Kind::Status);
        all.iter().map(|comment| self.look_at(comment)).next().unwrap_or_else(|| "(none)".to_owned())
    }

    /// The status comment's headline begins like this.
    pub async fn says(&self, issue: Issue, state: &str) {
        let status = self.status(issue).await;
        assert!(status.starts_with(&format!("### {state}")), "not {state}:\n{status}");
    }

    /// The outcome comment that nobody looked at yet; waits for it.
    pub async fn outcome(&self, issue: Issue) -> String {
        self.fresh(issue, Kind::Outcome).await
    }

    /// The replies that nobody looked at yet; waits for one.
    pub async fn replies(&self, issue: Issue) -> String {
        self.fresh(issue, Kind::Reply).await
    }

    /// The bot's comments of a kind that stand in the issue.
    pub(super) fn written(&self, issue: Issue, kind: Kind) -> Vec<Comment> {
        let all = self.of_bot(issue.repo, issue.number);
        all.into_iter().filter(|comment| Kind::of(&comment.body) == kind).collect()
    }

    pub(super) fn of_bot(&self, repo: &str, issue: u64) -> Vec<Comment> {
        let world = self.github.world();
        let bot = world.bot();
        world.comments(repo, issue).into_iter().filter(|c| c.author == bot).collect()
    }

    async fn fresh(&self, issue: Issue, kind: Kind) -> String {
        let seen: Vec<u64> =
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        self.until(&format!("a new comment in issue {}: {kind:?}", issue.number), |world| {
            let comments = world.comments(issue.repo, issue.number);
            let bot = world.bot();
            comments.iter().any(|c| c.author == bot && !seen.contains(&c.id) && Kind::of(&c.body) == kind)
        })
        .await;
        self.calm().await;
        let fresh = self.written(issue, kind).into_iter().filter(|comment| !seen.contains(&comment.id));
        fresh.map(|comment| self.look_at(&comment)).collect::<Vec<_>>().join("\n\n=====\n\n")
    }

    fn look_at(&self, comment: &Comment) -> String {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(comment.id, comment.body.clone());
        self.stable(&comment.body)
    }

    /// Whether a snapshot looked at the comment as it stands.
    pub(super) fn looked_at(&self, comment: &Comment) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&comment.id) == Some(&comment.body)
    }

    /// The text without its hidden mark, and with names in the place of numbers that differ from run to run.
    pub(super) fn stable(&self, body: &str) -> String {
        let mut text = body.trim_end().rsplit_once("\n").map_or(body, |(text, _)| text).trim_end().to_owned();
        text = text.replace(self.github.base_url(), "http://github");
        let ids: Vec<u64> = {
            let world = self.github.world();
            world.record().runs.iter().filter(|run| run.attempt == 1).map(|run| run.run).collect()
        };
        for (n, id) in ids.iter().enumerate() {
            text = text.replace(&format!("/runs/{id}"), &format!("/runs/run-{}", n + 1));
        }
        let numbers = [
            (r"/artifacts/\d+", "/artifacts/A"),
            (r"/job/\d+", "/job/J"),
            (r"#issuecomment-\d+", "#issuecomment-C"),
            (r"commit `[0-9a-f]{7}`", "commit `1a2b3c4`"),
        ];
        for (number, name) in numbers {
            text = Regex::new(number).expect("a pattern").replace_all(&text, name).into_owned();
        }
        text
    }
}
