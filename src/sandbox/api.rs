//! A call of the App, its way to the concept that answers it, and what all answers share.

use chrono::TimeDelta;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    auth::Caller,
    world::{Refusal, World, sha_of},
};

/// One request, read and decoded.
pub(crate) struct Call {
    pub method: String,
    /// As sent.
    pub raw_path: String,
    /// Percent-decoded, without the leading slash.
    pub path: String,
    pub raw_query: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// Null when there was none.
    pub body: Value,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.param(name).and_then(|v| v.parse().ok()).filter(|n| *n > 0).unwrap_or(default)
    }

    pub fn per_page(&self) -> usize {
        self.number("per_page", 30).min(100)
    }

    /// A text of the body.
    pub fn text(&self, key: &str) -> Result<&str, Refusal> {
        self.body[key].as_str().ok_or_else(|| Refusal::unprocessable("Validation Failed"))
    }
}

/// What the sandbox answers.
pub(super) struct Answer {
    pub status: u16,
    /// None: no body.
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }

    pub fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    pub fn error(status: u16, message: &str) -> Self {
        let docs = "https://docs.github.com/rest";
        let body = json!({ "message": message, "documentation_url": docs, "status": status.to_string() });
        Self::new(status, body)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.status, &refusal.message)
    }
}

impl World {
    /// Does what a call asks for, as GitHub would.
    pub(super) fn answer(&mut self, call: &Call) -> Answer {
        let mut answer = self.within_rate(call).unwrap_or_else(Answer::from);
        let unchanged = etag(call, &mut answer);
        if unchanged {
            answer.status = 304;
            answer.body = None;
            self.rate.used = self.rate.used.saturating_sub(1);
        }
        let limit = self.options.rate_limit;
        answer.headers.extend([
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", limit.saturating_sub(self.rate.used).to_string()),
            ("x-ratelimit-used", self.rate.used.to_string()),
            ("x-ratelimit-reset", self.rate.reset.timestamp().to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ]);
        answer
    }

    fn within_rate(&mut self, call: &Call) -> Result<Answer, Refusal> {
        let now = self.now();
        if self.rate.reset <= now {
            self.rate.reset = now + TimeDelta::hours(1);
            self.rate.used = 0;
        }
        if call.path == "rate_limit" {
            let limit = self.options.rate_limit;
            let core = json!({
                "limit": limit,
                "used": self.rate.used,
                "remaining": limit.saturating_sub(self.rate.used),
                "reset": self.rate.reset.timestamp(),
            });
            return Ok(Answer::ok(json!({ "resources": { "core": core }, "rate": core })));
        }
        if self.rate.used >= self.options.rate_limit {
            return Err(Refusal::new(403, "API rate limit exceeded"));
        }
        self.rate.used += 1;
        self.route(call)
    }

    fn route(&mut self, call: &Call) -> Result<Answer, Refusal> {
        let caller = self.caller(call)?;
        let path: Vec<&str> = call.path.split('/').collect();
        match path.as_slice() {
            ["app", rest @ ..] => {
                caller.app()?;
                self.app_route(call, rest)
            }
            ["repos", owner, name, "installation"] => {
                caller.app()?;
                let repo = self.repo(&format!("{owner}/{name}"))?;
                let installation =
                    self.installations.get(&repo.installation).ok_or_else(Refusal::not_found)?;
                Ok(Answer::ok(self.installation_json(installation)))
            }
            ["repos", owner, name, rest @ ..] => self.repo_route(call, &caller, (owner, name), rest),
            ["installation", rest @ ..] => {
                let token = caller.token()?.clone();
                self.installation_route(call, &token, rest)
            }
            ["users", login] if self.users.contains_key(*login) => Ok(Answer::ok(self.user_json(login))),
            _ => Err(Refusal::not_found()),
        }
    }

    fn repo_route(
        &mut self,
        call: &Call,
        caller: &Caller,
        (owner, name): (&str, &str),
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        let token = caller.token()?;
        if let Some(answer) = self.redirected(call, &format!("{owner}/{name}")) {
            return Ok(answer);
        }
        let repo = self.visible(token, owner, name)?;
        let area = match rest {
            ["actions", ..] => "actions",
            ["check-runs", ..] => "checks",
            ["issues" | "labels", ..] => "issues",
            ["contents" | "commits" | "branches" | "git", ..] => "contents",
            _ => "metadata",
        };
        self.permitted(token, area, call.method != "GET")?;
        self.repo(&repo)?.writable(call)?;
        match rest {
            ["actions", rest @ ..] => self.actions_route(call, &repo, rest),
            ["check-runs", rest @ ..] => self.checks_route(call, &repo, rest),
            ["issues", rest @ ..] => self.issues_route(call, &repo, rest),
            ["labels", ..] => self.labels_route(call, &repo, rest),
            _ => self.contents_route(call, &repo, rest),
        }
    }

    /// One page of a list, with the `Link` header when there are more. `key` wraps it as `{total_count, key: […]}`.
    pub(super) fn page(&self, call: &Call, all: Vec<Value>, key: Option<&str>) -> Answer {
        let (total, per_page, page) = (all.len(), call.per_page(), call.number("page", 1));
        let last = total.div_ceil(per_page).max(1);
        let shown: Vec<Value> =
            all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
        let mut answer = Answer::ok(match key {
            Some(key) => json!({ "total_count": total, key: shown }),
            None => Value::from(shown),
        });
        let mut links = Vec::new();
        if page > 1 {
            links.push(self.link(call, "page", page - 1, "prev"));
        }
        if page < last {
            links.push(self.link(call, "page", page + 1, "next"));
            links.push(self.link(call, "page", last, "last"));
        }
        if page > 1 {
            links.push(self.link(call, "page", 1, "first"));
        }
        if !links.is_empty() {
            answer.headers.push(("link", links.join(", ")));
        }
        answer
    }

    /// The call's own address with one parameter changed, as `Link` wants it.
    pub(super) fn link(&self, call: &Call, param: &str, value: impl std::fmt::Display, rel: &str) -> String {
        let others =
            call.raw_query.split('&').filter(|p| !p.is_empty() && !p.starts_with(&format!("{param}=")));
        let query: Vec<_> = others.map(str::to_owned).chain([format!("{param}={value}")]).collect();
        let (base, api, path) = (&self.base_url, self.options.api_path, &call.raw_path);
        format!("<{base}{api}{path}?{}>; rel=\"{rel}\"", query.join("&"))
    }
}

/// Adds an `ETag` to an answered GET; true when the caller has that version already.
fn etag(call: &Call, answer: &mut Answer) -> bool {
    let Some(body) = answer.body.as_ref().filter(|_| call.method == "GET" && answer.status == 200) else {
        return false;
    };
    let tag = format!("\"{}\"", sha_of(body.to_string().as_bytes()));
    let known = call.header("if-none-match").is_some_and(|h| h.trim_start_matches("W/") == tag);
    answer.headers.push(("etag", tag));
    known
}
