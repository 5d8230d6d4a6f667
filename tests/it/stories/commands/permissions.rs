//! The policy raises and lowers what a command needs.

use insta::assert_snapshot;

use crate::harness::{POLICY, Trilock};

async fn with(permissions: &str) -> Trilock {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}permissions: {permissions}\n")).await;
    t
}

#[tokio::test(flavor = "multi_thread")]
async fn raised_they_are_refused_with_words_once_in_each_issue() {
    let t = with("{ build: write, status: triage, queue: maintain, help: triage }").await;
    let issue = t.issue("sam").await;
    for command in ["/build tag=v1.4.0", "/status", "/queue", "/help", "/build --dry-run tag=v1.4.0"] {
        let comment = t.comment("sam", issue, command).await;
        assert_eq!(t.reactions(issue, comment), ["eyes", "confused"], "{command}");
    }
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/build` is for people with write access
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    let form = t.request("sam", "### Version tag\n\nv1.4.0").await;
    assert_snapshot!(t.replies(form).await, @"
    ### 🚫 Not done: `/build` is for people with write access
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    for command in ["/status", "/help"] {
        let comment = t.comment("ben", issue, command).await;
        assert_eq!(t.reactions(issue, comment), ["eyes", "+1"], "{command}");
        t.replies(issue).await;
    }
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lowered_they_are_for_more_people() {
    let t = with("{ cancel: read, retry: read, unlock: maintain }").await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.fail(run, "windows", "Compile").await;
    t.outcome(issue).await;
    // Whoever asks for it, it is their own request now.
    t.comment("sam", issue, "/retry").await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("tom", issue, "/cancel").await;
    assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by a maintainer"));
    t.says(issue, "🚫 Cancelled").await;
    t.comment("ada", issue, "/unlock queue/default nobody knows").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing to unlock"));
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raised_build_counts_for_retry_too() {
    let t = Trilock::start().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build tag=v1.4.0").await;
    t.comment("ada", issue, "/reject Not yet").await;
    t.outcome(issue).await;
    t.policy(&format!("{POLICY}permissions: {{ build: write }}\n")).await;
    let again = t.comment("sam", issue, "/retry").await;
    assert_eq!(t.reactions(issue, again), ["eyes", "confused"]);
    assert!(t.replies(issue).await.starts_with("### 🚫 Not done: `/build` is for people with write access"));
    t.says(issue, "🚫 Not approved").await;
    t.end().await;
}
