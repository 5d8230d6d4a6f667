//! A private answer in all the places where somebody may write it.

use insta::assert_snapshot;
use trilock::sandbox::ApiTrouble;

use super::{PLANTED, is_nowhere, rows, with_a_private_answer};
use crate::harness::{Trilock, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn through_the_whole_life_of_a_build() {
    let t = with_a_private_answer().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · E-mail (hidden) · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    is_nowhere(&t, "waiting").await;
    t.comment("ada", issue, "/approve").await;
    t.says(issue, "🔨 Starting").await;
    let run = t.run(1).await;
    assert!(!t.runs()[0].inputs.contains_key("email"));
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    is_nowhere(&t, "running").await;
    t.comment("ada", issue, "/cancel").await;
    t.pass_amid_calls(seconds(5)).await;
    t.until_over(run).await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 🚫 Cancelled by a maintainer
    It was stopped before it finished. To ask again: `/build desktop tag=v1.4.0 channel=stable email=…` (with your own value where `…` stands)
    ");
    t.says(issue, "🚫 Cancelled").await;
    is_nowhere(&t, "cancelled").await;
    t.comment("sam", issue, "/retry").await;
    t.is_built(issue, 2).await;
    is_nowhere(&t, "asked for again").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_comments_with_mistakes() {
    let t = with_a_private_answer().await;
    // Nobody can know that an answer to an open question is private. They come last: what they show stays in the issue.
    const OPEN: [usize; 2] = [5, 6];
    let wrong = [
        "/build tag=1.4 email=PLANTED",
        "/build tag=v1.4.0 emial=PLANTED",
        "/build tag=v1.4.0 Email=PLANTED@twice",
        "/build tag=v1.4.0 email=\"PLANTED and more\"",
        "/build PLANTED tag=v1.4.0",
        "/build tag=PLANTED",
        "/build tag=v1.4.0 channel=PLANTED",
    ];
    for (n, line) in wrong.into_iter().enumerate() {
        let issue = t.issue("ben").await;
        t.comment("ben", issue, &line.replace("PLANTED", PLANTED)).await;
        let status = t.status(issue).await;
        assert!(status.starts_with("### ✏️"), "{line}: {status}");
        if !OPEN.contains(&n) {
            is_nowhere(&t, line).await;
        }
    }
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_lines_that_cannot_be_read() {
    let t = with_a_private_answer().await;
    let issue = t.issue("ben").await;
    let wrong = [
        "/build tag=v1.4.0 email=PLANTED email=PLANTED",
        "/build tag=v1.4.0 email = PLANTED",
        "/build tag=v1.4.0 email=\"PLANTED",
        "/build tag=v1.4.0 --email=PLANTED",
        "/build tag=v1.4.0 email PLANTED",
        "/biuld tag=v1.4.0 email=PLANTED",
        "/trilock bulid tag=v1.4.0 email=PLANTED",
        "/trilock PLANTED",
        "/retry email=PLANTED",
        "/retry PLANTED me",
        "/approve email=PLANTED",
        "/cancel PLANTED",
        "/status PLANTED",
        "/unlock PLANTED",
    ];
    for line in wrong {
        let comment = t.comment("ben", issue, &line.replace("PLANTED", PLANTED)).await;
        t.replies(issue).await;
        assert_eq!(t.reactions(issue, comment), ["eyes", "confused"], "{line}");
        is_nowhere(&t, line).await;
    }
    t.comment("ben", issue, &format!("/build tag=v1.4.0 email={PLANTED} email={PLANTED}")).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    (not shown, as it may hold a private answer): is given twice

    A comment with only `/help` shows what can be written. This line changed nothing.
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_text_of_an_issue() {
    let t = with_a_private_answer().await;
    let texts = [
        "### Version tag\n\n1.4\n\n### E-mail\n\nPLANTED",
        "### Version tag\n\n1.4\n\n### Email address\n\nPLANTED",
        "### Version tag\n\nv1.4.0\n\n### E-mail\n\nPLANTED and another",
        r#"{ "tag": "1.4", "email": "PLANTED" }"#,
        r#"{ "tag": "v1.4.0", "emial": "PLANTED" }"#,
        r#"{ "tag": "v1.4.0", "email": ["PLANTED"] }"#,
        r#"{ "tag": "v1.4.0", "email": PLANTED }"#,
        "/build tag=1.4 email=PLANTED",
        "/build tag=v1.4.0 email=\"PLANTED",
        "/build tag=v1.4.0 email=PLANTED\n/build tag=v1.5.0 email=PLANTED",
    ];
    for text in texts {
        let issue = t.request("ben", &text.replace("PLANTED", PLANTED)).await;
        let status = t.status(issue).await;
        assert!(status.starts_with("### ✏️"), "{text}: {status}");
        is_nowhere(&t, text).await;
    }
    let issue = t.request("ben", &format!("### Version tag\n\nv1.4.0\n\n### E-mail\n\n{PLANTED}")).await;
    t.says(issue, "🔨 Starting").await;
    is_nowhere(&t, "a form").await;
    t.edit("ben", issue, &format!("### Version tag\n\nv1.5.0\n\n### E-mail\n\n{PLANTED}")).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not queued: this issue's desktop build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, one with only `/build desktop tag=v1.5.0 channel=stable email=…` (with your own value where `…` stands).
    ");
    is_nowhere(&t, "an edit").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_dry_run_and_when_refused() {
    let t = with_a_private_answer().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, &format!("/build --dry-run tag=v1.4.0 email={PLANTED}")).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🧪 This is what would be built
    **desktop** · Version tag `v1.4.0` · Channel `stable` · E-mail (hidden)

    It would wait for a maintainer's approval first. Nothing before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    Nothing has been started. To ask for it, write a comment with only `/build desktop tag=v1.4.0 channel=stable email=…` (with your own value where `…` stands).
    ");
    t.comment("sam", issue, &format!("/build --dry-run tag=1.4 email={PLANTED}")).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |

    Write a new comment with only: `/build --dry-run tag=v1.4 email=…` (with your own value where `…` stands). Nothing has been started.
    ");
    is_nowhere(&t, "a dry run").await;
    t.comment("sam", issue, &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("sam", issue, &format!("/build tag=v1.5.0 email=other.{PLANTED}")).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not queued: this issue's desktop build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, one with only `/build desktop tag=v1.5.0 channel=stable email=…` (with your own value where `…` stands).
    ");
    t.comment("ada", issue, "/reject No").await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 🚫 Not approved: *No*
    Nothing was built: desktop `v1.4.0`. If you think that it should be, ask here.
    ");
    t.says(issue, "🚫 Not approved").await;
    t.policy(crate::harness::POLICY).await;
    t.comment("sam", issue, "/retry").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not asked again: what can be asked for here has changed since
    Nothing has been started. Ask anew instead: write a comment with only `/build desktop tag=v1.4.0 channel=stable email=…` (with your own value where `…` stands).
    ");
    is_nowhere(&t, "refused").await;
    t.end().await;
}

/// The same answers but for the private one are other answers.
#[tokio::test(flavor = "multi_thread")]
async fn another_private_answer_needs_another_approval() {
    let t = with_a_private_answer().await;
    let form = |email: &str| format!("### Version tag\n\nv1.4.0\n\n### E-mail\n\n{email}");
    let issue = t.request("sam", &form(PLANTED)).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.pass(seconds(5)).await;
    t.edit("sam", issue, &form(&format!("other.{PLANTED}"))).await;
    let blind = t.comment("ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, blind), ["eyes", "confused"], "it changed in that second");
    t.replies(issue).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.close("sam", issue).await;
    t.outcome(issue).await;
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}

/// What waits for facts is at rest, too.
#[tokio::test(flavor = "multi_thread")]
async fn while_github_is_away() {
    let t: Trilock = with_a_private_answer().await;
    let issue = t.issue("sam").await;
    t.next_call("GET", "/collaborators/sam/permission$", ApiTrouble::FailBefore(502));
    t.comment("sam", issue, &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    assert_eq!(t.count("SELECT count(*) FROM inbox WHERE state = 'unprepared'").await, 1);
    assert!(rows(&t).await.iter().any(|row| row.starts_with("delivery: ")));
    is_nowhere(&t, "unprepared").await;
    t.pass(seconds(30)).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("sam", issue, "/cancel").await;
    t.outcome(issue).await;
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}
