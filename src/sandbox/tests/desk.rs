//! A repository, the App's way to talk to the sandbox, and an ear for its webhooks.

use std::sync::Arc;

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use super::super::{Options, Sandbox};
use crate::clock::Clock;

pub const WORKFLOW: &str = r#"
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
pub const DISPATCH: &str = "/repos/ann/app/actions/workflows/build.yml/dispatches";

/// A sandbox with a repository `ann/app`, and the App's way to talk to it.
pub struct Desk {
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub client: octocrab::Octocrab,
    pub token: String,
}

pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Desk {
    pub async fn new(change: impl FnOnce(&mut Options)) -> Self {
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

    pub fn jwt(&self, issuer: Value, life: TimeDelta) -> String {
        let now = self.clock.now();
        let claims = json!({ "iss": issuer, "iat": now.timestamp() - 60, "exp": (now + life).timestamp() });
        let key = EncodingKey::from_rsa_pem(self.sandbox.private_key_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    }

    pub async fn as_app(&self, method: &str, path: &str, body: Value) -> Got {
        let jwt = self.jwt(json!(1), TimeDelta::minutes(9));
        self.ask(method, path, &[("authorization", &format!("Bearer {jwt}"))], body).await.unwrap()
    }

    pub async fn new_token(&self, narrowed: Value) -> String {
        let found = self.as_app("GET", "/repos/ann/app/installation", Value::Null).await;
        let path = format!("/app/installations/{}/access_tokens", found.body["id"]);
        let made = self.as_app("POST", &path, narrowed).await;
        assert_eq!(made.status, 201);
        made.body["token"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str) -> Got {
        self.call("GET", path, Value::Null).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, body).await.unwrap()
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> octocrab::Result<Got> {
        self.ask(method, path, &[("authorization", &format!("token {}", self.token))], body).await
    }

    pub async fn ask(
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
    pub async fn receive(&self) -> mpsc::UnboundedReceiver<(HeaderMap, Bytes)> {
        let (url, receiver) = self.listen().await;
        self.sandbox.set_webhook_url(url);
        receiver
    }

    pub async fn listen(&self) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
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

pub fn received(hooks: &mut mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) -> Vec<(HeaderMap, Bytes)> {
    std::iter::from_fn(|| hooks.try_recv().ok()).collect()
}

/// `event action` of each.
pub fn names(hooks: &[(HeaderMap, Bytes)]) -> Vec<String> {
    let name = |(headers, body): &(HeaderMap, Bytes)| {
        let payload: Value = serde_json::from_slice(body).unwrap();
        let action = payload["action"].as_str().unwrap_or_default();
        format!("{} {action}", headers["x-github-event"].to_str().unwrap()).trim_end().to_owned()
    };
    hooks.iter().map(name).collect()
}
