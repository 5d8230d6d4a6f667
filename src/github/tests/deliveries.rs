//! The list of webhook deliveries: its cursor, and what is read of an entry.

use http::Method;
use serde_json::{Value, json};

use super::{
    super::GitHubError,
    server::{client, reply, reply_with, serve, start},
};

fn entry(id: u64, status: i32) -> Value {
    json!({
        "id": id, "guid": format!("guid-{id}"), "delivered_at": start(), "redelivery": false, "duration": 0.03,
        "status": "OK", "status_code": status, "event": "issues", "action": "opened", "installation_id": 7,
        "repository_id": null, "throttled_at": null, "something_new": { "GitHub": "adds" },
    })
}

#[tokio::test]
async fn the_cursor_is_taken_from_the_link_and_decoded() {
    let server = serve(|seen| {
        let next =
            "<https://elsewhere.invalid/app/hook/deliveries?per_page=100&cursor=v1_12%3D>; rel=\"next\"";
        match seen.uri.contains("cursor") {
            false => reply_with(200, &[("link", next)], json!([entry(12, 200), entry(11, 502)])),
            true => reply(200, json!([entry(10, 0)])),
        }
    })
    .await;
    let github = client(&format!("{}/api/v3", server.url));
    let first = github.hook_deliveries(None).await.unwrap();
    assert_eq!(
        first.deliveries.iter().map(|one| (one.id, one.succeeded())).collect::<Vec<_>>(),
        [(12, true), (11, false)]
    );
    let last = github.hook_deliveries(first.next.as_deref()).await.unwrap();
    assert_eq!((last.deliveries.len(), last.next), (1, None));
    let uris: Vec<_> = server.all().into_iter().map(|seen| seen.uri).collect();
    let list = "/api/v3/app/hook/deliveries?per_page=100";
    assert_eq!(uris, [list.to_owned(), format!("{list}&cursor=v1_12%3D")]);
}

#[tokio::test]
async fn a_redelivery_is_asked_for_by_number() {
    let server = serve(|seen| match seen.uri.as_str() {
        "/app/hook/deliveries/9007199254740993/attempts" => reply(202, json!({})),
        _ => reply(404, json!({ "message": "Not Found" })),
    })
    .await;
    let github = client(&server.url);
    github.redeliver(9_007_199_254_740_993).await.unwrap();
    assert_eq!(github.redeliver(1).await, Err(GitHubError::NotFound));
    assert_eq!(server.all()[0].method, Method::POST);
}
