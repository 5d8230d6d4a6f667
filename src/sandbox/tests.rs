use std::{fs, sync::Arc, time::Duration};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use super::*;

const WORKFLOW: &str = r#"
name: Desktop
run-name: Build ${{ inputs.tag }} (${{ github.event.inputs.channel }})
on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      channel: { type: choice, options: [stable, beta], default: stable }
jobs:
  build:
    steps:
      - { name: Compile, run: make }
      - { uses: actions/upload-artifact@v4, with: { name: desktop } }
"#;
const DISPATCH: &str = "/repos/ann/app/actions/workflows/build.yml/dispatches";

/// A sandbox with a repository `ann/app`, and the App's way to talk to it.
struct Desk {
    sandbox: Sandbox,
    clock: Clock,
    client: octocrab::Octocrab,
    token: String,
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Desk {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Clock::system();
        let mut options = Options::new(clock.clone());
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        sandbox.world().add_repo("ann/app", false).unwrap();
        sandbox.world().put_file("ann/app", ".github/workflows/build.yml", WORKFLOW).unwrap();
        let client = octocrab::Octocrab::builder().base_uri(sandbox.base_url()).unwrap().build().unwrap();
        let mut desk = Self { sandbox, clock, client, token: String::new() };
        desk.token = desk.new_token(json!({})).await;
        desk
    }

    fn jwt(&self, issuer: Value, life: TimeDelta) -> String {
        let now = self.clock.now();
        let claims = json!({ "iss": issuer, "iat": now.timestamp() - 60, "exp": (now + life).timestamp() });
        let key = EncodingKey::from_rsa_pem(self.sandbox.private_key_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    }

    async fn as_app(&self, method: &str, path: &str, body: Value) -> Got {
        let jwt = self.jwt(json!(1), TimeDelta::minutes(9));
        self.ask(method, path, &[("authorization", &format!("Bearer {jwt}"))], body).await.unwrap()
    }

    async fn new_token(&self, narrowed: Value) -> String {
        let found = self.as_app("GET", "/repos/ann/app/installation", Value::Null).await;
        let path = format!("/app/installations/{}/access_tokens", found.body["id"]);
        let made = self.as_app("POST", &path, narrowed).await;
        assert_eq!(made.status, 201);
        made.body["token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> Got {
        self.call("GET", path, Value::Null).await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, body).await.unwrap()
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> octocrab::Result<Got> {
        self.ask(method, path, &[("authorization", &format!("token {}", self.token))], body).await
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> octocrab::Result<Got> {
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.client.execute(request.body(text).unwrap()).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Got { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Listens for webhooks, answering 202.
    async fn receive(&self) -> mpsc::UnboundedReceiver<(HeaderMap, Bytes)> {
        let (url, receiver) = self.listen().await;
        self.sandbox.set_webhook_url(url);
        receiver
    }

    async fn listen(&self) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let take =
            async |State(sender): State<Arc<mpsc::UnboundedSender<_>>>, headers: HeaderMap, body: Bytes| {
                sender.send((headers, body)).unwrap();
                StatusCode::ACCEPTED
            };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks", post(take)).with_state(Arc::new(sender));
        tokio::spawn(axum::serve(listener, router).into_future());
        (url, receiver)
    }
}

fn received(hooks: &mut mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) -> Vec<(HeaderMap, Bytes)> {
    std::iter::from_fn(|| hooks.try_recv().ok()).collect()
}

/// `event action` of each.
fn names(hooks: &[(HeaderMap, Bytes)]) -> Vec<String> {
    let name = |(headers, body): &(HeaderMap, Bytes)| {
        let payload: Value = serde_json::from_slice(body).unwrap();
        let action = payload["action"].as_str().unwrap_or_default();
        format!("{} {action}", headers["x-github-event"].to_str().unwrap()).trim_end().to_owned()
    };
    hooks.iter().map(name).collect()
}

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
async fn a_dispatch_becomes_a_run_that_is_told_by_signed_webhooks_in_order() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    for (body, why) in [
        (json!({ "ref": "nowhere", "inputs": { "tag": "v1" } }), "No ref found for: nowhere"),
        (json!({ "ref": "main" }), "Required input 'tag' not provided"),
        (
            json!({ "ref": "main", "inputs": { "tag": "v1", "x": "1" } }),
            "Unexpected inputs provided: [\"x\"]",
        ),
    ] {
        let refused = desk.post(DISPATCH, body).await;
        assert_eq!((refused.status, refused.body["message"].as_str()), (422, Some(why)));
    }
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" }, "return_run_details": true });
    let made = desk.post(DISPATCH, body).await;
    assert_eq!(made.status, 200);
    let id = made.body["workflow_run_id"].as_u64().unwrap();
    desk.sandbox.world().start_run(id).unwrap();
    desk.sandbox.world().finish_run(id, "success", None).unwrap();
    desk.sandbox.settled().await;

    let hooks = received(&mut hooks);
    assert_eq!(
        names(&hooks),
        [
            "workflow_run requested",
            "workflow_job queued",
            "workflow_job in_progress",
            "workflow_run in_progress",
            "workflow_job completed",
            "workflow_run completed",
        ]
    );
    for (headers, body) in &hooks {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret");
        let signature = headers["x-hub-signature-256"].to_str().unwrap().strip_prefix("sha256=").unwrap();
        aws_lc_rs::hmac::verify(&key, body, &hex::decode(signature).unwrap()).unwrap();
    }
    let run = desk.get(&format!("/repos/ann/app/actions/runs/{id}")).await.body;
    assert_eq!(run["display_title"], "Build v1 (stable)");
    assert_eq!((&run["status"], &run["conclusion"]), (&json!("completed"), &json!("success")));
    assert_eq!(run["actor"]["login"], "trilock[bot]");
    let jobs = desk.get(&format!("/repos/ann/app/actions/runs/{id}/jobs")).await.body;
    assert_eq!(jobs["jobs"][0]["steps"][1]["name"], "Compile");
    let artifacts = desk.get(&format!("/repos/ann/app/actions/runs/{id}/artifacts")).await.body;
    assert_eq!(artifacts["artifacts"][0]["name"], "desktop");
    let deliveries = desk.sandbox.world().deliveries();
    assert_eq!((deliveries.len(), deliveries[0].status_code), (6, 202));
}

#[tokio::test]
async fn a_cancel_takes_its_time_unless_forced() {
    let deaf = Desk::new(|o| o.cancel_takes = Duration::MAX).await;
    let inputs = json!({ "tag": "v1" });
    let run = deaf.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    deaf.sandbox.world().cancel_run(run, false).unwrap();
    assert!(deaf.sandbox.world().run(run).unwrap().cancel_asked);

    let desk = Desk::new(|o| o.return_run_details = false).await;
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" }, "return_run_details": true });
    assert_eq!(desk.post(DISPATCH, body.clone()).await.status, 204);
    assert_eq!(desk.post(DISPATCH, body).await.status, 204);
    let runs: Vec<u64> = desk.sandbox.world().runs("ann/app").iter().map(|r| r.id).collect();
    let path = |run: u64, what: &str| format!("/repos/ann/app/actions/runs/{run}/{what}");
    assert_eq!(desk.post(&path(runs[0], "cancel"), Value::Null).await.status, 202);
    assert_eq!(desk.post(&path(runs[1], "force-cancel"), Value::Null).await.status, 202);
    let status = |run: u64| desk.sandbox.world().run(run).unwrap().status;
    assert_eq!((status(runs[0]), status(runs[1])), (RunStatus::Queued, RunStatus::Completed));
    desk.clock.advance(Duration::from_secs(6));
    assert!(desk.sandbox.until(|w| w.run(runs[0]).unwrap().conclusion.as_deref() == Some("cancelled")).await);
    assert_eq!(desk.post(&path(runs[0], "cancel"), Value::Null).await.status, 409);
    assert_eq!(desk.sandbox.world().record().cancels.len(), 2);
}

#[tokio::test]
async fn each_attempt_of_a_run_is_remembered() {
    let desk = Desk::new(|_| {}).await;
    let run = desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "ann", &json!({ "tag": "v1" }));
    let run = run.unwrap();
    desk.sandbox.world().finish_run(run, "failure", None).unwrap();
    desk.sandbox.world().rerun(run, "zoe").unwrap();
    let shown = async |path: String| {
        let run = desk.get(&path).await.body;
        let starter = run["triggering_actor"]["login"].clone();
        json!([run["run_attempt"], run["status"], run["conclusion"], run["actor"]["login"], starter])
    };
    let path = format!("/repos/ann/app/actions/runs/{run}");
    assert_eq!(shown(format!("{path}/attempts/1")).await, json!([1, "completed", "failure", "ann", "ann"]));
    assert_eq!(shown(format!("{path}/attempts/2")).await, json!([2, "queued", null, "ann", "zoe"]));
    assert_eq!(shown(path.clone()).await, shown(format!("{path}/attempts/2")).await);
    assert_eq!(desk.call("GET", &format!("{path}/attempts/3"), Value::Null).await.unwrap().status, 404);
}

#[tokio::test]
async fn listings_lag_filter_and_go_in_pages() {
    let desk = Desk::new(|o| o.list_lag = Duration::from_secs(30)).await;
    let since = world::iso(desk.clock.now());
    for tag in ["v1", "v2", "v3"] {
        let inputs = json!({ "tag": tag });
        desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    }
    let list = "/repos/ann/app/actions/workflows/build.yml/runs";
    assert_eq!(desk.get(list).await.body["total_count"], 0);
    desk.clock.advance(Duration::from_secs(31));
    let path = format!("{list}?created=%3E%3D{since}&actor=bob&per_page=2");
    let first = desk.get(&path).await;
    assert_eq!(
        (&first.body["total_count"], first.body["workflow_runs"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let next = format!("<{}{path}&page=2>; rel=\"next\"", desk.sandbox.base_url());
    assert!(first.header("link").contains(&next), "{}", first.header("link"));
    let second = desk.get(&format!("{path}&page=2")).await;
    assert_eq!(second.body["workflow_runs"][0]["display_title"], "Build v1 (stable)");
    assert_eq!(desk.get(&format!("{list}?status=completed")).await.body["total_count"], 0);
}

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

#[tokio::test]
async fn comments_and_reactions_of_the_app_are_kept_and_told() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let number = desk.sandbox.world().open_issue("ann/app", "bob", "Build", "v1", &["build"]).unwrap();
    let asked = desk.sandbox.world().comment("ann/app", number, "bob", "/build").unwrap();
    let made = desk.post("/repos/ann/app/issues/1/comments", json!({ "body": "queued" })).await;
    assert_eq!((made.status, made.body["user"]["type"].as_str()), (201, Some("Bot")));
    let path = format!("/repos/ann/app/issues/comments/{}", made.body["id"]);
    desk.call("PATCH", &path, json!({ "body": "running" })).await.unwrap();
    let eyes = format!("/repos/ann/app/issues/comments/{asked}/reactions");
    assert_eq!(desk.post(&eyes, json!({ "content": "eyes" })).await.status, 201);
    assert_eq!(desk.post(&eyes, json!({ "content": "eyes" })).await.status, 200);

    let comments = desk.sandbox.world().comments("ann/app", number);
    assert_eq!((comments[1].body.as_str(), &comments[1].edits), ("running", &vec!["queued".to_owned()]));
    assert_eq!(comments[0].reactions[0].content, "eyes");
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(
        names(&told),
        [
            "issues opened",
            "issues labeled",
            "issue_comment created",
            "issue_comment created",
            "issue_comment edited",
        ]
    );
    let edited: Value = serde_json::from_slice(&told[4].1).unwrap();
    assert_eq!(edited["changes"]["body"]["from"], "queued");
    assert_eq!(edited["sender"]["login"], "trilock[bot]");
    assert_eq!(desk.call("DELETE", &path, Value::Null).await.unwrap().status, 204);
    assert_eq!(desk.get("/repos/ann/app/issues/1/comments").await.body.as_array().unwrap().len(), 1);
}

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

#[tokio::test]
async fn calls_go_wrong_on_demand() {
    let desk = Desk::new(|_| {}).await;
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &[]).unwrap();
    let path = "/repos/ann/app/issues/1/comments";
    let count = || desk.sandbox.world().comments("ann/app", 1).len();
    for (trouble, status, comments) in [
        (ApiTrouble::FailBefore(502), Some(502), 0),
        (ApiTrouble::FailAfter(502), Some(502), 1),
        (ApiTrouble::DropBefore, None, 1),
        (ApiTrouble::DropAfter, None, 2),
        (ApiTrouble::RetryAfter(60), Some(403), 2),
    ] {
        desk.sandbox.world().fault_api(ApiFault::once("POST", "/comments$", trouble)).unwrap();
        let got = desk.call("POST", path, json!({ "body": "a" })).await.ok().map(|g| g.status);
        assert_eq!((got, count()), (status, comments), "{trouble:?}");
    }
    let late = ApiFault::once("POST", "/comments$", ApiTrouble::AnswerLate(60_000));
    desk.sandbox.world().fault_api(late).unwrap();
    let done = async {
        assert!(desk.sandbox.until(|w| w.comments("ann/app", 1).len() == 3).await);
        desk.clock.advance(Duration::from_secs(61));
    };
    let (got, ()) = tokio::join!(desk.post(path, json!({ "body": "a" })), done);
    assert_eq!(got.status, 201);
}

#[tokio::test]
async fn webhooks_go_wrong_on_demand_and_can_be_redelivered() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let fault = |action, trouble| desk.sandbox.world().fault_hook(HookFault::once("issues", action, trouble));
    fault("opened", HookTrouble::Drop);
    fault("labeled", HookTrouble::Double);
    fault("edited", HookTrouble::Reorder);
    fault("closed", HookTrouble::Delay(60_000));
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &["build"]).unwrap();
    desk.sandbox.world().edit_issue("ann/app", 1, "bob", Some("Built"), None).unwrap();
    desk.sandbox.world().close_issue("ann/app", 1, "bob").unwrap();
    desk.sandbox.world().set_open("ann/app", 1, "bob", true).unwrap();
    assert!(desk.sandbox.until(|w| w.deliveries().len() == 5).await);
    assert!(!desk.sandbox.world().is_settled());
    desk.clock.advance(Duration::from_secs(61));
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    let order = ["issues labeled", "issues labeled", "issues edited", "issues reopened", "issues closed"];
    assert_eq!(names(&told), order);
    assert_eq!(told[0].0["x-github-delivery"], told[1].0["x-github-delivery"]);

    let failed = desk.as_app("GET", "/app/hook/deliveries?status=failure", Value::Null).await.body;
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["action"]), (1, &json!("opened")));
    let again = format!("/app/hook/deliveries/{}/attempts", failed[0]["id"]);
    assert_eq!(desk.as_app("POST", &again, Value::Null).await.status, 202);
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(told[0].0["x-github-delivery"].to_str().unwrap(), failed[0]["guid"]);
    let page = desk.as_app("GET", "/app/hook/deliveries?per_page=4", Value::Null).await;
    assert!(page.header("link").contains("cursor=v1_") && page.header("link").ends_with("rel=\"next\""));
}

#[tokio::test]
async fn runs_progress_by_themselves_and_planted_breaches_stand_in_the_record() {
    let auto = AutoRuns {
        queue_delay: Duration::from_secs(5),
        duration: (Duration::from_secs(60), Duration::from_secs(60)),
        durations: Default::default(),
        fails: Fails::Input { name: "tag".to_owned(), value: "v2".to_owned() },
    };
    let desk = Desk::new(|o| {
        o.auto = Some(auto);
        o.plant = Some(Plant::DoubleDispatch);
    })
    .await;
    desk.post(DISPATCH, json!({ "ref": "main", "inputs": { "tag": "v2" } })).await;
    let all = |status| move |w: &World| w.runs("ann/app").iter().all(|r| r.status == status);
    desk.clock.advance(Duration::from_secs(6));
    assert!(desk.sandbox.until(all(RunStatus::InProgress)).await);
    desk.clock.advance(Duration::from_secs(61));
    assert!(desk.sandbox.until(all(RunStatus::Completed)).await);
    let record = desk.sandbox.world().record().clone();
    assert_eq!((record.dispatches[0].runs.len(), record.runs.len()), (2, 2));
    assert_eq!(record.runs[0].conclusion.as_deref(), Some("failure"));

    let desk = Desk::new(|o| o.plant = Some(Plant::EarlyRelease)).await;
    let inputs = json!({ "tag": "v1" });
    let id = desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    desk.sandbox.world().start_run(id).unwrap();
    desk.sandbox.world().finish_run(id, "success", None).unwrap();
    assert!(desk.sandbox.world().record().runs[0].completed_at.unwrap() > desk.clock.now());
}

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
    let foreign = [("origin", "http://localhost.example.com")];
    assert_eq!(desk.ask("POST", "/_sandbox/record", &foreign, Value::Null).await.unwrap().status, 403);
}

#[tokio::test]
async fn several_addresses_get_webhooks_in_turn_and_what_is_answered_is_noted() {
    let desk = Desk::new(|options| options.hooks_at_once = 4).await;
    let (one, mut of_one) = desk.listen().await;
    let (two, mut of_two) = desk.listen().await;
    desk.sandbox.world().set_webhook_urls(vec![one, two, "http://127.0.0.1:9/nobody".to_owned()]);
    for text in ["first", "second", "third"] {
        desk.sandbox.world().open_issue("ann/app", "ann", "Please", text, &[]).unwrap();
    }
    desk.sandbox.settled().await;
    assert_eq!((received(&mut of_one).len(), received(&mut of_two).len()), (1, 1));
    let mut noted: Vec<String> =
        desk.sandbox.world().record().acknowledged.iter().map(|it| it.text.clone()).collect();
    noted.sort();
    assert_eq!(noted, ["first", "second"]);
}

#[tokio::test]
async fn each_fault_has_its_own_chance_wherever_it_stands() {
    let desk = Desk::new(|_| {}).await;
    for trouble in [ApiTrouble::FailBefore(500), ApiTrouble::FailBefore(502)] {
        let fault = ApiFault { method: None, path: String::new(), times: None, chance: 0.5, trouble };
        desk.sandbox.world().fault_api(fault).unwrap();
    }
    for _ in 0..40 {
        assert_ne!(desk.get("/repos/ann/app").await.status, 200, "one of the two strikes");
    }
    let world = desk.sandbox.world();
    let counts = world.fault_counts();
    assert!(counts["500 before the work"] > 5 && counts["502 before the work"] > 5, "{counts:?}");
}
