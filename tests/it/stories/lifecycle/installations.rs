//! The App is suspended, uninstalled, installed again; a repository is taken out of it and put back.

use trilock::sandbox::{ApiTrouble, HookTrouble};

use super::{ACTIVE, both_end_well, hours_pass, one_runs_and_one_waits};
use crate::harness::{REPO, Trilock, minutes, seconds};

const SUSPENDED: &str = "SELECT count(*) FROM repository WHERE access = 'suspended'";
const REMOVED: &str = "SELECT count(*) FROM repository WHERE access = 'removed'";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_app_is_suspended_nothing_is_lost() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.suspend("octo")).await;
    assert_eq!(t.count(SUSPENDED).await, 1);
    // GitHub tells nothing of what happens meanwhile.
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.says(first, "🔨 Building").await;
    t.says(second, "⏳ Queued").await;

    t.happens(|world| world.unsuspend("octo")).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_said_before_a_suspension_is_said_after_it() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.next_call("POST", "/issues/1/comments$", ApiTrouble::FailBefore(502));
    t.finish(t.run(1).await, "success").await;
    t.happens(|world| world.suspend("octo")).await;
    hours_pass(&t).await;
    t.happens(|world| world.unsuspend("octo")).await;
    t.pass(minutes(5)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_told_after_its_end_counts_no_more() {
    let t = Trilock::start().await;
    t.next_hook("installation", "suspend", HookTrouble::Reorder);
    t.happens(|world| world.suspend("octo").and_then(|()| world.unsuspend("octo"))).await;
    assert_eq!(t.count(ACTIVE).await, 1);
    super::the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_survives_a_reinstalled_app() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.uninstall("octo")).await;
    assert_eq!(t.count(REMOVED).await, 1);
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    assert_eq!(t.tags(), ["v1.0.0"]);

    t.happens(|world| world.install_app("octo")).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_through_a_newer_installation_proves_access() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.uninstall("octo")).await;
    // What was under way through the old installation opens nothing again.
    t.github.world().resend_last(3, false);
    t.calm().await;
    assert_eq!(t.count(REMOVED).await, 1);

    t.next_hook("installation", "created", HookTrouble::Drop);
    t.happens(|world| world.install_app("octo")).await;
    assert_eq!(t.count(REMOVED).await, 1, "nobody told");
    t.finish(t.run(1).await, "success").await;
    assert_eq!(t.count(ACTIVE).await, 1);
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_is_gone_before_anybody_heard_delays_and_loses_nothing() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.next_hook("installation", "deleted", HookTrouble::Drop);
    t.happens(|world| world.uninstall("octo")).await;
    // GitHub tells nothing of this any more.
    t.finish(t.run(1).await, "success").await;
    t.pass(minutes(5)).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.happens(|world| world.install_app("octo")).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_taken_out_and_put_back_goes_on() {
    let t = Trilock::start().await;
    t.repository("octo/web");
    t.calm().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.remove_repo(REPO)).await;
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    // Others are not held up.
    let other = t.issue_in("octo/web", "ben").await;
    t.comment("ben", other, "/build tag=v3.0.0").await;
    t.carried_out(other, t.run_in("octo/web", 1).await).await;

    t.happens(|world| world.add_back_repo(REPO)).await;
    t.pass(minutes(1)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatch_that_meets_a_hidden_repository_is_not_refused() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.next_hook("installation_repositories", "removed", HookTrouble::Drop);
    t.happens(|world| world.finish_run(run, "success", None).and_then(|()| world.remove_repo(REPO))).await;
    t.pass(seconds(60)).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.happens(|world| world.add_back_repo(REPO)).await;
    t.pass(minutes(60)).await;
    both_end_well(&t, first, second).await;
    t.end().await;
}
