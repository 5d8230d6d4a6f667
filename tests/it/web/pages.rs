//! The router of the pages, asked in-process.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use trilock::{
    github::{GitHub, Settings, TimeOuts},
    web::{self, Options},
    workers::Context,
};

use super::TOKEN;
use crate::harness::Trilock;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub struct Pages {
    router: Router,
    /// What the routes look at; no loop of it runs.
    pub context: Context,
}

impl Pages {
    pub fn of(t: &Trilock) -> Self {
        Self::with(t, Options { operator_token: TOKEN.into(), ..Options::default() })
    }

    pub fn with(t: &Trilock, options: Options) -> Self {
        let second = Duration::from_secs(1);
        let github = GitHub::new(Settings {
            api_url: t.github.base_url().to_owned(),
            app_id: "1".into(),
            private_key_pem: t.github.private_key_pem(),
            clock: t.clock.clone(),
            time_outs: TimeOuts { connect: second, read: second, total: second },
        });
        let context =
            Context::new(t.store.clone(), github.unwrap(), t.clock.clone(), String::new(), second, second);
        Self { router: web::router(context.clone(), options), context }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn get_with(&self, path: &str, header: header::HeaderName, value: &str) -> Answer {
        self.send(Request::get(path).header(header, value).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, form: &'static str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post("/operator").header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(form)).unwrap()).await
    }
}
