use std::time::Duration;

use chrono::TimeDelta;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::desk::{DISPATCH, Desk, names, received};

#[tokio::test]
async fn tokens_are_made_for_a_valid_jwt_and_end_after_an_hour() {
    let desk = Desk::new(|_| {}).await;
    desk.sandbox.world().add_repo("ann/other", false).unwrap();
    for (issuer, life) in [(json!(2), 9), (json!(1), 30), (json!(1), -2)] {
        let bearer = format!("Bearer {}", desk.jwt(issuer, TimeDelta::minutes(life)));
        let refused = desk.ask("GET", "/app", &[("authorization", &bearer)], Value::Null).await.unwrap();
        assert_eq!(refused.status, 401);
    }
    assert_eq!(desk.as_app("GET", "/app", Value::Null).await.body["slug"], "trilock");
    assert_eq!(desk.get("/app").await.status, 401);

    let app = desk.get("/repos/ann/app").await;
    assert_eq!((app.status, app.header("x-ratelimit-limit")), (200, "15000"));
    let narrow = json!({ "repositories": ["app"], "permissions": { "actions": "read" } });
    let narrow = format!("token {}", desk.new_token(narrow).await);
    let with = async |method, path, body| {
        desk.ask(method, path, &[("authorization", &narrow)], body).await.unwrap().status
    };
    assert_eq!(with("GET", "/repos/ann/app/actions/runs", Value::Null).await, 200);
    assert_eq!(with("POST", DISPATCH, json!({ "ref": "main" })).await, 403);
    assert_eq!(with("GET", "/repos/ann/other", Value::Null).await, 404);

    desk.clock.advance(Duration::from_secs(3600));
    let late = desk.get("/repos/ann/app").await;
    assert_eq!((late.status, &late.body["message"]), (401, &json!("Bad credentials")));
}

#[tokio::test]
async fn octocrab_signs_in_as_the_app() {
    let desk = Desk::new(|_| {}).await;
    let key = EncodingKey::from_rsa_pem(desk.sandbox.private_key_pem().as_bytes()).unwrap();
    let builder = octocrab::Octocrab::builder().base_uri(desk.sandbox.base_url()).unwrap();
    let app = builder.app(octocrab::models::AppId(1), key).build().unwrap();
    let all: Vec<Value> = app.get("/app/installations", None::<&()>).await.unwrap();
    let installed = app.installation(all[0]["id"].as_u64().unwrap().into()).unwrap();
    let repo: Value = installed.get("/repos/ann/app", None::<&()>).await.unwrap();
    assert_eq!(repo["full_name"], "ann/app");
}

#[tokio::test]
async fn an_installation_tells_its_repositories() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    desk.sandbox.world().add_repo("ann/other", true).unwrap();
    desk.sandbox.world().uninstall("ann").unwrap();
    desk.sandbox.world().install_app("ann").unwrap();
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(
        names(&told),
        ["installation_repositories added", "installation deleted", "installation created"]
    );
    let payload = |at: usize| serde_json::from_slice::<Value>(&told[at].1).unwrap();
    let id = payload(0)["repositories_added"][0]["id"].clone();
    let other = json!({ "id": id, "node_id": format!("R_{id}"), "name": "other", "full_name": "ann/other",
                        "private": true });
    assert_eq!(payload(0)["repositories_added"], json!([other]));
    let all = payload(2)["repositories"].clone();
    assert_eq!((all.as_array().map(Vec::len), &all[1]), (Some(2), &other));
    assert_eq!(payload(2)["installation"]["permissions"]["checks"], "write");
}
