use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::policy::{Pin, Role};

/// A valid request: all that is needed to queue and dispatch the build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub build_type: String,
    /// The workflow's file name.
    pub workflow: String,
    /// The branch or tag; `None` is the default branch.
    pub git_ref: Option<String>,
    /// What is dispatched, defaults filled in.
    pub inputs: BTreeMap<String, String>,
    /// What people read, in the workflow's order.
    pub shown: Vec<Shown>,
    pub resources: Vec<String>,
    pub timeout_seconds: u64,
    /// Whether the run will tell which build it belongs to.
    pub correlates: bool,
    /// Answers that are nobody else's to see. They leave this room for `sealed` at once, and are never stored as they are.
    #[serde(skip)]
    pub private: BTreeMap<String, String>,
    /// `private`, encrypted and in base64.
    #[serde(default)]
    pub sealed: Option<String>,
    /// Says of two requests whether they ask for the same: a keyed hash of the workflow, the ref and all answers.
    #[serde(default)]
    pub digest: Option<String>,
    /// A short stable name of what it was checked by: the build type's policy, and the inputs of its workflow.
    #[serde(default)]
    pub terms: Option<String>,
    /// How it is approved where who asks may not do without. None: these answers need no approval.
    #[serde(default)]
    pub approval: Option<ApprovalTerms>,
}

/// A build type's approval rule, as one request is held to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalTerms {
    /// See [`ApprovalPolicy`](crate::policy::ApprovalPolicy).
    pub unless: Option<Role>,
    pub by: Role,
    pub expires_seconds: i64,
    pub pin: Pin,
    pub own: bool,
    /// The workflow has an input for the approved commit.
    pub takes_commit: bool,
}

/// One input's value under the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The input's name, for lines to copy.
    pub name: String,
    pub label: String,
    /// Empty for what is private.
    pub value: String,
    #[serde(default)]
    pub private: bool,
}

/// A request that needs correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// The build type, if it is known.
    pub build_type: Option<String>,
    pub problems: Vec<Problem>,
    /// For a command: the `/build …` line with right values put in, if all are known.
    pub corrected: Option<String>,
}

/// One answer that needs a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub field: String,
    /// What was given, if anything was and it may be shown.
    pub now: Option<String>,
    /// Why it cannot stand, to be read after the field's name: "must begin with v".
    pub why: String,
    /// An answer that would be right.
    pub right: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    Valid(Request),
    Invalid(Invalid),
}

impl Asked {
    /// Asked for where there is no policy to read it by.
    pub fn unread() -> Self {
        Self::Invalid(Invalid { build_type: None, problems: Vec::new(), corrected: None })
    }

    /// The build type asked for; empty if it is not known.
    pub fn build_type(&self) -> &str {
        match self {
            Self::Valid(request) => &request.build_type,
            Self::Invalid(invalid) => invalid.build_type.as_deref().unwrap_or_default(),
        }
    }

    /// A request refused for one reason that is no input's.
    pub(super) fn refused(build_type: Option<&str>, problem: Problem, corrected: Option<String>) -> Self {
        let build_type = build_type.map(str::to_owned);
        Self::Invalid(Invalid { build_type, problems: vec![problem], corrected })
    }
}
