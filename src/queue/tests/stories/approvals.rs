//! A maintainer's yes, what it is bound to, and what makes it void.

use super::super::super::{Access, DispatchAnswer, Ending, Event, Phase, Refusal, Role, Status, Voided};
use super::super::people::{ANNA, CARL, DORA, approve, build, reject, retry, wrong};
use super::super::world::World;
use super::report;

/// Carl asked for a build of this type by comment, and waits.
fn carl_waits(build_type: &str) -> World {
    let mut world = World::new();
    world.says(1, 10, CARL, build(build_type, "v1"));
    assert_eq!(world.status(1), Status::AwaitingApproval);
    world
}

/// The same, approved and dispatched as run 900.
fn carl_runs(build_type: &str) -> World {
    let mut world = carl_waits(build_type);
    world.says(1, 11, DORA, approve());
    assert_eq!(world.status(1), Status::Starting);
    world.answered(1, 900);
    world
}

#[test]
fn who_may_not_approve_changes_nothing() {
    let mut world = carl_waits("desktop");
    for (comment, who) in [(11, CARL), (12, ANNA)] {
        world.says(1, comment, who, approve());
        assert_eq!(world.status(1), Status::AwaitingApproval);
    }
    let may_not = Refusal::MayNot { command: "approve".into(), role: Role::Maintain, own: false };
    assert_eq!(world.refusal(1), Some(&may_not));
    world.says(1, 13, DORA, reject());
    assert!(matches!(world.last(1).ending, Some(Ending::Rejected { .. })));
    assert!(world.has_effect(&format!("outcome:{}", world.id(1))));
}

#[test]
fn an_approval_written_before_the_wish_is_none() {
    let mut world = carl_waits("desktop");
    world.says(1, 9, DORA, approve());
    assert_eq!((world.status(1), world.refusal(1)), (Status::AwaitingApproval, Some(&Refusal::ChangedSince)));
}

#[test]
fn an_edit_asks_for_approval_anew() {
    let mut world = World::new();
    world.writes(1, CARL, "tag v1", build("desktop", "v1"));
    let early = world.comment(1, 10, DORA, vec![approve()]);
    world.pass(1);
    world.writes(1, CARL, "tag v2", build("desktop", "v2"));
    // Written before the edit, delivered after it.
    world.hears(early);
    assert_eq!((world.status(1), world.refusal(1)), (Status::AwaitingApproval, Some(&Refusal::ChangedSince)));
    // What it asked for before is over, and nobody is told of that.
    let replaced = world.history.values().next().expect("the first build");
    assert_eq!(replaced.ending, Some(Ending::Replaced));
    // Back to the first text: it is asked for once more.
    world.pass(1);
    world.writes(1, CARL, "tag v1", build("desktop", "v1"));
    assert_eq!(world.last(1).inputs["tag"], "v1");
    world.pass(1);
    world.says(1, 11, DORA, approve());
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn an_edit_voids_the_approval_of_what_has_not_begun() {
    let mut world = super::anna_runs();
    world.writes(2, CARL, "tag v1", build("desktop", "v1"));
    world.pass(1);
    world.says(2, 20, DORA, approve());
    assert_eq!(world.status(2), Status::Queued);
    world.writes(2, CARL, "tag 1", wrong("desktop"));
    assert_eq!(world.status(2), Status::Invalid, "also an edit that is a mistake");
    world.writes(2, CARL, "tag v2", build("desktop", "v2"));
    world.pass(1);
    world.says(2, 21, DORA, approve());
    world.pass(1);
    world.writes(2, CARL, "tag v3", build("desktop", "v3"));
    let voided = world.last(2).approval.as_ref().and_then(|approval| approval.voided);
    assert_eq!((world.status(2), voided), (Status::AwaitingApproval, Some(Voided::Answers)));
    world.completes(900, "success");
    assert_eq!(world.status(2), Status::AwaitingApproval, "the free slot is not its");
}

#[test]
fn an_older_text_that_comes_later_changes_nothing() {
    let mut world = World::new();
    let first = world.text(1, CARL, "tag v1", build("desktop", "v1"));
    world.pass(1);
    world.writes(1, CARL, "tag v2", build("desktop", "v2"));
    world.hears(first);
    assert_eq!(world.last(1).inputs["tag"], "v2");
    assert!(world.history.is_empty());
}

#[test]
fn nobody_approved_in_time() {
    let mut world = carl_waits("desktop");
    world.pass(2 * 24 * 60);
    world.changes_access(Access::Suspended);
    world.calm();
    world.pass(30 * 24 * 60);
    world.happens(Event::Look);
    world.changes_access(Access::Active);
    world.calm();
    world.happens(Event::Look);
    assert_eq!(
        world.status(1),
        Status::AwaitingApproval,
        "the time while the App was suspended does not count"
    );
    world.pass(24 * 60 + 1);
    world.happens(Event::Look);
    assert_eq!(world.status(1), Status::ApprovalExpired);
    world.says(1, 11, CARL, retry());
    assert_eq!(world.status(1), Status::AwaitingApproval);
}

#[test]
fn an_approval_is_for_one_result() {
    let mut world = carl_runs("desktop");
    world.completes(900, "failure");
    world.says(1, 12, CARL, retry());
    assert_eq!(world.status(1), Status::Starting, "nothing has changed since");
    world.answered(1, 901);
    world.completes(901, "success");
    world.says(1, 13, CARL, retry());
    assert_eq!(world.status(1), Status::AwaitingApproval);
}

#[test]
fn what_was_born_cancelled_still_needs_approval() {
    let mut world = World::new();
    world.says_cancel(1, 11, CARL);
    world.says(1, 10, CARL, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Cancelled);
    world.says(1, 12, CARL, retry());
    assert_eq!(world.status(1), Status::AwaitingApproval);
}

#[test]
fn the_branch_moves_before_the_approval() {
    let mut world = carl_waits("traced");
    world.push();
    world.says(1, 11, DORA, approve());
    assert_eq!(world.refusal(1), Some(&Refusal::CommitChanged));
    let asked_for = world.last(1).approval.as_ref().and_then(|approval| approval.commit.clone());
    assert_eq!(asked_for.as_ref(), Some(&world.head));
    world.pass(1);
    world.says(1, 12, DORA, approve());
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn the_branch_moves_before_the_dispatch() {
    let mut world = carl_waits("traced");
    world.says(1, 11, DORA, approve());
    world.dispatch_says(1, DispatchAnswer::Moved { commit: "another".into() });
    let approval = world.last(1).approval.clone().expect("one");
    assert_eq!((world.status(1), approval.voided), (Status::AwaitingApproval, Some(Voided::Commit)));
    assert!(world.leases.is_empty() && approval.granted.is_none());
}

#[test]
fn the_branch_moves_in_the_middle_of_the_dispatch() {
    let mut world = carl_runs("traced");
    world.happens(Event::Run(report(900, Phase::InProgress, None)));
    assert_eq!(world.last(1).ending, Some(Ending::OtherCommit));
    assert!(world.has_effect(&format!("cancel:{}:ask", world.id(1))));
    // Even if it was faster than the cancel: what it made was not approved.
    world.completes(900, "success");
    assert_eq!(
        (world.status(1), world.last(1).ending.clone()),
        (Status::Cancelled, Some(Ending::OtherCommit))
    );
    world.says(1, 12, CARL, retry());
    assert_eq!(world.status(1), Status::Starting, "the branch is where it was approved");
}
