//! Branches and tags, how they move, and the webhooks that say so.

use serde_json::{Value, json};

use super::{
    repos::Repo,
    world::{Refusal, World, iso},
};

/// A file, and what happened to it: `added`, `modified` or `removed`.
pub(super) type Change<'a> = (&'a str, &'a str);

/// What a webhook says where there is none.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

impl World {
    /// Creates a ref, or moves it, to a new commit; `name` is `heads/…` or `tags/…`. Sends no webhook.
    ///
    /// # Errors
    /// When there is no such repository or the name is of another form.
    pub fn set_ref(&mut self, repo: &str, name: &str) -> Result<String, Refusal> {
        if !name.starts_with("heads/") && !name.starts_with("tags/") {
            return Err(Refusal::unprocessable(format!("{name} is neither heads/… nor tags/…")));
        }
        let sha = self.new_sha();
        self.repo_mut(repo)?.point(name, &sha);
        Ok(sha)
    }

    /// Removes a branch or tag (`heads/…`, `tags/…`). Sends no webhook.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_ref(&mut self, repo: &str, name: &str) -> Result<(), Refusal> {
        self.repo_mut(repo)?.refs.remove(name).map(drop).ok_or_else(Refusal::not_found)
    }

    /// Moves a branch to a commit that does not follow from the one before; no file changes. Gives the new commit.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn force_push(&mut self, repo: &str, branch: &str) -> Result<String, Refusal> {
        self.repo(repo)?.head(branch)?;
        self.push(repo, branch, None, true)
    }

    /// The next dispatch on the branch is too late: the branch moves once it was accepted, before the run has its commit.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn move_on_dispatch(&mut self, repo: &str, branch: &str) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        place.head(branch)?;
        place.moves_on_dispatch.insert(branch.to_owned());
        Ok(())
    }

    /// The commit of the default branch.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn head(&self, repo: &str) -> Result<String, Refusal> {
        let place = self.repo(repo)?;
        place.head(&place.default_branch).cloned()
    }

    /// A new commit on a branch, with its webhook; gives the commit.
    pub(super) fn push(
        &mut self,
        repo: &str,
        branch: &str,
        change: Option<Change<'_>>,
        forced: bool,
    ) -> Result<String, Refusal> {
        let before = self.repo(repo)?.head(branch).cloned();
        let created = before.is_err();
        let after = self.set_ref(repo, &format!("heads/{branch}"))?;
        let owner = self.repo(repo)?.owner().to_owned();
        let commit = self.commit_json(&after, change);
        let extra = json!({
            "ref": format!("refs/heads/{branch}"), "before": before.unwrap_or_else(|_| NO_COMMIT.to_owned()),
            "after": after, "created": created, "deleted": false, "forced": forced,
            "commits": [commit.clone()], "head_commit": commit,
        });
        self.emit(repo, "push", None, &owner, extra)?;
        Ok(after)
    }

    fn commit_json(&self, sha: &str, change: Option<Change<'_>>) -> Value {
        let message = change.map_or_else(|| "Empty".to_owned(), |(path, _)| format!("Update {path}"));
        let mut commit = json!({
            "id": sha, "message": message, "timestamp": iso(self.now()), "added": [], "modified": [], "removed": [],
        });
        if let Some((path, kind)) = change {
            commit[kind] = json!([path]);
        }
        commit
    }
}

impl Repo {
    /// The commit of a branch or tag, given in short or as `refs/…`, or of a commit itself.
    pub fn commit(&self, name: &str) -> Option<&String> {
        let short = name.strip_prefix("refs/").unwrap_or(name);
        let named = [short.to_owned(), format!("heads/{short}"), format!("tags/{short}")];
        named.iter().find_map(|n| self.refs.get(n)).or_else(|| self.commits.get(name))
    }

    pub fn head(&self, branch: &str) -> Result<&String, Refusal> {
        self.refs.get(&format!("heads/{branch}")).ok_or_else(Refusal::not_found)
    }

    fn point(&mut self, name: &str, sha: &str) {
        self.refs.insert(name.to_owned(), sha.to_owned());
        self.commits.insert(sha.to_owned());
    }
}
