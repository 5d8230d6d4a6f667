//! The App may do less than before.

use insta::assert_snapshot;

use super::{hours_pass, one_runs_and_one_waits, the_queue_goes_on};
use crate::harness::Trilock;

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_the_app_may_not_start_says_what_was_taken_away() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_permission("octo", "actions", Some("read"))).await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    assert_snapshot!(t.outcome(second).await, @r#"
    ### ❌ Your build could not be started: desktop `v2.0.0`
    GitHub refused it: *the App may not start workflows here: its permission "Actions: write" was taken away, and an owner of this account can give it back in the App's settings*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v2.0.0 channel=stable`.
    "#);
    t.says(second, "❌ Failed").await;
    t.happens(|world| world.set_permission("octo", "actions", Some("write"))).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_may_not_say_is_said_when_it_may_again() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_permission("octo", "issues", Some("read"))).await;
    t.finish(t.run(1).await, "success").await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"], "builds go on");
    hours_pass(&t).await;
    t.says(first, "🔨 Building").await;
    t.happens(|world| world.set_permission("octo", "issues", Some("write"))).await;
    t.ended_well(first).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}
