//! Webhooks that GitHub could not deliver, or delivered to somebody who does not have them any more.

use axum::{Router, http::StatusCode};
use chrono::TimeDelta;
use serde_json::json;
use trilock::sandbox::{ApiTrouble, HookFault, HookTrouble};

use super::{EVERY, LOOKED, RECOVERED, WHILE, down, reconciling, restart, until_stored};
use crate::harness::{Issue, Trilock, minutes, seconds};

const LIST: &str = "GET /app/hook/deliveries";

const WANTED: &str = "SELECT count(*) FROM redelivery";

const GIVEN_UP: &str = "SELECT count(*) FROM redelivery WHERE due_at IS NULL AND arrived_at IS NULL";

/// The last look has ended, and no other is due.
const LOOKED_NOW: &str = "SELECT count(*) FROM setting WHERE name = 'delivery_cursor'
     AND (value->>'through')::timestamptz > trilock_now() - interval '4 minutes'";

/// How many pages of the list were read.
fn pages(t: &Trilock) -> u64 {
    t.github.world().record().calls.get(LIST).copied().unwrap_or_default()
}

/// How often GitHub was asked to send a delivery again.
fn requests(t: &Trilock) -> u64 {
    let world = t.github.world();
    let calls = world.record().calls.iter();
    calls.filter(|(call, _)| call.starts_with("POST /app/hook/deliveries/")).map(|(_, times)| times).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_while_the_server_was_down_is_built_once() {
    let mut t = Trilock::start().await;
    let first = t.issue("ben").await;
    down(&mut t);
    t.comment("ben", first, "/build tag=v1.0.0").await;
    let second = t.request("eve", "### Version tag\n\nv2.0.0").await;
    t.pass_amid_calls(minutes(90)).await;
    restart(&mut t).await;
    // The comment, and the issue opened and labeled.
    until_stored(&t, RECOVERED, 3).await;
    t.says(first, "🔨 Starting").await;
    t.carried_out(first, t.run(1).await).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_comment_is_recovered_within_the_interval() {
    let t = reconciling().await;
    let issue = t.issue("ben").await;
    t.next_hook("issue_comment", "created", HookTrouble::Drop);
    let before = t.clock.now();
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    until_stored(&t, RECOVERED, 1).await;
    // The jitter, and the steps in which this story lets time pass.
    assert!(t.clock.now() - before < TimeDelta::seconds(300 + 45 + 20));
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_503_is_recovered() {
    let t = reconciling().await;
    let issue = t.issue("ben").await;
    t.meddle("ALTER TABLE delivery RENAME TO away").await;
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.meddle("ALTER TABLE away RENAME TO delivery").await;
    let status = t.github.world().deliveries().last().map(|delivery| delivery.status_code);
    assert_eq!(status, Some(503));
    until_stored(&t, RECOVERED, 1).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_at_once_make_one_build_of_one_request() {
    let mut t = Trilock::start().await;
    let issue = t.issue("ben").await;
    down(&mut t);
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.reconcile_every = EVERY;
    for _ in 0..2 {
        t.serve().await;
    }
    until_stored(&t, RECOVERED, 1).await;
    for _ in 0..3 {
        t.pass(EVERY).await;
    }
    assert_eq!(requests(&t), 1, "it was asked for once");
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrives_is_given_up() {
    let t = reconciling().await;
    let issue = t.issue("ben").await;
    let (event, trouble) = (Some("issue_comment".to_owned()), HookTrouble::Drop);
    t.github.world().fault_hook(HookFault { event, action: None, times: None, chance: 1.0, trouble });
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    until_stored(&t, WANTED, 1).await;
    for _ in 0..40 {
        t.pass(minutes(120)).await;
        t.github.until_within(WHILE, |_| false).await;
    }
    until_stored(&t, GIVEN_UP, 1).await;
    let asked = requests(&t);
    assert!((4..=40).contains(&asked), "{asked} times");
    t.github.world().clear_faults();
    for _ in 0..4 {
        t.pass(EVERY).await;
    }
    assert_eq!(requests(&t), asked, "and for ever");
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn being_told_to_wait_is_no_attempt() {
    let t = reconciling().await;
    let issue = t.issue("ben").await;
    for _ in 0..6 {
        t.next_call("POST", "/attempts$", ApiTrouble::RetryAfter(10));
    }
    for _ in 0..2 {
        t.next_hook("issue_comment", "created", HookTrouble::Drop);
    }
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    // It is asked for a second time a minute after the first: not an hour, as after the eighth.
    until_stored(&t, RECOVERED, 1).await;
    assert_eq!(t.count("SELECT attempts::bigint FROM redelivery").await, 2);
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_has_forgotten_is_not_asked_for() {
    let mut t = Trilock::start().await;
    let issue = t.issue("ben").await;
    down(&mut t);
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass_amid_calls(minutes(73 * 60)).await;
    restart(&mut t).await;
    let issue = t.issue("eve").await;
    until_stored(&t, LOOKED, 1).await;
    assert_eq!((t.count(WANTED).await, requests(&t)), (0, 0));
    t.comment("eve", issue, "/build tag=v2.0.0").await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v2.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_look_reads_one_page() {
    let mut t = Trilock::start().await;
    for _ in 0..250 {
        t.github.world().deliver_raw("star", &json!({ "action": "created" }));
    }
    t.calm().await;
    t.pass(minutes(20)).await;
    restart(&mut t).await;
    until_stored(&t, LOOKED, 1).await;
    assert_eq!(pages(&t), 3);
    for look in 1..=3 {
        t.pass(minutes(6)).await;
        t.until("another look", |world| world.record().calls[LIST] >= 3 + look).await;
        t.until_stored(LOOKED_NOW, 1).await;
        assert_eq!(pages(&t), 3 + look);
    }
    assert_eq!(t.count(WANTED).await, 0);
    t.end().await;
}

/// Where webhooks are answered 200 and forgotten.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(
        async move { axum::serve(listener, Router::new().fallback(|| async { StatusCode::OK })).await },
    );
    url
}

/// Asks where the answer is 200 and nothing is kept, as by a database that was since restored from a backup.
async fn ask_nowhere(t: &mut Trilock) -> Issue {
    let issue = t.issue("ben").await;
    // GitHub's times have no fractions of a second.
    t.pass(seconds(1)).await;
    t.github.set_webhook_url(nowhere().await);
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    restart(t).await;
    issue
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_delivered_and_we_do_not_have_is_recovered() {
    let mut t = reconciling().await;
    let issue = ask_nowhere(&mut t).await;
    until_stored(&t, RECOVERED, 1).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_this_database_was_in_use_is_anothers() {
    let mut t = Trilock::start().await;
    ask_nowhere(&mut t).await;
    until_stored(&t, LOOKED, 1).await;
    t.pass(minutes(12)).await;
    assert_eq!(t.count(WANTED).await, 0);
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github_says_when_to_look_again() {
    let mut t = Trilock::start().await;
    t.next_call("GET", "/app/hook/deliveries$", ApiTrouble::RetryAfter(240));
    restart(&mut t).await;
    for _ in 0..60 {
        if t.github.until_within(WHILE, |world| world.record().calls.contains_key(LIST)).await {
            break;
        }
        t.pass(seconds(1)).await;
    }
    t.pass(seconds(200)).await;
    assert_eq!((pages(&t), t.count(LOOKED).await), (1, 0));
    until_stored(&t, LOOKED, 1).await;
    t.end().await;
}
