//! Dispatches and cancels: the effects that must never be done twice, or must be quick.

use chrono::TimeDelta;

use super::{
    Context,
    budget::Budget,
    effects::{Settled, repo_of, settle},
    obstacle::{NobodyLeft, Obstacle},
};
use crate::{
    github::{GitHubError, Repo, Run, RunSearch},
    policy::{COMMIT_INPUT, CORRELATION_INPUT},
    queue::{Access, Build, BuildId, DispatchAnswer, Effect, Event, Status},
    store::{ClaimedEffect, Done, Urgency},
};

/// How long the run of an unknown dispatch is looked for. Lists lag.
const LOOK_FOR: TimeDelta = TimeDelta::minutes(2);
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(10);

/// What a build is told that the App may not start any more.
const LACKS_ACTIONS: &str = "the App may not start workflows here: its permission \"Actions: write\" was taken away, \
                             and an owner of this account can give it back in the App's settings";

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let budget = Budget::begin(context);
    let Some(claim) = store.claim_effect(store.now().await?, Urgency::Action).await? else {
        return Ok(false);
    };
    match claim.row.effect.clone() {
        Effect::Dispatch { build } => {
            settle(context, &claim, budget, dispatch(context, &claim, build)).await?
        }
        Effect::Cancel { run_id, force, .. } => {
            settle(context, &claim, budget, cancel(context, &claim, run_id, force)).await?
        }
        _ => {}
    }
    Ok(true)
}

async fn cancel(
    context: &Context,
    claim: &ClaimedEffect,
    run_id: i64,
    force: bool,
) -> anyhow::Result<Settled> {
    let (_, address) = context.repository(repo_of(&claim.row)).await?;
    let (github, run) = (&context.0.github, run_id.cast_unsigned());
    // A cancel names no attempt. Ours was the first: what somebody ran again since is theirs.
    if github.run(&address, run).await.is_ok_and(|run| run.attempt > 1) {
        return Ok(Settled::done());
    }
    let answer =
        if force { github.force_cancel(&address, run).await } else { github.cancel(&address, run).await };
    match answer {
        // Accepted is not ended: the build holds its locks until GitHub says completed.
        Ok(_) => Ok(Settled::done()),
        Err(error) => Settled::from_refusal(context, claim, &address, &error).await,
    }
}

async fn dispatch(context: &Context, claim: &ClaimedEffect, id: BuildId) -> anyhow::Result<Settled> {
    let dispatch = match Dispatch::load(context, claim, id).await {
        Ok(Some(dispatch)) => dispatch,
        // Its run is known already, or it is over.
        Ok(None) => return Ok(Settled::done()),
        Err(error) if error.is::<NobodyLeft>() => return Err(error),
        // Our own trouble: this try made no call.
        Err(error) => return Ok(Settled::unsent(format!("{error:#}"), claim.attempts)),
    };
    if claim.tried_at.is_some() { dispatch.look().await } else { dispatch.send().await }
}

struct Dispatch<'a> {
    context: &'a Context,
    claim: &'a ClaimedEffect,
    build: Build,
    address: Repo,
    /// The repository has another owner now, who did not ask for this.
    moved_away: bool,
}

impl<'a> Dispatch<'a> {
    async fn load(
        context: &'a Context,
        claim: &'a ClaimedEffect,
        id: BuildId,
    ) -> anyhow::Result<Option<Self>> {
        let build = context.store().build(claim.row.tenant_id, id).await?;
        let Some(build) = build.filter(|build| build.status.is_holder() && build.run_id.is_none()) else {
            return Ok(None);
        };
        let (repository, address) = context.repository(build.repo()).await?;
        let moved_away = repository.access == Access::Transferred;
        Ok(Some(Self { context, claim, build, address, moved_away }))
    }

    async fn send(&self) -> anyhow::Result<Settled> {
        if self.moved_away {
            return Ok(self.refused("the repository was transferred to another owner before the build began"));
        }
        if self.build.status == Status::Cancelling {
            // It was to be stopped just after this try was noted: there surely is no run.
            return Ok(self.answer(DispatchAnswer::NotStarted));
        }
        if let Some(approved) = self.build.approved_commit()
            && let Some(settled) = self.check_commit(approved).await?
        {
            return Ok(settled);
        }
        let mut inputs = self.build.inputs.clone();
        if self.build.correlates {
            inputs.insert(CORRELATION_INPUT.to_owned(), self.build.build_id.to_string());
        }
        if let Some(commit) = self.build.commit_to_send() {
            inputs.insert(COMMIT_INPUT.to_owned(), commit.to_owned());
        }
        let (workflow, git_ref) = (&self.build.workflow, &self.build.git_ref);
        match self.context.0.github.dispatch(&self.address, workflow, git_ref, &inputs).await {
            Ok(Some(run)) => {
                Ok(self.answer(DispatchAnswer::Started { run_id: run.id.cast_signed(), url: run.html_url }))
            }
            // Servers that do not tell the run: it is looked for.
            Ok(None) => Ok(self.look_again(TimeDelta::seconds(1), "the run is not known yet")),
            Err(error @ (GitHubError::NotFound | GitHubError::Refused { .. })) => self.denied(&error).await,
            Err(error) if error.is_unknown() => {
                Ok(self.look_again(TimeDelta::seconds(2), &format!("no clear answer: {error}")))
            }
            Err(error) => Ok(Settled::from_error(&error, self.claim.attempts)),
        }
    }

    /// The last look before the call: does the branch still stand for the approved commit? A dispatch names none, so it may
    /// move in between; the run's own commit tells then.
    async fn check_commit(&self, approved: &str) -> anyhow::Result<Option<Settled>> {
        let git_ref = &self.build.git_ref;
        match self.context.0.github.commit_sha(&self.address, git_ref).await {
            Ok(commit) if commit == approved => Ok(None),
            Ok(commit) => Ok(Some(self.answer(DispatchAnswer::Moved { commit }))),
            Err(GitHubError::NotFound) => {
                Ok(Some(self.refused(&format!("there is no branch or tag {git_ref}"))))
            }
            Err(error) => Ok(Some(Settled::unsent(error.to_string(), self.claim.attempts))),
        }
    }

    /// GitHub surely started nothing. The build ends with the reason, unless nobody could have started it there.
    async fn denied(&self, error: &GitHubError) -> anyhow::Result<Settled> {
        let (workflow, git_ref) = (&self.build.workflow, &self.build.git_ref);
        if error.lacks_permission() {
            return Ok(self.refused(LACKS_ACTIONS));
        }
        match (Obstacle::of(self.context, self.build.repo(), &self.address, error).await?, error) {
            (Some(Obstacle::Until(why)), _) => Ok(Settled::Blocked(why)),
            (_, GitHubError::Refused { message, .. }) => Ok(self.refused(message)),
            _ => Ok(self.refused(&format!(
                "there is no workflow {workflow} on {git_ref}, or the App may not start it"
            ))),
        }
    }

    /// An earlier try may have made a run: look for it. It is sent again only if the run's title would show it.
    async fn look(&self) -> anyhow::Result<Settled> {
        let tried_at = self.claim.tried_at.unwrap_or(self.claim.now);
        let id = self.build.build_id.to_string();
        let search = RunSearch {
            workflow: &self.build.workflow,
            since: self.build.starting_at.unwrap_or(tried_at),
            bot: self.context.bot().await?,
            title_has: self.build.correlates.then_some(id.as_str()),
        };
        let found = match self.context.0.github.find_runs(&self.address, &search).await {
            Ok(runs) => runs,
            Err(error) => return Ok(Settled::from_error(&error, self.claim.attempts).unknown()),
        };
        let ids: Vec<i64> = found.iter().map(|run| run.id.cast_signed()).collect();
        let known = self.context.store().known_runs(self.build.repo(), &ids).await?;
        // Another build that waits for its run might be the one that a run without a name belongs to.
        let ambiguous = !self.build.correlates && self.context.store().others_await_runs(&self.build).await?;
        let free = |run: &Run| !ambiguous && !known.contains(&run.id.cast_signed());
        let mut candidates = found.into_iter().filter(free);
        match (candidates.next(), candidates.next()) {
            (Some(run), None) => {
                Ok(self.answer(DispatchAnswer::Started { run_id: run.id.cast_signed(), url: run.html_url }))
            }
            _ if self.claim.now - tried_at < LOOK_FOR => Ok(self.look_again(LOOK_EVERY, "no run found yet")),
            // Surely absent. The next claim notes a try of its own before it sends.
            (None, _) if self.build.correlates => Ok(Settled::Anew),
            _ => Ok(self.answer(DispatchAnswer::NeverConfirmed)),
        }
    }

    fn answer(&self, answer: DispatchAnswer) -> Settled {
        let event = Event::Dispatched { build: self.build.build_id, answer };
        Settled::Done(Box::new(Done { event: Some(event), ..Done::default() }))
    }

    fn refused(&self, message: &str) -> Settled {
        self.answer(DispatchAnswer::Refused { message: message.to_owned() })
    }

    fn look_again(&self, after: TimeDelta, why: &str) -> Settled {
        Settled::Later { after, untried: false, counts: true, why: why.to_owned() }
    }
}
