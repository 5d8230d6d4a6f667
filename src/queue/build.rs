use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BuildId, LockKey, Person, Phase, RepoKey, Resource};
use crate::request::{ApprovalTerms, Problem, Shown};

/// Where a build is in its life (docs/architecture.md has the picture).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Requested,
    AwaitingApproval,
    Queued,
    Starting,
    Running,
    /// A stop was asked for; the run may still be alive, so the locks are still held.
    Cancelling,
    Invalid,
    Rejected,
    ApprovalExpired,
    Cancelled,
    Succeeded,
    Failed,
    TimedOut,
    /// Nobody can say whether the run was started, or GitHub no longer knows it.
    Lost,
}

impl Status {
    pub fn is_terminal(self) -> bool {
        self >= Self::Invalid
    }

    /// It is open, and nothing has begun.
    pub fn waits(self) -> bool {
        matches!(self, Self::AwaitingApproval | Self::Queued)
    }

    /// A run may exist. It has its slots, unless a person started it by hand when they were not free.
    pub fn is_holder(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Cancelling)
    }

    pub fn may_become(self, next: Self) -> bool {
        use Status::*;
        match self {
            // A run that was started by hand is there already.
            Requested => matches!(next, Invalid | AwaitingApproval | Queued | Starting | Cancelled),
            AwaitingApproval => matches!(next, Queued | Rejected | ApprovalExpired | Cancelled),
            // Back to approval when what was approved has changed.
            Queued => matches!(next, Starting | Cancelled | AwaitingApproval),
            // A run can end before anybody heard that it began.
            Starting => matches!(next, Running | Cancelling | AwaitingApproval) || next.is_run_end(),
            Running => next == Cancelling || next.is_run_end(),
            // A run may have ended by itself before the cancel reached it; then the truth is told.
            Cancelling => next.is_run_end(),
            _ => false,
        }
    }

    fn is_run_end(self) -> bool {
        matches!(self, Self::Cancelled | Self::Succeeded | Self::Failed | Self::TimedOut | Self::Lost)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::ApprovalExpired => "approval_expired",
            Self::Cancelled => "cancelled",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Issue,
    Comment,
    /// A run that nobody here dispatched: started by hand on GitHub, or run again.
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    High,
    Normal,
    Low,
}

/// Who stopped a build, as a role: comments name no one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Requester,
    Maintainer,
    ClosedIssue,
}

/// Why an issue is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    Deleted,
    /// To another repository, where it has another number.
    Transferred,
}

/// Why a build ended, or, while it is cancelling, why it is being stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    Invalid {
        problems: Vec<Problem>,
        corrected: Option<String>,
    },
    Cancelled {
        by: By,
    },
    /// A maintainer did not want it.
    Rejected {
        reason: String,
    },
    ApprovalExpired,
    /// Who asked changed the answers: a new build has the new ones.
    Replaced,
    /// The run built another commit than the approved one.
    OtherCommit,
    TimedOut,
    /// The run's `conclusion`, as GitHub says it.
    Concluded {
        conclusion: String,
    },
    /// GitHub answered the dispatch with a refusal.
    DispatchRefused {
        message: String,
    },
    /// The dispatch got no answer and no run could be found.
    NeverConfirmed,
    /// GitHub no longer knows the run.
    RunGone,
    /// An operator lifted the quarantine before the run was known to have ended.
    Lifted {
        reason: String,
    },
    /// The issue that asked is gone.
    IssueGone {
        why: Gone,
    },
    /// The repository was deleted, and its runs with it.
    RepositoryGone,
    /// The repository has another owner now.
    RepositoryMoved,
}

impl Ending {
    /// Is there anybody left to tell?
    pub fn is_told(&self) -> bool {
        !matches!(self, Self::IssueGone { .. } | Self::RepositoryGone | Self::Replaced)
    }
}

/// One request on its way. The fields are the columns of the table `build`, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    pub tenant_id: i64,
    pub build_id: BuildId,
    pub repo_id: i64,
    /// Grows by one with every write; a write names the version that it read.
    pub version: i64,
    pub queue: String,
    /// The key of its issue lock: the issue's number, or `run:ID` for a run that was started by hand.
    pub asker: String,
    pub issue: Option<i64>,
    /// The comment that asked, when it was one.
    pub comment_id: Option<i64>,
    pub request_key: String,
    pub trigger: Trigger,
    pub asker_id: i64,
    pub asker_login: String,
    pub build_type: String,
    pub workflow: String,
    /// Branch or tag.
    pub git_ref: String,
    pub inputs: BTreeMap<String, String>,
    pub shown: Vec<Shown>,
    /// The named resources beside the queue's own slot.
    pub resources: Vec<String>,
    pub timeout_seconds: i64,
    /// The workflow takes the build's id as an input and shows it as the run's name.
    pub correlates: bool,
    pub status: Status,
    pub priority: Priority,
    /// The place in the queue's order of arrival.
    pub ticket: Option<i64>,
    pub requested_at: DateTime<Utc>,
    pub queued_at: Option<DateTime<Utc>>,
    /// When it got its slots.
    pub starting_at: Option<DateTime<Utc>>,
    pub running_at: Option<DateTime<Utc>>,
    pub stopping_at: Option<DateTime<Utc>>,
    pub forced_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub run_id: Option<i64>,
    pub run_attempt: Option<i32>,
    pub run_phase: Option<Phase>,
    pub run_url: Option<String>,
    pub head_sha: Option<String>,
    pub ending: Option<Ending>,
    /// The build that this one corrects or tries again.
    pub follows: Option<Uuid>,
    /// `Request::digest`.
    #[serde(default)]
    pub digest: Option<String>,
    /// `Request::terms`.
    #[serde(default)]
    pub terms: Option<String>,
    /// `Request::sealed`.
    #[serde(default)]
    pub sealed: Option<String>,
    /// How it is, or was, approved. None: it never needs to be.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// One build's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    #[serde(flatten)]
    pub terms: ApprovalTerms,
    /// Who approved no later than this cannot have meant it: `written_at`, or when approval was asked for anew. None: a
    /// comment asked, and comments are in order.
    pub asked_at: Option<DateTime<Utc>>,
    /// When the issue's text came to say so, by GitHub's clock to the second: an older text that comes later is stale.
    #[serde(default)]
    pub written_at: Option<DateTime<Utc>>,
    /// Until when it is waited for; none where none was needed.
    pub until: Option<DateTime<Utc>>,
    /// Since when that time stands still, because the App may do nothing in the repository.
    #[serde(default)]
    pub stands_since: Option<DateTime<Utc>>,
    /// What approval is asked for, where it is bound to a commit.
    pub commit: Option<String>,
    pub granted: Option<ApprovalGrant>,
    /// An earlier approval no longer counts.
    #[serde(default)]
    pub voided: Option<Voided>,
}

/// What somebody approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGrant {
    pub by: Person,
    pub at: DateTime<Utc>,
    /// `Request::digest` of then.
    pub digest: Option<String>,
    pub commit: Option<String>,
}

/// Why an approval no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voided {
    Answers,
    Commit,
}

impl Build {
    pub fn repo(&self) -> RepoKey {
        RepoKey { tenant_id: self.tenant_id, repo_id: self.repo_id }
    }

    /// The attempt of its run: a dispatch makes the first.
    pub fn attempt(&self) -> i32 {
        self.run_attempt.unwrap_or(1)
    }

    pub fn is_manual(&self) -> bool {
        self.trigger == Trigger::Manual
    }

    pub fn is_approved(&self) -> bool {
        self.approval.as_ref().is_some_and(|approval| approval.granted.is_some())
    }

    /// The one commit that it may build, where the approval is bound to one.
    pub fn approved_commit(&self) -> Option<&str> {
        self.approval.as_ref()?.granted.as_ref()?.commit.as_deref()
    }

    /// The approved commit, if the workflow has an input for it.
    pub fn commit_to_send(&self) -> Option<&str> {
        self.approved_commit()
            .filter(|_| self.approval.as_ref().is_some_and(|approval| approval.terms.takes_commit))
    }

    /// Has its slots, and its run is not known yet.
    pub fn awaits_run(&self) -> bool {
        self.status.is_holder() && self.run_id.is_none()
    }

    pub fn issue_lock(&self) -> LockKey {
        LockKey::issue(self.repo(), &self.asker)
    }

    /// Everything that it must hold to run: the queue's slot and the named resources.
    pub fn needs(&self) -> Vec<Resource> {
        let own = Resource::slot_of(self.repo(), &self.queue);
        let named = self.resources.iter().map(|name| Resource::named(self.repo(), name));
        std::iter::once(own).chain(named).collect()
    }

    /// The queue's order: class, then arrival.
    pub fn order(&self) -> (Priority, i64, BuildId) {
        (self.priority, self.ticket.unwrap_or(i64::MAX), self.build_id)
    }

    /// When its time is up, once it has its slots.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        Some(self.starting_at? + TimeDelta::seconds(self.timeout_seconds))
    }
}
