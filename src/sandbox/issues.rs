//! Issues, comments, labels and reactions: what people do, and what the App does, with the same methods.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    comments::{Comment, Reaction},
    issues_api::label_json,
    repos::Repo,
    world::{Refusal, World},
};

pub(super) struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub labels: Vec<String>,
    pub open: bool,
    pub locked: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub comments: Vec<Comment>,
    pub reactions: Vec<Reaction>,
    pub gone: Option<Gone>,
    /// GitHub numbers pull requests among the issues.
    pub pull_request: bool,
}

/// Why an issue is not here any more.
pub(super) enum Gone {
    Deleted,
    Transferred,
}

impl Issue {
    pub fn present(&self) -> Result<&Self, Refusal> {
        match self.gone {
            None => Ok(self),
            Some(Gone::Deleted) => Err(Refusal::new(410, "This issue was deleted")),
            Some(Gone::Transferred) => Err(Refusal::new(301, "Moved Permanently")),
        }
    }
}

impl Repo {
    pub fn issue_mut(&mut self, number: u64) -> Result<&mut Issue, Refusal> {
        self.issue(number)?;
        self.issues.get_mut(&number).ok_or_else(Refusal::not_found)
    }
}

impl World {
    /// Opens an issue and gives its number.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn open_issue(
        &mut self,
        repo: &str,
        login: &str,
        title: &str,
        body: &str,
        labels: &[&str],
    ) -> Result<u64, Refusal> {
        let number = self.new_issue(repo, login, title, body)?;
        self.repo_mut(repo)?.issue_mut(number)?.labels = labels.iter().map(|l| (*l).to_owned()).collect();
        self.emit_issue(repo, number, "opened", login, json!({}))?;
        for label in labels {
            self.emit_issue(repo, number, "labeled", login, json!({ "label": label_json(label) }))?;
        }
        Ok(number)
    }

    /// Opens a pull request and gives its number. Of the API it has what issues have; what GitHub says in webhooks of
    /// its own (`pull_request`) the App does not hear.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn open_pull_request(
        &mut self,
        repo: &str,
        login: &str,
        title: &str,
        body: &str,
    ) -> Result<u64, Refusal> {
        let number = self.new_issue(repo, login, title, body)?;
        self.repo_mut(repo)?.issue_mut(number)?.pull_request = true;
        Ok(number)
    }

    fn new_issue(&mut self, repo: &str, login: &str, title: &str, body: &str) -> Result<u64, Refusal> {
        self.add_user(login);
        let (id, now) = (self.new_id(), self.now());
        let place = self.repo_mut(repo)?;
        let number = place.issues.len() as u64 + 1;
        let issue = Issue {
            id,
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            author: login.to_owned(),
            labels: Vec::new(),
            open: true,
            locked: false,
            created_at: now,
            updated_at: now,
            comments: Vec::new(),
            reactions: Vec::new(),
            gone: None,
            pull_request: false,
        };
        place.issues.insert(number, issue);
        Ok(number)
    }

    /// Changes title, body or both.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn edit_issue(
        &mut self,
        repo: &str,
        number: u64,
        login: &str,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Result<(), Refusal> {
        let issue = self.touched(repo, number)?;
        let mut changes = json!({});
        for (field, name, new) in [(&mut issue.title, "title", title), (&mut issue.body, "body", body)] {
            let Some(new) = new else { continue };
            changes[name] = json!({ "from": std::mem::replace(field, new.to_owned()) });
        }
        self.emit_issue(repo, number, "edited", login, json!({ "changes": changes }))
    }

    /// Adds a label; nothing happens when the issue has it.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn label_issue(&mut self, repo: &str, number: u64, login: &str, label: &str) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        if place.issue(number)?.labels.iter().any(|l| l == label) {
            return Ok(());
        }
        if !place.labels.iter().any(|l| l == label) {
            place.labels.push(label.to_owned());
        }
        self.touched(repo, number)?.labels.push(label.to_owned());
        self.emit_issue(repo, number, "labeled", login, json!({ "label": label_json(label) }))
    }

    /// Takes a label away.
    ///
    /// # Errors
    /// When there is no such issue, or it does not have the label.
    pub fn unlabel_issue(
        &mut self,
        repo: &str,
        number: u64,
        login: &str,
        label: &str,
    ) -> Result<(), Refusal> {
        let labels = &mut self.repo_mut(repo)?.issue_mut(number)?.labels;
        let at = labels
            .iter()
            .position(|l| l == label)
            .ok_or_else(|| Refusal::new(404, "Label does not exist"))?;
        labels.remove(at);
        self.touched(repo, number)?;
        self.emit_issue(repo, number, "unlabeled", login, json!({ "label": label_json(label) }))
    }

    /// Closes or reopens an issue; nothing happens when it is so already.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn set_open(&mut self, repo: &str, number: u64, login: &str, open: bool) -> Result<(), Refusal> {
        let issue = self.repo_mut(repo)?.issue_mut(number)?;
        if std::mem::replace(&mut issue.open, open) == open {
            return Ok(());
        }
        self.touched(repo, number)?;
        self.emit_issue(repo, number, if open { "reopened" } else { "closed" }, login, json!({}))
    }

    /// # Errors
    /// When there is no such issue.
    pub fn close_issue(&mut self, repo: &str, number: u64, login: &str) -> Result<(), Refusal> {
        self.set_open(repo, number, login, false)
    }

    /// Locks an issue's conversation, or unlocks it; nothing happens when it is so already.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn set_locked(&mut self, repo: &str, number: u64, login: &str, locked: bool) -> Result<(), Refusal> {
        let issue = self.repo_mut(repo)?.issue_mut(number)?;
        if std::mem::replace(&mut issue.locked, locked) == locked {
            return Ok(());
        }
        self.touched(repo, number)?;
        self.emit_issue(repo, number, if locked { "locked" } else { "unlocked" }, login, json!({}))
    }

    /// Deletes an issue; the API answers 410 for it from then on.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn delete_issue(&mut self, repo: &str, number: u64, login: &str) -> Result<(), Refusal> {
        self.emit_issue(repo, number, "deleted", login, json!({}))?;
        self.repo_mut(repo)?.issue_mut(number)?.gone = Some(Gone::Deleted);
        Ok(())
    }

    /// Moves an issue to another repository and gives its number there; the old one answers 301.
    ///
    /// # Errors
    /// When there is no such issue or repository.
    pub fn transfer_issue(&mut self, repo: &str, number: u64, login: &str, to: &str) -> Result<u64, Refusal> {
        self.repo(to)?;
        let issue = self.repo(repo)?.issue(number)?;
        let (title, body) = (issue.title.clone(), issue.body.clone());
        let new = self.open_issue(to, login, &title, &body, &[])?;
        let place = self.repo(to)?;
        let changes = json!({ "new_issue": self.issue_json(place, place.issue(new)?), "new_repository": self.repo_json(place) });
        self.emit_issue(repo, number, "transferred", login, json!({ "changes": changes }))?;
        self.repo_mut(repo)?.issue_mut(number)?.gone = Some(Gone::Transferred);
        Ok(new)
    }

    /// The labels of an issue.
    pub fn issue_labels(&self, repo: &str, number: u64) -> Vec<String> {
        self.repo(repo).and_then(|r| r.issue(number)).map(|i| i.labels.clone()).unwrap_or_default()
    }

    /// Whether an issue is there and open.
    pub fn is_open(&self, repo: &str, number: u64) -> bool {
        self.repo(repo).and_then(|r| r.issue(number)).is_ok_and(|i| i.open)
    }

    /// An issue that something happens to now.
    pub(super) fn touched(&mut self, repo: &str, number: u64) -> Result<&mut Issue, Refusal> {
        let now = self.now();
        let issue = self.repo_mut(repo)?.issue_mut(number)?;
        issue.updated_at = now;
        Ok(issue)
    }

    /// Nothing is sent of a pull request: GitHub has other events for those.
    fn emit_issue(
        &mut self,
        repo: &str,
        number: u64,
        action: &str,
        login: &str,
        mut extra: Value,
    ) -> Result<(), Refusal> {
        self.add_user(login);
        let place = self.repo(repo)?;
        let issue = place.issue(number)?;
        if issue.pull_request {
            return Ok(());
        }
        extra["issue"] = self.issue_json(place, issue);
        self.emit(repo, "issues", Some(action), login, extra)
    }
}
