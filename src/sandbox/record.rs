//! The sandbox's own history: what was asked and what really happened, from which others judge the server.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    webhooks::Hook,
    world::{Refusal, World},
};

/// What happened, in order. Times are the sandbox's clock.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    pub asked: Vec<Asked>,
    pub dispatches: Vec<Dispatch>,
    /// One entry per run and attempt.
    pub runs: Vec<RunTimes>,
    pub cancels: Vec<Cancel>,
    pub comments: Vec<CommentEvent>,
    pub acknowledged: Vec<Acknowledged>,
    /// How often each method and path, without its query, was called.
    pub calls: BTreeMap<String, u64>,
}

/// A webhook about an issue or a comment that the App answered with 2xx: from then on it is the App's to keep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    pub at: DateTime<Utc>,
    /// `X-GitHub-Delivery`.
    pub guid: String,
    pub event: String,
    pub action: String,
    pub repo: String,
    pub issue: u64,
    pub comment: Option<u64>,
    /// The comment's text, or else the issue's.
    pub text: String,
}

/// An issue, or a comment in it, that asks for a build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub at: DateTime<Utc>,
    pub repo: String,
    pub issue: u64,
    /// The comment that asks; none when the issue itself does.
    pub comment: Option<u64>,
    pub login: String,
    /// What was written.
    pub text: String,
}

/// A dispatch that was accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dispatch {
    pub at: DateTime<Utc>,
    pub repo: String,
    /// The workflow file's name, e.g. `build.yml`.
    pub workflow: String,
    pub git_ref: String,
    pub inputs: BTreeMap<String, String>,
    /// One, or two when a double dispatch is planted.
    pub runs: Vec<u64>,
}

/// When one attempt of a run was asked for, taken by a runner, and really over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunTimes {
    pub run: u64,
    pub attempt: u64,
    pub repo: String,
    pub workflow: String,
    pub event: String,
    pub login: String,
    pub inputs: BTreeMap<String, String>,
    pub requested_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    /// With a planted early release this is later than what the API and the webhooks say.
    pub completed_at: Option<DateTime<Utc>>,
    pub conclusion: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    pub at: DateTime<Utc>,
    pub run: u64,
    pub forced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentChange {
    Created,
    Edited,
    Deleted,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommentEvent {
    pub at: DateTime<Utc>,
    pub change: CommentChange,
    pub repo: String,
    pub issue: u64,
    pub comment: u64,
    /// Whose comment it is.
    pub author: String,
    /// The text after the change.
    pub body: String,
}

impl World {
    /// The history so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Notes that this issue, or this comment in it, asks for a build.
    ///
    /// # Errors
    /// When there is no such issue or comment.
    pub fn ask(&mut self, repo: &str, issue: u64, comment: Option<u64>) -> Result<(), Refusal> {
        let asked_in = self.repo(repo)?.issue(issue)?;
        let (login, text) = match comment {
            None => (asked_in.author.clone(), asked_in.body.clone()),
            Some(id) => {
                let comment = asked_in.comments.iter().find(|c| c.id == id).ok_or_else(Refusal::not_found)?;
                (comment.author.clone(), comment.body.clone())
            }
        };
        self.record.asked.push(Asked { at: self.now(), repo: repo.to_owned(), issue, comment, login, text });
        Ok(())
    }

    pub(super) fn acknowledged(&mut self, hook: &Hook) {
        if !matches!(hook.event.as_str(), "issues" | "issue_comment") {
            return;
        }
        let payload: Value = serde_json::from_str(&hook.payload).unwrap_or_default();
        let (issue, comment) = (&payload["issue"], &payload["comment"]);
        let text = if comment.is_null() { &issue["body"] } else { &comment["body"] };
        let told = Acknowledged {
            at: self.now(),
            guid: hook.guid.clone(),
            event: hook.event.clone(),
            action: hook.action.clone().unwrap_or_default(),
            repo: payload["repository"]["full_name"].as_str().unwrap_or_default().to_owned(),
            issue: issue["number"].as_u64().unwrap_or_default(),
            comment: comment["id"].as_u64(),
            text: text.as_str().unwrap_or_default().to_owned(),
        };
        self.record.acknowledged.push(told);
    }

    pub(super) fn times_of(&mut self, run: u64, attempt: u64) -> Option<&mut RunTimes> {
        self.record.runs.iter_mut().rev().find(|r| r.run == run && r.attempt == attempt)
    }
}
