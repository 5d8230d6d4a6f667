use super::super::super::{Ending, Event, LeaseState, Phase, QUEUE, Resource, RunReport, Status, Verdict};
use super::super::people::{ANNA, BEN, build};
use super::super::world::{REPO, World};
use super::{anna_runs, anna_starts, report};

fn slot() -> Resource {
    Resource::slot_of(REPO, QUEUE)
}

impl World {
    fn lifts(&mut self) -> Verdict {
        self.happens(Event::Lift {
            resource: slot(),
            slot: 0,
            reason: "looked".into(),
            by: "operator".into(),
        })
    }

    fn only_lease(&self) -> LeaseState {
        let states: Vec<LeaseState> = self.leases.values().map(|lease| lease.state).collect();
        assert_eq!(states.len(), 1);
        states[0]
    }
}

#[test]
fn past_its_time_a_build_is_stopped_and_its_slot_quarantined_until_github_says_completed() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.pass(118);
    world.happens(Event::Look);
    assert_eq!((world.status(1), world.only_lease()), (Status::Running, LeaseState::Held));
    world.pass(2);
    world.happens(Event::Look);
    assert_eq!(
        (world.status(1), world.only_lease()),
        (Status::Running, LeaseState::Quarantined),
        "nobody asked GitHub: it may have ended well"
    );
    world.goes_on_and_is_looked_at(900);
    assert_eq!((world.status(1), world.only_lease()), (Status::Cancelling, LeaseState::Quarantined));
    assert!(world.has_effect(&format!("cancel:{}:ask", world.id(1))));
    world.pass(5);
    world.happens(Event::Look);
    assert!(world.has_effect(&format!("cancel:{}:force", world.id(1))));
    assert_eq!(world.status(2), Status::Queued);
    world.completes(900, "cancelled");
    assert_eq!((world.status(1), world.last(1).ending.clone()), (Status::TimedOut, Some(Ending::TimedOut)));
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn a_late_webhook_is_no_word_that_the_run_goes_on() {
    let mut world = anna_runs();
    world.pass(180);
    world.happens(Event::Run(report(900, Phase::InProgress, None)));
    world.happens(Event::Look);
    assert_eq!(world.status(1), Status::Running);
    world.completes(900, "success");
    assert_eq!((world.status(1), world.leases.len()), (Status::Succeeded, 0));
}

#[test]
fn a_run_that_is_still_looked_for_is_not_timed_out() {
    let mut world = anna_starts();
    world.tried(1);
    world.pass(180);
    world.happens(Event::Look);
    assert_eq!((world.status(1), world.only_lease()), (Status::Starting, LeaseState::Quarantined));
    world.answered(1, 900);
    world.completes(900, "success");
    assert_eq!((world.status(1), world.leases.len()), (Status::Succeeded, 0));
}

#[test]
fn time_that_is_up_before_the_dispatch_was_tried_leaves_no_dispatch() {
    let mut world = anna_starts();
    let dispatch = world.dispatch_row(1);
    world.pass(120);
    world.happens(Event::Look);
    assert_eq!(world.status(1), Status::TimedOut);
    assert!(!world.outbox.contains_key(&dispatch) && world.leases.is_empty());
}

#[test]
fn a_lost_dispatch_keeps_its_slot_until_its_run_has_ended() {
    let mut world = anna_starts();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.never_confirmed(1);
    assert_eq!((world.status(1), world.status(2)), (Status::Lost, Status::Queued));
    assert_eq!(world.only_lease(), LeaseState::Quarantined);
    world.happens(Event::Run(report(900, Phase::InProgress, None)));
    assert_eq!(world.status(2), Status::Queued);
    world.completes(900, "success");
    assert_eq!((world.status(1), world.status(2)), (Status::Lost, Status::Starting));
}

#[test]
fn a_lost_dispatch_keeps_its_slot_until_it_is_lifted() {
    let mut world = anna_starts();
    world.says(2, 20, BEN, build("desktop", "v2"));
    assert!(matches!(world.lifts(), Verdict::Ignored(_)), "held, not quarantined");
    world.never_confirmed(1);
    assert_eq!(world.lifts(), Verdict::Applied);
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn a_late_report_of_an_earlier_run_does_not_free_a_lost_builds_slot() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.pass(5);
    world.completes(900, "success");
    world.never_confirmed(2);
    // The same run once more, and one of before that was never known.
    world.completes(900, "success");
    world.completes(899, "success");
    assert_eq!(world.only_lease(), LeaseState::Quarantined);
}

#[test]
fn of_two_lost_builds_a_run_frees_neither() {
    let mut world = World::new();
    world.concurrency = 2;
    world.says(1, 10, ANNA, build("desktop", "v1"));
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.never_confirmed(1);
    world.never_confirmed(2);
    world.completes(900, "success");
    assert_eq!(world.leases.len(), 2);
}

#[test]
fn a_title_that_names_another_build_frees_nothing() {
    let mut world = World::new();
    world.says(1, 10, ANNA, build("traced", "v1"));
    world.never_confirmed(1);
    let run = RunReport { workflow: "traced.yml".into(), ..report(900, Phase::Completed, Some("success")) };
    world.happens(Event::Run(run.clone()));
    assert_eq!(world.only_lease(), LeaseState::Quarantined);
    world.happens(Event::Run(RunReport { title: format!("traced {}", world.id(1)), ..run }));
    assert!(world.leases.is_empty());
}

#[test]
fn lifted_while_being_cancelled() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.says_cancel(1, 11, ANNA);
    world.pass(120);
    world.happens(Event::Look);
    assert_eq!(world.lifts(), Verdict::Applied);
    assert_eq!((world.status(1), world.status(2)), (Status::Cancelled, Status::Starting));
    assert!(matches!(world.last(1).ending, Some(Ending::Lifted { .. })));
    // Its run ends after all; the next one's slot is not touched.
    world.completes(900, "cancelled");
    assert_eq!((world.status(2), world.leases.len()), (Status::Starting, 1));
}

#[test]
fn two_slots_and_a_named_resource_of_one() {
    let mut world = World::new();
    world.concurrency = 2;
    for (issue, kind) in [(1, "model"), (2, "model"), (3, "desktop")] {
        world.says(issue, issue * 10, ANNA, build(kind, "v1"));
    }
    // The second waits for the GPU, and nobody overtakes it.
    assert_eq!(world.holders(), [1]);
    assert_eq!((world.status(2), world.status(3)), (Status::Queued, Status::Queued));
    world.answered(1, 900);
    world.completes(900, "success");
    assert_eq!(world.holders(), [2, 3]);
    let tokens: Vec<i64> = world.leases.values().map(|lease| lease.token).collect();
    assert_eq!(tokens, [2, 2, 3], "the GPU's second grant, the slots' second and third");
}

#[test]
fn a_smaller_capacity_only_drains() {
    let mut world = World::new();
    world.concurrency = 2;
    for issue in 1..=3 {
        world.says(issue, issue * 10, ANNA, build("desktop", "v1"));
    }
    world.answered(1, 901);
    world.answered(2, 902);
    world.concurrency = 1;
    world.happens(Event::FilesChanged { commit: None });
    assert_eq!(world.holders(), [1, 2]);
    world.completes(901, "success");
    assert_eq!((world.holders(), world.status(3)), (vec![2], Status::Queued));
    world.completes(902, "success");
    assert_eq!(world.holders(), [3]);
    assert_eq!(world.leases.keys().next(), Some(&(slot(), 0)));
}

#[test]
fn a_larger_capacity_starts_more_at_once() {
    let mut world = anna_starts();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.concurrency = 2;
    world.happens(Event::FilesChanged { commit: None });
    assert_eq!(world.holders(), [1, 2]);
}

#[test]
fn nobody_overtakes_the_part_of_the_queue_that_is_not_loaded() {
    let mut world = anna_runs();
    for issue in 2..=6 {
        world.says(issue, issue * 10, BEN, build("desktop", "v2"));
    }
    world.heads = Some(1);
    world.concurrency = 3;
    // The last one's issue is in the batch, so its build is loaded: after the first, with a gap between.
    world.says(6, 61, BEN, super::super::super::Step::Status);
    assert_eq!(world.holders(), [1, 2]);
    world.drain(1);
    assert_eq!(world.holders(), [1, 2, 3]);
}
