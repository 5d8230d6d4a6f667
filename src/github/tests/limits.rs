//! Limits: read from the answer, and obeyed by the calls that follow.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{GitHub, GitHubError, Repo},
    server::{Reply, Server, client, reply, reply_with, repo, serve, serve_all, settings, start, token},
};
use crate::clock::Clock;

async fn limited(status: u16, headers: &'static [(&str, &str)], message: &'static str) -> Duration {
    let server = serve(move |_| reply_with(status, headers, json!({ "message": message }))).await;
    let error = client(&server.url).create_comment(&repo(), 1, "x").await.unwrap_err();
    assert_eq!(server.calls().len(), 1);
    assert!(error.is_transient() && !error.is_unknown());
    pause(error)
}

fn pause(error: GitHubError) -> Duration {
    match error {
        GitHubError::RetryLater { after: Some(after), .. } => after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn limits_ask_for_patience_and_say_how_long() {
    let seconds = Duration::from_secs;
    assert_eq!(limited(403, &[("retry-after", "30")], "slow down").await, seconds(30));
    assert_eq!(limited(429, &[("retry-after", "7")], "slow down").await, seconds(7));
    assert_eq!(limited(429, &[("retry-after", "-7")], "slow down").await, seconds(0));
    assert_eq!(limited(429, &[("retry-after", "99999999999")], "slow down").await, seconds(24 * 3600));
}

#[tokio::test]
async fn a_limit_that_does_not_say_how_long_is_a_minute() {
    assert_eq!(limited(429, &[], "slow down").await, Duration::from_secs(60));
    let secondary = "You have exceeded a secondary rate limit.";
    assert_eq!(limited(403, &[], secondary).await, Duration::from_secs(60));
    let some_left = &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", RESET)];
    assert_eq!(limited(403, some_left, secondary).await, Duration::from_secs(60));
}

/// 90 s after the client's clock began, which runs on while the call is made.
const RESET: &str = "1772366490";

#[tokio::test]
async fn an_empty_budget_waits_for_its_reset() {
    assert_eq!(RESET, (start().timestamp() + 90).to_string());
    let empty = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", RESET)];
    let pause = limited(403, empty, "API rate limit exceeded").await.as_secs();
    assert!((80..=90).contains(&pause), "{pause}");
}

/// GitHub limits whoever comments, for 30 s.
async fn busy() -> (Server, GitHub, Clock) {
    let server = serve(|seen| match seen.uri.ends_with("/comments") {
        true => reply_with(403, &[("retry-after", "30")], json!({ "message": "slow down" })),
        false => reply(200, json!({ "sha": "c0ffee" })),
    })
    .await;
    let settings = settings(&server.url);
    let clock = settings.clock.clone();
    let github = GitHub::new(settings).unwrap();
    pause(github.create_comment(&repo(), 1, "x").await.unwrap_err());
    (server, github, clock)
}

#[tokio::test]
async fn while_a_limit_is_in_force_nothing_is_sent_for_that_installation() {
    let (server, github, clock) = busy().await;
    let left = pause(github.commit_sha(&repo(), "main").await.unwrap_err());
    assert!((20..=30).contains(&left.as_secs()), "{left:?}");
    pause(github.cancel(&repo(), 1).await.unwrap_err());
    assert_eq!(server.calls().len(), 1);

    let other = Repo { installation: 8, ..repo() };
    assert_eq!(github.commit_sha(&other, "main").await.unwrap(), "c0ffee");
    assert_eq!(server.calls().len(), 2);

    clock.advance(Duration::from_secs(31));
    assert_eq!(github.commit_sha(&repo(), "main").await.unwrap(), "c0ffee");
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn a_shorter_limit_does_not_end_a_longer_one() {
    let (server, github, clock) = busy().await;
    clock.advance(Duration::from_secs(20));
    for _ in 0..2 {
        let left = pause(github.commit_sha(&repo(), "main").await.unwrap_err());
        assert!(left <= Duration::from_secs(10), "told anew it is still the same limit: {left:?}");
    }
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn a_limited_minting_holds_all_minting_back_and_nothing_else() {
    let server = serve_all(|seen| {
        Reply::Now(match (seen.mints_token(), seen.uri.contains("/7/")) {
            (true, true) => reply_with(429, &[("retry-after", "30")], Value::Null),
            (true, false) => reply(201, token("ghs_8")),
            _ => reply(200, json!({ "sha": "c0ffee" })),
        })
    })
    .await;
    let github = client(&server.url);
    let eight = Repo { installation: 8, ..repo() };
    github.commit_sha(&eight, "main").await.unwrap();
    pause(github.commit_sha(&repo(), "main").await.unwrap_err());
    pause(github.commit_sha(&Repo { installation: 9, ..repo() }, "main").await.unwrap_err());
    pause(github.app().await.unwrap_err());
    assert_eq!((server.minted(), server.calls().len()), (2, 1));
    github.commit_sha(&eight, "main").await.unwrap();
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn a_run_that_cannot_be_cancelled_yet_is_no_limit() {
    let message = "Cannot cancel a workflow re-run that has not yet queued.";
    let server = serve(move |seen| match seen.uri.ends_with("/cancel") {
        true => reply(409, json!({ "message": message })),
        false => reply(200, json!({ "sha": "c0ffee" })),
    })
    .await;
    let github = client(&server.url);
    let early = github.cancel(&repo(), 1).await;
    assert!(matches!(early, Err(GitHubError::RetryLater { after: None, .. })), "{early:?}");
    github.commit_sha(&repo(), "main").await.unwrap();
}
