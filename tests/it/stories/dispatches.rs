//! Dispatches whose answer is late, wrong or missing: never a second run.

use insta::assert_snapshot;
use trilock::{
    queue::Event,
    sandbox::{ApiFault, ApiTrouble, World},
};

use crate::harness::{CORRELATING_WORKFLOW, Issue, REPO, Trilock, WORKFLOW_PATH, minutes, seconds};

const DISPATCHES: &str = "/dispatches$";
const PARKED: &str = "SELECT count(*) FROM inbox WHERE state = 'parked'";

async fn correlating() -> Trilock {
    let t = Trilock::start().await;
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    t
}

/// An operator says that there is no run.
async fn lift(t: &Trilock) {
    let lease = t.store.lease_view(None).await.expect("the leases").remove(0).lease;
    let repo = trilock::queue::RepoKey { tenant_id: lease.tenant_id, repo_id: lease.repo_id };
    let (resource, reason, by) = (lease.resource, "no run was started".to_owned(), "operator".to_owned());
    let lift = Event::Lift { resource, slot: lease.slot, reason, by };
    t.store.add_event(repo, "operator", &lift).await.expect("the event is stored");
    t.pass_amid_calls(seconds(60)).await;
}

/// The dispatch's answer comes only after the whole run.
async fn asked_with_a_late_answer(t: &Trilock) -> Issue {
    let issue = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::AnswerLate(30_000));
    t.comment_and_go("ben", issue, "/build tag=v1.4.0");
    let run = t.run(1).await;
    t.github.world().start_run(run).expect("a queued run");
    t.github.world().finish_run(run, "success", None).expect("a run");
    issue
}

#[tokio::test(flavor = "multi_thread")]
async fn run_events_before_the_answer_are_kept_until_the_run_is_known() {
    let t = Trilock::start().await;
    let issue = asked_with_a_late_answer(&t).await;
    t.until_stored(PARKED, 3).await;
    t.pass_amid_calls(seconds(30)).await;
    t.ended_well(issue).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_shows_its_build_needs_no_answer() {
    let t = correlating().await;
    let issue = asked_with_a_late_answer(&t).await;
    t.until("the outcome", |world| {
        world.comments(issue.repo, issue.number).iter().any(|c| c.body.contains("Your build is ready"))
    })
    .await;
    t.pass_amid_calls(seconds(30)).await;
    t.ended_well(issue).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

async fn a_dispatch_answered_502_after_doing_the_work(t: Trilock) {
    let issue = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailAfter(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass(seconds(2)).await;
    t.pass(minutes(3)).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_502_after_the_work_is_one_run() {
    a_dispatch_answered_502_after_doing_the_work(Trilock::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_502_after_the_work_is_one_run_with_correlation() {
    a_dispatch_answered_502_after_doing_the_work(correlating().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_502_before_the_work_is_sent_again_when_a_run_would_show_its_build() {
    let t = correlating().await;
    let issue = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailBefore(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass(seconds(2)).await;
    for _ in 0..11 {
        t.pass(seconds(10)).await;
    }
    assert!(t.runs().is_empty(), "lists lag: for two minutes it is looked for");
    t.pass(seconds(10)).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_dispatch_was_set_aside_is_given_to_a_person() {
    let t = correlating().await;
    let issue = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailBefore(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.says(issue, "🔨 Starting").await;
    let planted = "WITH gone AS (DELETE FROM outbox WHERE effect->>'effect' = 'dispatch' RETURNING 1) SELECT count(*) FROM gone";
    assert_eq!(t.count(planted).await, 1);
    t.pass(minutes(6)).await;
    assert!(t.outcome(issue).await.starts_with("### ❓ We could not learn whether the build started."));
    t.says(issue, "❓ Not known how it ended").await;
    lift(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_is_looked_for_again_before_a_third_time() {
    let t = Trilock::with(|options| options.list_lag = minutes(1)).await;
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    let issue = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailBefore(502));
    t.next_call("POST", DISPATCHES, ApiTrouble::FailAfter(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass_until("the second try's run", |world| world.runs(REPO).len() == 1).await;
    t.pass(minutes(5)).await;
    assert_eq!(t.tags(), ["v1.4.0"], "the lagging list did not make a third try");
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_502_before_the_work_is_lost_when_nobody_can_say_whose_a_run_is() {
    let t = Trilock::start().await;
    let first = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailBefore(502));
    t.comment("ben", first, "/build tag=v1.4.0").await;
    t.says(first, "🔨 Starting").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.pass(seconds(2)).await;
    for _ in 0..12 {
        t.pass(seconds(10)).await;
    }
    assert_snapshot!(t.outcome(first).await, @r"
    ### ❓ We could not learn whether the build started. A maintainer must look; you need do nothing.
    It was to be: desktop `v1.4.0`
    ");
    assert_snapshot!(t.status(first).await, @r"### ❓ Not known how it ended: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.pass(minutes(10)).await;
    assert!(t.runs().is_empty(), "its slot is not handed on while a run may live");
    t.says(second, "⏳ Queued").await;

    // An operator looked, and says that there is no run.
    lift(&t).await;
    t.run(1).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(1).await).await;
    assert_eq!(t.tags(), ["v2.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_a_lost_build_frees_its_slot_when_it_ends() {
    let t = Trilock::with(|options| options.list_lag = minutes(60)).await;
    let first = t.issue("ben").await;
    t.next_call("POST", DISPATCHES, ApiTrouble::FailAfter(502));
    t.comment("ben", first, "/build tag=v1.4.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let run = t.run(1).await;
    t.pass(seconds(2)).await;
    for _ in 0..12 {
        t.pass(seconds(10)).await;
    }
    assert!(t.outcome(first).await.starts_with("### ❓ We could not learn"));
    t.says(first, "❓ Not known how it ended").await;
    t.begin(run).await;
    assert_eq!(t.tags(), ["v1.4.0"], "it lives");
    t.finish(run, "success").await;
    assert_eq!(t.tags(), ["v1.4.0", "v2.0.0"]);
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

async fn a_server_that_does_not_tell_the_run(workflow: &str) {
    let t = Trilock::with(|options| options.return_run_details = false).await;
    t.file(WORKFLOW_PATH, workflow).await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.pass(seconds(1)).await;
    t.carried_out(first, t.run(1).await).await;
    t.says(second, "🔨 Starting").await;
    t.pass(seconds(1)).await;
    t.carried_out(second, t.run(2).await).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_answer_204_are_understood() {
    a_server_that_does_not_tell_the_run(crate::harness::WORKFLOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_answer_204_are_understood_with_correlation() {
    a_server_that_does_not_tell_the_run(CORRELATING_WORKFLOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_server_is_served_under_its_path() {
    let t = Trilock::with(|options| {
        options.api_path = "/api/v3";
        options.return_run_details = false;
    })
    .await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    t.pass(seconds(1)).await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.comment("ben", issue, "/cancel").await;
    t.pass_amid_calls(seconds(5)).await;
    t.until_over(run).await;
    assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by you"));
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}

/// Right after a dispatch neither the run's own page nor the list may show it; only one that stays away is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_run_that_github_does_not_show_yet_is_not_gone() {
    let t = Trilock::with(|options| options.list_lag = minutes(60)).await;
    let first = t.asked("ben", "/build tag=v1.4.0").await;
    t.run(1).await;
    let path = r"/actions/runs/\d+$".to_owned();
    let trouble = ApiTrouble::FailBefore(404);
    let fault = ApiFault { method: Some("GET".into()), path, times: None, chance: 1.0, trouble };
    t.github.world().fault_api(fault).expect("a pattern");
    let second = t.asked("eve", "/build tag=v1.5.0").await;
    for _ in 0..3 {
        t.pass(seconds(40)).await;
        t.says(first, "🔨 Starting").await;
    }
    let lost = |world: &World| {
        world.comments(REPO, first.number).iter().any(|it| it.body.contains("no longer knows the run"))
    };
    t.pass_until("the run is gone", lost).await;
    t.says(first, "❓ Not known how it ended").await;
    let told = t.outcome(first).await;
    assert!(told.starts_with("### ❓ GitHub no longer knows the run of your build"), "{told}");
    t.says(second, "🔨 Starting").await;
    t.github.world().clear_faults();
    for run in t.runs() {
        t.finish(run.id, "success").await;
    }
    t.ended_well(second).await;
    t.end().await;
}
