use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::desk::{Desk, names, received};

#[tokio::test]
async fn comments_and_reactions_of_the_app_are_kept_and_told() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let number = desk.sandbox.world().open_issue("ann/app", "bob", "Build", "v1", &["build"]).unwrap();
    let asked = desk.sandbox.world().comment("ann/app", number, "bob", "/build").unwrap();
    let made = desk.post("/repos/ann/app/issues/1/comments", json!({ "body": "queued" })).await;
    assert_eq!((made.status, made.body["user"]["type"].as_str()), (201, Some("Bot")));
    let path = format!("/repos/ann/app/issues/comments/{}", made.body["id"]);
    desk.call("PATCH", &path, json!({ "body": "running" })).await.unwrap();
    let eyes = format!("/repos/ann/app/issues/comments/{asked}/reactions");
    assert_eq!(desk.post(&eyes, json!({ "content": "eyes" })).await.status, 201);
    assert_eq!(desk.post(&eyes, json!({ "content": "eyes" })).await.status, 200);

    let comments = desk.sandbox.world().comments("ann/app", number);
    assert_eq!((comments[1].body.as_str(), &comments[1].edits), ("running", &vec!["queued".to_owned()]));
    assert_eq!(comments[0].reactions[0].content, "eyes");
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(
        names(&told),
        [
            "issues opened",
            "issues labeled",
            "issue_comment created",
            "issue_comment created",
            "issue_comment edited",
        ]
    );
    let edited: Value = serde_json::from_slice(&told[4].1).unwrap();
    assert_eq!(edited["changes"]["body"]["from"], "queued");
    assert_eq!(edited["sender"]["login"], "trilock[bot]");
    assert_eq!(desk.call("DELETE", &path, Value::Null).await.unwrap().status, 204);
    assert_eq!(desk.get("/repos/ann/app/issues/1/comments").await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn payloads_bear_times_and_whatever_happens_to_an_issue_moves_its_own() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let number = desk.sandbox.world().open_issue("ann/app", "bob", "Build", "v1", &[]).unwrap();
    desk.clock.advance(Duration::from_secs(60));
    desk.sandbox.world().edit_issue("ann/app", number, "bob", None, Some("v2")).unwrap();
    desk.clock.advance(Duration::from_secs(60));
    desk.sandbox.world().label_issue("ann/app", number, "bob", "build").unwrap();
    desk.clock.advance(Duration::from_secs(60));
    desk.sandbox.world().comment("ann/app", number, "bob", "/build").unwrap();
    desk.sandbox.settled().await;

    let told = received(&mut hooks);
    let payloads: Vec<Value> = told.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    let time = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let opened = time(&payloads[0]["issue"]["created_at"]);
    for (at, payload) in payloads.iter().enumerate() {
        let issue = &payload["issue"];
        assert_eq!(time(&issue["created_at"]), opened);
        let minutes = (time(&issue["updated_at"]) - opened).num_minutes();
        assert_eq!(minutes, at as i64, "{payload}");
        assert_eq!(time(&issue["updated_at"]).timestamp_subsec_nanos(), 0);
    }
    let comment = &payloads[3]["comment"];
    assert_eq!(
        (&comment["created_at"], &comment["updated_at"]),
        (&payloads[3]["issue"]["updated_at"], &payloads[3]["issue"]["updated_at"],)
    );
}

#[tokio::test]
async fn of_a_pull_request_only_comments_are_heard() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let number = desk.sandbox.world().open_pull_request("ann/app", "bob", "Fix", "see title").unwrap();
    desk.sandbox.world().label_issue("ann/app", number, "bob", "build").unwrap();
    desk.sandbox.world().comment("ann/app", number, "bob", "/build").unwrap();
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(names(&told), ["issue_comment created"]);
    let payload: Value = serde_json::from_slice(&told[0].1).unwrap();
    let page = format!("{}/ann/app/pull/{number}", desk.sandbox.base_url());
    assert_eq!(payload["issue"]["pull_request"]["html_url"], page);
    let shown = desk.get(&format!("/repos/ann/app/issues/{number}")).await.body;
    assert_eq!((&shown["html_url"], shown["pull_request"].is_object()), (&json!(page), true));
    assert_eq!(desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &[]).unwrap(), number + 1);
}
