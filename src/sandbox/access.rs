//! What accounts do with the App: suspend it, remove it, take repositories out of it, change what it may do.

use serde_json::{Map, Value, json};

use super::{
    installations::Installation,
    world::{Refusal, World},
};

/// Where a repository is without an installation.
pub(super) const NOWHERE: u64 = 0;

impl World {
    /// The App is still there, and may do nothing.
    ///
    /// # Errors
    /// When the App is not installed on the account.
    pub fn suspend(&mut self, account: &str) -> Result<(), Refusal> {
        let now = self.now();
        let installation = self.installation_mut(account)?;
        installation.suspended_at = Some(now);
        installation.updated_at = now;
        self.emit_installation(account, "installation", "suspend", json!({}))
    }

    /// # Errors
    /// When the App is not installed on the account.
    pub fn unsuspend(&mut self, account: &str) -> Result<(), Refusal> {
        self.installation_mut(account)?.suspended_at = None;
        self.emit_installation(account, "installation", "unsuspend", json!({}))
    }

    /// Takes the App from an account: its tokens are worth nothing from now on, and nothing is heard any more.
    ///
    /// # Errors
    /// When the App is not installed on the account.
    pub fn uninstall(&mut self, account: &str) -> Result<(), Refusal> {
        let id = self.installation_mut(account)?.id;
        let listed: Vec<String> = self.repos_of(id);
        let extra = json!({ "repositories": self.brief(&listed) });
        self.emit_installation(account, "installation", "deleted", extra)?;
        self.installations.remove(&id);
        self.tokens.retain(|_, token| token.installation != id);
        for repo in self.repos.values_mut().filter(|repo| repo.installation == id) {
            repo.installation = NOWHERE;
        }
        Ok(())
    }

    /// Installs the App on an account, with all of its repositories; gives the new installation's id.
    ///
    /// # Errors
    /// When it is installed there.
    pub fn install_app(&mut self, account: &str) -> Result<u64, Refusal> {
        if self.installation_mut(account).is_ok() {
            return Err(Refusal::unprocessable(format!("the App is installed on {account}")));
        }
        self.add_user(account);
        let id = self.install(account);
        for repo in self.repos.values_mut().filter(|repo| repo.owner() == account) {
            repo.installation = id;
        }
        let extra = json!({ "repositories": self.brief(&self.repos_of(id)) });
        self.emit_installation(account, "installation", "created", extra)?;
        Ok(id)
    }

    /// Takes a repository out of its owner's installation.
    ///
    /// # Errors
    /// When there is no such repository, or it is in none.
    pub fn remove_repo(&mut self, repo: &str) -> Result<(), Refusal> {
        let place = self.repo_mut(repo)?;
        let owner = place.owner().to_owned();
        place.installation = NOWHERE;
        let extra = json!({
            "repositories_added": [], "repositories_removed": self.brief(&[repo.to_owned()]),
            "repository_selection": "selected",
        });
        self.emit_installation(&owner, "installation_repositories", "removed", extra)
    }

    /// Puts a repository into its owner's installation (again).
    ///
    /// # Errors
    /// When there is no such repository, or no installation on its owner.
    pub fn add_back_repo(&mut self, repo: &str) -> Result<(), Refusal> {
        let owner = self.repo(repo)?.owner().to_owned();
        let id = self.installation_mut(&owner)?.id;
        self.repo_mut(repo)?.installation = id;
        let extra = json!({
            "repositories_added": self.brief(&[repo.to_owned()]), "repositories_removed": [],
            "repository_selection": "selected",
        });
        self.emit_installation(&owner, "installation_repositories", "added", extra)
    }

    /// Changes what the App may do in an area (`actions`, `issues`, …): `write`, `read`, or nothing. What is taken away
    /// is gone at once; what is given, the account accepts, which sends a webhook. Tokens keep what they were made with.
    ///
    /// # Errors
    /// When the App is not installed on the account.
    pub fn set_permission(&mut self, account: &str, area: &str, level: Option<&str>) -> Result<(), Refusal> {
        let rank = |level: Option<&str>| ["read", "write"].iter().position(|name| Some(*name) == level);
        let permissions = &mut self.installation_mut(account)?.permissions;
        let before = rank(permissions.get(area).and_then(Value::as_str));
        match level {
            Some(level) => drop(permissions.insert(area.to_owned(), json!(level))),
            None => drop(permissions.remove(area)),
        }
        if rank(level) > before {
            self.emit_installation(account, "installation", "new_permissions_accepted", json!({}))?;
        }
        Ok(())
    }

    fn installation_mut(&mut self, account: &str) -> Result<&mut Installation, Refusal> {
        self.installations.values_mut().find(|i| i.account == account).ok_or_else(Refusal::not_found)
    }

    /// What an installation may do; nothing if there is none.
    pub(super) fn permissions_of(&self, installation: u64) -> Map<String, Value> {
        self.installations.get(&installation).map(|i| i.permissions.clone()).unwrap_or_default()
    }

    /// Whether the App hears of what happens in a repository.
    pub(super) fn is_heard(&self, installation: u64) -> bool {
        self.installations.get(&installation).is_some_and(|i| i.suspended_at.is_none())
    }

    pub(super) fn refuse_suspended(&self, installation: u64) -> Result<(), Refusal> {
        match self.installations.get(&installation).and_then(|i| i.suspended_at) {
            Some(_) => Err(Refusal::new(403, "This installation has been suspended")),
            None => Ok(()),
        }
    }

    pub(super) fn repos_of(&self, installation: u64) -> Vec<String> {
        self.repos.values().filter(|r| r.installation == installation).map(|r| r.name.clone()).collect()
    }

    /// Repositories as lists in webhooks have them.
    pub(super) fn brief(&self, names: &[String]) -> Value {
        let known = names.iter().filter_map(|name| self.repo(name).ok());
        let brief = known.map(|repo| {
            json!({
                "id": repo.id, "node_id": format!("R_{}", repo.id), "name": repo.short_name(),
                "full_name": repo.name, "private": repo.private,
            })
        });
        brief.collect()
    }

    /// A webhook about an account's installation.
    pub(super) fn emit_installation(
        &mut self,
        account: &str,
        event: &str,
        action: &str,
        extra: Value,
    ) -> Result<(), Refusal> {
        let found = self.installations.values().find(|i| i.account == account);
        let installation = found.ok_or_else(Refusal::not_found)?;
        let mut payload = json!({
            "action": action, "installation": self.installation_json(installation), "sender": self.user_json(account),
        });
        if let (Some(payload), Value::Object(extra)) = (payload.as_object_mut(), extra) {
            payload.extend(extra);
        }
        self.deliver_raw(event, &payload);
        Ok(())
    }
}
