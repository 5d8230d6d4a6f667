use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BuildId, RepoKey};
use crate::{
    policy::{FileError, Report, Role},
    request::{Invalid, Request},
};

/// A GitHub call that was decided. Committed with the state that it follows from, carried out by the deliver worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    Dispatch {
        build: BuildId,
    },
    Cancel {
        build: BuildId,
        run_id: i64,
        force: bool,
    },
    React {
        target: ReactionTarget,
        reaction: Reaction,
    },
    /// The new comment at a build's end.
    Outcome {
        build: BuildId,
        issue: i64,
    },
    /// Words in answer to a command or an issue.
    Reply {
        issue: i64,
        key: String,
        reply: Reply,
    },
    /// What is wrong with the repository's files, as a check run on their commit.
    Check {
        commit: String,
        report: Report,
    },
}

impl Effect {
    /// Unique among what waits: the same effect is never there twice.
    pub fn key(&self) -> String {
        match self {
            Self::Dispatch { build } => format!("dispatch:{build}"),
            Self::Cancel { build, force, .. } => {
                format!("cancel:{build}:{}", if *force { "force" } else { "ask" })
            }
            Self::React { target: ReactionTarget::Comment { id }, reaction } => {
                format!("react:c{id}:{reaction:?}")
            }
            Self::React { target: ReactionTarget::Issue { number }, reaction } => {
                format!("react:i{number}:{reaction:?}")
            }
            Self::Outcome { build, .. } => format!("outcome:{build}"),
            Self::Reply { key, .. } => format!("reply:{key}"),
            Self::Check { commit, .. } => format!("check:{commit}"),
        }
    }

    pub fn build(&self) -> Option<BuildId> {
        match self {
            Self::Dispatch { build } | Self::Cancel { build, .. } | Self::Outcome { build, .. } => {
                Some(*build)
            }
            Self::React { .. } | Self::Reply { .. } | Self::Check { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum ReactionTarget {
    Comment { id: i64 },
    Issue { number: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    Seen,
    Done,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    Help,
    /// The state of the issue's builds, as of the moment of writing.
    Status,
    /// The repository's queue, as of the moment of writing.
    Queue,
    /// What would become of a request.
    DryRun {
        request: Box<Request>,
        /// Who would have to approve it, if somebody.
        approval: Option<Role>,
        /// How many builds would come before it.
        before: u32,
    },
    /// The same of one that needs a correction.
    DryRunInvalid {
        invalid: Invalid,
    },
    Refused {
        refusal: Refusal,
    },
    Mistake {
        mistake: Mistake,
    },
}

/// Why a valid wish was not granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The command needs a role that its author does not have.
    MayNot {
        command: String,
        role: Role,
        /// Who asked for the build may, too.
        own: bool,
    },
    /// Nobody approves what they asked for themselves.
    OwnRequest,
    NothingToApprove,
    /// What is to be approved changed when, or after, the approval was written.
    ChangedSince,
    /// The branch or tag has moved since approval was asked for; it is asked for again.
    CommitChanged,
    NothingToRetry,
    /// What the last build was checked by has changed.
    PolicyChanged {
        line: Option<String>,
    },
    NothingToUnlock {
        resource: String,
    },
    QueueFull {
        limit: u32,
    },
    /// A build of this type is open in this issue with other answers.
    OtherAnswers {
        build_type: String,
        line: Option<String>,
    },
    /// The same build is open, but is being stopped: it can be asked for again when it has ended.
    Stopping {
        build_type: String,
        line: String,
    },
    NothingToCancel,
    NoPolicy,
    BrokenPolicy {
        errors: Vec<FileError>,
    },
}

/// A command that could not be understood: reason, place, and the corrected line to copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    pub line: u32,
    pub text: String,
    /// The words at fault, where that is not the whole line.
    #[serde(default)]
    pub found: Option<String>,
    pub why: String,
    pub corrected: Option<String>,
}

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxEffect {
    pub tenant_id: i64,
    pub effect_id: Uuid,
    pub effect_key: String,
    pub repo_id: i64,
    pub build_id: Option<BuildId>,
    pub effect: Effect,
}

impl OutboxEffect {
    pub fn new(repo: RepoKey, effect_id: Uuid, effect: Effect) -> Self {
        Self {
            tenant_id: repo.tenant_id,
            effect_id,
            effect_key: format!("{}/{}", repo.repo_id, effect.key()),
            repo_id: repo.repo_id,
            build_id: effect.build(),
            effect,
        }
    }
}
