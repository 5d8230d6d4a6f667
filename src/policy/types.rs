use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Form, Pattern, Workflow};

/// Everything that one repository's files say: its policy, and the workflows and issue forms that it leans on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    pub policy: Policy,
    /// By file name, as [`BuildPolicy::workflow`] names them.
    pub workflows: BTreeMap<String, Workflow>,
    pub forms: Vec<Form>,
}

/// `.github/trilock.yml`, version 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// By build type.
    pub builds: BTreeMap<String, BuildPolicy>,
    pub queue: QueuePolicy,
    pub named_resources: BTreeMap<String, ResourcePolicy>,
}

/// One build type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildPolicy {
    /// The workflow's file name under `.github/workflows/`.
    pub workflow: String,
    /// The branch or tag to build; `None` is the default branch.
    pub git_ref: Option<String>,
    pub triggers: Triggers,
    /// What the policy adds to the workflow's own inputs, by input name.
    pub inputs: BTreeMap<String, InputPolicy>,
    /// The named resources that a build holds beside the repository's own slot.
    pub resources: Vec<String>,
    /// How long a build may hold its locks.
    pub timeout: Duration,
}

/// How a build may be asked for; each is an alternative to the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triggers {
    pub issue: Option<IssueTrigger>,
    pub comment: bool,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { issue: None, comment: true }
    }
}

/// Which issues ask for a build: all that is given here must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueTrigger {
    pub labels: Vec<String>,
    pub title_prefix: Option<String>,
}

/// What the policy adds to one input of the workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputPolicy {
    pub label: Option<String>,
    pub required: Option<bool>,
    pub pattern: Option<Pattern>,
    pub example: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePolicy {
    /// Builds that may wait at a time.
    pub limit: u32,
    /// Builds that may run at a time.
    pub concurrency: u32,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self { limit: 50, concurrency: 1 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// Slots, numbered from 0.
    pub capacity: u32,
}

impl Default for ResourcePolicy {
    fn default() -> Self {
        Self { capacity: 1 }
    }
}
