//! Repositories are renamed, archived and deleted; their default branch changes.

use insta::assert_snapshot;
use trilock::sandbox::HookTrouble;

use super::{both_end_well, hours_pass, one_runs_and_one_waits, the_queue_goes_on};
use crate::harness::{Issue, REPO, Trilock, minutes};

const NAMES: &str = "SELECT count(*) FROM repository WHERE owner = 'octo' AND name = 'App-2'";
const ARCHIVED: &str = "SELECT count(*) FROM repository WHERE access = 'archived'";

fn renamed(issue: Issue) -> Issue {
    Issue { repo: "octo/App-2", ..issue }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_follow_a_renamed_repository() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.happens(|world| world.rename_repo(REPO, "App-2")).await;
    assert_eq!(t.count(NAMES).await, 1);
    t.finish(run, "success").await;
    both_end_well(&t, renamed(first), renamed(second)).await;
    assert!(t.store.repository_by_name("OCTO", "app-2").await.unwrap().is_some(), "case is nothing");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_in_case_alone_is_one() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.happens(|world| world.rename_repo(REPO, "App")).await;
    assert_eq!(t.count("SELECT count(*) FROM repository WHERE name = 'App'").await, 1);
    t.finish(run, "success").await;
    let under = |issue: Issue| Issue { repo: "octo/App", ..issue };
    both_end_well(&t, under(first), under(second)).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_nobody_told_is_followed_by_redirects() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.next_hook("repository", "renamed", HookTrouble::Drop);
    t.happens(|world| world.rename_repo(REPO, "App-2")).await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.happens(|world| world.finish_run(run, "success", None)).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, renamed(first), renamed(second)).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_waits_until_it_is_not() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_archived(REPO, true)).await;
    assert_eq!(t.count(ARCHIVED).await, 1);
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.says(first, "🔨 Building").await;
    t.happens(|world| world.set_archived(REPO, false)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_is_known_by_its_refusals() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.next_hook("repository", "archived", HookTrouble::Drop);
    t.happens(|world| world.set_archived(REPO, true)).await;
    t.finish(t.run(1).await, "success").await;
    assert_eq!(t.count(ARCHIVED).await, 1);
    hours_pass(&t).await;
    assert_eq!(t.tags(), ["v1.0.0"], "the waiting build did not fail by it");
    t.happens(|world| world.set_archived(REPO, false)).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_deleted_repository() {
    let t = Trilock::start().await;
    t.repository("octo/web");
    t.calm().await;
    one_runs_and_one_waits(&t).await;
    t.happens(|world| world.delete_repo(REPO)).await;
    hours_pass(&t).await;
    let open =
        "SELECT (SELECT count(*) FROM build) + (SELECT count(*) FROM lease) + (SELECT count(*) FROM outbox)";
    assert_eq!(t.count(open).await, 0);
    let ended = "SELECT count(*) FROM build_history WHERE status IN ('cancelled', 'lost')";
    assert_eq!(t.count(ended).await, 2);

    let other = t.issue_in("octo/web", "ben").await;
    t.comment("ben", other, "/build tag=v3.0.0").await;
    t.carried_out(other, t.run_in("octo/web", 1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_requests_use_the_new_default_branch_and_waiting_ones_keep_theirs() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_default_branch(REPO, "trunk")).await;
    let third = t.asked("ben", "/build tag=v3.0.0").await;
    t.happens(|world| world.delete_ref(REPO, "heads/main")).await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### ❌ Your build could not be started: desktop `v2.0.0`
    GitHub refused it: *No ref found for: main*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v2.0.0 channel=stable`.
    ");
    t.says(second, "❌ Failed").await;
    t.carried_out(third, t.run(2).await).await;
    assert_eq!(t.tags(), ["v1.0.0", "v3.0.0"]);
    assert_eq!(t.runs()[1].branch, "trunk");
    the_queue_goes_on(&t).await;
    t.end().await;
}
