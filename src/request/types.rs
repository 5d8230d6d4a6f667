use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A valid request: all that is needed to queue and dispatch the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// One input's value under the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The input's name, for lines to copy.
    pub name: String,
    pub label: String,
    pub value: String,
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
    /// What was given, if anything was.
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

    /// A request refused for one reason that is no input's.
    pub(super) fn refused(build_type: Option<&str>, problem: Problem, corrected: Option<String>) -> Self {
        let build_type = build_type.map(str::to_owned);
        Self::Invalid(Invalid { build_type, problems: vec![problem], corrected })
    }
}
