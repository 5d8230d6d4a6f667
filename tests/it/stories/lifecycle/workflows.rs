//! Workflows are deleted or switched off while builds of them wait.

use insta::assert_snapshot;

use super::{one_runs_and_one_waits, the_queue_goes_on};
use crate::harness::{REPO, Trilock, WORKFLOW, WORKFLOW_PATH};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_workflow_fails_what_waits_for_it_with_the_reason() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.delete_file(REPO, WORKFLOW_PATH)).await;
    t.finish(t.run(1).await, "failure").await;
    t.outcome(first).await;
    t.says(first, "❌ Failed").await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### ❌ Your build could not be started: desktop `v2.0.0`
    GitHub refused it: *there is no workflow build-desktop.yml on main, or the App may not start it*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v2.0.0 channel=stable`.
    ");
    t.says(second, "❌ Failed").await;
    t.file(WORKFLOW_PATH, WORKFLOW).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_workflow_fails_what_waits_for_it_with_the_reason() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_workflow_enabled(REPO, "build-desktop.yml", false)).await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### ❌ Your build could not be started: desktop `v2.0.0`
    GitHub refused it: *Cannot trigger a 'workflow\_dispatch' on a disabled workflow*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v2.0.0 channel=stable`.
    ");
    t.says(second, "❌ Failed").await;
    t.happens(|world| world.set_workflow_enabled(REPO, "build-desktop.yml", true)).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}
