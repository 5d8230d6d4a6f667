//! What people do. Each act is followed by the wait until all that it brings about is done.

use serde_json::json;
use trilock::sandbox::{ApiFault, ApiTrouble, HookFault, HookTrouble, Refusal, World, WorldGuard};

use super::{POLICY, POLICY_PATH, REPO, Trilock, WORKFLOW, WORKFLOW_PATH};

/// An issue of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    pub repo: &'static str,
    pub number: u64,
}

impl Trilock {
    fn world(&self) -> WorldGuard<'_> {
        self.github.world()
    }

    /// A repository with the usual people, workflow and policy.
    pub fn repository(&self, repo: &str) {
        self.repository_without_policy(repo);
        self.world().put_file(repo, POLICY_PATH, POLICY).expect("a file");
    }

    pub fn repository_without_policy(&self, repo: &str) {
        let mut world = self.world();
        world.add_repo(repo, false).expect("a new repository");
        for (login, role) in [("ada", "maintain"), ("ben", "write"), ("eve", "write"), ("sam", "read")] {
            let role = serde_json::from_value(json!(role)).expect("a role");
            world.set_role(repo, login, role).expect("a repository");
        }
        world.put_file(repo, WORKFLOW_PATH, WORKFLOW).expect("a file");
    }

    /// Commits a file to the default branch.
    pub async fn file(&self, path: &str, text: &str) {
        self.world().put_file(REPO, path, text).expect("a file");
        self.calm().await;
    }

    pub async fn policy(&self, text: &str) {
        self.file(POLICY_PATH, text).await;
    }

    /// An issue that by itself asks for nothing.
    pub async fn issue(&self, login: &str) -> Issue {
        self.issue_in(REPO, login).await
    }

    pub async fn issue_in(&self, repo: &'static str, login: &str) -> Issue {
        let opened = self.world().open_issue(repo, login, "Please", "I need one.", &[]);
        self.calm().await;
        Issue { repo, number: opened.expect("an issue") }
    }

    /// An issue with the label that asks for a build.
    pub async fn request(&self, login: &str, body: &str) -> Issue {
        let opened = self.world().open_issue(REPO, login, "A build, please", body, &["build"]);
        self.calm().await;
        Issue { repo: REPO, number: opened.expect("an issue") }
    }

    pub async fn edit(&self, login: &str, issue: Issue, body: &str) {
        self.world().edit_issue(issue.repo, issue.number, login, None, Some(body)).expect("an issue");
        self.calm().await;
    }

    pub async fn close(&self, login: &str, issue: Issue) {
        self.world().close_issue(issue.repo, issue.number, login).expect("an issue");
        self.calm().await;
    }

    /// Comments, and gives the comment's id.
    pub async fn comment(&self, login: &str, issue: Issue, body: &str) -> u64 {
        let comment = self.comment_and_go(login, issue, body);
        self.calm().await;
        comment
    }

    /// Comments without waiting for what follows.
    pub fn comment_and_go(&self, login: &str, issue: Issue, body: &str) -> u64 {
        self.world().comment(issue.repo, issue.number, login, body).expect("a comment")
    }

    /// A comment's reactions by the bot, in the order in which they were given.
    pub fn reactions(&self, issue: Issue, comment: u64) -> Vec<String> {
        let comments = self.world().comments(issue.repo, issue.number);
        let found = comments.into_iter().find(|c| c.id == comment).expect("a comment");
        found.reactions.into_iter().map(|reaction| reaction.content).collect()
    }

    /// Something happens on GitHub.
    pub async fn happens<T>(&self, act: impl FnOnce(&mut World) -> Result<T, Refusal>) -> T {
        let done = act(&mut self.world());
        self.calm().await;
        done.expect("it happens")
    }

    /// What happens to the next call that matches; `path` is a regular expression.
    pub fn next_call(&self, method: &str, path: &str, trouble: ApiTrouble) {
        self.world().fault_api(ApiFault::once(method, path, trouble)).expect("a pattern");
    }

    /// What happens to the next webhook of this kind.
    pub fn next_hook(&self, event: &str, action: &str, trouble: HookTrouble) {
        self.world().fault_hook(HookFault::once(event, action, trouble));
    }
}
