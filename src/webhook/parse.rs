use serde::de::Error as _;

use super::{
    lifecycle::{Lifecycle, lifecycle},
    payload::{Account, Listed, Payload, Run},
};
use crate::{
    policy,
    queue::{Access, CommentEvent, Event, Gone, IssueEvent, Person, Phase, RepoKey, RunReport},
    request::{IssueText, parse_comment},
    store::Repository,
};

/// Lines of a comment that count; nobody needs more, and each may be answered.
const MAX_COMMANDS: usize = 10;

/// Where GitHub does not say.
const DEFAULT_BRANCH: &str = "main";

/// The events that [`parse`] reads; all others are acknowledged and ignored.
const READ: [&str; 7] = [
    "issues",
    "issue_comment",
    "workflow_run",
    "push",
    "installation",
    "installation_repositories",
    "repository",
];

/// Whether deliveries of this name (`X-GitHub-Event`) can be our business.
pub fn reads(event: &str) -> bool {
    READ.contains(&event)
}

/// What a delivery says, as far as it is our business.
#[derive(Debug)]
pub struct Parsed {
    /// The owning account; 0 when there is none.
    pub tenant_id: i64,
    pub owner: Option<String>,
    pub repository: Option<Repository>,
    /// `None`: acknowledged and ignored.
    pub event: Option<Event>,
    /// What is written before it is accepted.
    pub lifecycle: Option<Lifecycle>,
    /// Repositories that the App now reaches; their default branch is a guess. Their files are to be read.
    pub installed: Vec<Repository>,
}

/// Reads a payload. Unknown events and actions, bots' issues and comments, and pull requests give no event;
/// comments at pull requests do.
///
/// # Errors
/// When it is not JSON of the shape that GitHub documents.
pub fn parse(name: &str, body: &[u8]) -> Result<Parsed, serde_json::Error> {
    // Checked as a whole: fields that are skipped would not be.
    let text = std::str::from_utf8(body).map_err(serde_json::Error::custom)?;
    let payload: Payload = serde_json::from_str(text)?;
    let event = event(name, &payload);
    let installation = payload.installation.as_ref();
    let repository = payload.repository.as_ref().zip(installation).and_then(|(repository, installation)| {
        Some(Repository {
            key: RepoKey { tenant_id: repository.owner.id?, repo_id: repository.id },
            owner: clean(repository.owner.login.as_deref()?),
            name: clean(&repository.name),
            private: repository.private,
            default_branch: clean(repository.default_branch.as_deref().unwrap_or(DEFAULT_BRANCH)),
            installation_id: installation.id,
            access: if repository.archived == Some(true) { Access::Archived } else { Access::Active },
            policy_state: "unread".into(),
            catalogue: None,
            policy_errors: None,
            policy_read_at: None,
        })
    });
    let account = installation.and_then(|installation| installation.account.as_ref());
    let tenant_id = repository.as_ref().map(|repository| repository.key.tenant_id);
    let owner = repository.as_ref().map(|repository| repository.owner.clone());
    Ok(Parsed {
        tenant_id: tenant_id.or_else(|| account?.id).unwrap_or(0),
        owner: owner.or_else(|| account?.login.as_deref().map(clean)),
        event: event.filter(|_| repository.is_some()),
        lifecycle: lifecycle(name, &payload),
        installed: installed(name, &payload),
        repository,
    })
}

fn installed(name: &str, payload: &Payload) -> Vec<Repository> {
    let listed = match (name, payload.action.as_deref()) {
        ("installation", Some("created")) => &payload.repositories,
        ("installation_repositories", Some("added")) => &payload.repositories_added,
        _ => return Vec::new(),
    };
    let Some(installation) = &payload.installation else { return Vec::new() };
    let Some(account) = &installation.account else { return Vec::new() };
    let Some((tenant_id, owner)) = account.id.zip(account.login.as_deref()) else { return Vec::new() };
    let of_account = |one: &Listed| {
        Some(Repository {
            key: RepoKey { tenant_id, repo_id: one.id },
            owner: clean(owner),
            name: clean(one.name.as_deref()?),
            private: one.private.unwrap_or(true),
            default_branch: DEFAULT_BRANCH.to_owned(),
            installation_id: installation.id,
            access: Access::Active,
            policy_state: "unread".into(),
            catalogue: None,
            policy_errors: None,
            policy_read_at: None,
        })
    };
    listed.iter().flatten().filter_map(of_account).collect()
}

fn event(name: &str, payload: &Payload) -> Option<Event> {
    match (name, payload.action.as_deref()) {
        ("issues", Some(action @ ("opened" | "edited" | "labeled" | "reopened"))) => {
            issue(payload, action == "opened")
        }
        ("issues", Some("closed")) => {
            let number = payload.issue.as_ref()?.number;
            Some(Event::IssueClosed { issue: number, by: account(payload.sender.as_ref())? })
        }
        ("issues", Some("deleted")) => gone(payload, Gone::Deleted),
        ("issues", Some("transferred")) => gone(payload, Gone::Transferred),
        // Edited comments are never commands.
        ("issue_comment", Some("created")) => comment(payload),
        ("workflow_run", Some(action)) => run(payload.workflow_run.as_ref()?, action),
        ("push", _) => push(payload),
        // The catalogue is that of the default branch.
        ("repository", Some("edited")) => {
            payload.changes.as_ref()?.default_branch.as_ref()?;
            Some(Event::FilesChanged { commit: None })
        }
        _ => None,
    }
}

fn issue(payload: &Payload, opened: bool) -> Option<Event> {
    let issue = payload.issue.as_ref().filter(|issue| issue.pull_request.is_none())?;
    let text = IssueText {
        title: clean(issue.title.as_deref().unwrap_or_default()),
        body: clean(issue.body.as_deref().unwrap_or_default()),
        labels: issue.labels.iter().filter_map(|label| label.name.as_deref().map(clean)).collect(),
    };
    let author = person(issue.user.as_ref())?;
    Some(Event::Issue(IssueEvent { issue: issue.number, author, text, opened, at: issue.updated_at }))
}

fn gone(payload: &Payload, why: Gone) -> Option<Event> {
    let issue = payload.issue.as_ref().filter(|issue| issue.pull_request.is_none())?;
    Some(Event::IssueGone { issue: issue.number, why })
}

fn comment(payload: &Payload) -> Option<Event> {
    let issue = payload.issue.as_ref()?;
    let comment = payload.comment.as_ref()?;
    let mut commands = parse_comment(&clean(comment.body.as_deref()?));
    commands.truncate(MAX_COMMANDS);
    let author = person(comment.user.as_ref())?;
    (!commands.is_empty()).then(|| {
        Event::Comment(CommentEvent {
            issue: issue.number,
            comment_id: comment.id,
            author,
            commands,
            at: comment.created_at,
            pull_request: issue.pull_request.is_some(),
        })
    })
}

fn run(run: &Run, action: &str) -> Option<Event> {
    let phase = match action {
        "requested" => Phase::Requested,
        "in_progress" => Phase::InProgress,
        "completed" => Phase::Completed,
        _ => return None,
    };
    let text = |text: &Option<String>| clean(text.as_deref().unwrap_or_default());
    let login = |who: &Option<Account>| text(&who.as_ref().and_then(|who| who.login.clone()));
    Some(Event::Run(RunReport {
        run_id: run.id,
        attempt: run.run_attempt.unwrap_or(1),
        phase,
        conclusion: run.conclusion.as_deref().filter(|_| phase == Phase::Completed).map(clean),
        workflow: RunReport::workflow_file(&text(&run.path)),
        title: text(&run.display_title),
        trigger: text(&run.event),
        actor: login(&run.actor),
        started_by: login(&run.triggering_actor),
        created_at: run.created_at?,
        head_sha: text(&run.head_sha),
        url: text(&run.html_url),
    }))
}

/// Only pushes that touch what a catalogue is made of, or of which not all that changed is listed.
fn push(payload: &Payload) -> Option<Event> {
    let branch = payload.git_ref.as_deref()?.strip_prefix("refs/heads/")?;
    let default = payload.repository.as_ref()?.default_branch.as_deref()?;
    let paths = payload
        .commits
        .iter()
        .flat_map(|commit| commit.added.iter().chain(&commit.modified).chain(&commit.removed));
    // GitHub lists at most 2,048 commits of a push, and none of those that a forced one took away.
    let listed =
        payload.commits.len() < 2048 && payload.forced != Some(true) && payload.created != Some(true);
    let concerns = !listed || paths.into_iter().any(|path| policy::concerns(path));
    (branch == default && concerns).then(|| Event::FilesChanged { commit: pushed(payload) })
}

/// The commit that the branch stands for now; none if it was deleted.
fn pushed(payload: &Payload) -> Option<String> {
    payload.after.as_deref().filter(|sha| sha.bytes().any(|digit| digit != b'0')).map(clean)
}

/// Whoever it was, bots too.
fn account(who: Option<&Account>) -> Option<Person> {
    let who = who?;
    Some(Person { id: who.id?, login: clean(who.login.as_deref()?) })
}

/// A human: bots, our own App among them, ask for nothing.
fn person(who: Option<&Account>) -> Option<Person> {
    account(who.filter(|who| who.kind.as_deref() != Some("Bot")))
}

/// Postgres stores no NUL, neither in text nor in JSON.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
