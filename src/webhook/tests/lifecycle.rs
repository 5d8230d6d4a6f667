//! The shapes are those of GitHub's own examples.

use serde_json::{Value, json};

use super::{super::Lifecycle, payload, with};
use crate::{
    queue::{Access, Event, Gone},
    store::InstallationEvent,
    webhook::{Parsed, parse},
};

fn parsed(name: &str, payload: &Value) -> Parsed {
    parse(name, payload.to_string().as_bytes()).expect("a payload")
}

fn said(name: &str, payload: &Value) -> Option<Lifecycle> {
    parsed(name, payload).lifecycle
}

fn installation(action: &str, more: Value) -> Value {
    let mut payload = json!({
        "action": action,
        "installation": { "id": 5, "account": { "id": 7, "login": "octo" }, "updated_at": 1_557_933_591,
                          "suspended_at": null },
        "repositories": [{ "id": 42, "name": "app", "full_name": "octo/app", "private": false }],
    });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    payload
}

#[test]
fn installations_of_an_account() {
    let listed = || vec![42];
    let list = json!([{ "id": 42, "full_name": "octo/app" }]);
    let cases = [
        ("installation", "created", json!({}), InstallationEvent::Created { repositories: listed() }),
        ("installation", "deleted", json!({}), InstallationEvent::Deleted),
        ("installation", "suspend", json!({}), InstallationEvent::Suspended),
        ("installation", "unsuspend", json!({}), InstallationEvent::Unsuspended),
        ("installation", "new_permissions_accepted", json!({}), InstallationEvent::PermissionsAccepted),
        (
            "installation_repositories",
            "added",
            json!({ "repositories_added": list, "repositories_removed": [] }),
            InstallationEvent::Added { repositories: listed() },
        ),
        (
            "installation_repositories",
            "removed",
            json!({ "repositories_added": [], "repositories_removed": list }),
            InstallationEvent::Removed { repositories: listed() },
        ),
    ];
    for (name, action, more, what) in cases {
        let parsed = parsed(name, &installation(action, more));
        assert_eq!((parsed.tenant_id, parsed.event), (7, None));
        let Some(Lifecycle::Installation(change)) = parsed.lifecycle else { panic!("{name} {action}") };
        assert_eq!((change.tenant_id, change.installation_id, change.login.as_str()), (7, 5, "octo"));
        assert_eq!(change.what, what, "{name} {action}");
    }
    assert_eq!(said("installation", &installation("an action to come", json!({}))), None);
}

#[test]
fn the_files_of_repositories_that_are_new_to_the_app_are_to_be_read() {
    let list = json!([
        { "id": 42, "name": "app", "full_name": "octo/app", "private": false },
        { "id": 43, "name": "site" },
        { "id": 44 },
    ]);
    let added = installation("added", json!({ "repositories_added": list, "repositories_removed": [] }));
    let created = installation("created", json!({ "repositories": list }));
    for (name, payload) in [("installation", &created), ("installation_repositories", &added)] {
        let installed = parsed(name, payload).installed;
        let shown: Vec<_> = installed
            .iter()
            .map(|one| {
                (one.key.tenant_id, one.key.repo_id, one.full_name(), one.private, one.installation_id)
            })
            .collect();
        let expected = [(7, 42, "octo/app".to_owned(), false, 5), (7, 43, "octo/site".to_owned(), true, 5)];
        assert_eq!(shown, expected, "{name}: one without a name is not known well enough");
        assert!(installed.iter().all(|one| one.default_branch == "main" && one.access == Access::Active));
    }
    for (name, action) in [
        ("installation", "deleted"),
        ("installation", "unsuspend"),
        ("installation_repositories", "removed"),
        ("installation_repositories", "created"),
    ] {
        let said = json!({ "repositories_added": list, "repositories_removed": list });
        assert!(parsed(name, &installation(action, said)).installed.is_empty(), "{name} {action}");
    }
}

#[test]
fn times_of_installations_are_text_or_seconds_and_what_is_neither_is_absent() {
    let at = |updated: Value| {
        let payload = with(installation("unsuspend", json!({})), "/installation/updated_at", updated);
        let Some(Lifecycle::Installation(change)) = said("installation", &payload) else {
            panic!("unsuspend")
        };
        change.at.map(|at| at.timestamp())
    };
    assert_eq!(at(json!(1_557_933_591)), Some(1_557_933_591));
    assert_eq!(at(json!("2021-04-28T22:32:50.000-04:00")), Some(1_619_663_570));
    assert_eq!(at(json!({ "seconds": 1 })), None);
    assert_eq!(at(Value::Null), None);
}

#[test]
fn what_becomes_of_a_repository() {
    for (action, access) in
        [("archived", Access::Archived), ("unarchived", Access::Active), ("deleted", Access::Deleted)]
    {
        assert_eq!(said("repository", &payload(action)), Some(Lifecycle::Access(access)));
    }
    for kind in ["user", "organization"] {
        let changes = json!({ "owner": { "from": { kind: { "id": 3, "login": "old" } } } });
        let moved = with(payload("transferred"), "/changes", changes);
        assert_eq!(said("repository", &moved), Some(Lifecycle::Transferred { from: 3 }));
    }
    for action in ["renamed", "privatized", "publicized", "created", "an action to come"] {
        let parsed = parsed("repository", &payload(action));
        assert!(parsed.lifecycle.is_none() && parsed.event.is_none() && parsed.repository.is_some());
    }
    let archived = with(payload("opened"), "/repository/archived", true.into());
    assert_eq!(parsed("issues", &archived).repository.unwrap().access, Access::Archived);
}

#[test]
fn another_default_branch_has_another_catalogue() {
    let edited = |changes: Value| parsed("repository", &with(payload("edited"), "/changes", changes)).event;
    assert_eq!(
        edited(json!({ "default_branch": { "from": "main" } })),
        Some(Event::FilesChanged { commit: None })
    );
    assert_eq!(edited(json!({ "description": { "from": "old" } })), None);
    assert_eq!(edited(json!([])), None);
}

#[test]
fn issues_and_comments_that_are_gone() {
    for (action, why) in [("deleted", Gone::Deleted), ("transferred", Gone::Transferred)] {
        assert_eq!(parsed("issues", &payload(action)).event, Some(Event::IssueGone { issue: 3, why }));
    }
    assert_eq!(said("issues", &payload("unlocked")), Some(Lifecycle::Unlocked { issue: 3 }));
    assert_eq!(said("issues", &payload("locked")), None);
    let comment = with(payload("deleted"), "/comment", json!({ "id": 31 }));
    let deleted = Lifecycle::CommentDeleted { issue: 3, comment: 31 };
    assert_eq!(said("issue_comment", &comment), Some(deleted));
}
