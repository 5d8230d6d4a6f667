//! What people do in the demo: most ask and wait, one thinks better of it, one mistypes and corrects it, one has bad luck
//! with a machine and tries again, and strangers need a maintainer's approval, which may not come.

use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;

use super::{
    summary::outcomes,
    town::{BROKEN, MAINTAINER, PEOPLE, REPO, STRANGER},
};
use crate::{
    clock::Clock,
    sandbox::{Refusal, RunStatus, Sandbox, World},
};

/// How one request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    ByIssue,
    ByComment,
    Fails,
    /// Takes it back while it waits.
    CancelsWaiting,
    /// Stops it once it runs.
    CancelsRunning,
    /// Corrects the issue's text when told what is wrong with it.
    Mistypes,
    /// A stranger's, which a maintainer approves.
    Approved,
    Rejected,
    /// A stranger's, which nobody looks at.
    Overlooked,
    /// The machine breaks down; `/retry` has better luck.
    Retries,
}

/// One of each, then mostly plain ones.
const FIRST: [Mood; 11] = [
    Mood::ByIssue,
    Mood::Approved,
    Mood::Retries,
    Mood::CancelsWaiting,
    Mood::Mistypes,
    Mood::Rejected,
    Mood::Overlooked,
    Mood::ByComment,
    Mood::CancelsRunning,
    Mood::Fails,
    Mood::ByIssue,
];

/// Longer than any demo.
const AS_LONG_AS_IT_TAKES: Duration = Duration::from_secs(7 * 24 * 3600);

/// Lets people make `requests` requests, a while apart, each in an issue of its own. Gives what they still have in mind.
pub(super) async fn play(
    sandbox: &Sandbox,
    clock: &Clock,
    requests: u32,
    seed: u64,
) -> anyhow::Result<JoinSet<()>> {
    let mut rng = Rng::with_seed(seed);
    let mut stories = JoinSet::new();
    for n in 0..requests {
        let mood = match FIRST.get(n as usize) {
            Some(mood) => *mood,
            None if rng.u32(..12) == 0 => Mood::CancelsWaiting,
            None if rng.u32(..12) == 0 => Mood::Fails,
            None if rng.bool() => Mood::ByIssue,
            None => Mood::ByComment,
        };
        let known = PEOPLE[rng.usize(..PEOPLE.len() - 1)].0;
        let strange = matches!(mood, Mood::Approved | Mood::Rejected | Mood::Overlooked);
        let person = if strange { STRANGER } else { known };
        let tag = match mood {
            Mood::Fails => BROKEN.to_owned(),
            _ => format!("v1.{n}.0"),
        };
        let channel = if n.is_multiple_of(2) { "stable" } else { "beta" };
        let request = Request { mood, person, tag, channel };
        let issue = request.ask(&mut sandbox.world())?;
        let story = Story { request, issue, sandbox: sandbox.clone(), clock: clock.clone() };
        stories.spawn(async move {
            if let Err(error) = story.go_on().await {
                tracing::warn!(error = error.message, issue = story.issue, "somebody could not go on");
            }
        });
        clock.sleep(Duration::from_secs(rng.u64(5..45))).await;
    }
    Ok(stories)
}

struct Request {
    mood: Mood,
    person: &'static str,
    tag: String,
    channel: &'static str,
}

impl Request {
    fn ask(&self, world: &mut World) -> Result<u64, Refusal> {
        let Self { mood, person, tag, channel } = self;
        let comments =
            matches!(mood, Mood::ByComment | Mood::Fails | Mood::CancelsWaiting | Mood::CancelsRunning);
        if !comments {
            let typed = if *mood == Mood::Mistypes { tag.trim_start_matches('v') } else { tag };
            let issue =
                world.open_issue(REPO, person, &format!("Build {tag}"), &self.form(typed), &["build"])?;
            world.ask(REPO, issue, None)?;
            return Ok(issue);
        }
        let issue =
            world.open_issue(REPO, person, &format!("I need {tag}"), "For the tests of this week.", &[])?;
        let comment = world.comment(REPO, issue, person, &format!("/build tag={tag} channel={channel}"))?;
        world.ask(REPO, issue, Some(comment))?;
        Ok(issue)
    }

    /// What the form makes of the answers.
    fn form(&self, tag: &str) -> String {
        format!("### Version tag\n\n{tag}\n\n### Channel\n\n{}\n", self.channel)
    }
}

/// What becomes of a request by what people do.
struct Story {
    request: Request,
    issue: u64,
    sandbox: Sandbox,
    clock: Clock,
}

impl Story {
    async fn go_on(&self) -> Result<(), Refusal> {
        let person = self.request.person;
        let done = match self.request.mood {
            Mood::ByIssue | Mood::ByComment | Mood::Fails | Mood::Overlooked => Ok(true),
            Mood::CancelsWaiting => self.answers("Queued", person, "/cancel").await,
            Mood::CancelsRunning => self.answers("Building since", person, "/cancel").await,
            Mood::Approved => self.answers("### ✋", MAINTAINER, "/approve").await,
            Mood::Rejected => self.answers("### ✋", MAINTAINER, "/reject not before the release").await,
            Mood::Mistypes => {
                self.says("### ✏").await;
                let corrected = self.request.form(&self.request.tag);
                let mut world = self.sandbox.world();
                world.edit_issue(REPO, self.issue, person, None, Some(&corrected)).map(|()| true)
            }
            Mood::Retries => {
                self.machine_breaks_down().await?;
                self.answers("### ❌", person, "/retry").await
            }
        }?;
        let ends = if done && self.request.mood == Mood::Retries { 2 } else { 1 };
        self.until(|world| outcomes(&world.comments(REPO, self.issue)).count() >= ends).await;
        Ok(())
    }

    /// Somebody writes a comment a little after the issue says something; not if that was over too soon.
    async fn answers(&self, words: &str, login: &str, comment: &str) -> Result<bool, Refusal> {
        let said = self.says(words).await;
        if said {
            self.sandbox.world().comment(REPO, self.issue, login, comment)?;
        }
        Ok(said)
    }

    /// Waits until the issue says something, and for as long as it takes to read it; or until its build has ended.
    async fn says(&self, words: &str) -> bool {
        let mut said = false;
        self.until(|world| {
            let comments = world.comments(REPO, self.issue);
            said = comments.iter().any(|comment| comment.body.contains(words));
            said || outcomes(&comments).next().is_some()
        })
        .await;
        self.clock.sleep(Duration::from_secs(10)).await;
        said
    }

    async fn machine_breaks_down(&self) -> Result<(), Refusal> {
        let run = |world: &World| {
            let runs = world.runs(REPO).into_iter();
            let mut ours = runs.filter(|run| run.inputs.get("tag") == Some(&self.request.tag));
            ours.find(|run| run.status == RunStatus::InProgress).map(|run| run.id)
        };
        self.until(|world| run(world).is_some()).await;
        self.clock.sleep(Duration::from_secs(20)).await;
        let mut world = self.sandbox.world();
        match run(&world) {
            Some(run) => world.finish_run(run, "failure", Some(("windows", "Compile"))),
            None => Ok(()),
        }
    }

    async fn until(&self, condition: impl FnMut(&World) -> bool) {
        self.sandbox.until_within(AS_LONG_AS_IT_TAKES, condition).await;
    }
}
