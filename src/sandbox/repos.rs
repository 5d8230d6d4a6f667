//! Repositories: files, refs, who may do what, and the answers about them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    checks::CheckRun,
    installations::{Installation, app_permissions},
    issues::Issue,
    world::{Refusal, World},
};

pub(super) const WORKFLOWS: &str = ".github/workflows/";

/// What a person may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// The older, coarser word of the API: maintain reads as write, triage as read.
    pub(super) fn permission(self) -> &'static str {
        match self {
            Self::Triage => "read",
            Self::Maintain => "write",
            other => other.name(),
        }
    }
}

pub(super) struct Repo {
    pub id: u64,
    pub name: String,
    pub private: bool,
    pub installation: u64,
    pub default_branch: String,
    pub archived: bool,
    /// `heads/main`, `tags/v1` → commit.
    pub refs: BTreeMap<String, String>,
    /// All that there ever were.
    pub commits: BTreeSet<String>,
    /// Branches that move once a dispatch on them was accepted.
    pub moves_on_dispatch: BTreeSet<String>,
    /// The files of every ref: branches do not differ here.
    pub files: BTreeMap<String, String>,
    /// Path → id.
    pub workflows: BTreeMap<String, u64>,
    /// Paths of workflows that are switched off.
    pub disabled: BTreeSet<String>,
    /// Path → the last run's number.
    pub run_numbers: BTreeMap<String, u64>,
    pub roles: BTreeMap<String, Role>,
    pub labels: Vec<String>,
    pub issues: BTreeMap<u64, Issue>,
    pub checks: Vec<CheckRun>,
}

impl Repo {
    pub fn owner(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    pub fn short_name(&self) -> &str {
        self.name.split('/').nth(1).unwrap_or_default()
    }

    pub fn issue(&self, number: u64) -> Result<&Issue, Refusal> {
        self.issues.get(&number).ok_or_else(Refusal::not_found)?.present()
    }
}

impl World {
    /// Adds a repository with a branch `main`, and the App's installation on its owner if that is the first one.
    ///
    /// # Errors
    /// When the name is not `owner/name` or is taken.
    pub fn add_repo(&mut self, name: &str, private: bool) -> Result<u64, Refusal> {
        let valid = name.split('/').count() == 2 && name.split('/').all(|part| !part.is_empty());
        if !valid || self.repos.contains_key(name) {
            return Err(Refusal::unprocessable(format!("{name} is no free owner/name")));
        }
        let owner = name.split('/').next().unwrap_or_default().to_owned();
        self.add_user(&owner);
        let known = self.installations.values().find(|i| i.account == owner).map(|i| i.id);
        let installation = known.unwrap_or_else(|| self.install(&owner));
        let (id, head) = (self.new_id(), self.new_sha());
        let repo = Repo {
            id,
            name: name.to_owned(),
            private,
            installation,
            default_branch: "main".to_owned(),
            archived: false,
            refs: BTreeMap::from([("heads/main".to_owned(), head.clone())]),
            commits: BTreeSet::from([head]),
            moves_on_dispatch: BTreeSet::new(),
            files: BTreeMap::new(),
            workflows: BTreeMap::new(),
            disabled: BTreeSet::new(),
            run_numbers: BTreeMap::new(),
            roles: BTreeMap::from([(owner.clone(), Role::Admin)]),
            labels: Vec::new(),
            issues: BTreeMap::new(),
            checks: Vec::new(),
        };
        self.repos.insert(name.to_owned(), repo);
        self.announce(name, &owner, known.is_none())?;
        Ok(id)
    }

    pub(super) fn install(&mut self, account: &str) -> u64 {
        let (id, created_at) = (self.new_id(), self.now());
        let (account, permissions) = (account.to_owned(), app_permissions());
        let installation =
            Installation { id, account, created_at, updated_at: created_at, suspended_at: None, permissions };
        self.installations.insert(id, installation);
        id
    }

    fn announce(&mut self, name: &str, owner: &str, first: bool) -> Result<(), Refusal> {
        let brief = self.brief(&[name.to_owned()]);
        if first {
            self.emit_installation(owner, "installation", "created", json!({ "repositories": brief }))
        } else {
            let extra = json!({
                "repositories_added": brief, "repositories_removed": [], "repository_selection": "selected",
            });
            self.emit_installation(owner, "installation_repositories", "added", extra)
        }
    }

    /// # Errors
    /// When there is no such repository.
    pub fn set_role(&mut self, repo: &str, login: &str, role: Role) -> Result<(), Refusal> {
        self.add_user(login);
        self.repo_mut(repo)?.roles.insert(login.to_owned(), role);
        Ok(())
    }

    /// Commits a file to the default branch, which sends a push webhook.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn put_file(&mut self, repo: &str, path: &str, text: &str) -> Result<(), Refusal> {
        let id = self.new_id();
        let place = self.repo_mut(repo)?;
        let known = place.files.insert(path.to_owned(), text.to_owned()).is_some();
        if path.starts_with(WORKFLOWS) {
            place.workflows.entry(path.to_owned()).or_insert(id);
        }
        let (branch, kind) = (place.default_branch.clone(), if known { "modified" } else { "added" });
        self.push(repo, &branch, Some((path, kind)), false).map(drop)
    }

    pub(super) fn repo(&self, name: &str) -> Result<&Repo, Refusal> {
        self.repos.get(name).ok_or_else(Refusal::not_found)
    }

    pub(super) fn repo_mut(&mut self, name: &str) -> Result<&mut Repo, Refusal> {
        self.repos.get_mut(name).ok_or_else(Refusal::not_found)
    }

    pub(super) fn repo_json(&self, repo: &Repo) -> Value {
        json!({
            "id": repo.id,
            "node_id": format!("R_{}", repo.id),
            "name": repo.short_name(),
            "full_name": repo.name,
            "private": repo.private,
            "visibility": if repo.private { "private" } else { "public" },
            "owner": self.user_json(repo.owner()),
            "html_url": format!("{}/{}", self.base_url, repo.name),
            "url": format!("{}/repos/{}", self.base_url, repo.name),
            "default_branch": repo.default_branch,
            "fork": false,
            "archived": repo.archived,
        })
    }
}
