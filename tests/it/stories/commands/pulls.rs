//! Comments on pull requests.

use insta::assert_snapshot;

use crate::harness::{Issue, POLICY, REPO, Trilock};

async fn pull_request(t: &Trilock) -> Issue {
    let number =
        t.happens(|world| world.open_pull_request(REPO, "sam", "Mend it", "/build tag=v9.9.9")).await;
    Issue { repo: REPO, number }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_trigger_they_are_left_alone() {
    let t = Trilock::start().await;
    let pull = pull_request(&t).await;
    for command in ["/build tag=v1.4.0", "/help", "/biuld", "/status"] {
        let comment = t.comment("ben", pull, command).await;
        assert!(!t.reactions(pull, comment).contains(&"+1".to_owned()), "{command}");
    }
    assert!(t.runs().is_empty());
    assert_eq!(t.status(pull).await, "(none)");
    t.end().await;
}

const WITH: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { pull_request: true }
    inputs: { tag: { label: Version tag, example: v1.4.0 } }
  mobile:
    workflow: build-desktop.yml
    inputs: { tag: { label: Version tag, example: v1.4.0 } }
";

#[tokio::test(flavor = "multi_thread")]
async fn with_the_trigger_they_build_the_usual_branch() {
    let t = Trilock::start().await;
    t.policy(WITH).await;
    let pull = pull_request(&t).await;
    t.comment("sam", pull, "/build tag=v1.4.0").await;
    assert_snapshot!(t.status(pull).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · channel `stable` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    t.comment("ada", pull, "/approve").await;
    t.is_built(pull, 1).await;
    assert_eq!(t.runs()[0].branch, "main");
    t.comment("ben", pull, "/build mobile tag=v1.4.0").await;
    assert_snapshot!(t.status(pull).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | build type | `mobile` | not one of desktop | `desktop` |

    Write a new comment with only: `/build desktop tag=v1.4.0`. Nothing has been started.

    ---

    ### ✅ Succeeded: desktop `v1.4.0` ([result](http://github/octo/app/pull/1#issuecomment-C))
    ");
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_policy_has_no_such_trigger() {
    let t = Trilock::start().await;
    assert!(!POLICY.contains("pull_request"));
    let pull = pull_request(&t).await;
    let comment = t.comment("ada", pull, "/build tag=v1.4.0").await;
    assert!(t.reactions(pull, comment).is_empty(), "nobody is told that it was seen");
    t.end().await;
}
