//! Facts before locks: what a decision needs from GitHub is asked here and stored with its time.

use tracing::Instrument as _;

use super::{Context, budget::Budget, obstacle::NobodyLeft, pause, policy};
use crate::{
    github::GitHubError,
    metrics,
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
    let budget = Budget::begin(context);
    let Some(claim) = store.claim_unprepared(store.now().await?).await? else { return Ok(false) };
    let span = tracing::error_span!(
        "prepare",
        tenant = claim.repo.tenant_id,
        repo = claim.repo.repo_id,
        delivery = claim.stored.delivery_id,
        issue = claim.stored.event.issue()
    );
    prepare(context, &claim, budget).instrument(span).await?;
    Ok(true)
}

async fn prepare(context: &Context, claim: &Unprepared, budget: Budget) -> anyhow::Result<()> {
    match budget.spend(facts(context, claim)).await {
        Some(Ok(facts)) => {
            context.store().prepared(claim.repo, claim.stored.inbox_id, &facts).await?;
            context.0.wakes.apply.notify_one();
            Ok(())
        }
        Some(Err(error)) if error.is::<NobodyLeft>() => {
            let (store, inbox_id) = (context.store(), claim.stored.inbox_id);
            Ok(store.ignore_event(claim.repo, inbox_id, &error.to_string()).await?)
        }
        Some(Err(error)) => put_off(context, claim, &error).await,
        None => put_off(context, claim, &GitHubError::Unknown("it took too long".into()).into()).await,
    }
}

async fn put_off(context: &Context, claim: &Unprepared, error: &anyhow::Error) -> anyhow::Result<()> {
    let github = error.downcast_ref::<GitHubError>();
    let passing = error.downcast_ref::<StoreError>().is_some_and(StoreError::is_passing);
    let dead = match github {
        Some(error) if error.is_transient() => false,
        Some(GitHubError::Unauthorized(_)) => claim.attempts >= TRIES_UNACCEPTED,
        _ => claim.attempts >= TRIES && !passing,
    };
    let after = pause::after_any(error, claim.attempts);
    let (error, attempts) = (format!("{error:#}"), claim.attempts);
    if dead {
        tracing::error!(attempts, error, "an event is set aside as dead: facts are missing");
        metrics::event("dead");
    } else if github.is_some() {
        // The call's failure is a line already.
        tracing::debug!(attempts, error, "facts are missing");
    } else {
        tracing::warn!(attempts, error, "facts are missing");
    }
    let due_at = context.store().now().await? + after;
    let state = if dead { "dead" } else { "unprepared" };
    let counts = github.is_none_or(|error| pause::counts(error, claim.attempts));
    let attempts = claim.attempts - i32::from(!counts);
    let put_off = PutOff { state, due_at, attempts, error: &error };
    Ok(context.store().postpone_event(claim.repo, claim.stored.inbox_id, put_off).await?)
}

async fn facts(context: &Context, claim: &Unprepared) -> anyhow::Result<Facts> {
    let (repository, address) = context.repository(claim.repo).await?;
    if repository.access == Access::Transferred {
        // Asked of its former owner, whose queue is closed.
        return Err(NobodyLeft(repository.access).into());
    }
    let force = claim.stored.event == Event::FilesChanged;
    let repository = policy::refresh(context, repository, &address, force, &claim.stored.origin()).await?;
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
