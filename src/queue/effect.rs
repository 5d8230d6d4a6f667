use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BuildId, RepoKey};
use crate::policy::FileError;

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
        }
    }

    pub fn build(&self) -> Option<BuildId> {
        match self {
            Self::Dispatch { build } | Self::Cancel { build, .. } | Self::Outcome { build, .. } => {
                Some(*build)
            }
            Self::React { .. } | Self::Reply { .. } => None,
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
    /// Asking needs write.
    MayNotAsk {
        line: Option<String>,
    },
    /// Only who asked, or write, may cancel.
    MayNotCancel,
    QueueFull {
        limit: u32,
    },
    /// A build of this type is open in this issue with other answers.
    OtherAnswers {
        build_type: String,
        line: Option<String>,
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
