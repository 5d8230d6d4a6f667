use serde_json::{Value, json};

use super::desk::Desk;

#[tokio::test]
async fn the_control_api_works_over_http() {
    let desk = Desk::new(|_| {}).await;
    let control = async |command: &str, arguments: Value| {
        desk.ask("POST", &format!("/_sandbox/{command}"), &[], arguments).await.unwrap()
    };
    let open = json!({ "repo": "ann/app", "login": "bob", "title": "Build", "request": true });
    assert_eq!(control("open_issue", open).await.body["issue"], 1);
    assert_eq!(control("record", Value::Null).await.body["asked"][0]["login"], "bob");
    let fault = json!({ "fault": { "path": "/app$", "times": 1, "trouble": { "fail_before": 500 } } });
    assert_eq!(control("fault_api", fault).await.status, 200);
    assert_eq!(desk.get("/repos/ann/app").await.status, 500);
    assert_eq!(control("settled", Value::Null).await.status, 200);
    assert_eq!(control("no_such_thing", Value::Null).await.status, 400);
    let head =
        control("force_push", json!({ "repo": "ann/app", "branch": "main" })).await.body["sha"].clone();
    assert_eq!(desk.sandbox.world().head("ann/app").unwrap(), head);
    assert_eq!(control("move_on_dispatch", json!({ "repo": "ann/app", "branch": "main" })).await.status, 200);
    assert_eq!(control("checks", json!({ "repo": "ann/app" })).await.body, json!([]));
    let pull = json!({ "repo": "ann/app", "login": "bob", "title": "Fix" });
    assert_eq!(control("open_pull_request", pull).await.body["issue"], 2);
    let foreign = [("origin", "http://localhost.example.com")];
    assert_eq!(desk.ask("POST", "/_sandbox/record", &foreign, Value::Null).await.unwrap().status, 403);
}
