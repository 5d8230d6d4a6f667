use super::super::super::{DispatchAnswer, Ending, Event, Phase, RunReport, Status, Verdict};
use super::super::people::{ANNA, BEN, build};
use super::super::world::World;
use super::{anna_runs, anna_starts, report};

#[test]
fn a_run_that_is_faster_than_the_dispatchs_answer_is_parked_then_found() {
    let mut world = anna_starts();
    world.tried(1);
    let verdict = world.happens(Event::Run(report(900, Phase::InProgress, None)));
    assert_eq!((verdict, world.status(1)), (Verdict::Parked, Status::Starting));
    world.answered(1, 900);
    assert_eq!(world.inbox.len(), 1, "free again");
    world.drain(1);
    assert_eq!(world.status(1), Status::Running);
}

#[test]
fn parked_and_answered_in_one_batch_is_not_forgotten() {
    let mut world = anna_starts();
    world.tried(1);
    let (build, url) = (world.id(1), "https://github.test/runs/900".to_owned());
    let key = world.dispatch_row(1);
    world.outbox.remove(&key);
    let run = world.stored(Event::Run(report(900, Phase::Completed, Some("success"))), None);
    let answer = DispatchAnswer::Started { run_id: 900, url };
    let answer = world.stored(Event::Dispatched { build, answer }, None);
    world.turn(&[run, answer]);
    world.drain(1);
    assert_eq!(world.status(1), Status::Succeeded);
}

#[test]
fn a_title_that_tells_the_build_needs_no_answer() {
    let mut world = World::new();
    world.says(1, 10, ANNA, build("traced", "v1"));
    world.tried(1);
    let title = format!("traced {}", world.id(1));
    let run = RunReport { title, workflow: "traced.yml".into(), ..report(900, Phase::InProgress, None) };
    assert_eq!(world.happens(Event::Run(run)), Verdict::Applied);
    assert_eq!(world.last(1).run_id, Some(900));
    world.dispatch_says(1, DispatchAnswer::NeverConfirmed);
    assert_eq!(world.status(1), Status::Running, "it was confirmed");
}

#[test]
fn runs_of_others_are_nobodys() {
    let mut world = anna_starts();
    for run in [
        RunReport { actor: "anna".into(), ..report(901, Phase::Completed, None) },
        RunReport { trigger: "push".into(), ..report(900, Phase::Completed, None) },
        RunReport { workflow: "lint.yml".into(), ..report(900, Phase::Completed, None) },
    ] {
        assert!(matches!(world.happens(Event::Run(run)), Verdict::Ignored(_)));
    }
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn completed_before_in_progress() {
    let mut world = anna_starts();
    world.answered(1, 900);
    world.completes(900, "failure");
    assert_eq!(world.status(1), Status::Failed);
    world.happens(Event::Run(report(900, Phase::InProgress, None)));
    assert_eq!((world.status(1), world.open.len()), (Status::Failed, 0));
}

#[test]
fn stopped_on_github_by_hand() {
    let mut world = anna_runs();
    world.completes(900, "cancelled");
    assert_eq!(world.status(1), Status::Cancelled);
}

#[test]
fn a_run_that_github_forgot_gives_its_slot_back() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.happens(Event::RunGone { run_id: 900, attempt: 1 });
    assert_eq!((world.status(1), world.last(1).ending.clone()), (Status::Lost, Some(Ending::RunGone)));
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn a_refused_dispatch_fails_the_build_and_frees_the_slot() {
    let mut world = anna_starts();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.tried(1);
    world.dispatch_says(1, DispatchAnswer::Refused { message: "no such ref".into() });
    assert_eq!((world.status(1), world.status(2)), (Status::Failed, Status::Starting));
}

#[test]
fn one_run_is_never_two_builds() {
    let mut world = World::new();
    world.concurrency = 2;
    world.says(1, 10, ANNA, build("desktop", "v1"));
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.answered(1, 900);
    world.tried(2);
    world.answered(2, 900);
    assert_eq!((world.status(1), world.status(2)), (Status::Starting, Status::Lost));
    assert_eq!(world.leases.len(), 2, "the second's run may be alive");
}
