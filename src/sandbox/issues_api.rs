//! The App's calls about issues, comments, labels and reactions, and what issues look like in answers and payloads.

use serde_json::{Value, json};

use super::{
    api::{Answer, Call},
    comments::{Reaction, Target},
    issues::Issue,
    repos::Repo,
    world::{Refusal, World, iso},
};

impl World {
    /// `/repos/{owner}/{repo}/issues…`
    pub(super) fn issues_route(&mut self, call: &Call, repo: &str, rest: &[&str]) -> Result<Answer, Refusal> {
        match rest {
            [] => self.issue_list(call, repo),
            ["comments", id] => self.one_comment(call, repo, number(id)?),
            ["comments", id, "reactions", rest @ ..] => {
                self.reactions(call, repo, Target::Comment(number(id)?), rest)
            }
            [issue] => self.one_issue(call, repo, number(issue)?),
            [issue, "comments"] => self.comments_of(call, repo, number(issue)?),
            [issue, "reactions", rest @ ..] => {
                self.reactions(call, repo, Target::Issue(number(issue)?), rest)
            }
            [issue, "labels", rest @ ..] => self.labels_of(call, repo, number(issue)?, rest),
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    fn issue_list(&mut self, call: &Call, name: &str) -> Result<Answer, Refusal> {
        let bot = self.bot();
        if call.method == "POST" {
            let labels: Vec<&str> = texts(&call.body["labels"]).collect();
            let body = call.body["body"].as_str().unwrap_or_default();
            let number = self.open_issue(name, &bot, call.text("title")?, body, &labels)?;
            let repo = self.repo(name)?;
            return Ok(Answer::new(201, self.issue_json(repo, repo.issue(number)?)));
        }
        let repo = self.repo(name)?;
        let state = call.param("state").unwrap_or("open");
        let wanted = |open: bool| state == "all" || open == (state == "open");
        let labels: Vec<&str> = call.param("labels").into_iter().flat_map(|l| l.split(',')).collect();
        let newest_first = repo.issues.values().rev().filter(|i| i.gone.is_none() && wanted(i.open));
        let labelled = newest_first.filter(|i| labels.iter().all(|l| i.labels.iter().any(|have| have == l)));
        Ok(self.page(call, labelled.map(|i| self.issue_json(repo, i)).collect(), None))
    }

    fn one_issue(&mut self, call: &Call, name: &str, number: u64) -> Result<Answer, Refusal> {
        if call.method == "PATCH" {
            let bot = self.bot();
            let (title, body) = (call.body["title"].as_str(), call.body["body"].as_str());
            if title.is_some() || body.is_some() {
                self.edit_issue(name, number, &bot, title, body)?;
            }
            if let Some(state) = call.body["state"].as_str() {
                self.set_open(name, number, &bot, state == "open")?;
            }
        }
        let repo = self.repo(name)?;
        Ok(Answer::ok(self.issue_json(repo, repo.issue(number)?)))
    }

    fn comments_of(&mut self, call: &Call, name: &str, number: u64) -> Result<Answer, Refusal> {
        if call.method == "POST" {
            let bot = self.bot();
            if self.repo(name)?.issue(number)?.locked {
                return Err(Refusal::new(403, "Unable to create comment because issue is locked."));
            }
            let id = self.comment(name, number, &bot, call.text("body")?)?;
            let repo = self.repo(name)?;
            let (issue, comment) = repo.comment(id)?;
            return Ok(Answer::new(201, self.comment_json(repo, issue, comment)));
        }
        let repo = self.repo(name)?;
        let issue = repo.issue(number)?;
        Ok(self.page(call, issue.comments.iter().map(|c| self.comment_json(repo, issue, c)).collect(), None))
    }

    fn one_comment(&mut self, call: &Call, name: &str, id: u64) -> Result<Answer, Refusal> {
        let bot = self.bot();
        match call.method.as_str() {
            "PATCH" => self.edit_comment(name, id, &bot, call.text("body")?)?,
            "DELETE" => {
                self.delete_comment(name, id, &bot)?;
                return Ok(Answer::empty(204));
            }
            _ => {}
        }
        let repo = self.repo(name)?;
        let (issue, comment) = repo.comment(id)?;
        Ok(Answer::ok(self.comment_json(repo, issue, comment)))
    }

    fn reactions(
        &mut self,
        call: &Call,
        name: &str,
        target: Target,
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("POST", []) => {
                let bot = self.bot();
                let (reaction, new) = self.react(name, target, &bot, call.text("content")?)?;
                Ok(Answer::new(if new { 201 } else { 200 }, self.reaction_json(&reaction)))
            }
            ("DELETE", [id]) => self.unreact(name, target, number(id)?).map(|()| Answer::empty(204)),
            _ => {
                let repo = self.repo(name)?;
                let given = match target {
                    Target::Issue(number) => &repo.issue(number)?.reactions,
                    Target::Comment(id) => &repo.comment(id)?.1.reactions,
                };
                let wanted = given.iter().filter(|r| call.param("content").is_none_or(|c| c == r.content));
                Ok(self.page(call, wanted.map(|r| self.reaction_json(r)).collect(), None))
            }
        }
    }

    fn reaction_json(&self, reaction: &Reaction) -> Value {
        json!({ "id": reaction.id, "content": reaction.content, "user": self.user_json(&reaction.login) })
    }

    fn labels_of(&mut self, call: &Call, name: &str, issue: u64, rest: &[&str]) -> Result<Answer, Refusal> {
        let bot = self.bot();
        let given: Vec<&str> = texts(&call.body["labels"]).collect();
        match (call.method.as_str(), rest) {
            ("POST" | "PUT", []) => {
                for label in &given {
                    self.label_issue(name, issue, &bot, label)?;
                }
                let old = if call.method == "PUT" { self.issue_labels(name, issue) } else { Vec::new() };
                for label in old.iter().filter(|l| !given.contains(&l.as_str())) {
                    self.unlabel_issue(name, issue, &bot, label)?;
                }
            }
            ("DELETE", label) => self.unlabel_issue(name, issue, &bot, &label.join("/"))?,
            _ => {}
        }
        let labels = &self.repo(name)?.issue(issue)?.labels;
        Ok(self.page(call, labels.iter().map(|l| label_json(l)).collect(), None))
    }

    /// `/repos/{owner}/{repo}/labels…`
    pub(super) fn labels_route(&mut self, call: &Call, name: &str, rest: &[&str]) -> Result<Answer, Refusal> {
        let labels = &mut self.repo_mut(name)?.labels;
        match (call.method.as_str(), rest) {
            ("POST", _) => {
                let label = call.text("name")?;
                if labels.iter().any(|l| l == label) {
                    return Err(Refusal::unprocessable("Validation Failed: already_exists"));
                }
                labels.push(label.to_owned());
                Ok(Answer::new(201, label_json(label)))
            }
            (_, ["labels", label]) if labels.iter().any(|l| l == label) => Ok(Answer::ok(label_json(label))),
            (_, ["labels", _]) => Err(Refusal::not_found()),
            _ => {
                let all = labels.iter().map(|l| label_json(l)).collect();
                Ok(self.page(call, all, None))
            }
        }
    }

    pub(super) fn issue_json(&self, repo: &Repo, issue: &Issue) -> Value {
        let labels: Vec<Value> = issue.labels.iter().map(|l| label_json(l)).collect();
        let api = format!("{}/repos/{}/issues/{}", self.base_url, repo.name, issue.number);
        let mut shown = json!({
            "id": issue.id,
            "node_id": format!("I_{}", issue.id),
            "number": issue.number,
            "title": issue.title,
            "body": if issue.body.is_empty() { Value::Null } else { json!(issue.body) },
            "user": self.user_json(&issue.author),
            "labels": labels,
            "state": if issue.open { "open" } else { "closed" },
            "locked": issue.locked,
            "comments": issue.comments.len(),
            "created_at": iso(issue.created_at),
            "updated_at": iso(issue.updated_at),
            "author_association": "NONE",
            "url": api,
            "comments_url": format!("{api}/comments"),
            "html_url": self.issue_url(repo, issue),
        });
        if issue.pull_request {
            let api = format!("{}/repos/{}/pulls/{}", self.base_url, repo.name, issue.number);
            shown["pull_request"] = json!({
                "url": api, "html_url": self.issue_url(repo, issue), "diff_url": null, "patch_url": null, "merged_at": null,
            });
        }
        shown
    }

    pub(super) fn issue_url(&self, repo: &Repo, issue: &Issue) -> String {
        let kind = if issue.pull_request { "pull" } else { "issues" };
        format!("{}/{}/{kind}/{}", self.base_url, repo.name, issue.number)
    }
}

pub(super) fn label_json(name: &str) -> Value {
    json!({ "name": name, "color": "ededed", "default": false, "description": null })
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

/// The names in a list of texts or of objects with a `name`.
fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(|l| l.as_str().or_else(|| l["name"].as_str()))
}
