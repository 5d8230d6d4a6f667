//! Deliveries at the door, through the real router: what is accepted, what is refused, and what is kept of it.

use std::time::Duration;

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tower::ServiceExt as _;
use trilock::{
    sandbox::Sandbox,
    store::{LockBounds, Store, StoreError},
    webhook::{Intake, MAX_BODY, WebhookSecrets, router},
    workers::apply_lane,
};

use crate::{harness::fresh_database, locks::bench::context};

mod installed;

const SECRET: &str = "it is a secret";

struct Door {
    store: Store,
    options: PgConnectOptions,
    sql: PgPool,
    router: Router,
    _github: Sandbox,
}

fn store_with(options: &PgConnectOptions, keys: &str) -> Store {
    Store::new(options.clone(), LockBounds::default(), keys.parse().expect("keys"), 4)
}

fn key(byte: &str) -> String {
    byte.repeat(32)
}

impl Door {
    async fn open() -> Self {
        Self::with(fresh_database().await, SECRET, &[]).await
    }

    async fn with(options: PgConnectOptions, secrets: &str, owners: &[&str]) -> Self {
        let store = store_with(&options, &key("11"));
        let (context, github) = context(&store).await;
        let secrets = WebhookSecrets::parse(secrets).expect("secrets");
        let allowed_owners = owners.iter().map(|owner| (*owner).to_owned()).collect();
        let router = router(Intake { context, secrets, allowed_owners });
        let sql = PgPool::connect_lazy_with(options.clone());
        Self { store, options, sql, router, _github: github }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, http::HeaderMap, String) {
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    /// Posts a well-signed delivery.
    async fn post(&self, id: &str, event: &str, body: impl Into<Vec<u8>>) -> (StatusCode, String) {
        let (status, _, text) = self.send(signed(id, event, body.into(), SECRET)).await;
        (status, text)
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.sql).await.expect("a count")
    }

    async fn rows(&self) -> (i64, i64, i64) {
        let deliveries = self.count("SELECT count(*) FROM delivery").await;
        let inbox = self.count("SELECT count(*) FROM inbox").await;
        (deliveries, inbox, self.count("SELECT count(*) FROM outbox").await)
    }
}

fn signed(id: &str, event: &str, body: Vec<u8>, secret: &str) -> Request<Body> {
    let secrets = WebhookSecrets::parse(secret).expect("a secret");
    let signature = secrets.sign(&body).expect("a signature");
    Request::post("/webhooks/github")
        .header("x-github-delivery", id)
        .header("x-github-event", event)
        .header("x-hub-signature-256", signature)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a request")
}

fn comment(text: &str) -> Value {
    json!({
        "action": "created",
        "repository": { "id": 42, "name": "app", "private": false, "default_branch": "main",
                        "owner": { "id": 7, "login": "octo" } },
        "installation": { "id": 1 },
        "sender": { "id": 1001, "login": "ben", "type": "User" },
        "issue": { "number": 3, "title": "Please", "user": { "id": 1001, "login": "ben", "type": "User" } },
        "comment": { "id": 31, "body": text, "user": { "id": 1001, "login": "ben", "type": "User" } },
    })
}

fn closed() -> Value {
    let mut payload = comment("unused");
    payload["action"] = "closed".into();
    payload
}

#[tokio::test]
async fn a_delivery_is_durable_before_202_and_a_repeated_id_changes_nothing() {
    let door = Door::open().await;
    let body = comment("/build tag=v1.4.0");
    assert_eq!(
        door.post("one", "issue_comment", body.to_string()).await,
        (StatusCode::ACCEPTED, "accepted\n".into())
    );
    // The delivery, its event, and the reaction that says that it was seen.
    assert_eq!(door.rows().await, (1, 1, 1));
    let mut renamed = body.clone();
    renamed["repository"]["name"] = "old-name".into();
    renamed["comment"]["body"] = "/build tag=v2".into();
    let again = door.post("one", "issue_comment", renamed.to_string()).await;
    assert_eq!(again, (StatusCode::ACCEPTED, "already accepted\n".into()));
    assert_eq!(door.rows().await, (1, 1, 1));
    let name: String = sqlx::query_scalar("SELECT name FROM repository").fetch_one(&door.sql).await.unwrap();
    assert_eq!(name, "app", "not even the repository's name");
    let now = door.store.now().await.unwrap();
    let claimed = door.store.claim_unprepared(now).await.unwrap().expect("an event").stored.event;
    assert!(format!("{claimed:?}").contains("v1.4.0"), "{claimed:?}");

    door.post("two", "issue_comment", renamed.to_string()).await;
    let name: String = sqlx::query_scalar("SELECT name FROM repository").fetch_one(&door.sql).await.unwrap();
    assert_eq!(name, "old-name", "a new delivery brings new names");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_delivery_many_times_at_once_is_one() {
    let door = Door::open().await;
    let body = comment("/build").to_string();
    let posts = (0..8).map(|_| door.post("one", "issue_comment", body.clone()));
    let answers = futures_util::future::join_all(posts).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::ACCEPTED), "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, text)| text == "accepted\n").count(), 1);
    assert_eq!(door.rows().await, (1, 1, 1));
}

#[tokio::test]
async fn a_bad_or_missing_signature_is_401() {
    let door = Door::open().await;
    let body = comment("/build").to_string().into_bytes();
    let good = signed("one", "issue_comment", body.clone(), SECRET);
    let value = good.headers()["x-hub-signature-256"].to_str().unwrap().to_owned();
    let (_, digest) = value.split_once('=').unwrap();
    let wrong = [
        None,
        Some(String::new()),
        Some("sha256=".into()),
        Some(digest.to_owned()),
        Some(format!("sha1={digest}")),
        Some(format!("sha256={}", &digest[..62])),
        Some(format!("sha256={digest}00")),
        Some(format!("sha256={}", "0".repeat(64))),
        Some("sha256=no hex".into()),
    ];
    for signature in wrong {
        let mut request = signed("one", "issue_comment", body.clone(), SECRET);
        match &signature {
            Some(text) => {
                request.headers_mut().insert("x-hub-signature-256", text.parse().unwrap());
            }
            None => drop(request.headers_mut().remove("x-hub-signature-256")),
        }
        assert_eq!(door.send(request).await.0, StatusCode::UNAUTHORIZED, "{signature:?}");
    }
    let other = signed("one", "issue_comment", body.clone(), "another secret");
    assert_eq!(door.send(other).await.0, StatusCode::UNAUTHORIZED);
    let mut changed = signed("one", "issue_comment", body, SECRET);
    *changed.body_mut() = Body::from(comment("/build evil=yes").to_string());
    assert_eq!(door.send(changed).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(door.rows().await, (0, 0, 0));
    let text = trilock::metrics::render(None).expect("text");
    let unsigned =
        text.lines().find_map(|l| l.strip_prefix("trilock_deliveries_total{outcome=\"unsigned\"} "));
    assert!(
        unsigned.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count >= 7),
        "{unsigned:?}"
    );
}

#[tokio::test]
async fn while_rotating_both_secrets_count() {
    let door = Door::with(fresh_database().await, "new secret, old secret", &[]).await;
    for (id, secret, status) in [
        ("new", "new secret", StatusCode::ACCEPTED),
        ("old", "old secret", StatusCode::ACCEPTED),
        ("older", "older secret", StatusCode::UNAUTHORIZED),
        ("both", "new secret,old secret,", StatusCode::ACCEPTED),
    ] {
        let request = signed(id, "issue_comment", comment("/build").to_string().into_bytes(), secret);
        assert_eq!(door.send(request).await.0, status, "{id}");
    }
}

#[tokio::test]
async fn what_is_no_payload_is_400() {
    let door = Door::open().await;
    let deep = format!(r#"{{"action": "created", "issue": {}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let mut not_utf8 = comment("/build").to_string().into_bytes();
    let place = not_utf8.windows(6).position(|window| window == b"/build").unwrap();
    not_utf8[place] = 0xff;
    let skipped_not_utf8 = [b"{\"x\": \"".as_slice(), &[0xff], b"\"}"].concat();
    let bodies: [(&str, Vec<u8>); 9] = [
        ("nothing", Vec::new()),
        ("no JSON", b"payload=%7B%7D".to_vec()),
        ("cut off", comment("/build").to_string().into_bytes()[..40].to_vec()),
        ("another type", b"42".to_vec()),
        ("a field of another type", br#"{"repository": "octo/app"}"#.to_vec()),
        ("nested deeply", deep.into_bytes()),
        ("nothing but nesting", "[".repeat(1_000_000).into_bytes()),
        ("not UTF-8", not_utf8),
        ("not UTF-8 in a field that is skipped", skipped_not_utf8),
    ];
    for (what, body) in bodies {
        assert_eq!(door.post(what, "issue_comment", body).await.0, StatusCode::BAD_REQUEST, "{what}");
    }
    for header in ["x-github-delivery", "x-github-event"] {
        let mut request = signed("one", "issue_comment", comment("/build").to_string().into_bytes(), SECRET);
        request.headers_mut().remove(header);
        assert_eq!(door.send(request).await.0, StatusCode::BAD_REQUEST, "{header} is missing");
    }
    assert_eq!(door.rows().await, (0, 0, 0));
    let nested = format!(r#"{{"x": {}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let (status, _) = door.post("skipped", "ping", nested).await;
    assert_eq!(status, StatusCode::ACCEPTED, "depth in a field that is skipped harms nobody");
}

#[tokio::test]
async fn twenty_five_megabytes_are_accepted_and_more_is_413() {
    let door = Door::open().await;
    let sized = |size: usize| {
        let mut payload = comment("/build");
        payload["padding"] = "".into();
        let length = payload.to_string().len();
        payload["padding"] = "x".repeat(size - length).into();
        payload.to_string()
    };
    assert_eq!(sized(MAX_BODY).len(), 25 * 1024 * 1024);
    assert_eq!(door.post("large", "issue_comment", sized(MAX_BODY)).await.0, StatusCode::ACCEPTED);
    assert_eq!(door.store.raw_delivery("large").await.unwrap().unwrap().2.len(), MAX_BODY);
    for size in [MAX_BODY + 1, 26 * 1024 * 1024] {
        let (status, _) = door.post("larger", "issue_comment", sized(size)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(door.rows().await.0, 1);
}

#[tokio::test]
async fn a_nul_stops_nothing() {
    let door = Door::open().await;
    let mut issue = comment("unused");
    issue["action"] = "opened".into();
    issue["issue"]["title"] = "[build] \u{0} x".into();
    issue["issue"]["body"] = "a\u{0}b".into();
    issue["issue"]["labels"] = json!([{ "name": "bu\u{0}ild" }]);
    issue["repository"]["name"] = "a\u{0}pp".into();
    issue["issue"]["user"]["login"] = "b\u{0}en".into();
    issue["repository"]["owner"]["login"] = "oc\u{0}to".into();
    assert!(issue.to_string().contains("\\u0000"));
    assert_eq!(door.post("issue", "issues", issue.to_string()).await.0, StatusCode::ACCEPTED);
    let mut said = comment("/build tag=v1\u{0}");
    said["comment"]["user"]["login"] = "b\u{0}en".into();
    assert_eq!(door.post("comment", "issue_comment", said.to_string()).await.0, StatusCode::ACCEPTED);
    let mut run = comment("unused");
    run["action"] = "completed".into();
    run["workflow_run"] = json!({ "id": 9, "created_at": "2026-11-20T13:58:00Z", "display_title": "x\u{0}", "conclusion": "suc\u{0}cess",
                                  "actor": { "id": 1, "login": "a\u{0}" } });
    assert_eq!(door.post("run", "workflow_run", run.to_string()).await.0, StatusCode::ACCEPTED);
    assert_eq!(door.rows().await.1, 3);
}

#[tokio::test]
async fn what_is_not_known_is_acknowledged_and_ignored() {
    let door = Door::open().await;
    let mut action = comment("/build");
    action["action"] = "teleported".into();
    for (id, event, body) in [
        ("ping", "ping", json!({ "zen": "Keep it logically awesome.", "hook_id": 1 })),
        ("empty", "issue_comment", json!({})),
        ("new event", "quantum_fluctuation", comment("/build")),
        ("new action", "issue_comment", action),
        ("no command", "issue_comment", comment("thank you")),
    ] {
        assert_eq!(door.post(id, event, body.to_string()).await.0, StatusCode::ACCEPTED, "{id}");
    }
    assert_eq!(door.rows().await, (5, 0, 0));
    let ignored = "SELECT count(*) FROM delivery WHERE outcome = 'ignored' AND raw IS NULL";
    assert_eq!(door.count(ignored).await, 5, "and nothing of them is kept");
}

#[tokio::test]
async fn accounts_that_are_not_allowed_are_ignored() {
    let door = Door::with(fresh_database().await, SECRET, &["Somebody"]).await;
    let (status, _) = door.post("one", "issue_comment", comment("/build").to_string()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(door.rows().await, (1, 0, 0));
    assert_eq!(door.count("SELECT count(*) FROM repository").await, 0);
}

#[tokio::test]
async fn without_a_database_it_is_503_at_once_with_a_time_to_come_back() {
    let nowhere = PgConnectOptions::new().socket("/nonexistent").username("nobody").database("none");
    let door = Door::with(nowhere, SECRET, &[]).await;
    let request = signed("one", "issue_comment", comment("/build").to_string().into_bytes(), SECRET);
    let (status, headers, text) = tokio::time::timeout(Duration::from_secs(3), door.send(request))
        .await
        .expect("GitHub waits for ten seconds, and others too");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers["retry-after"], "5");
    assert_eq!(text, "try again later\n", "nothing internal");
}

const PLANTED: &str = "planted text that nobody else writes";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn raw_payloads_are_encrypted_and_come_back() {
    let door = Door::open().await;
    let body = comment(&format!("/build tag=v1\n\n{PLANTED}")).to_string();
    assert!(contains(body.as_bytes(), PLANTED));
    door.post("one", "issue_comment", body.clone()).await;
    let stored: Vec<u8> = sqlx::query_scalar("SELECT raw FROM delivery").fetch_one(&door.sql).await.unwrap();
    assert!(!contains(&stored, PLANTED) && !contains(&stored, "repository"));
    let whole = "SELECT count(*) FROM delivery d, inbox i WHERE d::text || i::text LIKE '%planted text%'";
    assert_eq!(door.count(whole).await, 0, "nor is it anywhere else");

    let raw = door.store.raw_delivery("one").await.unwrap().expect("it is kept");
    assert_eq!(raw, (7, "issue_comment".into(), body.clone().into_bytes()));
    assert!(door.store.raw_delivery("none").await.unwrap().is_none());

    let other = store_with(&door.options, &key("22"));
    let error = other.raw_delivery("one").await.unwrap_err();
    assert!(matches!(error, StoreError::Setting(_)), "{error:?}");
    let rotating = store_with(&door.options, &format!("{},{}", key("22"), key("11")));
    assert_eq!(rotating.raw_delivery("one").await.unwrap().expect("it is kept").2, body.into_bytes());
}

#[tokio::test]
async fn another_secret_key_stops_the_start_and_rotation_does_not() {
    let options = fresh_database().await;
    let (old, new) = (key("11"), key("22"));
    let check = async |keys: &str| store_with(&options, keys).check_keys().await;
    check(&old).await.expect("the first key is noted");
    check(&old).await.expect("the same key");
    let error = check(&new).await.unwrap_err();
    assert!(matches!(error, StoreError::Setting(_)), "{error:?}");
    assert!(error.to_string().contains("TRILOCK_SECRET_KEY") && !error.to_string().contains(&new), "{error}");
    check(&format!("{new},{old}")).await.expect("both while rotating");
    check(&new).await.expect("the new one alone");
    check(&old).await.expect_err("not the old one alone");
}

/// Applies what waits; no facts are needed for a closed issue.
async fn kept_after_applying(policy_state: &'static str) -> bool {
    let door = Door::open().await;
    door.post("one", "issues", closed().to_string()).await;
    sqlx::query(
        "UPDATE repository SET policy_state = $1, catalogue = CASE WHEN $1 = 'good' THEN '{}'::jsonb END",
    )
    .bind(policy_state)
    .execute(&door.sql)
    .await
    .unwrap();
    assert_eq!(door.count("SELECT count(*) FROM delivery WHERE raw IS NOT NULL").await, 1);
    let repo = trilock::queue::RepoKey { tenant_id: 7, repo_id: 42 };
    assert!(apply_lane(&door.store, "trilock[bot]", repo).await.unwrap());
    assert_eq!(door.count("SELECT count(*) FROM delivery WHERE outcome <> 'waiting'").await, 1);
    door.store.raw_delivery("one").await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_kept_only_where_there_is_a_policy() {
    assert!(kept_after_applying("good").await);
    assert!(kept_after_applying("broken").await);
    assert!(!kept_after_applying("none").await);
    assert!(!kept_after_applying("unread").await);
}

#[tokio::test]
async fn a_comment_at_a_pull_request_is_not_answered_before_the_policy_is_known() {
    let door = Door::open().await;
    let mut body = comment("/build tag=v1.4.0");
    body["issue"]["pull_request"] = json!({ "url": "https://github.test/1" });
    door.post("one", "issue_comment", body.to_string()).await;
    assert_eq!(door.rows().await, (1, 1, 0));
}
