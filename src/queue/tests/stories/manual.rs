use super::super::super::{
    Build, Event, GrantKind, LeaseState, Phase, RunReport, Status, Step, Trigger, Verdict,
};
use super::super::people::{ANNA, BEN, build};
use super::super::world::World;
use super::{anna_runs, anna_starts, report};

/// Of a run that somebody started by hand.
fn by_hand(run_id: i64, phase: Phase) -> RunReport {
    let conclusion = (phase == Phase::Completed).then_some("success");
    RunReport { actor: "user9".into(), started_by: "user9".into(), ..report(run_id, phase, conclusion) }
}

/// Of a run in a later attempt.
fn again(run_id: i64, attempt: i32, phase: Phase) -> RunReport {
    RunReport { attempt, ..report(run_id, phase, (phase == Phase::Completed).then_some("failure")) }
}

impl World {
    fn runs(&mut self, report: RunReport) -> Verdict {
        self.happens(Event::Run(report))
    }

    fn of_run(&self, run_id: i64, attempt: i32) -> &Build {
        let mut builds = self.builds();
        builds.find(|build| (build.run_id, build.attempt()) == (Some(run_id), attempt)).expect("a build")
    }

    fn manual(&self) -> Vec<(Option<i64>, Status)> {
        let manual = self.builds().filter(|build| build.is_manual());
        manual.map(|build| (build.run_id, build.status)).collect()
    }
}

#[test]
fn a_run_started_by_hand_takes_what_is_free() {
    let mut world = World::new();
    assert_eq!(world.runs(by_hand(950, Phase::Requested)), Verdict::Applied);
    let manual = world.of_run(950, 1);
    assert_eq!((manual.trigger, manual.status, manual.issue), (Trigger::Manual, Status::Starting, None));
    assert_eq!((manual.asker.as_str(), manual.request_key.as_str()), ("run:950", "run:950:1"));
    assert_eq!((manual.build_type.as_str(), manual.asker_login.as_str()), ("desktop", "user9"));
    let kinds: Vec<GrantKind> = world.leases.values().map(|lease| lease.kind).collect();
    assert_eq!(kinds, [GrantKind::Manual]);
    world.says(1, 10, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Queued);
    world.runs(by_hand(950, Phase::InProgress));
    assert_eq!(world.manual(), [(Some(950), Status::Running)]);
    world.runs(by_hand(950, Phase::Completed));
    assert_eq!(world.manual(), [(Some(950), Status::Succeeded)]);
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn what_is_taken_keeps_it_outside_and_everybody_waits_for_its_end() {
    let mut world = anna_runs();
    world.concurrency = 1;
    world.says(2, 20, BEN, build("desktop", "v2"));
    let told = world.wanted[&2];
    world.runs(by_hand(950, Phase::InProgress));
    assert_eq!((world.manual(), world.leases.len()), (vec![(Some(950), Status::Running)], 1));
    assert_eq!(world.wanted[&2], told + 1, "who is next learns what holds them up");
    world.completes(900, "success");
    assert_eq!((world.status(1), world.status(2)), (Status::Succeeded, Status::Queued));
    assert!(world.leases.is_empty(), "free, and granted to nobody");
    world.concurrency = 3;
    world.happens(Event::FilesChanged { commit: None });
    assert_eq!(world.status(2), Status::Queued);
    world.runs(by_hand(950, Phase::Completed));
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn who_waits_is_not_overtaken_by_hand() {
    let mut world = World::new();
    world.concurrency = 2;
    for issue in [1, 2] {
        world.says(issue, issue * 10, ANNA, build("model", "v1"));
    }
    assert_eq!(world.status(2), Status::Queued, "it waits for the GPU, and a place is free");
    world.runs(by_hand(950, Phase::Requested));
    assert_eq!(world.leases.len(), 2, "outside");
}

#[test]
fn two_by_hand_beside_each_other() {
    let mut world = World::new();
    world.runs(by_hand(950, Phase::InProgress));
    world.runs(by_hand(951, Phase::InProgress));
    world.runs(by_hand(950, Phase::Completed));
    assert!(world.leases.is_empty());
    world.says(1, 10, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Queued, "the second is outside still");
    world.runs(by_hand(951, Phase::Completed));
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn what_is_doubled_late_or_over_makes_no_build() {
    let mut world = World::new();
    assert!(matches!(world.runs(by_hand(950, Phase::Completed)), Verdict::Ignored(_)));
    assert!(matches!(world.runs(by_hand(950, Phase::InProgress)), Verdict::Ignored(_)), "late");
    for phase in [Phase::Requested, Phase::Requested, Phase::Completed, Phase::Completed, Phase::InProgress] {
        world.runs(by_hand(951, phase));
    }
    assert_eq!(world.manual(), [(Some(951), Status::Succeeded)]);
    assert!(world.leases.is_empty() && world.open.is_empty());
}

#[test]
fn other_workflows_and_other_triggers_are_not_our_business() {
    let mut world = World::new();
    let lint = RunReport { workflow: "lint.yml".into(), ..by_hand(950, Phase::Requested) };
    let push = RunReport { trigger: "push".into(), ..by_hand(951, Phase::Requested) };
    for run in [lint, RunReport { attempt: 2, ..push.clone() }, push] {
        assert!(matches!(world.runs(run), Verdict::Ignored(_)));
    }
    assert!(world.open.is_empty());
}

#[test]
fn a_build_run_again_is_another_one_of_its_type() {
    let mut world = World::new();
    world.says(1, 10, ANNA, build("model", "v1"));
    world.answered(1, 900);
    let first =
        |phase, conclusion| RunReport { workflow: "model.yml".into(), ..report(900, phase, conclusion) };
    world.happens(Event::Run(first(Phase::Completed, Some("failure"))));
    let outcomes = world.told.clone();
    world.runs(RunReport { workflow: "renamed.yml".into(), ..again(900, 2, Phase::InProgress) });
    let second = world.of_run(900, 2);
    assert_eq!((second.build_type.as_str(), second.follows), ("model", Some(world.id(1).0)));
    assert_eq!(world.leases.len(), 2, "the slot and the GPU");
    world.runs(again(900, 2, Phase::Completed));
    world.runs(again(900, 3, Phase::Requested));
    assert_eq!(world.of_run(900, 3).status, Status::Starting);
    // The first attempt's word comes once more.
    world.happens(Event::Run(first(Phase::Completed, Some("failure"))));
    assert_eq!((world.told.clone(), world.status(1)), (outcomes, Status::Failed));
}

#[test]
fn run_again_before_its_end_was_heard() {
    let mut world = anna_runs();
    assert_eq!(world.runs(again(900, 2, Phase::Requested)), Verdict::Parked);
    assert_eq!(world.runs(again(900, 2, Phase::Completed)), Verdict::Parked);
    assert_eq!(world.runs(again(900, 3, Phase::Requested)), Verdict::Parked);
    assert_eq!((world.status(1), world.leases.len()), (Status::Running, 1));
    world.monitor_hears(report(900, Phase::Completed, Some("failure")));
    assert_eq!(world.status(1), Status::Failed);
    world.drain(1);
    assert_eq!(world.status(1), Status::Failed);
    assert_eq!(world.of_run(900, 3).status, Status::Starting);
    assert_eq!(world.of_run(900, 2).status, Status::Failed);
    assert!(world.parked.is_empty());
}

#[test]
fn what_became_of_an_attempt_may_not_be_known_any_more() {
    let mut world = anna_runs();
    world.runs(again(900, 2, Phase::InProgress));
    world.happens(Event::RunGone { run_id: 900, attempt: 1 });
    world.drain(1);
    assert_eq!((world.status(1), world.of_run(900, 2).status), (Status::Lost, Status::Running));
    // That the first is gone says nothing of the second.
    world.happens(Event::RunGone { run_id: 900, attempt: 1 });
    assert_eq!(world.of_run(900, 2).status, Status::Running);
}

#[test]
fn a_run_of_our_bot_that_no_build_has() {
    let mut world = anna_starts();
    world.tried(1);
    assert_eq!(world.runs(report(901, Phase::InProgress, None)), Verdict::Parked);
    world.answered(1, 900);
    world.drain(1);
    assert_eq!(world.of_run(901, 1).status, Status::Running, "outside the lock");
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.completes(900, "success");
    assert_eq!(world.status(2), Status::Queued);
    world.completes(901, "success");
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn a_lost_builds_run_that_is_run_again_has_ended_before() {
    let mut world = anna_starts();
    world.never_confirmed(1);
    assert!(matches!(world.runs(report(900, Phase::InProgress, None)), Verdict::Ignored(_)));
    world.runs(again(900, 2, Phase::InProgress));
    let kinds: Vec<GrantKind> = world.leases.values().map(|lease| lease.kind).collect();
    assert_eq!(kinds, [GrantKind::Manual], "its slot came back, and the new attempt took it");
}

#[test]
fn past_its_time_it_is_not_stopped_and_not_handed_on() {
    let mut world = World::new();
    world.runs(by_hand(950, Phase::InProgress));
    world.pass(120);
    world.monitor_hears(by_hand(950, Phase::InProgress));
    world.happens(Event::Look);
    let states: Vec<LeaseState> = world.leases.values().map(|lease| lease.state).collect();
    assert_eq!((states, world.of_run(950, 1).status), (vec![LeaseState::Quarantined], Status::Running));
    assert!(world.outbox.is_empty(), "no cancel");
    world.runs(by_hand(950, Phase::Completed));
    assert!(world.leases.is_empty());
}

#[test]
fn nobodys_cancel_reaches_it() {
    let mut world = World::new();
    world.runs(by_hand(950, Phase::InProgress));
    world.says(1, 10, ANNA, Step::Cancel);
    assert_eq!(world.of_run(950, 1).status, Status::Running);
}

#[test]
fn parked_beside_a_build_that_is_withdrawn_in_the_same_batch() {
    let mut world = World::new();
    let asks = world.comment(1, 10, ANNA, vec![build("desktop", "v1")]);
    let stray = world.stored(Event::Run(report(950, Phase::InProgress, None)), None);
    let cancels = world.comment(1, 11, ANNA, vec![Step::Cancel]);
    world.turn(&[asks, stray, cancels]);
    world.drain(1);
    assert_eq!((world.manual(), world.parked.len()), (vec![(Some(950), Status::Running)], 0));
}
