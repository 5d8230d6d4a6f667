use super::super::super::{By, DispatchAnswer, Ending, Event, Refusal, Role, Status, Step};
use super::super::people::{ANNA, BEN, CARL, build, person};
use super::super::world::World;
use super::{anna_runs, anna_starts};

fn cancelled(by: By) -> Option<Ending> {
    Some(Ending::Cancelled { by })
}

#[test]
fn a_queued_build_is_cancelled_at_once() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.says_cancel(2, 21, BEN);
    assert_eq!(
        (world.status(2), world.last(2).ending.clone()),
        (Status::Cancelled, cancelled(By::Requester))
    );
    assert_eq!(world.status(1), Status::Running);
}

#[test]
fn a_dispatch_that_was_never_tried_is_withdrawn() {
    let mut world = anna_starts();
    let dispatch = world.dispatch_row(1);
    world.says_cancel(1, 11, BEN);
    assert_eq!(
        (world.status(1), world.last(1).ending.clone()),
        (Status::Cancelled, cancelled(By::Maintainer))
    );
    assert!(!world.outbox.contains_key(&dispatch) && world.leases.is_empty());
}

#[test]
fn one_that_starts_and_is_cancelled_in_one_batch_leaves_nothing_behind() {
    let mut world = World::new();
    let asks = world.comment(1, 10, ANNA, vec![build("desktop", "v1")]);
    let cancels = world.comment(1, 11, ANNA, vec![Step::Cancel]);
    world.turn(&[asks, cancels]);
    assert_eq!(world.status(1), Status::Cancelled);
    assert!(!world.outbox.contains_key(&world.dispatch_row(1)) && world.leases.is_empty());
}

#[test]
fn a_tried_dispatch_is_stopped_once_its_run_is_known() {
    let mut world = anna_starts();
    world.tried(1);
    world.says_cancel(1, 11, ANNA);
    assert_eq!(world.status(1), Status::Cancelling);
    world.says(2, 20, BEN, build("desktop", "v2"));
    assert_eq!(world.status(2), Status::Queued, "the slot stays held");
    world.answered(1, 900);
    assert!(world.has_effect(&format!("cancel:{}:ask", world.id(1))));
    world.completes(900, "cancelled");
    assert_eq!(
        (world.status(1), world.last(1).ending.clone()),
        (Status::Cancelled, cancelled(By::Requester))
    );
    assert_eq!(world.status(2), Status::Starting);
}

#[test]
fn a_refused_dispatch_ends_what_was_being_cancelled_as_cancelled() {
    let mut world = anna_starts();
    world.tried(1);
    world.says_cancel(1, 11, ANNA);
    world.dispatch_says(1, DispatchAnswer::Refused { message: "no such ref".into() });
    assert_eq!(
        (world.status(1), world.last(1).ending.clone()),
        (Status::Cancelled, cancelled(By::Requester))
    );
}

#[test]
fn a_running_build_holds_its_slot_until_its_run_has_ended() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.says_cancel(1, 11, ANNA);
    assert_eq!((world.status(1), world.status(2)), (Status::Cancelling, Status::Queued));
    assert!(world.has_effect(&format!("cancel:{}:ask", world.id(1))));
    world.pass(6);
    world.happens(Event::Look);
    assert!(world.has_effect(&format!("cancel:{}:force", world.id(1))));
    // It was faster than the cancel: then the truth is told.
    world.completes(900, "success");
    assert_eq!((world.status(1), world.status(2)), (Status::Succeeded, Status::Starting));
}

#[test]
fn a_stranger_cancels_nothing() {
    let mut world = anna_runs();
    world.says_cancel(1, 11, CARL);
    let may_not = Refusal::MayNot { command: "cancel".into(), role: Role::Write, own: true };
    assert_eq!((world.status(1), world.refusal(1)), (Status::Running, Some(&may_not)));
    let told = world.decided.len();
    world.says_cancel(1, 13, CARL);
    assert_eq!(world.decided.len(), told + 1, "a reaction, and no second word");
    world.says_cancel(2, 12, CARL);
    assert_eq!(world.refusal(2), Some(&Refusal::NothingToCancel));
}

#[test]
fn a_closed_issue_gives_up_its_place_but_not_its_run() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    for issue in [1, 2] {
        world.happens(Event::IssueClosed { issue, by: person(BEN) });
    }
    assert_eq!(
        (world.status(2), world.last(2).ending.clone()),
        (Status::Cancelled, cancelled(By::ClosedIssue))
    );
    assert_eq!(world.status(1), Status::Running);
}

#[test]
fn a_cancel_counts_for_its_authors_earlier_build_that_arrives_later() {
    let mut world = World::new();
    world.says_cancel(1, 11, CARL);
    world.says_cancel(1, 12, BEN);
    world.says(1, 10, ANNA, build("desktop", "v1"));
    // Ben has write, Carl does not.
    assert_eq!(
        (world.status(1), world.last(1).ending.clone()),
        (Status::Cancelled, cancelled(By::Maintainer))
    );
    world.says(1, 13, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting, "written after the cancel");
}

#[test]
fn a_strangers_cancel_does_not_reach_another_ones_build() {
    let mut world = World::new();
    world.says_cancel(1, 11, CARL);
    world.says(1, 10, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn a_cancel_reaches_ten_minutes_back() {
    let mut world = World::new();
    world.says_cancel(1, 11, ANNA);
    world.pass(11);
    world.says(1, 10, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn a_late_cancel_spares_what_was_asked_for_after_it() {
    let mut world = World::new();
    world.says(1, 12, ANNA, build("desktop", "v1"));
    world.says_cancel(1, 11, ANNA);
    assert_eq!((world.status(1), world.refusal(1)), (Status::Starting, Some(&Refusal::NothingToCancel)));
}
