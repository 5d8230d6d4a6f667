use chrono::DateTime;
use serde_json::{Value, json};

use super::{Visitor, locks::Locks};
use crate::store::{LeaseView, LockView};

fn lease(resource: &str, slot: i32, state: &str) -> LeaseView {
    let at = DateTime::UNIX_EPOCH;
    let lease = json!({
        "tenant_id": 7, "resource": resource, "slot": slot, "token": 9, "repo_id": 42,
        "build_id": uuid::Uuid::nil(), "kind": "dispatch", "state": state,
        "granted_at": at, "heartbeat_at": at, "expires_at": at,
    });
    let view = json!({
        "lease": lease, "repository": "octo/app", "issue": 3, "build_type": "desktop", "status": "lost", "run_url": null,
    });
    serde_json::from_value(view).unwrap()
}

fn lock(class: i16, name: &str) -> LockView {
    LockView {
        tenant_id: 7,
        class,
        key: format!("42/{name}"),
        version: 5,
        counter: 9,
        holder: Some("apply 1234".into()),
        taken_at: None,
    }
}

fn seen(locks: Vec<LockView>, leases: &[LeaseView], visitor: Visitor) -> Value {
    json!(Locks::new(None, locks, leases, "https://github.com/octo/app", visitor))
}

#[test]
fn slots_above_the_capacity_are_shown_until_they_drain() {
    let leases = [lease("42/queue/default", 1, "held"), lease("42/gpu:0", 0, "quarantined")];
    let build = seen(vec![lock(3, "queue/default")], &leases, Visitor::Anybody)["build"].clone();
    let slots = |at: usize| -> Vec<(&str, &str)> {
        let resource = &build[at];
        let states = resource["slots"].as_array().unwrap().iter().map(|slot| slot["state"].as_str().unwrap());
        states.map(|state| (resource["name"].as_str().unwrap(), state)).collect()
    };
    assert_eq!(slots(0), [("queue/default", "free"), ("queue/default", "held")]);
    assert_eq!(slots(1), [("gpu:0", "quarantined")]);
    assert_eq!((&build[0]["token"], &build[1]["slots"][0]["token"]), (&json!(9), &json!(9)));
    assert_eq!(build[1]["slots"][0]["issue_url"], "https://github.com/octo/app/issues/3");
}

#[test]
fn only_operators_see_the_process_that_took_a_lock() {
    for (visitor, holder) in [(Visitor::Anybody, "apply"), (Visitor::Operator, "apply 1234")] {
        let locks = seen(vec![lock(1, "3"), lock(2, "default")], &[], visitor);
        assert_eq!(
            (&locks["issue"][0]["holder"], &locks["queue"][0]["holder"]),
            (&json!(holder), &json!(holder))
        );
        assert_eq!(
            (&locks["issue"][0]["name"], &locks["queue"][0]["name"]),
            (&json!("3"), &json!("default"))
        );
    }
}
