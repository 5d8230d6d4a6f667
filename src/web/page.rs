//! The page and its parts, all static, and what every answer carries.

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{DemoPanel, Site, api, operator::Visitor, problem::Problem};

const PAGE: &str = include_str!("assets/page.html");

pub(super) fn router() -> Router<Site> {
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/q/{owner}/{name}", get(queue))
        .route("/assets/{name}", get(asset))
}

/// The same page; its script sees from the address which repository is meant.
async fn queue(
    State(site): State<Site>,
    visitor: Visitor,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Html<&'static str>, Problem> {
    api::visible(&site, visitor, &owner, &name).await?;
    Ok(Html(PAGE))
}

async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    let (kind, text) = match name.as_str() {
        "page.css" => ("text/css; charset=utf-8", include_str!("assets/page.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("assets/page.js")),
        "parts.js" => ("text/javascript; charset=utf-8", include_str!("assets/parts.js")),
        "demo.js" => ("text/javascript; charset=utf-8", include_str!("assets/demo.js")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return Err(Problem::NotFound),
    };
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

/// Own files only; the demo's page also talks to its sandbox.
pub(super) fn content_security_policy(demo: Option<&DemoPanel>) -> String {
    let sandbox = demo.map(|demo| format!(" {}", demo.sandbox_url)).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{sandbox}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Gives problems their form, and every answer its headers.
pub(super) async fn finish(State(site): State<Site>, request: Request, next: Next) -> Response {
    let as_json = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let mut response = match Problem::of(&response) {
        Some(problem) => {
            let allow = response.headers().get(header::ALLOW).cloned();
            let mut rendered = problem.render(as_json);
            if let Some(allow) = allow {
                rendered.headers_mut().insert(header::ALLOW, allow);
            }
            rendered
        }
        None => response,
    };
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&site.0.content_security_policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
