//! What can go wrong in a call, told apart by what the caller may do next.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// Why a [`GitHub`](super::GitHub) could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "the GitHub API address {url:?} is not usable: {reason}; expected something like https://api.github.com"
    )]
    ApiUrl { url: String, reason: String },
    #[error("the App's private key cannot sign: {0}; expected the RSA key in PEM form that GitHub hands out")]
    PrivateKey(String),
    #[error("no HTTPS client: {0}; are the system's root certificates (package ca-certificates) installed?")]
    Tls(String),
}

/// A call without a usable answer. Strings are detail for the operator: they are in `Debug`, never in `Display`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// 404: it is not there, or this installation may not see it.
    #[error("GitHub does not know this, or does not show it to the App")]
    NotFound,
    /// A refusal that asking again will not change: 403, 409, 410, 422, 451, … `message` is GitHub's own.
    #[error("GitHub refused this (HTTP {status})")]
    Refused { status: u16, message: String },
    /// Nothing was done. With `after` it is a rate limit (429, or 403 that says so), and GitHub is not to be asked again
    /// before; without, only this call came too early.
    #[error("GitHub asks for patience")]
    RetryLater { after: Option<Duration>, message: String },
    /// The App's key or its installation is not accepted (removed, suspended, wrong key).
    #[error("GitHub does not accept the App's credentials")]
    Unauthorized(String),
    /// The request surely never arrived: no connection, or no token to go with it.
    #[error("GitHub could not be reached")]
    NotSent(String),
    /// Time-out, reset or 5xx: the request may have been carried out.
    #[error("GitHub did not answer")]
    Unknown(String),
    /// A 2xx whose body is not understood: the request was carried out.
    #[error("GitHub's answer was not understood")]
    Unreadable(String),
}

impl GitHubError {
    /// The request may have been carried out (or surely was), and its result is not known: look before sending again.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Unreadable(_))
    }

    /// The same call may well succeed later. Before repeating a write, see [`is_unknown`](Self::is_unknown).
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RetryLater { .. } | Self::NotSent(_) | Self::Unknown(_))
    }

    /// What the call is about is not there any more. `NotFound` may also mean that GitHub hides the whole repository.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::NotFound => true,
            // 410: a deleted issue; a redirect that is not followed: one that was moved elsewhere.
            Self::Refused { status, .. } => matches!(status, 301 | 302 | 410),
            _ => false,
        }
    }

    /// The App's permissions do not cover this (any more).
    pub fn lacks_permission(&self) -> bool {
        self.says(403, LACKS_PERMISSION)
    }

    /// The repository is read-only.
    pub fn is_archived(&self) -> bool {
        self.says(403, "archived")
    }

    /// Nobody but collaborators may write in the issue.
    pub fn is_locked(&self) -> bool {
        self.says(403, "issue is locked")
    }

    fn says(&self, code: u16, words: &str) -> bool {
        matches!(self, Self::Refused { status, message } if *status == code && message.contains(words))
    }

    /// Reads the refusal out of a status that is neither 2xx nor 304.
    pub(super) fn from_status(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Self {
        let message = message_of(body);
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::UNAUTHORIZED => Self::Unauthorized(message),
            StatusCode::TOO_MANY_REQUESTS => {
                Self::RetryLater { after: Some(wanted_pause(headers, now)), message }
            }
            StatusCode::FORBIDDEN if is_rate_limit(headers, &message) => {
                Self::RetryLater { after: Some(wanted_pause(headers, now)), message }
            }
            // Said to tokens that were made before; no new ones are.
            StatusCode::FORBIDDEN if message.contains("installation has been suspended") => {
                Self::Unauthorized(message)
            }
            StatusCode::REQUEST_TIMEOUT => Self::Unknown(format!("{status}: {message}")),
            _ if status.is_redirection() => {
                let to = text(headers, "location").unwrap_or("an address that it does not tell");
                Self::Refused { status: status.as_u16(), message: format!("it has moved to {to}") }
            }
            _ if status.is_server_error() => Self::Unknown(format!("{status}: {message}")),
            _ => Self::Refused { status: status.as_u16(), message },
        }
    }
}

/// GitHub's words when a token's permissions do not cover a call.
pub(super) const LACKS_PERMISSION: &str = "Resource not accessible by integration";

/// GitHub's signs of a limit on a 403: `retry-after`, an empty budget, or, for secondary limits, only the words.
/// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>
fn is_rate_limit(headers: &HeaderMap, message: &str) -> bool {
    headers.contains_key("retry-after")
        || text(headers, "x-ratelimit-remaining") == Some("0")
        || message.to_ascii_lowercase().contains("secondary rate limit")
}

/// `retry-after` in seconds; else the time until the budget is full again, if it is empty; else a minute, GitHub's own
/// advice for a limit that does not say.
fn wanted_pause(headers: &HeaderMap, now: DateTime<Utc>) -> Duration {
    let number = |name: &str| text(headers, name).and_then(|value| value.parse::<i64>().ok());
    let until_reset = || {
        let empty = number("x-ratelimit-remaining") == Some(0);
        number("x-ratelimit-reset")
            .filter(|_| empty)
            .map(|reset| reset.saturating_sub(now.timestamp()).max(1))
    };
    let seconds = number("retry-after").or_else(until_reset).unwrap_or(60);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(LONGEST_PAUSE)
}

/// Budgets are hourly; what asks for more is a mistake somewhere.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// GitHub's `message` with its `errors`, or the start of whatever else came (a proxy's page).
fn message_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: String,
        errors: Option<serde_json::Value>,
    }
    const LONGEST: usize = 500;
    let text = match serde_json::from_slice::<Body>(body) {
        Ok(Body { message, errors: Some(errors) }) => format!("{message} {errors}"),
        Ok(Body { message, errors: None }) => message,
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    };
    text.chars().take(LONGEST).collect()
}
