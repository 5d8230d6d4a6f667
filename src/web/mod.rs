//! What people and machines look at: the live page, the JSON behind it, health and metrics.
//!
//! The page is static: its script fills it with what `/api/…` answers, as text. So nothing that somebody typed is ever
//! part of the HTML.
//!
//! | file | knows |
//! |---|---|
//! | `api` | the routes of the JSON, and which repositories a visitor may see |
//! | `view` | the JSON itself |
//! | `page` | the page, its parts, and the headers of every answer |
//! | `health` | whether the process is well and ready, and what it counts |
//! | `operator` | the operator's token: header, cookie, sign-in |
//! | `listener` | connections within bounds |
//! | `problem` | every refusal, as JSON or as a small page |

mod api;
mod health;
mod listener;
mod operator;
mod page;
mod problem;
mod view;

use std::sync::Arc;

use axum::{Router, middleware};
use serde::Serialize;

use crate::workers::Context;
use operator::Token;

pub use listener::serve;

/// What the page can do beside showing public repositories.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who knows it sees everything. Empty: nobody is an operator.
    pub operator_token: String,
    /// What people open; with `https://` the operator's cookie is sent over TLS only.
    pub public_url: String,
    /// Where issues can be opened in a browser, without a slash at its end.
    pub github_url: String,
    /// Shows the panel on which one plays the people of the sandbox.
    pub demo: Option<DemoPanel>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            operator_token: String::new(),
            public_url: String::new(),
            github_url: "https://github.com".into(),
            demo: None,
        }
    }
}

/// The simulated GitHub that the page's panel talks to, and who and what is in it.
#[derive(Clone, Debug, Serialize)]
pub struct DemoPanel {
    /// `http://host:port`, without a slash at the end.
    pub sandbox_url: String,
    pub people: Vec<String>,
    /// `owner/name`
    pub repositories: Vec<String>,
}

/// What the routes share.
#[derive(Clone)]
struct Site(Arc<Shared>);

struct Shared {
    context: Context,
    token: Option<Token>,
    options: Options,
    content_security_policy: String,
}

/// Everything but the webhooks.
pub fn router(context: Context, options: Options) -> Router {
    let site = Site(Arc::new(Shared {
        context: context.clone(),
        token: Token::new(&options.operator_token),
        content_security_policy: page::content_security_policy(options.demo.as_ref()),
        options,
    }));
    Router::new()
        .merge(page::router())
        .merge(api::router())
        .merge(operator::router())
        .fallback(problem::not_found)
        .layer(middleware::from_fn_with_state(site.clone(), page::finish))
        .with_state(site)
        .merge(health::router(context))
}
