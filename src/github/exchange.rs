//! A call made: authorization, deadline, status, log line, pages.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    GitHub, GitHubError,
    auth::Minted,
    call::{As, Call},
    transport::Answer,
};
use crate::metrics;

const PER_PAGE: usize = 100;
/// A listing longer than this is cut, with a warning.
const MOST_PAGES: usize = 20;

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
        self.0.limits.check(on_behalf, began).inspect_err(|error| {
            tracing::debug!(method = %call.method, path = call.template, ?on_behalf, ?error, "not sent: a limit is in force");
        })?;
        let sent = AtomicBool::new(false);
        let answer = match timeout(self.0.total, self.authorized(on_behalf, call, &path, &sent)).await {
            Ok(Ok(answer)) => self.judged(answer),
            Ok(Err(error)) => Err((None, error)),
            Err(_) if sent.load(Ordering::Relaxed) => {
                Err((None, GitHubError::Unknown(format!("no answer within {:?}", self.0.total))))
            }
            Err(_) => Err((None, GitHubError::NotSent(format!("no token within {:?}", self.0.total)))),
        };
        let status = match &answer {
            Ok(answer) => Some(answer.status),
            Err((status, _)) => *status,
        };
        let status = status.map(|status| status.as_u16());
        let now = self.0.clock.now();
        let took = (now - began).to_std().unwrap_or_default();
        metrics::github_request(call.method.as_str(), call.template, status, took);
        answer.map_err(|(_, error)| {
            self.0.limits.note(on_behalf, now, &error);
            let ms = took.as_millis();
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

    /// A 401 says that nothing was done, so a call with a stale token is made once more with a new one. So does a 403
    /// that speaks of permissions.
    async fn authorized(
        &self,
        on_behalf: As,
        call: &Call,
        path: &str,
        sent: &AtomicBool,
    ) -> Result<Answer, GitHubError> {
        let authorization = self.authorization(on_behalf).await?;
        sent.store(true, Ordering::Relaxed);
        let answer = self.0.transport.send(&call.outgoing(path, &authorization)).await?;
        let As::Installation(installation) = on_behalf else { return Ok(answer) };
        // A token keeps the permissions that it was made with, also when they were widened since.
        let too_narrow = answer.status == StatusCode::FORBIDDEN && answer.lacks_permission();
        if answer.status != StatusCode::UNAUTHORIZED && !too_narrow {
            return Ok(answer);
        }
        sent.store(false, Ordering::Relaxed);
        self.0.tokens.forget(installation, &authorization).await;
        let authorization = self.authorization(on_behalf).await?;
        sent.store(true, Ordering::Relaxed);
        self.0.transport.send(&call.outgoing(path, &authorization)).await
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
        self.0.limits.check(As::App, self.0.clock.now())?;
        let id = installation.to_string();
        let call = Call::post("/app/installations/{installation_id}/access_tokens", &[&id]);
        let path = call.path_and_query().unwrap_or_default();
        let jwt = self.0.app.bearer(self.0.clock.now()).map_err(GitHubError::NotSent)?;
        let answer = self.0.transport.send(&call.outgoing(&path, &jwt)).await;
        let answer = answer.and_then(|answer| self.judged(answer).map_err(|(_, error)| error));
        let answer = answer.inspect_err(|error| self.0.limits.note(As::App, self.0.clock.now(), error));
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
