//! Every refusal: JSON below `/api/`, else a small page. What went wrong inside goes to the log only.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;

use crate::store::StoreError;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Unknown, or not for this visitor: the same answer, so that nobody learns which.
    NotFound,
    WrongToken,
    NoOperators,
    NotUnderstood(StatusCode),
    Away,
    Internal,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            tracing::warn!(%error, "a page could not be shown");
            return Self::Away;
        }
        tracing::error!(%error, "a page could not be shown");
        Self::Internal
    }
}

/// Leaves the form to [`Problem::render`], which knows who asked.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}

impl Problem {
    /// What stands behind a bare answer of the router, such as "method not allowed".
    pub fn of(response: &Response) -> Option<Self> {
        let status = response.status();
        let known = response.extensions().get().copied();
        known.or_else(|| (status.is_client_error()).then_some(Self::NotUnderstood(status)))
    }

    pub fn render(self, as_json: bool) -> Response {
        let (title, words) = self.words();
        let mut response = if as_json {
            Json(json!({ "error": format!("{title}. {words}") })).into_response()
        } else {
            // Both are texts of this file.
            let page = include_str!("assets/problem.html");
            Html(page.replace("{title}", title).replace("{words}", words)).into_response()
        };
        *response.status_mut() = self.status();
        match self {
            Self::Away => response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5")),
            Self::WrongToken if as_json => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => None,
        };
        response
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongToken | Self::NoOperators => StatusCode::UNAUTHORIZED,
            Self::NotUnderstood(status) => status,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => (
                "There is nothing here",
                "Either there is no such page or repository, or it is private. An operator signs in on the start page to see private ones.",
            ),
            Self::WrongToken => (
                "That is not the operator token",
                "The server prints the token when it starts. Copy the whole of it and try again.",
            ),
            Self::NoOperators => (
                "This server has no operator token",
                "Nobody can sign in here; public repositories are shown to everybody.",
            ),
            Self::NotUnderstood(_) => {
                ("That was not understood", "The address is right, but what was sent to it is not.")
            }
            Self::Away => (
                "The database is away",
                "Nothing is lost: what arrives meanwhile is sent again. Try again in some seconds.",
            ),
            Self::Internal => (
                "Something went wrong here",
                "It is not your fault; the server's log says more. Builds go on by themselves.",
            ),
        }
    }
}
