//! What becomes of repositories: renamed, transferred, archived, deleted; another default branch; workflows that go.

use serde_json::json;

use super::{
    access::NOWHERE,
    api::{Answer, Call},
    repos::{Repo, Role, WORKFLOWS},
    world::{Refusal, World},
};

impl World {
    /// Gives a repository another name (without the owner). The old one leads to it from then on.
    ///
    /// # Errors
    /// When there is no such repository, or the name is taken.
    pub fn rename_repo(&mut self, repo: &str, name: &str) -> Result<(), Refusal> {
        let place = self.repo(repo)?;
        let (owner, from) = (place.owner().to_owned(), place.short_name().to_owned());
        let new = format!("{owner}/{name}");
        self.move_repo(repo, &new)?;
        let changes = json!({ "repository": { "name": { "from": from } } });
        self.emit(&new, "repository", Some("renamed"), &owner, json!({ "changes": changes }))
    }

    /// Gives a repository to another account, with its issues and runs; gives its new name. The App reaches it there if
    /// it is installed there.
    ///
    /// # Errors
    /// When there is no such repository, or the account has one of this name.
    pub fn transfer_repo(&mut self, repo: &str, to: &str) -> Result<String, Refusal> {
        let place = self.repo(repo)?;
        let (from, new) = (place.owner().to_owned(), format!("{to}/{}", place.short_name()));
        self.add_user(to);
        let gone = self.brief(&[repo.to_owned()]);
        self.move_repo(repo, &new)?;
        let there = self.installations.values().find(|i| i.account == to).map(|i| i.id);
        let place = self.repo_mut(&new)?;
        place.installation = there.unwrap_or(NOWHERE);
        place.roles.insert(to.to_owned(), Role::Admin);
        if there.is_none() {
            let extra = json!({
                "repositories_added": [], "repositories_removed": gone, "repository_selection": "selected",
            });
            // GitHub tells the former owner's installation, if there is one.
            _ = self.emit_installation(&from, "installation_repositories", "removed", extra);
        }
        let changes = json!({ "owner": { "from": { "user": self.user_json(&from) } } });
        self.emit(&new, "repository", Some("transferred"), to, json!({ "changes": changes }))?;
        Ok(new)
    }

    /// Makes a repository read-only, or opens it again.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_archived(&mut self, repo: &str, archived: bool) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        place.archived = archived;
        let owner = place.owner().to_owned();
        self.emit(
            repo,
            "repository",
            Some(if archived { "archived" } else { "unarchived" }),
            &owner,
            json!({}),
        )
    }

    /// # Errors
    /// When there is no such repository.
    pub fn set_private(&mut self, repo: &str, private: bool) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        place.private = private;
        let owner = place.owner().to_owned();
        self.emit(
            repo,
            "repository",
            Some(if private { "privatized" } else { "publicized" }),
            &owner,
            json!({}),
        )
    }

    /// Deletes a repository with its issues and runs.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn delete_repo(&mut self, repo: &str) -> Result<(), Refusal> {
        let owner = self.repo(repo)?.owner().to_owned();
        self.emit(repo, "repository", Some("deleted"), &owner, json!({}))?;
        let now = self.now();
        self.repos.remove(repo);
        self.runs.retain(|_, run| run.repo != repo);
        for times in self.record.runs.iter_mut().filter(|times| times.repo == repo) {
            times.completed_at.get_or_insert(now);
        }
        Ok(())
    }

    /// Makes another branch the default one; it is created if need be.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_default_branch(&mut self, repo: &str, branch: &str) -> Result<(), Refusal> {
        let name = format!("heads/{branch}");
        if !self.repo(repo)?.refs.contains_key(&name) {
            self.set_ref(repo, &name)?;
        }
        let place = self.repo_mut(repo)?;
        let from = std::mem::replace(&mut place.default_branch, branch.to_owned());
        let owner = place.owner().to_owned();
        let changes = json!({ "default_branch": { "from": from } });
        self.emit(repo, "repository", Some("edited"), &owner, json!({ "changes": changes }))
    }

    /// Commits a file's removal to the default branch, which sends a push webhook.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn delete_file(&mut self, repo: &str, path: &str) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        place.files.remove(path).ok_or_else(Refusal::not_found)?;
        place.workflows.remove(path);
        let branch = place.default_branch.clone();
        self.push(repo, &branch, Some((path, "removed")), false).map(drop)
    }

    /// Switches a workflow (its file's name) off or on, as on its page. Sends no webhook.
    ///
    /// # Errors
    /// When there is no such workflow.
    pub fn set_workflow_enabled(&mut self, repo: &str, workflow: &str, enabled: bool) -> Result<(), Refusal> {
        let path = format!("{WORKFLOWS}{workflow}");
        let place = self.repo_mut(repo)?;
        place.workflows.get(&path).ok_or_else(Refusal::not_found)?;
        if enabled {
            place.disabled.remove(&path);
        } else {
            place.disabled.insert(path);
        }
        Ok(())
    }

    fn move_repo(&mut self, old: &str, new: &str) -> Result<(), Refusal> {
        if self.repos.contains_key(new) {
            return Err(Refusal::unprocessable(format!("{new} is no free owner/name")));
        }
        let mut repo = self.repos.remove(old).ok_or_else(Refusal::not_found)?;
        self.moved.insert(old.to_owned(), repo.id);
        self.moved.remove(new);
        new.clone_into(&mut repo.name);
        self.repos.insert(new.to_owned(), repo);
        let runs = self.runs.values_mut().map(|run| &mut run.repo);
        let record = &mut self.record;
        let times = record.runs.iter_mut().map(|times| &mut times.repo);
        let comments = record.comments.iter_mut().map(|comment| &mut comment.repo);
        for name in runs.chain(times).chain(comments).filter(|name| **name == old) {
            new.clone_into(name);
        }
        Ok(())
    }

    /// An address that begins with the repository's id, in the form that begins with its name.
    pub(super) fn by_name(&self, path: &str) -> Option<String> {
        let (id, rest) = path.strip_prefix("repositories/")?.split_once('/').unwrap_or_default();
        let id: u64 = id.parse().ok()?;
        let repo = self.repos.values().find(|repo| repo.id == id)?;
        Some(format!("repos/{}/{rest}", repo.name))
    }

    /// Where a call to a name that was given up is sent on to; writes keep their method (307).
    pub(super) fn redirected(&self, call: &Call, name: &str) -> Option<Answer> {
        let id = self.moved.get(name).filter(|_| !self.repos.contains_key(name))?;
        let rest = call.raw_path.splitn(5, '/').nth(4).unwrap_or_default();
        let query = if call.raw_query.is_empty() { String::new() } else { format!("?{}", call.raw_query) };
        let (status, why) =
            if call.method == "GET" { (301, "Moved Permanently") } else { (307, "Temporary Redirect") };
        let url = format!("{}/repositories/{id}/{rest}{query}", self.base_url);
        let mut answer = Answer::new(status, json!({ "message": why, "url": url }));
        answer.headers.push(("location", url));
        Some(answer)
    }
}

impl Repo {
    /// Refuses writes to what is read-only.
    pub(super) fn writable(&self, call: &Call) -> Result<(), Refusal> {
        if self.archived && call.method != "GET" {
            return Err(Refusal::new(403, "Repository was archived so is read-only."));
        }
        Ok(())
    }
}
