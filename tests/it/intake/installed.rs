//! Deliveries that list the repositories that the App now reaches.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Door, SECRET, comment};
use crate::harness::fresh_database;

fn installed(list: &str, action: &str, repositories: Value) -> String {
    json!({
        "action": action,
        "installation": { "id": 5, "account": { "id": 7, "login": "octo" }, "updated_at": 1_795_183_080 },
        list: repositories,
    })
    .to_string()
}

#[tokio::test]
async fn the_files_of_new_repositories_are_read_once_per_delivery() {
    let door = Door::open().await;
    let list = json!([
        { "id": 42, "name": "app", "full_name": "octo/app", "private": false },
        { "id": 43, "name": "site", "full_name": "octo/site", "private": true },
    ]);
    let body = installed("repositories", "created", list.clone());
    for said in ["accepted\n", "already accepted\n"] {
        let answer = door.post("one", "installation", body.clone()).await;
        assert_eq!(answer, (StatusCode::ACCEPTED, said.into()));
        // Without a reaction: nobody said anything.
        assert_eq!(door.rows().await, (1, 2, 0));
    }
    let waiting = "SELECT count(*) FROM inbox JOIN lane USING (tenant_id, repo_id) JOIN repository USING (tenant_id, repo_id)
        WHERE tenant_id = 7 AND state = 'unprepared' AND event->>'event' = 'files_changed'
          AND installation_id = 5 AND access = 'active' AND private = (repo_id = 43)";
    assert_eq!(door.count(waiting).await, 2);

    // A crash before the delivery was accepted: the redelivery adds nothing to what waits.
    sqlx::query("DELETE FROM delivery").execute(&door.sql).await.unwrap();
    door.post("one", "installation", body).await;
    assert_eq!(door.rows().await, (1, 2, 0));

    door.post("two", "installation_repositories", installed("repositories_added", "added", list.clone()))
        .await;
    assert_eq!(door.rows().await, (2, 4, 0));
    assert_eq!(door.count("SELECT count(*) FROM repository").await, 2);

    let gone = installed("repositories", "deleted", list.clone());
    door.post("three", "installation", gone).await;
    let (_, events, _) = door.rows().await;
    door.post("four", "installation_repositories", installed("repositories_added", "added", list)).await;
    assert_eq!(door.rows().await.1, events, "a late word of an installation that is gone");
}

#[tokio::test]
async fn repositories_of_owners_that_are_not_allowed_are_not_noted() {
    let door = Door::with(fresh_database().await, SECRET, &["somebody"]).await;
    let list = json!([{ "id": 42, "name": "app", "full_name": "octo/app", "private": false }]);
    door.post("one", "installation", installed("repositories", "created", list)).await;
    assert_eq!(door.rows().await, (1, 0, 0));
    assert_eq!(door.count("SELECT count(*) FROM repository").await, 0);
}

#[tokio::test]
async fn a_new_repository_of_an_account_is_no_other_ones_any_more() {
    let door = Door::open().await;
    door.post("one", "issue_comment", comment("/build").to_string()).await;
    let list = json!([{ "id": 42, "name": "app", "full_name": "solo/app", "private": false }]);
    let body = installed("repositories_added", "added", list).replace("\"id\":7", "\"id\":9");
    door.post("two", "installation_repositories", body).await;
    let of = "SELECT string_agg(tenant_id || ' ' || access, ', ' ORDER BY tenant_id) FROM repository";
    let rows: String = sqlx::query_scalar(of).fetch_one(&door.sql).await.unwrap();
    assert_eq!(rows, "7 transferred, 9 active");
}
