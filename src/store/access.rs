//! What the App may do where: installations, and the access of their repositories.
//!
//! A change is written before its delivery is accepted, in a statement of its own that looks whether the delivery was
//! accepted before. A crash between the two is repaired by the redelivery, which finds nothing to change.
//!
//! GitHub delivers in any order, so not everything that comes is believed:
//!
//! * a deleted installation never comes back; a reinstalled App has another id, and `suspend` and `unsuspend` are
//!   ordered by the times that they bear;
//! * an ordinary delivery proves access only through an installation that is newer than the one known: one that comes
//!   late, through the installation that lost the repository, opens nothing again;
//! * `archived` gives way to `unarchived` alone, `deleted` and `transferred` only to the repository being listed again.
//!
//! What still goes wrong (a `removed` that overtakes its `added`) is put right when GitHub is asked for the truth.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Repository, Store, StoreError, json, new_id};
use crate::queue::{Access, Event, RepoKey};

#[cfg(test)]
mod tests;

/// What happened to an account's installation of the App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationChange {
    pub tenant_id: i64,
    pub installation_id: i64,
    pub login: String,
    /// Since when it is so, by GitHub's clock; none: now.
    pub at: Option<DateTime<Utc>>,
    pub what: InstallationEvent,
}

/// Repositories are given by their ids; those that are not known yet are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstallationEvent {
    Created { repositories: Vec<i64> },
    Deleted,
    Suspended,
    Unsuspended,
    PermissionsAccepted,
    Added { repositories: Vec<i64> },
    Removed { repositories: Vec<i64> },
}

/// One call of the statement.
pub(super) struct Change<'a> {
    tenant_id: i64,
    /// The audit's words; `delivery` and its id when one said so.
    source: &'a str,
    /// The account under which that delivery is accepted.
    delivery_tenant: i64,
    installation: Option<serde_json::Value>,
    to: Access,
    from: &'a [Access],
    installation_id: Option<i64>,
    repositories: Vec<i64>,
    which: Which,
}

/// Which of the repositories a change is for; see the statement.
enum Which {
    Any,
    Of,
    Through,
    Seen,
}

use Access::{Active, Archived, Deleted, Removed, Suspended, Transferred};

impl Store {
    /// Writes what the App may do in a repository, with an audit row and an event for its lane, if it differs.
    /// `source` goes into the audit. Says whether it differed.
    pub async fn set_access(&self, repo: RepoKey, access: Access, source: &str) -> Result<bool, StoreError> {
        let all = [Active, Suspended, Archived, Removed, Deleted, Transferred];
        self.change(Change::of_one(repo, access, &all, source)).await
    }

    /// What a delivery about the repository itself says. From some states it does not lead on.
    pub async fn access_said(&self, repo: RepoKey, access: Access, source: &str) -> Result<bool, StoreError> {
        let from: &[Access] = match access {
            Active => &[Archived],
            Archived => &[Active, Suspended],
            Deleted => &[Active, Suspended, Archived, Removed, Transferred],
            Suspended | Removed | Transferred => &[Active, Suspended, Archived, Removed],
        };
        if access == Deleted {
            for former in self.former_owners(repo).await? {
                let change = Change::of_one(former, Deleted, from, source);
                self.change(change.said_under(repo.tenant_id)).await?;
            }
        }
        self.change(Change::of_one(repo, access, from, source)).await
    }

    /// Writes an installation's state and what follows for the repositories reached through it. Says whether any
    /// repository changed.
    pub async fn installation_changed(
        &self,
        change: &InstallationChange,
        source: &str,
    ) -> Result<bool, StoreError> {
        use InstallationEvent as E;
        let through: &[Access] = &[Suspended, Removed, Deleted, Transferred];
        let here: &[Access] = &[Active, Suspended, Archived];
        let (state, to, from, which) = match &change.what {
            E::Created { .. } => (Some("active"), Active, through, Which::Through),
            E::Added { .. } => (None, Active, through, Which::Through),
            E::Deleted => (Some("deleted"), Removed, here, Which::Of),
            E::Removed { .. } => (None, Removed, here, Which::Of),
            E::Suspended => (Some("suspended"), Suspended, &here[..1], Which::Of),
            E::Unsuspended => (Some("active"), Active, &here[1..2], Which::Of),
            E::PermissionsAccepted => {
                self.unblock(change.tenant_id, Some(change.installation_id), None, None).await?;
                return Ok(false);
            }
        };
        let repositories = match &change.what {
            E::Created { repositories } | E::Added { repositories } | E::Removed { repositories } => {
                repositories.clone()
            }
            _ => self.repositories_of(change.tenant_id, change.installation_id).await?,
        };
        let since = match (change.at, &change.what) {
            // GitHub tells whole seconds, and a suspension within the first one follows the installation.
            (Some(at), E::Created { .. }) => at - TimeDelta::seconds(1),
            (Some(at), _) => at,
            (None, _) => self.now().await?,
        };
        let changed = self.change(Change {
            tenant_id: change.tenant_id,
            source,
            delivery_tenant: change.tenant_id,
            installation: state.map(|state| json!({ "login": change.login, "state": state, "since": since })),
            to,
            from,
            installation_id: Some(change.installation_id),
            repositories,
            which,
        });
        changed.await
    }

    /// A delivery about the repository came through an installation that is not the known one. If it is the newer one,
    /// the App was installed again.
    pub(super) async fn seen_through(
        &self,
        repo: RepoKey,
        installation_id: i64,
        source: &str,
    ) -> Result<bool, StoreError> {
        let one = Change::of_one(repo, Active, &[Suspended, Removed], source);
        let seen = Change { installation_id: Some(installation_id), which: Which::Seen, ..one };
        // Under its own account the delivery is accepted by now.
        self.change(seen.said_under(0)).await
    }

    /// The App now reaches these repositories, all of one account and through one installation: those that are new are
    /// noted, and the files of each are to be read. An accepted delivery changes nothing.
    pub async fn installed(&self, repositories: &[Repository], delivery: &str) -> Result<(), StoreError> {
        let Some(first) = repositories.first() else { return Ok(()) };
        let tenant_id = first.key.tenant_id;
        let now = self.now().await?;
        let rows: Vec<_> = repositories
            .iter()
            .map(|one| {
                json!({ "repo_id": one.key.repo_id, "owner": one.owner, "name": one.name, "private": one.private,
                        "default_branch": one.default_branch, "inbox_id": new_id() })
            })
            .collect();
        let new: Vec<i64> = sqlx::query_scalar(include_str!("sql/repositories_installed.sql"))
            .bind(tenant_id)
            .bind(now)
            .bind(delivery)
            .bind(first.installation_id)
            .bind(json(rows))
            .bind(json(Event::FilesChanged { commit: None }))
            .fetch_all(&self.pool)
            .await?;
        let source = format!("delivery {delivery}");
        for (repo_id, former) in self.other_accounts(&new, tenant_id).await? {
            self.set_access(RepoKey { tenant_id: former, repo_id }, Transferred, &source).await?;
        }
        Ok(())
    }

    async fn repositories_of(&self, tenant_id: i64, installation_id: i64) -> Result<Vec<i64>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/repositories_of_installation.sql"));
        Ok(query.bind(tenant_id).bind(installation_id).fetch_all(&self.pool).await?)
    }

    pub(super) async fn change(&self, change: Change<'_>) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let from: Vec<&str> = change.from.iter().map(|access| access.as_str()).collect();
        let rows: Vec<_> = change
            .repositories
            .iter()
            .map(|repo_id| json!({ "repo_id": repo_id, "audit_id": new_id(), "inbox_id": new_id() }))
            .collect();
        let opens = change.to == Active;
        let changed: i64 = sqlx::query_scalar(include_str!("sql/change_access.sql"))
            .bind(change.tenant_id)
            .bind(now)
            .bind(change.source)
            .bind(change.source.strip_prefix("delivery "))
            .bind(change.delivery_tenant)
            .bind(change.installation.map(json))
            .bind(change.to.as_str())
            .bind(from)
            .bind(change.installation_id)
            .bind(json(rows))
            .bind(change.which.as_str())
            .fetch_one(&self.pool)
            .await?;
        if opens && changed > 0 {
            for repo_id in change.repositories {
                self.unblock(change.tenant_id, None, Some(repo_id), None).await?;
            }
        }
        Ok(changed > 0)
    }
}

impl<'a> Change<'a> {
    pub(super) fn of_one(repo: RepoKey, to: Access, from: &'a [Access], source: &'a str) -> Self {
        Self {
            tenant_id: repo.tenant_id,
            source,
            delivery_tenant: repo.tenant_id,
            installation: None,
            to,
            from,
            installation_id: None,
            repositories: vec![repo.repo_id],
            which: Which::Any,
        }
    }

    /// The delivery that says so is accepted under this account.
    pub(super) fn said_under(self, delivery_tenant: i64) -> Self {
        Self { delivery_tenant, ..self }
    }
}

impl Which {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Of => "of",
            Self::Through => "through",
            Self::Seen => "seen",
        }
    }
}
