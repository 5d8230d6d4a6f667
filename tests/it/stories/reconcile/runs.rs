//! Runs whose webhooks did not come: GitHub is asked about them.

use std::time::Duration;

use trilock::sandbox::{ApiTrouble, HookTrouble};

use super::{RECOVERED, down, restart, until_stored};
use crate::harness::{REPO, Trilock, minutes, seconds};

const BY_THE_MONITOR: &str = "SELECT count(*) FROM audit WHERE what = 'recovered' AND source = 'monitor'";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_while_the_server_was_down_is_completed_not_timed_out() {
    let mut t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.begin(t.run(1).await).await;
    t.says(issue, "🔨 Building").await;
    down(&mut t);
    t.finish(t.run(1).await, "success").await;
    t.pass_amid_calls(minutes(5 * 60)).await;
    restart(&mut t).await;
    t.ended_well(issue).await;
    until_stored(&t, RECOVERED, 1).await;
    assert_eq!(t.count("SELECT count(*) FROM audit WHERE after IN ('cancelling', 'timed_out')").await, 0);
    assert!(t.github.world().record().cancels.is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_monitor_finds_out_is_audited() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    assert_eq!(t.count(BY_THE_MONITOR).await, 0);
    t.next_hook("workflow_run", "completed", HookTrouble::Vanish);
    t.finish(run, "success").await;
    t.pass(seconds(60)).await;
    t.ended_well(issue).await;
    assert_eq!(t.count(BY_THE_MONITOR).await, 1);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_where_github_hangs_holds_up_no_other() {
    const OTHER: &str = "octo/other";
    let t = Trilock::start().await;
    t.repository(OTHER);
    t.calm().await;
    let hung = t.asked("ben", "/build tag=v1.0.0").await;
    let lucky = t.issue_in(OTHER, "eve").await;
    t.comment("eve", lucky, "/build tag=v2.0.0").await;
    t.says(lucky, "🔨 Starting").await;
    let runs = (t.run(1).await, t.run_in(OTHER, 1).await);
    t.begin(runs.0).await;
    t.begin(runs.1).await;
    t.says(hung, "🔨 Building").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Vanish);
    t.finish(runs.1, "success").await;
    t.says(lucky, "🔨 Building").await;
    let call = format!("/repos/{REPO}/actions/runs/{}$", runs.0);
    t.next_call("GET", &call, ApiTrouble::Delay(600_000));
    t.pass_amid_calls(seconds(60)).await;
    // The hanging call is given up after 25 s.
    let ended = t.github.until_within(Duration::from_secs(10), |world| {
        world.comments(OTHER, lucky.number).iter().any(|comment| comment.body.contains("Your build is ready"))
    });
    assert!(ended.await, "the other repository waits");
    t.ended_well(lucky).await;
    t.finish(runs.0, "success").await;
    t.ended_well(hung).await;
    t.end().await;
}
