//! What happened to the App and its repositories while GitHub told nobody.

use trilock::sandbox::{HookFault, HookTrouble};

use super::{WHILE, restart};
use crate::harness::{REPO, Trilock, minutes};

const REPAIRED: &str =
    "SELECT count(*) FROM audit WHERE source = 'reconcile' AND why = 'recovered a missed event'";
const ACTIVE: &str = "SELECT count(*) FROM repository WHERE access = 'active'";
const SUSPENDED: &str = "SELECT count(*) FROM repository WHERE access = 'suspended'";
const REMOVED: &str = "SELECT count(*) FROM repository WHERE access = 'removed'";
const ARCHIVED: &str = "SELECT count(*) FROM repository WHERE access = 'archived'";
const TRANSFERRED: &str = "SELECT count(*) FROM repository WHERE access = 'transferred'";

/// A server that compares, and a GitHub that tells nothing of installations and repositories.
async fn untold() -> Trilock {
    let mut t = Trilock::start().await;
    for event in ["installation", "installation_repositories", "repository"] {
        let event = Some(event.to_owned());
        let fault = HookFault { event, action: None, times: None, chance: 1.0, trouble: HookTrouble::Vanish };
        t.github.world().fault_hook(fault);
    }
    restart(&mut t).await;
    t
}

/// Lets time pass until a query's one value is as wanted: at most two intervals.
async fn within_hours(t: &Trilock, query: &'static str, wanted: i64) {
    for _ in 0..30 {
        if t.count(query).await == wanted {
            return t.calm().await;
        }
        t.pass(minutes(5)).await;
        t.github.until_within(WHILE, |_| false).await;
    }
    panic!("{query} is {}, not {wanted}", t.count(query).await);
}

/// Another build of the repository runs.
async fn goes_on(t: &Trilock) {
    let issue = t.asked("eve", "/build tag=v9.0.0").await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_and_its_end() {
    let t = untold().await;
    t.happens(|world| world.suspend("octo")).await;
    within_hours(&t, SUSPENDED, 1).await;
    t.happens(|world| world.unsuspend("octo")).await;
    within_hours(&t, ACTIVE, 1).await;
    assert_eq!(t.count(REPAIRED).await, 2);
    goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_gone_and_one_that_is_installed_again() {
    let t = untold().await;
    t.happens(|world| world.uninstall("octo")).await;
    within_hours(&t, REMOVED, 1).await;
    t.happens(|world| world.install_app("octo")).await;
    within_hours(&t, ACTIVE, 1).await;
    goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_installed_again_between_two_looks() {
    const REINSTALLED: &str =
        "SELECT count(*) FROM audit WHERE what = 'installation' AND source = 'reconcile'";
    let t = untold().await;
    t.happens(|world| world.uninstall("octo").and_then(|()| world.install_app("octo"))).await;
    within_hours(&t, REINSTALLED, 1).await;
    assert_eq!(t.count(ACTIVE).await, 1);
    goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_taken_out_and_put_back() {
    let t = untold().await;
    t.happens(|world| world.remove_repo(REPO)).await;
    within_hours(&t, REMOVED, 1).await;
    t.happens(|world| world.add_back_repo(REPO)).await;
    within_hours(&t, ACTIVE, 1).await;
    assert_eq!(t.count(REPAIRED).await, 2);
    goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_was_archived_and_opened_again() {
    let t = untold().await;
    t.happens(|world| world.set_archived(REPO, true)).await;
    within_hours(&t, ARCHIVED, 1).await;
    t.happens(|world| world.set_archived(REPO, false)).await;
    within_hours(&t, ACTIVE, 1).await;
    goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_with_another_name_branch_and_privacy() {
    const CHANGED: &str = "SELECT count(*) FROM repository
         WHERE owner = 'octo' AND name = 'tool' AND private AND default_branch = 'trunk' AND access = 'active'";
    let t = untold().await;
    t.happens(|world| world.rename_repo(REPO, "tool")).await;
    t.happens(|world| world.set_private("octo/tool", true)).await;
    t.happens(|world| world.set_default_branch("octo/tool", "trunk")).await;
    within_hours(&t, CHANGED, 1).await;
    assert_eq!(t.count(REPAIRED).await, 1);
    let issue = t.issue_in("octo/tool", "eve").await;
    t.comment("eve", issue, "/build tag=v9.0.0").await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run_in("octo/tool", 1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_has_another_owner() {
    let t = untold().await;
    t.happens(|world| world.install_app("acme")).await;
    // The account is known by another repository of it.
    t.repository("acme/other");
    t.calm().await;
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    within_hours(&t, TRANSFERRED, 1).await;
    assert_eq!(t.count(REPAIRED).await, 1);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_is_as_we_know_it_is_left_alone() {
    const COMPARED: &str = "GET /installation/repositories";
    let t = untold().await;
    for _ in 0..30 {
        if t.github.world().record().calls.get(COMPARED).is_some_and(|times| *times > 1) {
            break;
        }
        t.pass(minutes(5)).await;
        t.github.until_within(WHILE, |_| false).await;
    }
    assert!(t.github.world().record().calls[COMPARED] > 1);
    assert_eq!(t.count("SELECT count(*) FROM audit WHERE source = 'reconcile'").await, 0);
    t.end().await;
}
