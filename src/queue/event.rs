use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BuildId, Gone, Mistake, Resource, RunReport};
use crate::{
    policy::{FileError, Report, Role},
    request::{Asked, CommandLine, IssueText},
};

/// What happened, as the heart sees it. Parsed at the edge and stored in the inbox; the rest never sees a payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An issue's text or labels are new: opened, edited, labelled, reopened.
    Issue(IssueEvent),
    IssueClosed {
        issue: i64,
        by: Person,
    },
    /// The issue was deleted or transferred.
    IssueGone {
        issue: i64,
        why: Gone,
    },
    /// What the App may do in the repository changed. Noted with the repository by whoever learned it; this only makes
    /// the lane look.
    Access {
        access: Access,
    },
    /// A new comment with at least one line that is for us.
    Comment(CommentEvent),
    Run(RunReport),
    /// GitHub does not know the run, and the same token still reads the repository and has the `actions` permission.
    RunGone {
        run_id: i64,
        #[serde(default = "super::report::first_attempt")]
        attempt: i32,
    },
    Dispatched {
        build: BuildId,
        answer: DispatchAnswer,
    },
    /// Files that a catalogue is made of changed.
    FilesChanged {
        /// The commit on which the report about them is shown.
        #[serde(default)]
        commit: Option<String>,
    },
    /// Look at what time alone changes: time-outs and promotion.
    Look,
    /// An operator ends a quarantine.
    Lift {
        resource: Resource,
        slot: i32,
        reason: String,
        by: String,
    },
}

impl Event {
    /// The issue whose lock it needs.
    pub fn issue(&self) -> Option<i64> {
        match self {
            Self::Issue(event) => Some(event.issue),
            Self::IssueClosed { issue, .. } | Self::IssueGone { issue, .. } => Some(*issue),
            Self::Comment(event) => Some(event.issue),
            _ => None,
        }
    }

    pub fn comment(&self) -> Option<i64> {
        match self {
            Self::Comment(event) => Some(event.comment_id),
            _ => None,
        }
    }

    /// A comment without a single `/trilock …`.
    pub fn is_short(&self) -> bool {
        matches!(self, Self::Comment(event) if !event.commands.iter().any(|line| line.long))
    }

    /// The run that it is about.
    pub fn run(&self) -> Option<i64> {
        match self {
            Self::Run(report) => Some(report.run_id),
            Self::RunGone { run_id, .. }
            | Self::Dispatched { answer: DispatchAnswer::Started { run_id, .. }, .. } => Some(*run_id),
            _ => None,
        }
    }

    /// Must *prepare* ask GitHub for facts first? Events about runs never wait for any.
    pub fn needs_facts(&self) -> bool {
        matches!(self, Self::Issue(_) | Self::Comment(_) | Self::FilesChanged { .. })
    }
}

/// What the App may do in a repository; as in the column `repository.access`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    #[default]
    Active,
    /// The installation was suspended.
    Suspended,
    Archived,
    /// The App, or the repository of it, was removed.
    Removed,
    /// For ever, with all its runs.
    Deleted,
    /// To another owner, for ever.
    Transferred,
}

impl Access {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Archived => "archived",
            Self::Removed => "removed",
            Self::Deleted => "deleted",
            Self::Transferred => "transferred",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: i64,
    pub login: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IssueEvent {
    pub issue: i64,
    pub author: Person,
    pub text: IssueText,
    /// The issue is new; else its text or labels were changed.
    #[serde(default)]
    pub opened: bool,
    /// When it came to say this, by GitHub's clock, to the second.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommentEvent {
    pub issue: i64,
    pub comment_id: i64,
    pub author: Person,
    pub commands: Vec<CommandLine>,
    /// When it was written, by GitHub's clock, to the second.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// It stands at a pull request.
    #[serde(default)]
    pub pull_request: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum DispatchAnswer {
    /// A run of ours is known.
    Started {
        run_id: i64,
        url: String,
    },
    Refused {
        message: String,
    },
    /// It was to be stopped meanwhile, and there surely is no run.
    NotStarted,
    /// The branch or tag does not stand for the approved commit any more: nothing was sent.
    Moved {
        commit: String,
    },
    /// Nothing was found in the time allowed: nobody can say.
    NeverConfirmed,
}

/// What *prepare* learned from GitHub, with its time, parsed into what the heart needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub known_at: DateTime<Utc>,
    pub role: Role,
    pub policy: PolicyState,
    pub default_branch: String,
    /// The commits that these branches or tags stood for at that time: those of builds whose approval is bound to one.
    #[serde(default)]
    pub heads: BTreeMap<String, String>,
    /// What each build type is checked by (`Request::terms`).
    #[serde(default)]
    pub terms: BTreeMap<String, String>,
    /// For changed files: what is wrong with them.
    #[serde(default)]
    pub report: Option<Report>,
    /// For an issue: what it asks for. For a comment: its lines, in order.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "snake_case")]
pub enum PolicyState {
    None,
    Good,
    /// The file has errors and no good one came before it.
    Broken {
        errors: Vec<FileError>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    Ask {
        asked: Asked,
        /// Only tell what would become of it.
        #[serde(default)]
        dry_run: bool,
        /// Counts only where this issue's text has asked before: an edit is a correction, and no command.
        #[serde(default)]
        corrects: bool,
    },
    Approve {
        /// None: whatever awaits approval in this issue.
        build_type: Option<String>,
    },
    Reject {
        reason: String,
    },
    Cancel,
    Retry {
        /// None: the last build of this issue.
        build_type: Option<String>,
    },
    Status,
    Queue,
    Unlock {
        resource: String,
        reason: String,
    },
    Help,
    Mistake {
        mistake: Mistake,
    },
}

/// An inbox row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    pub inbox_id: Uuid,
    pub delivery_id: Option<String>,
    pub source: String,
    pub event: Event,
    pub facts: Option<Facts>,
    pub received_at: DateTime<Utc>,
}

/// Was a build's dispatch tried? Read from the outbox under the locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempted {
    pub build_id: BuildId,
    pub effect_id: Uuid,
    pub attempted: bool,
}

impl Stored {
    /// Where it came from, as the audit says it: `delivery ID`, or our own source.
    pub fn origin(&self) -> String {
        self.delivery_id.as_ref().map_or_else(|| self.source.clone(), |id| format!("delivery {id}"))
    }

    /// The commit whose files are to be judged: the pushed one, else where the default branch stands.
    pub(super) fn checked_commit(&self) -> Option<&str> {
        let Event::FilesChanged { commit } = &self.event else { return None };
        let facts = self.facts.as_ref();
        let head = || facts.and_then(|facts| facts.heads.get(&facts.default_branch));
        commit.as_ref().or_else(head).map(String::as_str)
    }

    /// The permanent keys of what it asks for: each is granted once, whatever is delivered again.
    pub fn request_keys(&self) -> Vec<String> {
        match &self.event {
            Event::Comment(event) => vec![format!("comment:{}", event.comment_id), told_key(event.issue)],
            Event::Issue(event) => {
                let revision = crate::request::revision(&event.text);
                let steps = self.facts.iter().flat_map(|facts| &facts.steps);
                let asked = steps.filter_map(|step| match step {
                    Step::Ask { asked, .. } => Some(asked),
                    _ => None,
                });
                let keys = asked.map(|asked| issue_key(event.issue, asked, &revision));
                keys.chain([told_key(event.issue)]).collect()
            }
            Event::Run(report) => vec![report.request_key()],
            Event::FilesChanged { .. } => self.checked_commit().map(check_key).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Under this key it is noted that what is wrong with the commit's files was said at it.
pub(super) fn check_key(commit: &str) -> String {
    format!("check:{commit}")
}

/// The key of what one revision of an issue's text asks for, per build type.
pub(super) fn issue_key(issue: i64, asked: &Asked, revision: &str) -> String {
    let build_type = match asked.build_type() {
        "" => "?",
        known => known,
    };
    format!("issue:{issue}:{build_type}:{revision}")
}

/// Under this key it is noted that somebody was told in this issue what they may not do: once is enough.
pub(super) fn told_key(issue: i64) -> String {
    format!("told:{issue}")
}
