//! What people do on GitHub, and what they asked for.

use serde_json::{Value, json};

use crate::{
    github::GitHub,
    plan::Does,
    table::Counts,
    town::{BuildType, PEOPLE, REPOS, form},
};

/// People look back this far.
const RECENT: usize = 12;

/// With so many builds open nobody asks for another one: on a slow machine they would never all be done.
const PATIENT_UNTIL: i64 = 16;

/// Who approves.
const MAINTAINER: &str = "ada";

/// One wish for a build; its tag is nobody else's.
#[derive(Clone, Debug)]
pub struct Request {
    pub repo: &'static str,
    pub issue: u64,
    /// The comment that asks; none: the issue's text does.
    pub comment: Option<u64>,
    pub tag: String,
    /// The title of the issue whose text asks.
    pub title: String,
}

/// A comment that is a command of any kind: it is answered once.
#[derive(Clone, Debug)]
pub struct Command {
    pub repo: &'static str,
    pub issue: u64,
    pub comment: u64,
}

#[derive(Clone)]
struct Issue {
    repo: &'static str,
    number: u64,
    author: &'static str,
    build: &'static BuildType,
    /// Its title, if its text asks for a build.
    form: Option<String>,
    open: bool,
}

pub struct People {
    github: GitHub,
    counts: Counts,
    issues: Vec<Issue>,
    /// Which of them hold a request that needs approval.
    asked_by_strangers: Vec<usize>,
    tags: u32,
    /// How many builds are open, as of the last look.
    pub open_builds: i64,
    pub requests: Vec<Request>,
    pub commands: Vec<Command>,
}

impl People {
    pub fn new(github: GitHub, counts: Counts) -> Self {
        let (issues, requests, commands) = (Vec::new(), Vec::new(), Vec::new());
        let asked_by_strangers = Vec::new();
        Self { github, counts, issues, asked_by_strangers, tags: 0, open_builds: 0, requests, commands }
    }

    pub async fn act(&mut self, login: &'static str, pick: usize, does: Does) {
        let asks = matches!(
            does,
            Does::AskByIssue { .. } | Does::AskByComment { .. } | Does::AskAgain | Does::EditIssue
        );
        if asks && self.open_builds >= PATIENT_UNTIL {
            return self.counts.add("requests not made, for many waited");
        }
        match does {
            Does::AskByIssue { repo } => self.ask_by_issue(login, pick, repo).await,
            Does::AskByComment { repo } => self.ask_by_comment(login, pick, repo).await,
            Does::StartByHand => self.start_by_hand(login, pick).await,
            Does::Rerun => self.rerun(login, pick).await,
            Does::Approve => self.decide(pick, "/approve").await,
            Does::Reject => self.decide(pick, "/reject not now").await,
            other => {
                let Some(issue) = self.recent(pick) else { return };
                self.in_issue(login, issue, other).await;
            }
        }
    }

    /// One of the last issues.
    fn recent(&self, pick: usize) -> Option<usize> {
        let last = self.issues.len().min(RECENT);
        (last > 0).then(|| self.issues.len() - 1 - pick % last)
    }

    fn new_tag(&mut self) -> String {
        self.tags += 1;
        format!("v1.{}", self.tags)
    }

    async fn ask_by_issue(&mut self, login: &'static str, pick: usize, repo: usize) {
        let (repo, tag) = (&REPOS[repo], self.new_tag());
        let build = &repo.builds[pick % repo.builds.len()];
        let title = format!("Build {tag}");
        let arguments = json!({
            "repo": repo.name, "login": login, "title": title, "body": form(&tag), "labels": [build.name],
        });
        let number = id(&self.github.tell("open_issue", arguments).await, "issue");
        let form = Some(title.clone());
        self.issues.push(Issue { repo: repo.name, number, author: login, build, form, open: true });
        self.asked(Request { repo: repo.name, issue: number, comment: None, tag, title });
        self.note_stranger(login, self.issues.len() - 1);
    }

    async fn ask_by_comment(&mut self, login: &'static str, pick: usize, repo: usize) {
        let repo = &REPOS[repo];
        let build = &repo.builds[pick % repo.builds.len()];
        let arguments =
            json!({ "repo": repo.name, "login": login, "title": "Please", "body": "I need one." });
        let number = id(&self.github.tell("open_issue", arguments).await, "issue");
        self.issues.push(Issue { repo: repo.name, number, author: login, build, form: None, open: true });
        self.ask_in(login, self.issues.len() - 1).await;
    }

    async fn ask_in(&mut self, login: &'static str, at: usize) {
        let (tag, issue) = (self.new_tag(), self.issues[at].clone());
        let comment = self.comment(login, &issue, &format!("/build {} tag={tag}", issue.build.name)).await;
        self.asked(Request {
            repo: issue.repo,
            issue: issue.number,
            comment: Some(comment),
            tag,
            title: String::new(),
        });
        self.note_stranger(login, at);
    }

    /// What they ask for a maintainer must approve.
    fn note_stranger(&mut self, login: &str, issue: usize) {
        if is_stranger(login) {
            self.counts.add("requests that need approval");
            self.asked_by_strangers.push(issue);
        }
    }

    /// In one of the last issues in which a stranger asked.
    async fn decide(&mut self, pick: usize, command: &str) {
        let recent: Vec<usize> = self.asked_by_strangers.iter().rev().take(RECENT).copied().collect();
        if recent.is_empty() {
            return;
        }
        self.counts.add("approvals and rejections");
        let issue = self.issues[recent[pick % recent.len()]].clone();
        self.comment(MAINTAINER, &issue, command).await;
    }

    /// A maintainer approves all that still waits for that.
    pub async fn approve(&mut self, waiting: &[(String, u64)]) {
        for (repo, number) in waiting {
            let known =
                self.issues.iter().find(|issue| (issue.repo, issue.number) == (repo, *number)).cloned();
            if let Some(issue) = known {
                self.comment(MAINTAINER, &issue, "/approve").await;
            }
        }
    }

    fn asked(&mut self, request: Request) {
        self.counts.add("requests");
        self.requests.push(request);
    }

    async fn comment(&mut self, login: &str, issue: &Issue, body: &str) -> u64 {
        let arguments = json!({ "repo": issue.repo, "issue": issue.number, "login": login, "body": body });
        let comment = id(&self.github.tell("comment", arguments).await, "comment");
        self.commands.push(Command { repo: issue.repo, issue: issue.number, comment });
        comment
    }

    async fn in_issue(&mut self, login: &'static str, at: usize, does: Does) {
        let issue = self.issues[at].clone();
        match does {
            Does::AskAgain => self.ask_in(login, at).await,
            Does::Cancel => {
                self.counts.add("cancels");
                let who = if is_stranger(login) { login } else { issue.author };
                self.comment(who, &issue, "/cancel").await;
            }
            Does::EditIssue => self.edit_issue(&issue).await,
            Does::EditComment => self.edit_comment(&issue).await,
            Does::CloseIssue if issue.open => {
                self.counts.add("closed issues");
                let arguments = json!({ "repo": issue.repo, "issue": issue.number, "login": issue.author });
                self.github.tell("close_issue", arguments).await;
                self.issues[at].open = false;
            }
            Does::AskForStatus => _ = self.comment(login, &issue, "/status").await,
            Does::Mistype => {
                _ = self.comment(login, &issue, &format!("/build {} tag=one", issue.build.name)).await
            }
            _ => {}
        }
    }

    /// Asks for something else by the issue's text.
    async fn edit_issue(&mut self, issue: &Issue) {
        let Some(title) = issue.form.clone() else { return };
        let tag = self.new_tag();
        self.counts.add("edited issues");
        let arguments = json!({
            "repo": issue.repo, "issue": issue.number, "login": issue.author, "body": form(&tag),
        });
        self.github.tell("edit_issue", arguments).await;
        self.asked(Request { repo: issue.repo, issue: issue.number, comment: None, tag, title });
    }

    /// An edited comment is never a command: its tag is no request's.
    async fn edit_comment(&mut self, issue: &Issue) {
        let mine = self
            .commands
            .iter()
            .rev()
            .find(|command| (command.repo, command.issue) == (issue.repo, issue.number));
        let Some(comment) = mine.map(|command| command.comment) else { return };
        self.counts.add("edited comments");
        let body = format!("/build {} tag=v6.{comment}", issue.build.name);
        let arguments =
            json!({ "repo": issue.repo, "comment": comment, "login": issue.author, "body": body });
        self.github.tell("edit_comment", arguments).await;
    }

    async fn start_by_hand(&mut self, login: &str, pick: usize) {
        let repo = &REPOS[pick % REPOS.len()];
        let workflow = repo.builds[pick % repo.builds.len()].workflow;
        self.counts.add("runs started by hand");
        let inputs = json!({ "tag": "v7.0" });
        let arguments = json!({ "repo": repo.name, "workflow": workflow, "login": login, "inputs": inputs });
        self.github.tell("start_run_by_hand", arguments).await;
    }

    /// Runs one of the last ended runs again.
    async fn rerun(&mut self, login: &str, pick: usize) {
        let repo = REPOS[pick % REPOS.len()].name;
        let runs: Vec<Value> = self.github.read("runs", json!({ "repo": repo })).await;
        let ended = runs.iter().rev().filter(|run| run["status"] == "completed").take(RECENT);
        let ended: Vec<&Value> = ended.collect();
        if ended.is_empty() {
            return;
        }
        let run = ended[pick % ended.len()]["id"].clone();
        if self.github.ask("rerun", json!({ "run": run, "login": login })).await.is_ok() {
            self.counts.add("re-runs");
        }
    }

    /// Says something that is no command, so that a webhook held back for the next one goes.
    pub async fn small_talk(&self) {
        if let Some(issue) = self.issues.last() {
            let arguments = json!({
                "repo": issue.repo, "issue": issue.number, "login": issue.author, "body": "Thank you all!",
            });
            self.github.tell("comment", arguments).await;
        }
    }
}

fn is_stranger(login: &str) -> bool {
    PEOPLE.iter().any(|(who, role)| *who == login && *role == "read")
}

fn id(answer: &Value, key: &str) -> u64 {
    answer[key].as_u64().unwrap_or_else(|| panic!("{answer} has no {key}"))
}
