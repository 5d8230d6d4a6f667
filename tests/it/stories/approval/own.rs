//! Who may decide, and about what.

use insta::assert_snapshot;
use trilock::sandbox::Role;

use super::{FORM, approved, decides, policy_with, waits};
use crate::harness::{REPO, Trilock};

async fn another_maintainer(t: &Trilock, login: &str) {
    t.happens(|world| world.set_role(REPO, login, Role::Maintain)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_about_their_own() {
    let t = Trilock::start().await;
    t.policy(&policy_with("{ unless: nobody }")).await;
    another_maintainer(&t, "mia").await;
    let issue = t.request("ada", FORM).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    let own = decides(&t, "ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Nobody decides about what they asked for themselves
    It waits as before, for another maintainer. To take it back, write a comment with only `/cancel`.
    ");
    assert_eq!(t.reactions(issue, own), ["eyes", "confused"]);
    decides(&t, "ada", issue, "/reject I want it no more").await;
    assert!(t.replies(issue).await.starts_with("### 🚫 Nobody decides about what they asked for"));
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    decides(&t, "mia", issue, "/approve").await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_own_a_maintainer_decides_about_their_own() {
    let t = Trilock::start().await;
    t.policy(&policy_with("{ unless: nobody, own: true }")).await;
    let issue = t.request("ada", FORM).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_decide_is_told_once_in_each_issue() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    for (login, command) in [("ben", "/approve"), ("sam", "/approve"), ("eve", "/reject No")] {
        let comment = decides(&t, login, issue, command).await;
        assert_eq!(t.reactions(issue, comment), ["eyes", "confused"], "{login} {command}");
    }
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/approve` is for maintainers
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

const TWO: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    inputs: { tag: { example: v1.4.0 } }
  mobile:
    workflow: build-desktop.yml
    approval: { by: admin }
    inputs: { tag: { example: v1.4.0 } }
";

#[tokio::test(flavor = "multi_thread")]
async fn of_two_build_types_one_may_be_approved() {
    let t = Trilock::start().await;
    t.policy(TWO).await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build desktop tag=v1.0.0\n/build mobile tag=v2.0.0").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · tag `v1.0.0` · channel `stable` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.

    ---

    ### ✋ Waiting for an admin's approval (until 23 Nov 13:58 UTC)
    **mobile** · tag `v2.0.0` · channel `stable` · from branch `main`

    You need to do nothing.
    Admins: `/approve`, or `/reject` and a reason.
    ");
    let wrong = decides(&t, "ada", issue, "/approve web").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing waits for approval here"));
    assert_eq!(t.reactions(issue, wrong), ["eyes", "confused"]);
    // One of them is for admins alone.
    let both = decides(&t, "ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, both), ["eyes", "confused"]);
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/approve` is for admins
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    t.says(issue, "🔨 Starting").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.finish(run, "success").await;
    assert!(t.outcome(issue).await.starts_with("### ✅ Your build is ready: desktop"));
    t.happens(|world| world.set_role(REPO, "ada", Role::Admin)).await;
    approved(&t, issue).await;
    let run = t.run(2).await;
    t.begin(run).await;
    t.finish(run, "success").await;
    assert!(t.outcome(issue).await.starts_with("### ✅ Your build is ready: mobile"));
    t.says(issue, "✅ Succeeded").await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"]);
    t.end().await;
}
