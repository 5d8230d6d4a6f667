//! Approvals that depend on an answer: of what is public, and not of what is private.

use insta::assert_snapshot;

use super::approved;
use crate::harness::{Trilock, WORKFLOW, WORKFLOW_PATH};

const POLICY: &str = "version: 1
builds:
  deploy:
    workflow: build-desktop.yml
    inputs:
      host: { label: Host, type: host, example: 10.0.0.5 }
    approval: { when: { input: host, is: public } }
";

async fn hosts() -> Trilock {
    let t = Trilock::start().await;
    let workflow =
        WORKFLOW.replace("tag: { required: true, type: string }", "host: { required: true, type: string }");
    t.file(WORKFLOW_PATH, &workflow).await;
    t.policy(POLICY).await;
    t
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_host_waits_for_approval() {
    let t = hosts().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build host=https://demo.example:8443").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **deploy** · Host `https://demo.example:8443` · channel `stable` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_hosts_need_none() {
    let t = hosts().await;
    let hosts =
        ["10.0.0.5", "http://192.168.1.1:8080", "localhost", "[fd00::1]:22", "169.254.0.1", "172.16.5.4"];
    for (n, host) in hosts.into_iter().enumerate() {
        let issue = t.issue("sam").await;
        t.comment("sam", issue, &format!("/build host={host}")).await;
        t.says(issue, "🔨 Starting").await;
        t.carried_out(issue, t.run(n + 1).await).await;
    }
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_surely_private_waits() {
    let t = hosts().await;
    for host in ["8.8.8.8", "172.32.0.1", "10.example", "localhost.example", "[2001:db8::1]", "11.0.0.5"] {
        let issue = t.issue("sam").await;
        t.comment("sam", issue, &format!("/build host={host}")).await;
        let status = t.status(issue).await;
        assert!(status.starts_with("### ✋ Waiting for a maintainer's approval"), "{host}: {status}");
        t.comment("sam", issue, "/cancel").await;
        t.outcome(issue).await;
        t.says(issue, "🚫 Cancelled").await;
    }
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_write_needs_none() {
    let t = hosts().await;
    let issue = t.asked("ben", "/build host=demo.example").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_host_is_corrected_first() {
    let t = hosts().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build host=\"demo example\"").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Host | `demo example` | is not the name or address of a host | `10.0.0.5` |

    Write a new comment with only: `/build host=10.0.0.5`. Nothing has been started.
    ");
    t.end().await;
}
