//! What a delivery says beyond the event of its lane: about the App's installation, the repository itself, and comments
//! that people deleted. It is written before the delivery is accepted.

use chrono::{DateTime, Utc};

use super::payload::{Listed, Payload, Time};
use crate::{
    queue::{Access, RepoKey},
    store::{InstallationChange, InstallationEvent, Store, StoreError},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    Installation(InstallationChange),
    /// The repository is archived, open again, or deleted.
    Access(Access),
    /// It belonged to this account before.
    Transferred {
        from: i64,
    },
    /// People may write in the issue again.
    Unlocked {
        issue: i64,
    },
    CommentDeleted {
        issue: i64,
        comment: i64,
    },
}

/// Unknown actions say nothing.
pub(super) fn lifecycle(name: &str, payload: &Payload) -> Option<Lifecycle> {
    let action = payload.action.as_deref()?;
    match (name, action) {
        ("installation" | "installation_repositories", _) => {
            installation(name, action, payload).map(Lifecycle::Installation)
        }
        ("repository", "archived") => Some(Lifecycle::Access(Access::Archived)),
        ("repository", "unarchived") => Some(Lifecycle::Access(Access::Active)),
        ("repository", "deleted") => Some(Lifecycle::Access(Access::Deleted)),
        ("repository", "transferred") => {
            let from = payload.changes.as_ref()?.owner.as_ref()?.from.as_ref()?;
            let account = from.user.as_ref().or(from.organization.as_ref())?;
            Some(Lifecycle::Transferred { from: account.id? })
        }
        ("issues", "unlocked") => Some(Lifecycle::Unlocked { issue: payload.issue.as_ref()?.number }),
        ("issue_comment", "deleted") => {
            let (issue, comment) = (payload.issue.as_ref()?.number, payload.comment.as_ref()?.id);
            Some(Lifecycle::CommentDeleted { issue, comment })
        }
        _ => None,
    }
}

fn installation(name: &str, action: &str, payload: &Payload) -> Option<InstallationChange> {
    let installation = payload.installation.as_ref()?;
    let account = installation.account.as_ref()?;
    let updated = || installation.updated_at.as_ref().and_then(Time::utc);
    let (what, at) = match (name, action) {
        ("installation", "created") => {
            (InstallationEvent::Created { repositories: ids(&payload.repositories) }, updated())
        }
        ("installation", "deleted") => (InstallationEvent::Deleted, None),
        ("installation", "suspend") => {
            (InstallationEvent::Suspended, installation.suspended_at.as_ref().and_then(Time::utc))
        }
        ("installation", "unsuspend") => (InstallationEvent::Unsuspended, updated()),
        ("installation", "new_permissions_accepted") => (InstallationEvent::PermissionsAccepted, None),
        ("installation_repositories", "added") => {
            (InstallationEvent::Added { repositories: ids(&payload.repositories_added) }, None)
        }
        ("installation_repositories", "removed") => {
            (InstallationEvent::Removed { repositories: ids(&payload.repositories_removed) }, None)
        }
        _ => return None,
    };
    let login = super::parse::clean(account.login.as_deref().unwrap_or_default());
    Some(InstallationChange { tenant_id: account.id?, installation_id: installation.id, login, at, what })
}

fn ids(list: &Option<Vec<Listed>>) -> Vec<i64> {
    list.iter().flatten().map(|repository| repository.id).collect()
}

impl Time {
    /// None for a number that no calendar shows.
    fn utc(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(time) => Some(*time),
            Self::Unix(seconds) => DateTime::from_timestamp(*seconds, 0),
        }
    }
}

impl Lifecycle {
    /// Writes it. Doing it twice is doing it once, and for an accepted delivery nothing is done that another one may
    /// have undone since.
    pub(super) async fn write(
        &self,
        store: &Store,
        repo: Option<RepoKey>,
        delivery: &str,
    ) -> Result<(), StoreError> {
        let source = format!("delivery {delivery}");
        match (self, repo) {
            (Self::Installation(change), _) => store.installation_changed(change, &source).await.map(drop),
            (Self::Access(access), Some(repo)) => store.access_said(repo, *access, &source).await.map(drop),
            (Self::Transferred { from }, Some(repo)) => store.transferred(repo, *from, &source).await,
            (Self::Unlocked { issue }, Some(repo)) => {
                store.unblock(repo.tenant_id, None, Some(repo.repo_id), Some(*issue)).await
            }
            (Self::CommentDeleted { issue, comment }, Some(repo)) => {
                store.comment_deleted(repo, *issue, *comment).await
            }
            (_, None) => Ok(()),
        }
    }
}
