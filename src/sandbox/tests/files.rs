use serde_json::{Value, json};

use super::{super::Role, desk::Desk};

#[tokio::test]
async fn contents_have_etags_and_roles_their_two_names() {
    let desk = Desk::new(|_| {}).await;
    let file = "/repos/ann/app/contents/.github/workflows/build.yml";
    let got = desk.get(file).await;
    assert!(got.body["content"].as_str().unwrap().lines().count() > 1);
    let token = format!("token {}", desk.token);
    let known = [("authorization", token.as_str()), ("if-none-match", got.header("etag"))];
    assert_eq!(desk.ask("GET", file, &known, Value::Null).await.unwrap().status, 304);
    desk.sandbox.world().put_file("ann/app", ".github/workflows/build.yml", "name: Other").unwrap();
    assert_eq!(desk.ask("GET", file, &known, Value::Null).await.unwrap().status, 200);
    assert_eq!(desk.get("/repos/ann/app/contents/.github").await.body[0]["type"], "dir");
    assert_eq!(desk.get(&format!("{file}?ref=nowhere")).await.status, 404);

    desk.sandbox.world().set_role("ann/app", "mia", Role::Maintain).unwrap();
    desk.sandbox.world().add_user("zoe");
    for (login, permission, role) in [("mia", "write", "maintain"), ("zoe", "read", "read")] {
        let got = desk.get(&format!("/repos/ann/app/collaborators/{login}/permission")).await.body;
        assert_eq!((&got["permission"], &got["role_name"]), (&json!(permission), &json!(role)));
    }
}
