//! Facts before locks: what a decision needs from GitHub is asked here and stored with its time.

use super::{Context, back_off, obstacle::NobodyLeft, policy};
use crate::{
    github::GitHubError,
    queue::{Access, CommentEvent, Event, Facts, IssueEvent, Mistake, PolicyState, Role, Step},
    request::{Asked, Command, CommandLine, from_command, from_issue},
    store::{PutOff, Repository, StoreError, Unprepared},
};

/// After this many failures an event is set aside: about an hour. GitHub being away or busy does not count as one.
const TRIES: i32 = 18;

/// The same while GitHub does not accept us, as when the App is suspended or uninstalled: about a day.
const TRIES_UNACCEPTED: i32 = 340;

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let Some(claim) = store.claim_unprepared(store.now().await?).await? else { return Ok(false) };
    match tokio::time::timeout(crate::store::CALL_BUDGET, facts(context, &claim)).await {
        Ok(Ok(facts)) => {
            store.prepared(claim.repo, claim.stored.inbox_id, &facts).await?;
            context.0.wakes.apply.notify_one();
        }
        Ok(Err(error)) if error.is::<NobodyLeft>() => {
            store.ignore_event(claim.repo, claim.stored.inbox_id, &error.to_string()).await?;
        }
        Ok(Err(error)) => put_off(context, &claim, &error).await?,
        Err(_) => put_off(context, &claim, &GitHubError::Unknown("it took too long".into()).into()).await?,
    }
    Ok(true)
}

async fn put_off(context: &Context, claim: &Unprepared, error: &anyhow::Error) -> anyhow::Result<()> {
    let github = error.downcast_ref::<GitHubError>();
    let passing = error.downcast_ref::<StoreError>().is_some_and(StoreError::is_passing);
    let dead = match github {
        Some(error) if error.is_transient() => false,
        Some(GitHubError::Unauthorized(_)) => claim.attempts >= TRIES_UNACCEPTED,
        _ => claim.attempts >= TRIES && !passing,
    };
    let after = match github {
        Some(GitHubError::RetryLater { after: Some(after), .. }) => chrono::TimeDelta::from_std(*after)?,
        _ => back_off(claim.attempts),
    };
    let error = format!("{error:#}");
    tracing::warn!(
        delivery = claim.stored.delivery_id,
        repo = claim.repo.repo_id,
        attempts = claim.attempts,
        dead,
        error,
        "facts are missing"
    );
    let due_at = context.store().now().await? + after;
    let state = if dead { "dead" } else { "unprepared" };
    let put_off = PutOff { state, due_at, attempts: claim.attempts, error: &error };
    Ok(context.store().postpone_event(claim.repo, claim.stored.inbox_id, put_off).await?)
}

async fn facts(context: &Context, claim: &Unprepared) -> anyhow::Result<Facts> {
    let (repository, address) = context.repository(claim.repo).await?;
    if repository.access == Access::Transferred {
        // Asked of its former owner, whose queue is closed.
        return Err(NobodyLeft(repository.access).into());
    }
    let force = claim.stored.event == Event::FilesChanged;
    let repository = policy::refresh(context, repository, &address, force).await?;
    let (author, steps) = match &claim.stored.event {
        Event::Issue(event) => (Some(&event.author), steps_of_issue(&repository, event)),
        Event::Comment(event) => (Some(&event.author), steps_of_comment(&repository, event)),
        _ => (None, Vec::new()),
    };
    let asks = |step: &Step| matches!(step, Step::Ask { .. } | Step::Cancel);
    let role = match author {
        Some(author) if steps.iter().any(asks) => {
            let role = context.0.github.permission(&address, &author.login).await?;
            if role == Role::None {
                // GitHub says the same when it hides the whole repository from us; then nobody is refused.
                context.0.github.repository(&address).await?;
            }
            role
        }
        _ => Role::None,
    };
    Ok(Facts {
        known_at: context.store().now().await?,
        role,
        policy: policy_state(&repository),
        default_branch: repository.default_branch.clone(),
        steps,
    })
}

/// The last good policy stays in force while the file is broken.
fn policy_state(repository: &Repository) -> PolicyState {
    match (&repository.catalogue, repository.policy_state.as_str()) {
        (Some(_), "good" | "broken") => PolicyState::Good,
        (None, "broken") => {
            PolicyState::Broken { errors: repository.policy_errors.clone().unwrap_or_default() }
        }
        _ => PolicyState::None,
    }
}

fn steps_of_issue(repository: &Repository, event: &IssueEvent) -> Vec<Step> {
    let asked = repository.catalogue.as_ref().map(|catalogue| from_issue(catalogue, &event.text));
    asked.into_iter().flatten().map(|asked| Step::Ask { asked }).collect()
}

fn steps_of_comment(repository: &Repository, event: &CommentEvent) -> Vec<Step> {
    event.commands.iter().map(|line| step_of_line(repository, line)).collect()
}

fn step_of_line(repository: &Repository, line: &CommandLine) -> Step {
    match &line.parsed {
        Ok(Command::Build { build_type, inputs }) => match &repository.catalogue {
            Some(catalogue) => Step::Ask { asked: from_command(catalogue, build_type.as_deref(), inputs) },
            // Without a policy nothing can be checked; the heart refuses it with the reason.
            None => Step::Ask { asked: Asked::unread() },
        },
        Ok(Command::Cancel) => Step::Cancel,
        Ok(Command::Status) => Step::Status,
        Ok(Command::Help) => Step::Help,
        Err(error) => Step::Mistake {
            mistake: Mistake {
                line: line.line,
                text: line.text.clone(),
                why: error.why.clone(),
                corrected: error.corrected.clone(),
            },
        },
    }
}
