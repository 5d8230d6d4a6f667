//! Approved, rejected, or decided by nobody.

use insta::assert_snapshot;

use super::{FORM, approved, decides, policy_with, waits};
use crate::harness::{Trilock, minutes};

const DAY: u64 = 24 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_without_write_runs_once_a_maintainer_approves() {
    let t = Trilock::start().await;
    let issue = t.request("sam", FORM).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    assert!(t.runs().is_empty());
    approved(&t, issue).await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    let late = decides(&t, "ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 💤 Nothing waits for approval here
    No build of this issue, or none of the type that was named, waits for one. You need to do nothing.
    ");
    assert_eq!(t.reactions(issue, late), ["eyes", "confused"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_by_comment_waits_as_well() {
    let t = Trilock::start().await;
    let issue = t.issue("sam").await;
    let asked = t.comment("sam", issue, "/build tag=v1.4.0 channel=beta").await;
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    // Comments have an order, also within a second.
    t.comment("ada", issue, "/approve desktop").await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_tells_its_reason_and_nothing_of_it_is_active() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    let reason =
        "/reject @octo/team says **no**, see #41 and [this](https://evil.example) <img src=x> `code` | cell";
    let rejected = decides(&t, "ada", issue, reason).await;
    assert_eq!(t.reactions(issue, rejected), ["eyes", "+1"]);
    assert_snapshot!(t.outcome(issue).await, @r"
    ### 🚫 Not approved: *@&#8203;octo/team says \*\*no\*\*, see \#&#8203;41 and \[this\](https:&#8203;//evil.example) \<img src=x\> \`code\` &#124; cell*
    Nothing was built: desktop `v1.4.0`. If you think that it should be, ask here.
    ");
    assert_snapshot!(t.status(issue).await, @"### 🚫 Not approved: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    // Who was turned down may ask once more; it is decided once more.
    t.comment("sam", issue, "/retry").await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    decides(&t, "ada", issue, "/reject").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/reject`: `/reject` needs a reason: who asked for the build reads it

    Write a new comment with only: `/reject reason`. This line changed nothing.
    ");
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    decides(&t, "ada", issue, "/reject It is freezing time").await;
    assert!(t.outcome(issue).await.starts_with("### 🚫 Not approved: *It is freezing time*"));
    t.says(issue, "🚫 Not approved").await;
    decides(&t, "ada", issue, "/reject Once more").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing waits for approval here"));
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decides_expires_and_may_be_asked_for_again() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.pass(minutes(3 * DAY - 2)).await;
    t.says(issue, "✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)").await;
    t.pass(minutes(2)).await;
    t.pass(minutes(1)).await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 💤 Nobody approved in 3 days
    Nothing was built. Write a comment with only `/retry` to ask again; your answers are kept.
    ");
    assert_snapshot!(t.status(issue).await, @"### 💤 Nobody approved in time: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    let late = t.comment("ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, late), ["eyes", "confused"]);
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing waits for approval here"));
    t.comment("sam", issue, "/retry").await;
    t.says(issue, "✋ Waiting for a maintainer's approval (until 26 Nov 13:59 UTC)").await;
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_for_how_long_and_by_whom() {
    let t = Trilock::start().await;
    t.policy(&policy_with("{ by: write, expires: 90m }")).await;
    let issue = t.request("sam", FORM).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for the approval of someone with write access (until 15:28 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    People with write access: `/approve`, or `/reject` and a reason.
    ");
    decides(&t, "ben", issue, "/approve").await;
    t.is_built(issue, 1).await;
    let other = t.request("sam", "### Version tag\n\nv1.5.0").await;
    t.says(other, "✋ Waiting for the approval of someone with write access").await;
    t.pass(minutes(90)).await;
    t.pass(minutes(1)).await;
    assert_snapshot!(t.outcome(other).await, @"
    ### 💤 Nobody approved in 1 hour 30 minutes
    Nothing was built. Write a comment with only `/retry` to ask again; your answers are kept.
    ");
    t.says(other, "💤 Nobody approved in time").await;
    t.end().await;
}
