//! The App's JWT and the installations' tokens.

use std::time::Duration;

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{
    super::{GitHub, GitHubError, Repo, Settings, SettingsError},
    server::{Reply, client, public_key_der, reply, repo, serve, serve_all, settings, start},
};

#[tokio::test]
async fn the_app_signs_with_its_key_and_the_given_clock() {
    let server = serve(|_| reply(200, json!({ "slug": "trilock", "owner": null }))).await;
    client(&server.url).app().await.unwrap();

    let seen = server.calls();
    let jwt = seen[0].header("authorization").strip_prefix("Bearer ").unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    let key = DecodingKey::from_rsa_der(&public_key_der());
    let claims = jsonwebtoken::decode::<Value>(jwt, &key, &rules).unwrap().claims;
    assert_eq!(claims["iss"], "4711");
    let issued = claims["iat"].as_i64().unwrap() - start().timestamp();
    let expires = claims["exp"].as_i64().unwrap() - start().timestamp();
    assert!((-60..=-55).contains(&issued), "issued at {issued}");
    assert!((1..=600).contains(&expires), "expires at {expires}");
}

#[tokio::test]
async fn cold_calls_share_one_token() {
    let server = serve(|_| reply(200, json!({ "sha": "c0ffee" }))).await;
    let github = client(&server.url);
    let calls = join_all((0..20).map(|_| {
        let github = github.clone();
        async move { github.commit_sha(&repo(), "main").await }
    }));
    assert!(calls.await.iter().all(Result::is_ok));
    assert_eq!((server.minted(), server.calls().len()), (1, 20));
    assert!(server.calls().iter().all(|seen| seen.header("authorization") == "Bearer ghs_1"));
}

#[tokio::test]
async fn a_token_is_replaced_before_its_last_five_minutes() {
    let server = serve(|_| reply(200, json!({ "sha": "c0ffee" }))).await;
    let settings = settings(&server.url);
    let clock = settings.clock.clone();
    let github = GitHub::new(settings).unwrap();

    github.commit_sha(&repo(), "main").await.unwrap();
    clock.advance(Duration::from_secs(54 * 60));
    github.commit_sha(&repo(), "main").await.unwrap();
    assert_eq!(server.minted(), 1);
    clock.advance(Duration::from_secs(60));
    github.commit_sha(&repo(), "main").await.unwrap();
    assert_eq!(server.minted(), 2);
}

#[tokio::test]
async fn installations_have_tokens_of_their_own() {
    let server = serve(|_| reply(200, json!({ "sha": "c0ffee" }))).await;
    let github = client(&server.url);
    github.commit_sha(&repo(), "main").await.unwrap();
    github.commit_sha(&Repo { installation: 8, ..repo() }, "main").await.unwrap();
    let minted: Vec<_> =
        server.all().into_iter().filter(|seen| seen.mints_token()).map(|seen| seen.uri).collect();
    assert_eq!(minted, ["/app/installations/7/access_tokens", "/app/installations/8/access_tokens"]);
}

#[tokio::test]
async fn a_refused_token_is_dropped_and_the_call_made_again() {
    let server = serve(|seen| match seen.header("authorization") {
        "Bearer ghs_1" => reply(401, json!({ "message": "Bad credentials" })),
        _ => reply(201, json!({ "id": 5, "html_url": "https://github.test/5" })),
    })
    .await;
    let comment = client(&server.url).create_comment(&repo(), 1, "hello").await.unwrap();
    assert_eq!(comment.id, 5);
    assert_eq!((server.minted(), server.calls().len()), (2, 2));
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let server = serve(|_| reply(401, json!({ "message": "Bad credentials" }))).await;
    let answer = client(&server.url).create_comment(&repo(), 1, "hello").await;
    assert_eq!(answer, Err(GitHubError::Unauthorized("Bad credentials".into())));
    assert_eq!((server.minted(), server.calls().len()), (2, 2));
}

#[tokio::test]
async fn a_vanished_installation_is_no_missing_file() {
    let server = serve_all(|_| Reply::Now(reply(404, json!({ "message": "Not Found" })))).await;
    let github = client(&server.url);
    let file = github.contents(&repo(), ".github/trilock.yml", None, None).await;
    assert!(matches!(file, Err(GitHubError::Unauthorized(_))), "{file:?}");
    let suspended = serve_all(|_| Reply::Now(reply(403, json!({ "message": "suspended" })))).await;
    let file = client(&suspended.url).contents(&repo(), ".github/trilock.yml", None, None).await;
    assert!(matches!(file, Err(GitHubError::Unauthorized(_))), "{file:?}");
}

#[tokio::test]
async fn a_failed_minting_sends_nothing_and_is_tried_again() {
    let server = serve_all(|_| Reply::Now(reply(502, Value::Null))).await;
    let github = client(&server.url);
    for _ in 0..2 {
        let answer = github.contents(&repo(), "a", None, None).await;
        assert!(matches!(answer, Err(GitHubError::NotSent(_))), "{answer:?}");
    }
    assert_eq!((server.minted(), server.calls().len()), (2, 0));
}

#[tokio::test]
async fn a_token_never_shows_in_an_error() {
    let secret = "ghs_verysecret";
    let server = serve_all(move |_| Reply::Now(reply(201, json!(secret)))).await;
    let error = client(&server.url).contents(&repo(), "a", None, None).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains(secret), "{error:?}");
    assert!(!matches!(error, GitHubError::Unreadable(_)));
}

#[tokio::test]
async fn a_key_that_is_none_is_found_at_the_start() {
    let broken = ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"];
    for pem in broken {
        let made = GitHub::new(Settings { private_key_pem: pem.to_owned(), ..settings("http://localhost") });
        assert!(matches!(made.err(), Some(SettingsError::PrivateKey(_))), "{pem:?}");
    }
    for url in ["", "api.github.com", "ftp://x", "https://user@host", "https://host?x"] {
        let made = GitHub::new(settings(url));
        assert!(matches!(made.err(), Some(SettingsError::ApiUrl { .. })), "{url:?}");
    }
}
