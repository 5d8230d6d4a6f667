//! A call from its description to its answer: address, authorization, deadline, status, log line, pages.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    GitHub, GitHubError,
    auth::Minted,
    error::text,
    transport::{Answer, Outgoing},
};

const PER_PAGE: usize = 100;
/// A listing longer than this is cut, with a warning.
const MOST_PAGES: usize = 20;

/// On whose behalf a call is made.
#[derive(Clone, Copy)]
pub(super) enum As {
    App,
    Installation(u64),
}

/// A call, described.
#[derive(Clone)]
pub(super) struct Call {
    method: Method,
    template: &'static str,
    /// None if a parameter cannot be part of a path: there is nothing at such an address.
    path: Option<String>,
    query: Vec<(&'static str, String)>,
    if_none_match: Option<String>,
    body: Option<Value>,
}

impl Call {
    /// `template` has a `{name}` per parameter; `{+name}` may span several segments.
    pub fn new(method: Method, template: &'static str, parameters: &[&str]) -> Self {
        let path = fill(template, parameters);
        Self { method, template, path, query: Vec::new(), if_none_match: None, body: None }
    }

    pub fn get(template: &'static str, parameters: &[&str]) -> Self {
        Self::new(Method::GET, template, parameters)
    }

    pub fn post(template: &'static str, parameters: &[&str]) -> Self {
        Self::new(Method::POST, template, parameters)
    }

    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub fn if_none_match(mut self, etag: Option<&str>) -> Self {
        self.if_none_match = etag.map(str::to_owned);
        self
    }

    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The answer's JSON. One that is not understood is logged: either GitHub changed, or our types are wrong.
    pub fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, GitHubError> {
        answer.json().inspect_err(|error| {
            let status = answer.status.as_u16();
            tracing::warn!(method = %self.method, path = self.template, status, ?error, "unreadable answer from GitHub");
        })
    }

    fn path_and_query(&self) -> Option<String> {
        let mut path = self.path.clone()?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            let before = if at == 0 { '?' } else { '&' };
            path.push_str(&format!("{before}{name}={}", encode(value)));
        }
        Some(path)
    }
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Unreadable(error.to_string()))
    }

    /// GitHub says by `Link` that there is more. Its address is not used: ours carries authorization and base path.
    fn has_next_page(&self) -> bool {
        text(&self.headers, "link").is_some_and(|link| link.contains("rel=\"next\""))
    }
}

impl GitHub {
    /// Makes the call and reads its JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        on_behalf: As,
        call: &Call,
    ) -> Result<T, GitHubError> {
        call.read(&self.send(on_behalf, call).await?)
    }

    /// Reads all pages of a listing; `entries` finds them in one page.
    pub(super) async fn pages<P: DeserializeOwned, T>(
        &self,
        on_behalf: As,
        call: &Call,
        entries: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let call = call.clone().query("per_page", PER_PAGE).query("page", page);
            let answer = self.send(on_behalf, &call).await?;
            all.extend(entries(call.read(&answer)?));
            if !answer.has_next_page() {
                return Ok(all);
            }
        }
        tracing::warn!(path = call.template, pages = MOST_PAGES, "a listing was cut");
        Ok(all)
    }

    /// Makes the call: 2xx or 304, or an error. One log line per failure; a 404 is often an ordinary answer.
    pub(super) async fn send(&self, on_behalf: As, call: &Call) -> Result<Answer, GitHubError> {
        let Some(path) = call.path_and_query() else { return Err(GitHubError::NotFound) };
        let began = self.0.clock.now();
        let sent = AtomicBool::new(false);
        let answer = match timeout(self.0.total, self.authorized(on_behalf, call, &path, &sent)).await {
            Ok(Ok(answer)) => self.judged(answer),
            Ok(Err(error)) => Err((None, error)),
            Err(_) if sent.load(Ordering::Relaxed) => {
                Err((None, GitHubError::Unknown(format!("no answer within {:?}", self.0.total))))
            }
            Err(_) => Err((None, GitHubError::NotSent(format!("no token within {:?}", self.0.total)))),
        };
        answer.map_err(|(status, error)| {
            let ms = (self.0.clock.now() - began).num_milliseconds();
            let status = status.map(|status: StatusCode| status.as_u16());
            if error == GitHubError::NotFound {
                tracing::debug!(method = %call.method, path = call.template, status, ms, "GitHub call: not found");
            } else {
                tracing::warn!(method = %call.method, path = call.template, status, ms, ?error, "GitHub call failed");
            }
            error
        })
    }

    fn judged(&self, answer: Answer) -> Result<Answer, (Option<StatusCode>, GitHubError)> {
        let status = answer.status;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let error = GitHubError::from_status(status, &answer.headers, &answer.body, self.0.clock.now());
        Err((Some(status), error))
    }

    /// A 401 says that nothing was done, so a call with a stale token is made once more with a new one.
    async fn authorized(
        &self,
        on_behalf: As,
        call: &Call,
        path: &str,
        sent: &AtomicBool,
    ) -> Result<Answer, GitHubError> {
        let authorization = self.authorization(on_behalf).await?;
        sent.store(true, Ordering::Relaxed);
        let answer = self.0.transport.send(&outgoing(call, path, &authorization)).await?;
        let As::Installation(installation) = on_behalf else { return Ok(answer) };
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        sent.store(false, Ordering::Relaxed);
        self.0.tokens.forget(installation, &authorization).await;
        let authorization = self.authorization(on_behalf).await?;
        sent.store(true, Ordering::Relaxed);
        self.0.transport.send(&outgoing(call, path, &authorization)).await
    }

    async fn authorization(&self, on_behalf: As) -> Result<HeaderValue, GitHubError> {
        let now = self.0.clock.now();
        match on_behalf {
            As::App => self.0.app.bearer(now).map_err(GitHubError::NotSent),
            As::Installation(id) => self.0.tokens.get(id, now, async || self.mint(id).await).await,
        }
    }

    /// Mints a token. Its failures are told in terms of the call that needs it, which was not sent: above all a 404
    /// here (the installation is gone) must not read as the absence of what was asked for.
    async fn mint(&self, installation: u64) -> Result<Minted, GitHubError> {
        let id = installation.to_string();
        let call = Call::post("/app/installations/{installation_id}/access_tokens", &[&id]);
        let path = call.path_and_query().unwrap_or_default();
        let jwt = self.0.app.bearer(self.0.clock.now()).map_err(GitHubError::NotSent)?;
        let answer = self.0.transport.send(&outgoing(&call, &path, &jwt)).await;
        let answer = answer.and_then(|answer| self.judged(answer).map_err(|(_, error)| error));
        let answer = answer.map_err(|error| match error {
            GitHubError::NotFound => GitHubError::Unauthorized(format!("installation {id} is gone")),
            GitHubError::Refused { status, message } => {
                GitHubError::Unauthorized(format!("no token for installation {id}: {status} {message}"))
            }
            GitHubError::Unknown(detail) | GitHubError::Unreadable(detail) => {
                GitHubError::NotSent(format!("no token for installation {id}: {detail}"))
            }
            other => other,
        })?;
        // The parser's words may quote the body, and with it the token.
        answer.json().map_err(|_| GitHubError::NotSent(format!("unreadable token for installation {id}")))
    }
}

fn outgoing<'a>(call: &'a Call, path: &'a str, authorization: &'a HeaderValue) -> Outgoing<'a> {
    Outgoing {
        method: &call.method,
        path,
        authorization,
        if_none_match: call.if_none_match.as_deref(),
        body: call.body.as_ref(),
    }
}

/// Puts the parameters into the template's places. An empty or dotted segment would change the address: None.
fn fill(template: &str, parameters: &[&str]) -> Option<String> {
    let mut parameters = parameters.iter();
    let mut path = String::new();
    for segment in template.split('/').skip(1) {
        if !segment.starts_with('{') {
            path.push_str(&format!("/{segment}"));
            continue;
        }
        let value = parameters.next()?;
        let parts: Vec<&str> =
            if segment.starts_with("{+") { value.split('/').collect() } else { vec![value] };
        for part in parts {
            if matches!(part, "" | "." | "..") {
                return None;
            }
            path.push_str(&format!("/{}", encode(part)));
        }
    }
    Some(path)
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
