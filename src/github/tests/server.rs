//! The server, the App's key, and a client for both. What the server sees is held against GitHub's description too,
//! where `TRILOCK_API_REQUESTS` names it.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use axum::{
    Router,
    body::Body,
    extract::{Query, Request},
    http::{HeaderMap, Method},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::super::{GitHub, Repo, Settings, TimeOuts};
use crate::{
    clock::Clock,
    sandbox::{Call, Table},
};

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    /// With the query.
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn mints_token(&self) -> bool {
        self.uri.ends_with("/access_tokens")
    }
}

pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests beside the minting of tokens.
    pub fn calls(&self) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| !seen.mints_token()).collect()
    }

    pub fn minted(&self) -> usize {
        self.all().iter().filter(|seen| seen.mints_token()).count()
    }
}

/// Read once: it is large.
static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    std::env::var_os("TRILOCK_API_REQUESTS").map(|path| Table::read(path.as_ref()).unwrap())
});

impl Drop for Server {
    fn drop(&mut self) {
        let Some(table) = TABLE.as_ref().filter(|_| !std::thread::panicking()) else { return };
        let unknown: Vec<String> = self.all().iter().filter_map(|seen| seen.mismatch(table)).collect();
        assert!(unknown.is_empty(), "calls that GitHub does not know: {unknown:#?}");
    }
}

impl Seen {
    fn mismatch(&self, table: &Table) -> Option<String> {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let path = path.strip_prefix("/api/v3").unwrap_or(path);
        // The address to which GitHub redirects who uses an old name; nobody builds it.
        if path.starts_with("/repositories/") {
            return None;
        }
        let Query(pairs) = Query::try_from_uri(&self.uri.parse().unwrap()).unwrap();
        let call = Call {
            method: self.method.to_string(),
            raw_path: path.to_owned(),
            path: String::new(),
            raw_query: query.to_owned(),
            query: pairs,
            headers: self.headers.clone(),
            body: self.body.clone(),
        };
        table.mismatch(&call).map(|why| format!("{} {}: {why}", self.method, self.uri))
    }
}

/// Serves `answer`; mints a new token for whoever asks, which lasts an hour of [`start`]'s clock.
pub async fn serve(answer: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static) -> Server {
    let minted = Mutex::new(0);
    serve_all(move |seen| {
        if !seen.mints_token() {
            return Reply::Now(answer(seen));
        }
        let mut minted = minted.lock().unwrap();
        *minted += 1;
        Reply::Now(reply(201, token(&format!("ghs_{minted}"))))
    })
    .await
}

pub fn token(name: &str) -> Value {
    json!({ "token": name, "expires_at": start() + TimeDelta::hours(1) })
}

pub enum Reply {
    Now(Response),
    Never,
}

/// As [`serve`], but tokens are the test's own business too.
pub async fn serve_all(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (noted, answer) = (Arc::clone(&seen), Arc::new(answer));
    let router = Router::new().fallback(move |request: Request| {
        let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
        async move {
            let request = read(request).await;
            noted.lock().unwrap().push(request.clone());
            match answer(&request) {
                Reply::Now(response) => response,
                Reply::Never => std::future::pending().await,
            }
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server { url, seen }
}

async fn read(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Seen { method: parts.method, uri: parts.uri.to_string(), headers: parts.headers, body }
}

pub fn reply(status: u16, body: Value) -> Response {
    reply_with(status, &[], body)
}

pub fn reply_with(status: u16, headers: &[(&str, &str)], body: Value) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    response.body(body).unwrap().into_response()
}

pub fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

pub fn repo() -> Repo {
    Repo { owner: "octo".into(), name: "tools".into(), installation: 7 }
}

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

pub fn public_key_der() -> Vec<u8> {
    KEY.public_key().as_ref().to_vec()
}

pub fn settings(url: &str) -> Settings {
    let der: Pkcs8V1Der<'_> = KEY.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    Settings {
        api_url: url.to_owned(),
        app_id: "4711".to_owned(),
        private_key_pem: pem,
        clock: Clock::starting_at(start(), 1.0),
        time_outs: TimeOuts::default(),
    }
}

pub fn client(url: &str) -> GitHub {
    GitHub::new(settings(url)).unwrap()
}

/// With bounds that a test can wait for.
pub fn impatient_client(url: &str) -> GitHub {
    let bound = Duration::from_millis(150);
    let time_outs = TimeOuts { connect: bound, read: bound, total: 4 * bound };
    GitHub::new(Settings { time_outs, ..settings(url) }).unwrap()
}
