use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BuildId, Gone, Mistake, Resource};
use crate::{
    policy::FileError,
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
        #[serde(default = "first_attempt")]
        attempt: i32,
    },
    Dispatched {
        build: BuildId,
        answer: DispatchAnswer,
    },
    /// Files that a catalogue is made of changed.
    FilesChanged,
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
        matches!(self, Self::Issue(_) | Self::Comment(_) | Self::FilesChanged)
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
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommentEvent {
    pub issue: i64,
    pub comment_id: i64,
    pub author: Person,
    pub commands: Vec<CommandLine>,
}

/// How far a run is; it only grows within an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Requested,
    InProgress,
    Completed,
}

/// What a webhook or a look at the API says about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    pub run_id: i64,
    pub attempt: i32,
    pub phase: Phase,
    /// Present once completed, as GitHub writes it.
    pub conclusion: Option<String>,
    /// The workflow's file name, e.g. `build.yml`.
    pub workflow: String,
    /// The run's title, which shows the build's id if the workflow correlates.
    pub title: String,
    /// GitHub's event that started it, e.g. `workflow_dispatch`.
    pub trigger: String,
    /// Who started the first attempt.
    pub actor: String,
    /// Who started this one; empty in what an older version stored.
    #[serde(default)]
    pub started_by: String,
    /// When GitHub made the run; a re-run keeps it.
    pub created_at: DateTime<Utc>,
    pub head_sha: String,
    pub url: String,
}

fn first_attempt() -> i32 {
    1
}

impl RunReport {
    /// The permanent key of the manual build that it may become.
    pub fn request_key(&self) -> String {
        format!("run:{}:{}", self.run_id, self.attempt)
    }

    /// The workflow's file name in a run's `path`: `.github/workflows/build.yml@main` gives `build.yml`.
    pub fn workflow_file(path: &str) -> String {
        let path = path.split_once('@').map_or(path, |(path, _)| path);
        path.rsplit('/').next().unwrap_or(path).to_owned()
    }
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
    /// Nothing was found in the time allowed: nobody can say.
    NeverConfirmed,
}

/// The standard roles, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    /// GitHub's standard names; `None` for an organisation's own.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "read" => Self::Read,
            "triage" => Self::Triage,
            "write" => Self::Write,
            "maintain" => Self::Maintain,
            "admin" => Self::Admin,
            _ => return None,
        })
    }
}

/// What *prepare* learned from GitHub, with its time, parsed into what the heart needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub known_at: DateTime<Utc>,
    pub role: Role,
    pub policy: PolicyState,
    pub default_branch: String,
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
    Ask { asked: Asked },
    Cancel,
    Status,
    Help,
    Mistake { mistake: Mistake },
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

    /// The permanent keys of what it asks for: each is granted once, whatever is delivered again.
    pub fn request_keys(&self) -> Vec<String> {
        match &self.event {
            Event::Comment(event) => vec![format!("comment:{}", event.comment_id)],
            Event::Issue(event) => {
                let revision = crate::request::revision(&event.text);
                let steps = self.facts.iter().flat_map(|facts| &facts.steps);
                let asked = steps.filter_map(|step| match step {
                    Step::Ask { asked } => Some(asked),
                    _ => None,
                });
                asked.map(|asked| issue_key(event.issue, asked, &revision)).collect()
            }
            Event::Run(report) => vec![report.request_key()],
            _ => Vec::new(),
        }
    }
}

/// The key of what one revision of an issue's text asks for, per build type.
pub(super) fn issue_key(issue: i64, asked: &Asked, revision: &str) -> String {
    let build_type = match asked {
        Asked::Valid(request) => &request.build_type,
        Asked::Invalid(invalid) => invalid.build_type.as_deref().unwrap_or("?"),
    };
    format!("issue:{issue}:{build_type}:{revision}")
}
