//! Who changed what: the audit of whole lives, as `trilock audit` would show it.

use std::{collections::BTreeMap, time::Duration};

use insta::assert_snapshot;
use regex::Regex;
use trilock::store::AuditQuery;

use crate::harness::{POLICY, REPO, Trilock, minutes, seconds};

/// All of it, the oldest first, with names in the place of what differs from run to run.
async fn audit(t: &Trilock) -> String {
    let mut rows = t.store.audit_view(&AuditQuery { limit: 1000, ..AuditQuery::default() }).await.unwrap();
    rows.reverse();
    let mut builds = BTreeMap::new();
    let mut lines = Vec::new();
    for row in rows {
        assert_eq!(row.repository.as_deref(), Some(REPO));
        let build = row.build_id.map_or_else(String::new, |id| {
            let next = builds.len() + 1;
            format!("B{} ", builds.entry(id).or_insert(next))
        });
        let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let (before, after, why) = (dash(row.before), dash(row.after), dash(row.why));
        lines.push(format!("{build}{} {}: {before} > {after} ({why}) {}", row.actor, row.what, row.source));
    }
    stable(t, &lines.join("\n"))
}

fn stable(t: &Trilock, text: &str) -> String {
    let mut text = text.to_owned();
    for (n, run) in t.github.world().record().runs.iter().enumerate() {
        text = text.replace(&format!("run {}", run.run), &format!("run R{}", n + 1));
    }
    // A run is known by the answer to its dispatch or by its webhook, whichever is faster.
    let names = [
        (r"delivery \S+", "delivery"),
        (r"comment \d+", "comment C"),
        (r"(?m)( run: .*) (effect|delivery)$", "$1 effect or delivery"),
    ];
    for (number, name) in names {
        text = Regex::new(number).unwrap().replace_all(&text, name).into_owned();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_from_its_request_to_its_end_and_a_cancel() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(first, "🔨 Building").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.comment("ada", second, "/cancel").await;
    t.outcome(second).await;
    t.says(second, "🚫 Cancelled").await;
    t.comment("ben", first, "/cancel").await;
    // Less than the monitor rests: else it may be faster than the webhook.
    t.pass(seconds(10)).await;
    t.outcome(first).await;
    t.says(first, "🚫 Cancelled").await;
    assert_snapshot!(audit(&t).await, @r"
    trilock policy: unread > good (the files were read) delivery
    B1 ben request: - > requested (comment C in issue 1) delivery
    B1 ben status: requested > queued (-) delivery
    B1 trilock status: queued > starting (-) delivery
    B1 trilock lease: free > held (queue/default[0] token 1) delivery
    B1 github run: - > run R1 (-) effect or delivery
    B1 github status: starting > running (-) delivery
    B2 eve request: - > requested (comment C in issue 2) delivery
    B2 eve status: requested > queued (-) delivery
    B2 ada status: queued > cancelled (cancelled: maintainer) delivery
    B1 ben status: running > cancelling (cancelled: requester) delivery
    B1 github status: cancelling > cancelled (cancelled: requester) delivery
    B1 github lease: held > free (queue/default[0] token 1) delivery
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_and_what_is_wrong() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}permissions: {{ build: write }}\n")).await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build tag=v1.0.0").await;
    t.replies(issue).await;
    let wrong = t.issue("ben").await;
    t.comment("ben", wrong, "/build tag=1").await;
    t.status(wrong).await;
    t.comment("ben", wrong, "/cancel").await;
    t.replies(wrong).await;
    let form = t.request("eve", "### Version tag\n\nv2.0.0").await;
    t.carried_out(form, t.run(1).await).await;
    assert_snapshot!(audit(&t).await, @"
    trilock policy: unread > good (the files were read) delivery
    trilock policy: good > good (the files were read) delivery
    sam request: - > refused (comment C in issue 1: the command needs a higher role) delivery
    B1 ben request: - > requested (comment C in issue 2) delivery
    B1 ben status: requested > invalid (Version tag: must begin with v) delivery
    ben request: - > refused (comment C in issue 2: nothing to cancel) delivery
    B2 eve request: - > requested (issue 3) delivery
    B2 eve status: requested > queued (-) delivery
    B2 trilock status: queued > starting (-) delivery
    B2 trilock lease: free > held (queue/default[0] token 1) delivery
    B2 github run: - > run R1 (-) effect or delivery
    B2 github status: starting > running (-) delivery
    B2 github status: running > succeeded (concluded: success) delivery
    B2 github lease: held > free (queue/default[0] token 1) delivery
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_is_our_own() {
    let t = Trilock::with(|options| options.cancel_takes = Duration::MAX).await;
    t.policy(&POLICY.replace("build-desktop.yml\n", "build-desktop.yml\n    timeout: 1h\n")).await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.policy("version: 1\nbuilds: 7\n").await;
    t.pass(minutes(60)).await;
    t.until("a cancel", |world| world.record().cancels.len() == 1).await;
    t.status(issue).await;
    t.pass_amid_calls(minutes(5)).await;
    t.until_over(run).await;
    t.outcome(issue).await;
    t.status(issue).await;
    assert_snapshot!(audit(&t).await, @r"
    trilock policy: unread > good (the files were read) delivery
    trilock policy: good > good (the files were read) delivery
    B1 ben request: - > requested (comment C in issue 1) delivery
    B1 ben status: requested > queued (-) delivery
    B1 trilock status: queued > starting (-) delivery
    B1 trilock lease: free > held (queue/default[0] token 1) delivery
    B1 github run: - > run R1 (-) effect or delivery
    B1 github status: starting > running (-) delivery
    trilock policy: good > broken (1 mistake(s): .github/trilock.yml:2:9: `builds` must be a mapping (`key: value`)) delivery
    B1 trilock status: running > cancelling (timed out) monitor
    B1 trilock lease: held > quarantined (queue/default[0] token 1) monitor
    B1 trilock cancel: asked > forced (the run goes on) monitor
    B1 github status: cancelling > timed_out (timed out) delivery
    B1 github lease: quarantined > free (queue/default[0] token 1) delivery
    ");
    t.end().await;
}
