//! The App's calls about files, refs and roles.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    api::{Answer, Call},
    repos::{Repo, Role},
    world::{Refusal, World, sha_of},
};

impl World {
    /// What is left under `/repos/{owner}/{repo}`: the repository itself, contents, refs, collaborators.
    pub(super) fn contents_route(
        &mut self,
        call: &Call,
        name: &str,
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        let repo = self.repo(name)?;
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Answer::ok(self.repo_json(repo))),
            ("GET", ["contents", path @ ..]) => {
                if let Some(wanted) = call.param("ref") {
                    let missing = || Refusal::new(404, format!("No commit found for the ref {wanted}"));
                    repo.commit(wanted).ok_or_else(missing)?;
                }
                self.contents(repo, &path.join("/"))
            }
            ("GET", ["commits", name @ ..]) => {
                let name = name.join("/");
                let missing = || Refusal::unprocessable(format!("No commit found for SHA: {name}"));
                let sha = repo.commit(&name).ok_or_else(missing)?;
                let html_url = format!("{}/{}/commit/{sha}", self.base_url, repo.name);
                Ok(Answer::ok(json!({ "sha": sha, "html_url": html_url, "commit": { "message": "" } })))
            }
            ("GET", ["git", "ref", name @ ..]) => {
                let name = name.join("/");
                let sha = repo.refs.get(&name).ok_or_else(Refusal::not_found)?;
                let object = json!({ "type": "commit", "sha": sha });
                Ok(Answer::ok(json!({ "ref": format!("refs/{name}"), "object": object })))
            }
            ("GET", ["branches", name @ ..]) => {
                let name = name.join("/");
                let sha = repo.refs.get(&format!("heads/{name}"));
                let sha = sha.ok_or_else(|| Refusal::new(404, "Branch not found"))?;
                Ok(Answer::ok(json!({ "name": name, "commit": { "sha": sha }, "protected": false })))
            }
            ("GET", ["collaborators", login, "permission"]) => self.role_of(repo, login),
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    fn role_of(&self, repo: &Repo, login: &str) -> Result<Answer, Refusal> {
        if !self.users.contains_key(login) {
            return Err(Refusal::new(404, format!("{login} is not a user")));
        }
        let stranger = if repo.private { Role::None } else { Role::Read };
        let role = repo.roles.get(login).copied().filter(|r| *r != Role::None).unwrap_or(stranger);
        let user = self.user_json(login);
        Ok(Answer::ok(json!({ "permission": role.permission(), "role_name": role.name(), "user": user })))
    }

    fn contents(&self, repo: &Repo, path: &str) -> Result<Answer, Refusal> {
        if let Some(text) = repo.files.get(path) {
            let mut file = self.entry_json(repo, path, "file", text);
            file["encoding"] = json!("base64");
            file["content"] = json!(in_lines(&STANDARD.encode(text)));
            return Ok(Answer::ok(file));
        }
        let mut entries = BTreeMap::new();
        for (file, text) in &repo.files {
            let Some(below) = file.strip_prefix(path).and_then(|b| b.strip_prefix('/')) else { continue };
            let first = below.split('/').next().unwrap_or_default();
            let kind = if first == below { "file" } else { "dir" };
            let entry = self.entry_json(repo, &format!("{path}/{first}"), kind, text);
            entries.entry(first).or_insert(entry);
        }
        if entries.is_empty() {
            return Err(Refusal::not_found());
        }
        Ok(Answer::ok(entries.into_values().collect()))
    }

    fn entry_json(&self, repo: &Repo, path: &str, kind: &str, text: &str) -> Value {
        json!({
            "type": kind,
            "name": path.rsplit('/').next(),
            "path": path,
            "sha": sha_of(text.as_bytes()),
            "size": if kind == "file" { text.len() } else { 0 },
            "url": format!("{}/repos/{}/contents/{path}", self.base_url, repo.name),
            "html_url": format!("{}/{}/blob/main/{path}", self.base_url, repo.name),
        })
    }
}

/// GitHub breaks base64 into lines of 60.
fn in_lines(base64: &str) -> String {
    base64.as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line) + "\n").collect()
}
