//! Builds that do not end well.

use std::time::Duration;

use insta::assert_snapshot;
use trilock::sandbox::{ApiFault, ApiTrouble, HookTrouble};

use crate::harness::{POLICY, Trilock, minutes};

const QUARANTINED: &str = "SELECT count(*) FROM lease WHERE state = 'quarantined'";

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_names_job_and_step() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.pass(minutes(4)).await;
    t.fail(run, "windows", "Compile").await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### ❌ Your build failed: desktop `v1.4.0`
    It stopped in job **windows**, step **Compile**: [log](http://github/octo/app/actions/runs/run-1/job/J).
    Your request itself was valid. Write a comment with only `/retry` to try once more with the same answers; if it fails again, ask here.
    Waited 0 s, ran 4 min · commit `1a2b3c4`
    ");
    assert_snapshot!(t.status(issue).await, @r"### ❌ Failed: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatch_that_github_refuses_is_told_and_the_next_starts() {
    let t = Trilock::start().await;
    let elsewhere = POLICY.replace("build-desktop.yml\n", "build-desktop.yml\n    ref: release\n");
    t.policy(&elsewhere).await;
    let first = t.issue("ben").await;
    t.comment("ben", first, "/build tag=v1.4.0").await;
    assert_snapshot!(t.outcome(first).await, @r"
    ### ❌ Your build could not be started: desktop `v1.4.0`
    GitHub refused it: *No ref found for: release*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v1.4.0 channel=stable`.
    ");
    assert_snapshot!(t.status(first).await, @r"### ❌ Failed: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.policy(POLICY).await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.carried_out(second, t.run(1).await).await;
    t.end().await;
}

/// The run ignores its cancel.
#[tokio::test(flavor = "multi_thread")]
async fn past_its_time_a_build_is_cancelled_then_forced_and_quarantined_meanwhile() {
    let t = Trilock::with(|options| options.cancel_takes = Duration::MAX).await;
    t.policy(&POLICY.replace("build-desktop.yml\n", "build-desktop.yml\n    timeout: 1h\n")).await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.pass(minutes(60)).await;
    t.until("a cancel", |world| world.record().cancels.len() == 1).await;
    t.until_stored(QUARANTINED, 1).await;
    assert_snapshot!(t.status(first).await, @r"
    ### 🚫 Stopping since 14:58 UTC ([run](http://github/octo/app/actions/runs/run-1))
    **desktop** · Version tag `v1.0.0` · Channel `stable` · commit `1a2b3c4`

    It was asked to stop because its limit of 1 hour is over; the machine is not free yet. You need to do nothing: a new comment will tell you the result.
    ");
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.pass_amid_calls(minutes(5)).await;
    t.until_over(run).await;
    let cancels: Vec<bool> = t.github.world().record().cancels.iter().map(|cancel| cancel.forced).collect();
    assert_eq!(cancels, [false, true]);
    assert_snapshot!(t.outcome(first).await, @r"
    ### ⌛ Stopped after 1 h: desktop `v1.0.0`
    The limit for this build is 1 hour (set by the maintainers). Last step: **Keep** ([log](http://github/octo/app/actions/runs/run-1/job/J)). The machine is free again.
    ");
    assert_snapshot!(t.status(first).await, @r"### ⌛ Timed out: desktop `v1.0.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.until_stored(QUARANTINED, 0).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"], "completed, and only then the next starts");
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_ended_while_nobody_listened_is_completed_and_not_timed_out() {
    let mut t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.kill();
    t.github.world().finish_run(run, "success", None).expect("a run");
    t.github.settled().await;
    t.pass_amid_calls(minutes(180)).await;
    t.serve().await;
    t.ended_well(issue).await;
    assert!(t.github.world().record().cancels.is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_github_does_not_say_how_the_run_is_it_is_not_timed_out() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(run, "success").await;
    let once = ApiFault::once("GET", r"/actions/runs/\d+$", ApiTrouble::FailBefore(502));
    t.github.world().fault_api(ApiFault { times: None, ..once }).expect("a pattern");
    t.pass_amid_calls(minutes(180)).await;
    t.until_stored(QUARANTINED, 1).await;
    t.pass(minutes(2)).await;
    t.says(issue, "🔨 Building").await;
    t.github.world().clear_faults();
    t.pass(minutes(1)).await;
    t.ended_well(issue).await;
    assert!(t.github.world().record().cancels.is_empty());
    t.end().await;
}
