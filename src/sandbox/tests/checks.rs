use serde_json::{Value, json};

use super::desk::Desk;

const CHECKS: &str = "/repos/ann/app/check-runs";

fn annotation(line: u64) -> Value {
    json!({ "path": ".github/trilock.yml", "start_line": line, "end_line": line, "start_column": 3, "end_column": 9,
            "annotation_level": "failure", "message": "no such key", "title": "Unknown key" })
}

fn said(head: &str) -> Value {
    json!({ "name": "Trilock", "head_sha": head, "status": "completed", "conclusion": "failure", "external_id": "7",
            "output": { "title": "1 error", "summary": "Line 3", "annotations": [annotation(3)] } })
}

#[tokio::test]
async fn a_check_run_is_kept_with_all_that_was_sent() {
    let desk = Desk::new(|_| {}).await;
    let head = desk.sandbox.world().head("ann/app").unwrap();
    let made = desk.post(CHECKS, said(&head)).await;
    assert_eq!((made.status, &made.body["output"]["annotations_count"]), (201, &json!(1)));
    let checks = desk.sandbox.world().checks("ann/app");
    let output = checks[0].output.as_ref().unwrap();
    assert_eq!((checks[0].head_sha.as_str(), checks[0].external_id.as_deref()), (head.as_str(), Some("7")));
    assert_eq!(checks[0].conclusion.as_deref(), Some("failure"));
    assert_eq!((output.title.as_str(), output.summary.as_str()), ("1 error", "Line 3"));
    assert_eq!(serde_json::to_value(&output.annotations[0]).unwrap(), annotation(3));

    let one = format!("{CHECKS}/{}", made.body["id"]);
    let more =
        json!({ "conclusion": "neutral", "output": { "summary": "Lines", "annotations": [annotation(4)] } });
    assert_eq!(desk.call("PATCH", &one, more).await.unwrap().status, 200);
    let shown = desk.get(&one).await.body;
    assert_eq!((&shown["name"], &shown["conclusion"]), (&json!("Trilock"), &json!("neutral")));
    assert_eq!(shown["output"]["annotations_count"], 2, "an update adds to them");
    assert_eq!(shown["output"]["title"], "1 error");
    assert_eq!(desk.get(&format!("{CHECKS}/1")).await.status, 404);
}

#[tokio::test]
async fn what_github_would_not_take_of_a_check_run_is_refused() {
    let desk = Desk::new(|_| {}).await;
    let head = desk.sandbox.world().head("ann/app").unwrap();
    let with = |pointer: &str, value: Value| {
        let mut body = said(&head);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, why) in [
        (with("/head_sha", json!("0".repeat(40))), "No commit found for SHA"),
        (with("/conclusion", Value::Null), "needs a conclusion"),
        (with("/output/summary", json!("x".repeat(65_536))), "65535 characters"),
        (with("/output/annotations", vec![annotation(1); 51].into()), "50 annotations"),
        (with("/output/annotations/0/end_line", json!(4)), "more than one line"),
        (with("/output/annotations/0/start_line", json!(0)), "no such lines"),
        (with("/output/annotations/0/end_column", json!(1)), "no such columns"),
    ] {
        let refused = desk.post(CHECKS, body).await;
        let message = refused.body["message"].as_str().unwrap();
        assert!(refused.status == 422 && message.contains(why), "{message}");
    }
    assert_eq!(desk.sandbox.world().checks("ann/app"), []);
}

#[tokio::test]
async fn check_runs_need_their_own_permission() {
    let desk = Desk::new(|_| {}).await;
    let head = desk.sandbox.world().head("ann/app").unwrap();
    assert_eq!(desk.post(CHECKS, said(&head)).await.status, 201);
    for level in [Some("read"), None] {
        desk.sandbox.world().set_permission("ann", "checks", level).unwrap();
        let refused = desk.post(CHECKS, said(&head)).await;
        assert_eq!(refused.status, 403);
        assert_eq!(refused.body["message"], "Resource not accessible by integration");
    }
}

#[tokio::test]
async fn a_commit_stays_known_when_its_branch_has_moved() {
    let desk = Desk::new(|_| {}).await;
    let old = desk.sandbox.world().head("ann/app").unwrap();
    desk.sandbox.world().force_push("ann/app", "main").unwrap();
    assert_eq!(desk.post(CHECKS, said(&old)).await.status, 201);
    let file = format!("/repos/ann/app/contents/.github/workflows/build.yml?ref={old}");
    assert_eq!(desk.get(&file).await.status, 200);
}
