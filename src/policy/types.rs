use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Form, Pattern, Role, Workflow};

/// Everything that one repository's files say: its policy, and the workflows and issue forms that it leans on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    pub policy: Policy,
    /// By file name, as [`BuildPolicy::workflow`] names them.
    pub workflows: BTreeMap<String, Workflow>,
    pub forms: Vec<Form>,
}

/// `.github/trilock.yml`, version 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// By build type.
    pub builds: BTreeMap<String, BuildPolicy>,
    pub queue: QueuePolicy,
    pub named_resources: BTreeMap<String, ResourcePolicy>,
    #[serde(default)]
    pub commands: CommandForms,
    /// What a command needs where that is not its usual role, by the command's name.
    #[serde(default)]
    pub permissions: BTreeMap<String, Role>,
}

/// How commands are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandForms {
    /// `/build` and `/trilock build`.
    #[default]
    Both,
    /// `/trilock build` alone.
    Long,
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
    #[serde(default)]
    pub approval: ApprovalPolicy,
}

/// When a maintainer must approve a build before it is queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalPolicy {
    /// Whoever has this role needs no approval. [`Role::None`]: nobody does; absent: everybody does.
    pub unless: Option<Role>,
    /// Who may approve.
    pub by: Role,
    /// For how long approval is waited for.
    pub expires: Duration,
    pub pin: Pin,
    /// May people approve what they asked for themselves?
    pub own: bool,
    /// Approval is needed only for these answers.
    pub when: Option<Condition>,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            unless: Some(Role::Write),
            by: Role::Maintain,
            expires: Duration::from_secs(3 * 24 * 3600),
            pin: Pin::Ref,
            own: false,
            when: None,
        }
    }
}

/// What an approval is bound to, beside the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// The name of the branch or tag.
    #[default]
    Ref,
    /// The commit that it stood for.
    Commit,
}

/// An input has one of these values. `public` and `private` also say what kind of host an [`InputType::Host`] or
/// [`InputType::Url`] names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub input: String,
    pub is: Vec<String>,
}

/// How a build may be asked for; each is an alternative to the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triggers {
    pub issue: Option<IssueTrigger>,
    pub comment: bool,
    /// Comments at pull requests count too. They build the same branch as others, never the pull request's.
    #[serde(default)]
    pub pull_request: bool,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { issue: None, comment: true, pull_request: false }
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
    /// What the workflow's own type does not say.
    #[serde(default, rename = "type")]
    pub kind: Option<InputType>,
    /// Where the workflow has none.
    #[serde(default)]
    pub default: Option<String>,
    /// In characters.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// Shown to nobody, encrypted at rest, never an input of the workflow.
    #[serde(default)]
    pub private: bool,
    /// May not stand in an issue at all.
    #[serde(default)]
    pub secret: bool,
}

impl InputPolicy {
    /// Its value is nobody else's to see.
    pub fn is_hidden(&self) -> bool {
        self.private || self.secret
    }
}

/// The types of the policy's own; the others are the workflow's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    String,
    Number,
    Boolean,
    Email,
    Url,
    /// A host's name or address, perhaps with scheme, port and brackets.
    Host,
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
