use std::fs;

use serde_json::{Value, json};

use super::desk::{DISPATCH, Desk};

#[tokio::test]
async fn what_is_not_in_the_table_is_refused_and_noted() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.json");
    let label = json!({ "oneOf": [
        { "type": "string" },
        { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
    ] });
    let body = json!({
        "type": "object",
        "properties": {
            "body": { "type": "string" },
            "labels": { "type": "array", "items": label },
            "inputs": { "type": "object", "additionalProperties": true },
            "state": { "type": "string" },
        },
        "anyOf": [
            { "properties": { "state": { "enum": ["open"] } }, "additionalProperties": true },
            { "properties": { "reason": { "type": "string" } }, "required": ["why"] },
        ],
        "required": ["body"],
    });
    let path_param =
        json!({ "name": "issue_number", "in": "path", "required": true, "schema": { "type": "integer" } });
    let query_param = json!({ "name": "page", "in": "query", "schema": { "type": "integer" } });
    let comments = "^/repos/ann/app/issues/(?P<issue_number>[^/]+)/comments$";
    let entry = |method: &str, regex: &str, params: Value, body: Value| {
        let required = !body.is_null();
        json!({ "method": method, "regex": regex, "operationId": "op", "params": params,
                "body_required": required, "body": body })
    };
    let entries = json!([
        entry("GET", "/installation$", json!([]), Value::Null),
        entry("POST", "/access_tokens$", json!([]), json!({ "type": "object" })),
        entry("GET", comments, json!([path_param, query_param]), Value::Null),
        entry("POST", comments, json!([path_param]), body),
        entry("POST", "/cancel$", json!([]), Value::Null),
    ]);
    fs::write(&table, entries.to_string()).unwrap();
    let desk = Desk::new(|o| o.api_requests = Some(table)).await;
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &[]).unwrap();
    let path = "/repos/ann/app/issues/1/comments";
    let full =
        json!({ "body": "a", "labels": ["x", { "name": "y" }], "inputs": { "any": "z" }, "why": "so" });
    assert_eq!(desk.post(path, full).await.status, 201);
    assert_eq!(desk.get(&format!("{path}?page=1")).await.status, 200);
    for (method, path, body, why) in [
        ("POST", path, json!({ "body": "a", "colour": "red" }), "\"colour\" is not one of"),
        ("POST", path, json!({ "body": "a", "labels": [{ "name": "y", "size": 1 }] }), "body/labels/0: "),
        ("POST", "/repos/ann/app/actions/runs/1/cancel", json!({ "force": true }), "takes no body"),
        ("POST", path, json!({ "body": 1 }), "is not of type"),
        ("POST", path, Value::Null, "a body is required"),
        ("GET", &format!("{path}?side=a"), Value::Null, "unknown query parameter side"),
        ("GET", &format!("{path}?page=a"), Value::Null, "parameter page"),
        ("GET", &format!("{path}?page=1&page=2"), Value::Null, "page comes twice"),
        ("GET", "/repos/ann/app/issues/one/comments", Value::Null, "parameter issue_number"),
        ("DELETE", path, Value::Null, "no such method"),
        ("GET", "/zen", Value::Null, "no such path"),
    ] {
        assert_eq!(desk.call(method, path, body).await.unwrap().status, 418);
        let noted = desk.sandbox.world().violations().last().cloned().unwrap();
        assert!(noted.contains(why), "{noted}");
    }
    assert_eq!(desk.client._get("/repos/ann/app/installation").await.unwrap().status(), 418);
    assert!(desk.sandbox.world().violations().last().unwrap().contains("0 accept headers"));
    let twice = [("authorization", desk.token.as_str()), ("user-agent", "another")];
    assert_eq!(desk.ask("GET", path, &twice, Value::Null).await.unwrap().status, 418);
    assert!(desk.sandbox.world().violations().last().unwrap().contains("2 user-agent headers"));
    assert_eq!(desk.sandbox.world().checked(), 17);
}

#[tokio::test]
#[ignore = "needs GitHub's description: TRILOCK_API_REQUESTS"]
async fn githubs_own_table_is_understood() {
    let table = std::env::var_os("TRILOCK_API_REQUESTS").expect("TRILOCK_API_REQUESTS names the table");
    let desk = Desk::new(|o| o.api_requests = Some(table.into())).await;
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" }, "return_run_details": true });
    assert_eq!(desk.post(DISPATCH, body).await.status, 200);
    assert_eq!(desk.post(DISPATCH, json!({ "ref": "main", "input": {} })).await.status, 418);
    assert_eq!(
        desk.get("/repos/ann/app/actions/runs?status=queued&created=%3E%3D2020-01-01T00:00:00Z").await.status,
        200
    );
    assert_eq!(desk.sandbox.world().violations().len(), 1);
}
