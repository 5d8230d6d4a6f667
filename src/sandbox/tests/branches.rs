use serde_json::{Value, json};

use super::desk::{DISPATCH, Desk, names, received};

#[tokio::test]
async fn every_push_moves_its_branch_and_says_where_to() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let head = || desk.sandbox.world().head("ann/app").unwrap();
    let mut heads = vec![head()];
    for text in ["version: 1", "version: 2"] {
        desk.sandbox.world().put_file("ann/app", ".github/trilock.yml", text).unwrap();
        heads.push(head());
    }
    desk.sandbox.world().delete_file("ann/app", ".github/trilock.yml").unwrap();
    heads.push(head());
    heads.push(desk.sandbox.world().force_push("ann/app", "main").unwrap());
    assert_eq!(heads.last(), Some(&head()));
    let topic = desk.sandbox.world().set_ref("ann/app", "heads/topic").unwrap();
    let pushed = desk.sandbox.world().force_push("ann/app", "topic").unwrap();
    assert!(desk.sandbox.world().force_push("ann/app", "nowhere").is_err());
    desk.sandbox.settled().await;

    let told = received(&mut hooks);
    assert_eq!(names(&told), ["push"; 5]);
    let told: Vec<Value> = told.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    for (at, push) in told[..4].iter().enumerate() {
        assert_eq!((&push["before"], &push["after"]), (&json!(heads[at]), &json!(heads[at + 1])));
        assert_eq!((&push["ref"], &push["forced"]), (&json!("refs/heads/main"), &json!(at == 3)));
        assert_eq!(push["head_commit"]["id"], push["after"]);
    }
    for (push, kind) in told.iter().zip(["added", "modified", "removed"]) {
        assert_eq!(push["commits"][0][kind], json!([".github/trilock.yml"]));
    }
    assert_eq!(told[3]["commits"][0]["modified"], json!([]));
    assert_eq!((&told[4]["before"], &told[4]["after"]), (&json!(topic), &json!(pushed)));
    assert_eq!(told[4]["ref"], "refs/heads/topic");
}

#[tokio::test]
async fn a_branch_can_move_between_a_dispatch_and_its_run() {
    let desk = Desk::new(|_| {}).await;
    assert!(desk.sandbox.world().move_on_dispatch("ann/app", "nowhere").is_err());
    desk.sandbox.world().move_on_dispatch("ann/app", "main").unwrap();
    let seen = async || desk.get("/repos/ann/app/commits/main").await.body["sha"].clone();
    let dispatch = async |tag: Option<&str>| {
        let body = json!({ "ref": "main", "inputs": { "tag": tag }, "return_run_details": true });
        desk.post(DISPATCH, body).await
    };
    let ran = |id: &Value| json!(desk.sandbox.world().run(id.as_u64().unwrap()).unwrap().sha.clone());

    let before = seen().await;
    let refused = json!({ "ref": "main", "inputs": { "nonsense": "1" } });
    assert_eq!(desk.post(DISPATCH, refused).await.status, 422);
    assert_eq!(seen().await, before, "nothing was dispatched");
    let made = dispatch(Some("v1")).await;
    let after = seen().await;
    assert_ne!(before, after);
    assert_eq!(ran(&made.body["workflow_run_id"]), after);

    let made = dispatch(Some("v2")).await;
    assert_eq!((seen().await, ran(&made.body["workflow_run_id"])), (after.clone(), after), "once only");
}
