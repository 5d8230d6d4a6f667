//! Facts before locks: what a decision needs from GitHub is asked here and stored with its time.

use std::collections::{BTreeMap, BTreeSet};

use tracing::Instrument as _;

use super::{Context, budget::Budget, obstacle::NobodyLeft, pause, policy, steps};
use crate::{
    github::{GitHubError, Repo},
    metrics,
    policy::Pin,
    queue::{Access, Event, Facts, PolicyState, Role, Step},
    request::Asked,
    store::{PutOff, Repository, StoreError, UNREAD, Unprepared},
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
    let force = matches!(claim.stored.event, Event::FilesChanged { .. });
    let only_listed = repository.policy_state == UNREAD && force;
    let repository = if only_listed { look(context, repository, &address).await? } else { repository };
    let (repository, report) =
        policy::refresh(context, repository, &address, force, &claim.stored.origin()).await?;
    let mut steps = steps::of(&repository, &claim.stored.event);
    for request in steps.iter_mut().filter_map(steps::request) {
        context.store().seal_request(request, &repository.default_branch).await?;
    }
    let role = match steps::author(&claim.stored.event) {
        Some(author) if steps.iter().any(|step| steps::needs_role(step, &repository)) => {
            role(context, &address, &author.login).await?
        }
        // Whoever can write here can read.
        _ => Role::Read,
    };
    Ok(Facts {
        known_at: context.store().now().await?,
        role,
        policy: policy_state(&repository),
        default_branch: repository.default_branch.clone(),
        heads: heads(context, claim, &repository, &address, &steps).await?,
        terms: terms(&repository, &steps),
        report,
        steps,
    })
}

/// Of a repository that an installation only listed not even the default branch is known.
async fn look(context: &Context, known: Repository, address: &Repo) -> anyhow::Result<Repository> {
    let found = context.0.github.repository(address).await?;
    context.store().learned(known.key, &found.default_branch, found.private).await?;
    Ok(Repository { private: found.private, default_branch: found.default_branch, ..known })
}

async fn role(context: &Context, address: &Repo, login: &str) -> anyhow::Result<Role> {
    let role = context.0.github.permission(address, login).await?;
    if role == Role::None {
        // GitHub says the same when it hides the whole repository from us; then nobody is refused.
        context.0.github.repository(address).await?;
    }
    Ok(role)
}

/// What the branches and tags stand for to which an approval is, or would be, bound.
async fn heads(
    context: &Context,
    claim: &Unprepared,
    repository: &Repository,
    address: &Repo,
    steps: &[Step],
) -> anyhow::Result<BTreeMap<String, String>> {
    let asked = steps.iter().filter_map(|step| match step {
        Step::Ask { asked: Asked::Valid(request), .. } => Some(request),
        _ => None,
    });
    let pinned =
        asked.filter(|request| request.approval.as_ref().is_some_and(|terms| terms.pin == Pin::Commit));
    let default = &repository.default_branch;
    let mut refs: BTreeSet<String> =
        pinned.map(|request| request.git_ref.as_ref().unwrap_or(default).clone()).collect();
    let decides = |step: &Step| matches!(step, Step::Approve { .. } | Step::Retry { .. });
    if let Some(issue) = claim.stored.event.issue().filter(|_| steps.iter().any(decides)) {
        refs.extend(context.store().pinned_refs(repository.key, issue).await?);
    }
    if matches!(claim.stored.event, Event::FilesChanged { commit: None }) {
        // Nobody pushed just now: what is wrong is shown where the branch stands.
        refs.insert(default.clone());
    }
    let mut heads = BTreeMap::new();
    for git_ref in refs {
        match context.0.github.commit_sha(address, &git_ref).await {
            Ok(commit) => _ = heads.insert(git_ref, commit),
            // Nothing can be approved for it.
            Err(GitHubError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(heads)
}

/// What each build type is checked by now, for whoever asks again.
fn terms(repository: &Repository, steps: &[Step]) -> BTreeMap<String, String> {
    let Some(catalogue) = &repository.catalogue else { return BTreeMap::new() };
    if !steps.iter().any(|step| matches!(step, Step::Retry { .. })) {
        return BTreeMap::new();
    }
    let types = catalogue.policy.builds.keys();
    types.filter_map(|name| Some((name.clone(), crate::policy::terms(catalogue, name)?))).collect()
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
