//! Compares GitHub's lists of the App's installations, and of the repositories that each reaches, with what we know.
//!
//! What we know is read after GitHub's list was asked for, and what changed since then is left alone: a webhook that
//! came meanwhile is newer than the list. That something is missing in a list is believed only when GitHub, asked for
//! it by itself, says so too: lists lag, and very long ones are cut. Repositories that nobody heard of yet are not added:
//! their first delivery does that.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    github::{GitHubError, Installation, ListedRepository, Repo, Repository},
    queue::{Access, RepoKey},
    store::{InstallationChange, InstallationEvent, KnownInstallation, KnownRepository, RECONCILE},
    workers::Context,
};

pub(in crate::workers) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let began = store.now().await?;
    let known = store.known_installations().await?;
    let listed: BTreeMap<i64, Installation> =
        context.0.github.installations().await?.into_iter().map(|one| (one.id.cast_signed(), one)).collect();
    let comparison = Comparison { context, began };
    let tenants: BTreeSet<i64> = known.iter().map(|one| one.tenant_id).collect();
    let mut reached = Vec::new();
    for installation in listed.values() {
        let Some(account) = &installation.account else { continue };
        // Of an account that we never heard of there is nothing to repair.
        if !tenants.contains(&account.id.cast_signed()) {
            continue;
        }
        let known = known.iter().find(|one| one.installation_id == installation.id.cast_signed());
        if comparison.installation(installation, known).await? {
            reached.extend(comparison.list(installation).await?);
        }
    }
    // First what moved from one account to another, so that it does not count as removed there.
    for one in &reached {
        go_on(comparison.moved(one).await)?;
    }
    for one in &reached {
        go_on(comparison.repositories(one).await)?;
    }
    // Last, since what another installation reaches now is not lost with this one.
    for one in known.iter().filter(|one| !listed.contains_key(&one.installation_id)) {
        go_on(comparison.missing(one).await)?;
    }
    Ok(false)
}

/// GitHub's trouble with one account is not the others', unless it wants us to wait; the client has logged it.
fn go_on(result: anyhow::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) => match error.downcast_ref() {
            None | Some(GitHubError::RetryLater { .. }) => Err(error),
            Some(_) => Ok(()),
        },
        done => done,
    }
}

struct Comparison<'a> {
    context: &'a Context,
    began: DateTime<Utc>,
}

/// What an active installation reaches.
struct Reached {
    tenant_id: i64,
    installation_id: i64,
    login: String,
    repositories: Vec<ListedRepository>,
}

impl Comparison<'_> {
    /// GitHub does not list an installation that we know.
    async fn missing(&self, known: &KnownInstallation) -> anyhow::Result<()> {
        let over = known.state.as_deref() == Some("deleted") || known.state.is_none();
        if over && !known.reaches {
            return Ok(());
        }
        match self.context.0.github.installation(known.installation_id.cast_unsigned()).await {
            Err(GitHubError::NotFound) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let change = InstallationChange {
            tenant_id: known.tenant_id,
            installation_id: known.installation_id,
            login: known.login.clone().unwrap_or_default(),
            at: Some(self.began),
            what: InstallationEvent::Deleted,
        };
        self.apply(&change).await
    }

    /// Puts its state right. Returns whether it is active.
    async fn installation(
        &self,
        listed: &Installation,
        known: Option<&KnownInstallation>,
    ) -> anyhow::Result<bool> {
        let state = known.and_then(|known| known.state.as_deref());
        let (what, at) = match (listed.suspended_at, state) {
            (Some(_), Some("suspended")) => return Ok(false),
            (Some(at), _) => (InstallationEvent::Suspended, at),
            (None, Some("suspended")) => (InstallationEvent::Unsuspended, self.began),
            (None, Some(_)) => return Ok(state == Some("active")),
            (None, None) => (InstallationEvent::Created { repositories: Vec::new() }, self.began),
        };
        let Some(account) = &listed.account else { return Ok(false) };
        let change = InstallationChange {
            tenant_id: account.id.cast_signed(),
            installation_id: listed.id.cast_signed(),
            login: account.login.clone(),
            at: Some(at),
            what,
        };
        self.apply(&change).await?;
        Ok(listed.suspended_at.is_none())
    }

    async fn list(&self, installation: &Installation) -> anyhow::Result<Option<Reached>> {
        let Some(account) = &installation.account else { return Ok(None) };
        match self.context.0.github.installation_repositories(installation.id).await {
            Ok(repositories) => Ok(Some(Reached {
                tenant_id: account.id.cast_signed(),
                installation_id: installation.id.cast_signed(),
                login: account.login.clone(),
                repositories,
            })),
            Err(error @ GitHubError::RetryLater { .. }) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// What an account has that another one had.
    async fn moved(&self, reached: &Reached) -> anyhow::Result<()> {
        let store = self.context.store();
        let listed = reached.by_id();
        let ids: Vec<i64> = listed.keys().copied().collect();
        for (repo_id, former) in store.other_accounts(&ids, reached.tenant_id).await? {
            let Some(listed) = listed.get(&repo_id) else { continue };
            let found = self.look(reached, &listed.owner.login, &listed.name).await?;
            if found.is_some_and(|found| found.id == listed.id && found.owner.id == listed.owner.id) {
                let repo = RepoKey { tenant_id: reached.tenant_id, repo_id };
                store.transferred(repo, former, RECONCILE).await?;
                self.repaired("repository", repo);
            }
        }
        Ok(())
    }

    async fn repositories(&self, reached: &Reached) -> anyhow::Result<()> {
        let known = self.context.store().known_repositories(reached.tenant_id).await?;
        let listed = reached.by_id();
        // What was written while the list was on its way is newer than the list.
        for one in known.iter().filter(|one| one.access_since.is_none_or(|since| since < self.began)) {
            match listed.get(&one.key.repo_id) {
                Some(listed) => self.repository(reached, one, listed).await?,
                None => self.unlisted(reached, one).await?,
            }
        }
        Ok(())
    }

    async fn repository(
        &self,
        reached: &Reached,
        known: &KnownRepository,
        listed: &ListedRepository,
    ) -> anyhow::Result<()> {
        let store = self.context.store();
        let away = !matches!(known.access, Access::Active | Access::Archived);
        if away || known.installation_id != reached.installation_id {
            let repositories = vec![known.key.repo_id];
            self.apply(&reached.change(InstallationEvent::Added { repositories })).await?;
        }
        let access = if listed.archived { Access::Archived } else { Access::Active };
        let archived = known.access == Access::Archived;
        if archived != listed.archived && store.set_access(known.key, access, RECONCILE).await? {
            self.repaired("repository", known.key);
        }
        let listed = KnownRepository {
            owner: listed.owner.login.clone(),
            name: listed.name.clone(),
            private: listed.private,
            default_branch: listed.default_branch.clone(),
            ..known.clone()
        };
        if store.repository_listed(&listed).await? {
            self.repaired("repository", known.key);
        }
        Ok(())
    }

    /// The installation's list does not have a repository that was reached through it.
    async fn unlisted(&self, reached: &Reached, known: &KnownRepository) -> anyhow::Result<()> {
        let here = matches!(known.access, Access::Active | Access::Suspended | Access::Archived);
        if !here || known.installation_id != reached.installation_id {
            return Ok(());
        }
        let found = self.look(reached, &known.owner, &known.name).await?;
        if found.is_some_and(|found| found.id.cast_signed() == known.key.repo_id) {
            return Ok(());
        }
        let repositories = vec![known.key.repo_id];
        self.apply(&reached.change(InstallationEvent::Removed { repositories })).await
    }

    /// The repository of this name, as the installation sees it.
    async fn look(&self, through: &Reached, owner: &str, name: &str) -> anyhow::Result<Option<Repository>> {
        let installation = through.installation_id.cast_unsigned();
        let address = Repo { owner: owner.to_owned(), name: name.to_owned(), installation };
        match self.context.0.github.repository(&address).await {
            Ok(found) => Ok(Some(found)),
            Err(GitHubError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn apply(&self, change: &InstallationChange) -> anyhow::Result<()> {
        if self.context.store().installation_changed(change, RECONCILE).await? {
            let (tenant, installation) = (change.tenant_id, change.installation_id);
            let what = format!("{:?}", change.what);
            tracing::info!(
                recovered = "installation",
                tenant,
                installation,
                what,
                "recovered a missed event"
            );
            self.context.wake_all();
        }
        Ok(())
    }

    fn repaired(&self, what: &str, repo: RepoKey) {
        let (tenant, repo) = (repo.tenant_id, repo.repo_id);
        tracing::info!(recovered = what, tenant, repo, "recovered a missed event");
        self.context.wake_all();
    }
}

impl Reached {
    fn by_id(&self) -> BTreeMap<i64, &ListedRepository> {
        self.repositories.iter().map(|one| (one.id.cast_signed(), one)).collect()
    }

    fn change(&self, what: InstallationEvent) -> InstallationChange {
        InstallationChange {
            tenant_id: self.tenant_id,
            installation_id: self.installation_id,
            login: self.login.clone(),
            at: None,
            what,
        }
    }
}
