//! Comments and reactions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    issues::Issue,
    record::{CommentChange, CommentEvent},
    repos::Repo,
    world::{Refusal, World, iso},
};

/// A comment as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The earlier texts, oldest first.
    pub edits: Vec<String>,
    pub reactions: Vec<Reaction>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub id: u64,
    /// GitHub's name of it, e.g. `eyes`.
    pub content: String,
    pub login: String,
}

/// What a reaction is given to.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Issue(u64),
    Comment(u64),
}

impl Repo {
    /// The issue that a comment is in, and the comment.
    pub fn comment(&self, id: u64) -> Result<(&Issue, &Comment), Refusal> {
        let present = self.issues.values().filter(|issue| issue.gone.is_none());
        let found = present.flat_map(|i| i.comments.iter().map(move |c| (i, c))).find(|(_, c)| c.id == id);
        found.ok_or_else(Refusal::not_found)
    }

    fn reactions_mut(&mut self, target: Target) -> Result<&mut Vec<Reaction>, Refusal> {
        match target {
            Target::Issue(number) => Ok(&mut self.issue_mut(number)?.reactions),
            Target::Comment(id) => {
                let number = self.comment(id)?.0.number;
                let found = self.issue_mut(number)?.comments.iter_mut().find(|c| c.id == id);
                Ok(&mut found.ok_or_else(Refusal::not_found)?.reactions)
            }
        }
    }
}

impl World {
    /// Comments on an issue and gives the comment's id.
    ///
    /// # Errors
    /// When there is no such issue, or the text is empty or longer than 65,536 characters.
    pub fn comment(&mut self, repo: &str, number: u64, login: &str, body: &str) -> Result<u64, Refusal> {
        check_body(body)?;
        self.repo(repo)?.issue(number)?;
        self.add_user(login);
        let (id, now) = (self.new_id(), self.now());
        let comment = Comment {
            id,
            author: login.to_owned(),
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
            edits: Vec::new(),
            reactions: Vec::new(),
        };
        self.touched(repo, number)?.comments.push(comment);
        self.note(repo, id, CommentChange::Created)?;
        self.emit_comment(repo, id, "created", login, json!({}))?;
        Ok(id)
    }

    /// # Errors
    /// When there is no such comment, or the text is empty or longer than 65,536 characters.
    pub fn edit_comment(&mut self, repo: &str, id: u64, login: &str, body: &str) -> Result<(), Refusal> {
        check_body(body)?;
        let now = self.now();
        let place = self.repo_mut(repo)?;
        let number = place.comment(id)?.0.number;
        let found = place.issue_mut(number)?.comments.iter_mut().find(|c| c.id == id);
        let comment = found.ok_or_else(Refusal::not_found)?;
        let from = std::mem::replace(&mut comment.body, body.to_owned());
        comment.edits.push(from.clone());
        comment.updated_at = now;
        self.note(repo, id, CommentChange::Edited)?;
        self.emit_comment(repo, id, "edited", login, json!({ "changes": { "body": { "from": from } } }))
    }

    /// # Errors
    /// When there is no such comment.
    pub fn delete_comment(&mut self, repo: &str, id: u64, login: &str) -> Result<(), Refusal> {
        self.note(repo, id, CommentChange::Deleted)?;
        self.emit_comment(repo, id, "deleted", login, json!({}))?;
        let place = self.repo_mut(repo)?;
        let number = place.comment(id)?.0.number;
        place.issue_mut(number)?.comments.retain(|c| c.id != id);
        Ok(())
    }

    /// The comments of an issue, oldest first; none when there is no such issue.
    pub fn comments(&self, repo: &str, number: u64) -> Vec<Comment> {
        self.repo(repo).and_then(|r| r.issue(number)).map(|i| i.comments.clone()).unwrap_or_default()
    }

    /// The reactions to an issue itself.
    pub fn issue_reactions(&self, repo: &str, number: u64) -> Vec<Reaction> {
        self.repo(repo).and_then(|r| r.issue(number)).map(|i| i.reactions.clone()).unwrap_or_default()
    }

    /// Gives a reaction; the flag says whether it is new.
    pub(super) fn react(
        &mut self,
        repo: &str,
        target: Target,
        login: &str,
        content: &str,
    ) -> Result<(Reaction, bool), Refusal> {
        let id = self.new_id();
        let reactions = self.repo_mut(repo)?.reactions_mut(target)?;
        if let Some(known) = reactions.iter().find(|r| r.login == login && r.content == content) {
            return Ok((known.clone(), false));
        }
        let new = Reaction { id, content: content.to_owned(), login: login.to_owned() };
        reactions.push(new.clone());
        Ok((new, true))
    }

    pub(super) fn unreact(&mut self, repo: &str, target: Target, id: u64) -> Result<(), Refusal> {
        let reactions = self.repo_mut(repo)?.reactions_mut(target)?;
        let at = reactions.iter().position(|r| r.id == id).ok_or_else(Refusal::not_found)?;
        reactions.remove(at);
        Ok(())
    }

    fn note(&mut self, repo: &str, id: u64, change: CommentChange) -> Result<(), Refusal> {
        let (issue, comment) = self.repo(repo)?.comment(id)?;
        let event = CommentEvent {
            at: self.now(),
            change,
            repo: repo.to_owned(),
            issue: issue.number,
            comment: id,
            author: comment.author.clone(),
            body: comment.body.clone(),
        };
        self.record.comments.push(event);
        Ok(())
    }

    fn emit_comment(
        &mut self,
        repo: &str,
        id: u64,
        action: &str,
        login: &str,
        mut extra: Value,
    ) -> Result<(), Refusal> {
        self.add_user(login);
        let place = self.repo(repo)?;
        let (issue, comment) = place.comment(id)?;
        extra["issue"] = self.issue_json(place, issue);
        extra["comment"] = self.comment_json(place, issue, comment);
        self.emit(repo, "issue_comment", Some(action), login, extra)
    }

    pub(super) fn comment_json(&self, repo: &Repo, issue: &Issue, comment: &Comment) -> Value {
        json!({
            "id": comment.id,
            "node_id": format!("IC_{}", comment.id),
            "body": comment.body,
            "user": self.user_json(&comment.author),
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": "NONE",
            "url": format!("{}/repos/{}/issues/comments/{}", self.base_url, repo.name, comment.id),
            "issue_url": format!("{}/repos/{}/issues/{}", self.base_url, repo.name, issue.number),
            "html_url": format!("{}#issuecomment-{}", self.issue_url(repo, issue), comment.id),
        })
    }
}

fn check_body(body: &str) -> Result<(), Refusal> {
    match body.chars().count() {
        1..=65_536 => Ok(()),
        0 => Err(Refusal::unprocessable("Validation Failed: body can't be blank")),
        _ => Err(Refusal::unprocessable("Validation Failed: body is too long (maximum is 65536 characters)")),
    }
}
