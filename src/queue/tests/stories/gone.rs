use super::super::super::{Access, Ending, Event, Gone, Phase, Status, Verdict};
use super::super::people::{ANNA, BEN, build};
use super::super::world::World;
use super::{anna_runs, anna_starts, report};

/// Anna's build runs, Ben's waits.
fn two() -> World {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world
}

impl World {
    fn access_becomes(&mut self, access: Access) {
        self.changes_access(access);
        self.inbox.append(&mut self.hub.webhooks.clone());
        self.hub.webhooks.clear();
        self.drain(1);
    }

    fn ending(&self, issue: i64) -> Option<Ending> {
        self.last(issue).ending.clone()
    }
}

#[test]
fn a_gone_issue_gives_up_its_place_and_nobody_is_told() {
    let mut world = two();
    for issue in [1, 2] {
        world.happens(Event::IssueGone { issue, why: Gone::Deleted });
    }
    assert_eq!((world.status(1), world.status(2)), (Status::Running, Status::Cancelled));
    assert_eq!(world.ending(2), Some(Ending::IssueGone { why: Gone::Deleted }));
    assert!(!world.has_effect(&format!("outcome:{}", world.id(2))));
    let verdict = world.happens(Event::IssueGone { issue: 2, why: Gone::Deleted });
    assert!(matches!(verdict, Verdict::Ignored(_)));
}

#[test]
fn nothing_is_started_until_the_app_may_work_again() {
    for access in [Access::Suspended, Access::Archived, Access::Removed] {
        let mut world = two();
        world.access_becomes(access);
        world.completes(900, "success");
        assert_eq!((world.status(1), world.status(2)), (Status::Succeeded, Status::Queued));
        world.says(3, 30, ANNA, build("desktop", "v3"));
        world.access_becomes(Access::Active);
        assert_eq!((world.status(2), world.status(3)), (Status::Starting, Status::Queued), "in order");
    }
}

#[test]
fn a_deleted_repository_has_no_runs_and_no_queue() {
    let mut world = two();
    world.heads = Some(1);
    for issue in 3..=5 {
        world.says(issue, issue * 10, BEN, build("desktop", "v3"));
    }
    world.access_becomes(Access::Deleted);
    assert!(world.open.is_empty() && world.leases.is_empty(), "those that were not loaded too");
    assert_eq!((world.status(1), world.ending(1)), (Status::Lost, Some(Ending::RepositoryGone)));
    assert_eq!((world.status(5), world.ending(5)), (Status::Cancelled, Some(Ending::RepositoryGone)));
    assert!(world.told.is_empty(), "there is nobody to tell");
}

#[test]
fn a_deleted_repository_keeps_no_quarantine_and_no_dispatch() {
    let mut world = anna_starts();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.never_confirmed(1);
    world.access_becomes(Access::Deleted);
    assert!(world.leases.is_empty());
    let mut world = anna_starts();
    let dispatch = world.dispatch_row(1);
    world.access_becomes(Access::Deleted);
    assert!(!world.outbox.contains_key(&dispatch));
}

#[test]
fn a_transferred_repository_keeps_a_live_run_and_nothing_else() {
    let mut world = two();
    world.access_becomes(Access::Transferred);
    assert_eq!((world.status(1), world.status(2)), (Status::Running, Status::Cancelled));
    assert_eq!((world.ending(2), world.leases.len()), (Some(Ending::RepositoryMoved), 1));
    world.happens(Event::Run(report(900, Phase::Completed, Some("success"))));
    assert_eq!((world.status(1), world.leases.len()), (Status::Succeeded, 0));
    assert_eq!(world.told.len(), 2, "under the new owner's address");
}
