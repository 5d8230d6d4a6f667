//! `/unlock`: an admin knows that nothing runs.

use insta::assert_snapshot;
use trilock::sandbox::{ApiTrouble, Role};

use crate::harness::{Issue, REPO, Trilock, seconds};

async fn admin(t: &Trilock, login: &str) {
    t.happens(|world| world.set_role(REPO, login, Role::Admin)).await;
}

/// Nobody knows whether its run was started.
async fn lost(t: &Trilock) -> Issue {
    let issue = t.issue("ben").await;
    t.next_call("POST", "/dispatches$", ApiTrouble::FailBefore(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.says(issue, "🔨 Starting").await;
    t.pass(seconds(2)).await;
    for _ in 0..12 {
        t.pass(seconds(10)).await;
    }
    assert!(t.outcome(issue).await.starts_with("### ❓ We could not learn whether the build started."));
    t.says(issue, "❓ Not known how it ended").await;
    issue
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_frees_what_a_lost_build_holds() {
    let t = Trilock::start().await;
    admin(&t, "mia").await;
    let issue = lost(&t).await;
    let next = t.asked("eve", "/build tag=v2.0.0").await;
    t.says(next, "⏳ Queued").await;
    for login in ["ada", "ben"] {
        let refused = t.comment(login, issue, "/unlock queue/default I am sure").await;
        assert_eq!(t.reactions(issue, refused), ["eyes", "confused"]);
    }
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/unlock` is for admins
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    t.comment("mia", issue, "/unlock").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/unlock`: `/unlock` needs the name of a resource, and a reason

    Write a new comment with only: `/unlock RESOURCE reason`. This line changed nothing.
    ");
    t.comment("mia", issue, "/unlock queue/default").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/unlock queue/default`: `/unlock` needs a reason after the resource: the audit keeps it

    Write a new comment with only: `/unlock queue/default reason`. This line changed nothing.
    ");
    t.comment("mia", issue, "/unlock gpu:0 I am sure").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 💤 Nothing to unlock
    There is no slot of `gpu:0` of which nobody knows whether it is in use. What surely runs is stopped with `/cancel`.
    ");
    assert!(t.runs().is_empty());
    let done = t.comment("mia", issue, "/unlock queue/default GitHub shows no run").await;
    assert_eq!(t.reactions(issue, done), ["eyes", "+1"]);
    t.says(issue, "❓ Not known how it ended").await;
    t.is_built(next, 1).await;
    assert_eq!(t.tags(), ["v2.0.0"]);
    t.end().await;
}

/// What is surely in use is not freed by it.
#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_not_unlocked() {
    let t = Trilock::start().await;
    admin(&t, "mia").await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.comment("mia", issue, "/unlock queue/default I want it").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing to unlock"));
    t.says(issue, "🔨 Building").await;
    t.finish(run, "success").await;
    t.ended_well(issue).await;
    t.end().await;
}
