//! Policies that are missing or broken, and repositories that cannot be reached.

use insta::assert_snapshot;
use trilock::sandbox::{ApiFault, ApiTrouble};

use crate::harness::{Issue, POLICY_PATH, REPO, Trilock, seconds};

const OTHER: &str = "octo/other";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_policy_is_broken_the_last_good_one_is_in_force() {
    let t = Trilock::start().await;
    t.policy("version: 1\nbiulds: {}\n").await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_build_is_answered_how_to_add_one() {
    let t = Trilock::start().await;
    t.repository_without_policy(OTHER);
    t.calm().await;
    let issue = t.issue_in(OTHER, "ben").await;
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 There is nothing to build here yet
    Nothing has been started.

    No build is set up in this repository yet. A maintainer can add the file `.github/trilock.yml`; this one fits the workflows that are here:

    ```yaml
    version: 1
    builds:
      build-desktop:
        workflow: build-desktop.yml
    ```
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_never_was_good_is_answered_with_its_errors() {
    let t = Trilock::start().await;
    t.repository_without_policy(OTHER);
    let broken = "version: 1\nbuilds:\n  desktop:\n    workflw: build-desktop.yml\n";
    t.github.world().put_file(OTHER, POLICY_PATH, broken).expect("a file");
    t.calm().await;
    let issue = t.issue_in(OTHER, "ben").await;
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @r"
    ### ⚠️ This repository's build policy has errors
    Nothing has been started, and there is nothing for you to correct: when the file is right, ask again.
    Maintainers: these are the places.

    - `.github/trilock.yml:4:5`: unknown key `workflw` in build `desktop` (did you mean `workflow`?)
    - `.github/trilock.yml:4:5`: build `desktop` needs the key `workflow` (name a file in .github/workflows/, such as `workflow: build.yml`)
    ");
    t.end().await;
}

/// Every call about the other repository is answered like this.
fn refuse_other(t: &Trilock, status: u16) {
    let fault = ApiFault {
        method: None,
        path: format!("^/repos/{OTHER}($|/)"),
        times: None,
        chance: 1.0,
        trouble: ApiTrouble::FailBefore(status),
    };
    t.github.world().fault_api(fault).expect("a pattern");
}

async fn two_repositories() -> (Trilock, Issue) {
    let t = Trilock::start().await;
    t.repository(OTHER);
    t.calm().await;
    let issue = t.issue_in(OTHER, "ben").await;
    (t, issue)
}

/// 404: hidden from the App; 403: a permission was taken away.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_repository_holds_up_nobody_else() {
    a_repository_that_answers(404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_without_permissions_holds_up_nobody_else() {
    a_repository_that_answers(403).await;
}

async fn a_repository_that_answers(status: u16) {
    let (t, other) = two_repositories().await;
    refuse_other(&t, status);
    t.comment("ben", other, "/build tag=v9.0.0").await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.carried_out(issue, t.run(1).await).await;
    t.pass(seconds(30)).await;
    assert_eq!(t.status(other).await, "(none)");
    // When it can be read again, what was asked meanwhile is done.
    t.github.world().clear_faults();
    t.pass(seconds(45)).await;
    t.says(other, "🔨 Starting").await;
    t.carried_out(other, t.run_in(OTHER, 1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_vanishes_while_it_builds_keeps_its_lock() {
    let (t, other) = two_repositories().await;
    t.comment("ben", other, "/build tag=v9.0.0").await;
    let run = t.run_in(OTHER, 1).await;
    t.begin(run).await;
    t.says(other, "🔨 Building").await;
    refuse_other(&t, 404);
    t.pass(seconds(60)).await;
    t.pass(seconds(60)).await;
    let leases = t.store.lease_view(None).await.expect("the leases");
    assert_eq!(leases.len(), 1, "404 says nothing while the repository itself cannot be read");
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    assert_eq!(issue.repo, REPO);
    t.carried_out(issue, t.run(1).await).await;
    t.github.world().clear_faults();
    t.finish(run, "success").await;
    t.ended_well(other).await;
    t.end().await;
}
