//! Listings over several pages, base addresses with a path, redirects: authorization and headers go along, but only
//! to GitHub.

use http::Method;
use serde_json::{Value, json};

use super::{
    super::GitHubError,
    server::{Seen, client, reply, reply_with, repo, serve, start},
};

fn comment(id: u64) -> Value {
    let time = start();
    json!({
        "id": id, "body": null, "user": null, "html_url": "https://github.test/1",
        "created_at": time, "updated_at": time, "something_new": { "GitHub": "adds" },
    })
}

fn assert_headers(seen: &Seen) {
    for (name, _) in &seen.headers {
        assert_eq!(seen.headers.get_all(name).iter().count(), 1, "{name}: {seen:?}");
    }
    assert_eq!(seen.header("user-agent"), concat!("trilock/", env!("CARGO_PKG_VERSION")), "{seen:?}");
    assert_eq!(seen.header("accept"), "application/vnd.github+json", "{seen:?}");
    assert_eq!(seen.header("x-github-api-version"), "2022-11-28", "{seen:?}");
    assert!(seen.header("authorization").starts_with("Bearer "), "{seen:?}");
    assert_eq!(seen.header("content-length").is_empty(), seen.method == Method::GET, "{seen:?}");
}

#[tokio::test]
async fn every_page_goes_to_our_base_with_authorization_and_headers() {
    let server = serve(|seen| {
        let next = "<https://elsewhere.invalid/repositories/1/issues/1/comments?page=2>; rel=\"next\"";
        match seen.uri.contains("page=3") {
            false => reply_with(200, &[("link", next)], json!([comment(1)])),
            true => reply_with(200, &[("link", "<https://x.invalid>; rel=\"first\"")], json!([comment(3)])),
        }
    })
    .await;
    let github = client(&format!("{}/api/v3/", server.url));
    let comments = github.list_comments(&repo(), 1, Some(start())).await.unwrap();

    assert_eq!(comments.iter().map(|comment| comment.id).collect::<Vec<_>>(), [1, 1, 3]);
    let seen = server.all();
    seen.iter().for_each(assert_headers);
    let uris: Vec<_> = seen.iter().map(|seen| seen.uri.as_str()).collect();
    let page = "/api/v3/repos/octo/tools/issues/1/comments?since=2026-03-01T12%3A00%3A00Z&per_page=100&page=";
    let pages = [1, 2, 3].map(|number| format!("{page}{number}"));
    assert_eq!(uris[0], "/api/v3/app/installations/7/access_tokens");
    assert_eq!(uris[1..], pages);
}

#[tokio::test]
async fn every_call_has_each_header_once() {
    let server =
        serve(|_| reply(200, json!({ "id": 1, "html_url": "", "slug": "trilock", "sha": "c0ffee" }))).await;
    let github = client(&server.url);
    github.app().await.unwrap();
    github.commit_sha(&repo(), "main").await.unwrap();
    github.create_comment(&repo(), 1, "x").await.unwrap();
    github.update_comment(&repo(), 1, "x").await.unwrap();
    github.delete_comment(&repo(), 1).await.unwrap();
    github.cancel(&repo(), 1).await.unwrap();
    assert_eq!(server.all().len(), 7, "the token is one of them");
    server.all().iter().for_each(assert_headers);
}

#[tokio::test]
async fn a_listing_without_end_is_cut() {
    let server =
        serve(|_| reply_with(200, &[("link", "<https://x.invalid>; rel=\"next\"")], json!([comment(1)])))
            .await;
    assert_eq!(client(&server.url).list_comments(&repo(), 1, None).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_renamed_repository_is_followed_on_the_same_host() {
    let server = serve(|seen| match (seen.method.clone(), seen.uri.as_str()) {
        (_, "/repositories/1/next") => reply(200, json!({ "sha": "c0ffee", "id": 1, "html_url": "" })),
        (Method::GET, _) => reply_with(301, &[("location", "/repositories/1/next")], Value::Null),
        (_, uri) if uri.contains("/comments") => {
            reply_with(307, &[("location", "/repositories/1/next")], Value::Null)
        }
        _ => reply_with(301, &[("location", "/repositories/1/next")], Value::Null),
    })
    .await;
    let github = client(&server.url);
    assert_eq!(github.commit_sha(&repo(), "main").await.unwrap(), "c0ffee");
    github.create_comment(&repo(), 1, "hello").await.unwrap();
    let seen = server.all();
    seen.iter().for_each(assert_headers);
    assert_eq!(seen.last().unwrap().body, json!({ "body": "hello" }));

    // A 301 does not say that the write belongs elsewhere as it is.
    let cancelled = github.cancel(&repo(), 1).await;
    let message = "it has moved to /repositories/1/next".to_owned();
    assert_eq!(cancelled, Err(GitHubError::Refused { status: 301, message }));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let elsewhere = serve(|_| reply(200, json!({ "sha": "bad" }))).await;
    let target = elsewhere.url.clone();
    let server = serve(move |_| reply_with(302, &[("location", target.as_str())], Value::Null)).await;
    let answer = client(&server.url).commit_sha(&repo(), "main").await;
    assert!(matches!(answer, Err(GitHubError::Refused { status: 302, .. })), "{answer:?}");
    assert!(elsewhere.all().is_empty());
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let server = serve(|seen| reply_with(301, &[("location", seen.uri.as_str())], Value::Null)).await;
    let answer = client(&server.url).commit_sha(&repo(), "main").await;
    assert!(matches!(answer, Err(GitHubError::Refused { status: 301, .. })), "{answer:?}");
}
