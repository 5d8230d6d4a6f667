//! Who may do what, and what is no command at all.

use insta::assert_snapshot;

use crate::harness::{REPO, Trilock, minutes};

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_build_waits_for_a_maintainer() {
    let t = Trilock::start().await;
    let issue = t.issue("sam").await;
    let asked = t.comment("sam", issue, "/build tag=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    let form = t.request("sam", "### Version tag\n\nv1.4.0").await;
    assert_snapshot!(t.status(form).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    t.pass(minutes(24 * 60)).await;
    assert!(t.runs().is_empty());
    for issue in [issue, form] {
        t.comment("sam", issue, "/cancel").await;
        assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by you\nNothing was built."));
        t.says(issue, "🚫 Cancelled").await;
    }
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_cancel_is_refused_and_a_writers_is_not() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("ben", "/build tag=v2.0.0").await;
    let cancel = t.comment("sam", first, "/cancel").await;
    assert_snapshot!(t.replies(first).await, @"
    ### 🚫 Not done: `/cancel` is for people with write access, or who asked for the build
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    assert_eq!(t.reactions(first, cancel), ["eyes", "confused"]);
    t.comment("sam", second, "/cancel").await;
    assert!(t.replies(second).await.starts_with("### 🚫 Not done: `/cancel` is for"));
    t.comment("eve", second, "/cancel").await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### 🚫 Cancelled by a maintainer
    Nothing was built. To ask again: `/build desktop tag=v2.0.0 channel=stable`
    ");
    assert_snapshot!(t.status(second).await, @r"### 🚫 Cancelled: desktop `v2.0.0` ([result](http://github/octo/app/issues/2#issuecomment-C))");
    t.carried_out(first, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_quotes_code_and_bots_are_never_commands() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let harmless = t.comment("ben", issue, "How are you?").await;
    t.github.world().edit_comment(REPO, harmless, "ben", "/build tag=v1.4.0").expect("a comment");
    for text in [
        "> /build tag=v1.4.0",
        "```\n/build tag=v1.4.0\n```",
        "    /build tag=v1.4.0",
        "`/build tag=v1.4.0`",
        "Somebody should write /build tag=v1.4.0 here.",
        "<!-- /build tag=v1.4.0 -->",
        "/usr/bin/env is a path, and /home another",
    ] {
        let comment = t.comment("ben", issue, text).await;
        assert_eq!(t.reactions(issue, comment), Vec::<String>::new(), "{text}");
    }
    let bot = t.github.world().bot();
    let own = t.comment(&bot, issue, "/build tag=v1.4.0").await;
    assert_eq!(t.reactions(issue, own), Vec::<String>::new());
    t.github.world().delete_comment(REPO, own, "ada").expect("a comment");
    assert!(t.runs().is_empty());
    t.end().await;
}
