//! What people do in the demo: most ask and wait, one's build fails, one thinks better of it, one mistypes, and one is
//! a stranger.

use std::time::Duration;

use fastrand::Rng;

use super::town::{BROKEN, PEOPLE, REPO};
use crate::{
    clock::Clock,
    sandbox::{Refusal, Sandbox, World},
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
    Mistypes,
    Stranger,
}

/// One of each, then mostly plain ones.
const FIRST: [Mood; 8] = [
    Mood::ByIssue,
    Mood::ByComment,
    Mood::Fails,
    Mood::CancelsWaiting,
    Mood::Stranger,
    Mood::Mistypes,
    Mood::CancelsRunning,
    Mood::ByIssue,
];

/// Lets people make `requests` requests, a while apart, each in an issue of its own.
pub(super) async fn play(sandbox: &Sandbox, clock: &Clock, requests: u32, seed: u64) -> anyhow::Result<()> {
    let mut rng = Rng::with_seed(seed);
    for n in 0..requests {
        let mood = match FIRST.get(n as usize) {
            Some(mood) => *mood,
            None if rng.u32(..12) == 0 => Mood::CancelsWaiting,
            None if rng.u32(..12) == 0 => Mood::Fails,
            None if rng.bool() => Mood::ByIssue,
            None => Mood::ByComment,
        };
        let person = if mood == Mood::Stranger { "sam" } else { PEOPLE[rng.usize(..PEOPLE.len() - 1)].0 };
        let issue = ask(&mut sandbox.world(), mood, person, n)?;
        let changes_mind = matches!(mood, Mood::CancelsWaiting | Mood::CancelsRunning);
        if changes_mind {
            let (sandbox, clock) = (sandbox.clone(), clock.clone());
            tokio::spawn(async move { cancel_later(&sandbox, &clock, mood, person, issue).await });
        }
        clock.sleep(Duration::from_secs(rng.u64(5..45))).await;
    }
    Ok(())
}

fn ask(world: &mut World, mood: Mood, person: &str, n: u32) -> Result<u64, Refusal> {
    let tag = match mood {
        Mood::Fails => BROKEN.to_owned(),
        Mood::Mistypes => format!("1.{n}"),
        _ => format!("v1.{n}.0"),
    };
    let channel = if n.is_multiple_of(2) { "stable" } else { "beta" };
    if matches!(mood, Mood::ByIssue | Mood::Mistypes | Mood::Stranger) {
        let body = format!("### Version tag\n\n{tag}\n\n### Channel\n\n{channel}\n");
        let issue = world.open_issue(REPO, person, &format!("Build {tag}"), &body, &["build"])?;
        world.ask(REPO, issue, None)?;
        return Ok(issue);
    }
    let issue =
        world.open_issue(REPO, person, &format!("I need {tag}"), "For the tests of this week.", &[])?;
    let comment = world.comment(REPO, issue, person, &format!("/build tag={tag} channel={channel}"))?;
    world.ask(REPO, issue, Some(comment))?;
    Ok(issue)
}

async fn cancel_later(sandbox: &Sandbox, clock: &Clock, mood: Mood, person: &str, issue: u64) {
    let shows =
        |world: &World, words: &str| world.comments(REPO, issue).iter().any(|c| c.body.contains(words));
    let words = if mood == Mood::CancelsRunning { "Building since" } else { "Queued" };
    if sandbox.until(|world| shows(world, words)).await {
        clock.sleep(Duration::from_secs(10)).await;
        if let Err(error) = sandbox.world().comment(REPO, issue, person, "/cancel") {
            tracing::warn!(error = error.message, "nobody could cancel");
        }
    }
}
