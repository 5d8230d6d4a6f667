//! One HTTP request through octocrab's client: headers, time-outs, and what an error says about the request's fate.

use std::error::Error;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH, LOCATION, USER_AGENT},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_timeout::TimeoutConnector;
use hyper_util::{client::legacy, rt::TokioExecutor};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    GitHubError, SettingsError, TimeOuts,
    error::{LACKS_PERMISSION, text},
};

/// More than GitHub's largest page of 100 entries.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
const MOST_REDIRECTS: usize = 3;
const AGENT: &str = concat!("trilock/", env!("CARGO_PKG_VERSION"));

pub(super) struct Transport {
    client: Octocrab,
    /// Without a slash at its end.
    base: String,
    time_outs: TimeOuts,
}

/// What is sent. `path` includes the query and starts with a slash; the base's own path goes before it.
pub(super) struct Outgoing<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub authorization: &'a HeaderValue,
    pub if_none_match: Option<&'a str>,
    pub body: Option<&'a serde_json::Value>,
}

/// What came back, whatever its status.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Unreadable(error.to_string()))
    }

    /// Whether a refusal speaks of permissions.
    pub fn lacks_permission(&self) -> bool {
        let words = LACKS_PERMISSION.as_bytes();
        self.body.windows(words.len()).any(|part| part == words)
    }

    /// GitHub says by `Link` that there is more. Its address is not used: ours carries authorization and base path.
    pub fn has_next_page(&self) -> bool {
        text(&self.headers, "link").is_some_and(|link| link.contains("rel=\"next\""))
    }
}

impl Transport {
    /// octocrab runs over a service of ours: its own one appends a second `User-Agent` to every request. The connector's
    /// read time-out is not used: its timer starts while a pooled connection idles, so that the next request would get
    /// only what is left of it.
    pub fn new(api_url: &str, time_outs: TimeOuts) -> Result<Self, SettingsError> {
        let base = parse_base(api_url)?;
        let tls = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| SettingsError::Tls(chain(&error)))?;
        let mut connector = TimeoutConnector::new(tls.https_or_http().enable_http1().build());
        connector.set_connect_timeout(Some(time_outs.connect));
        let service = legacy::Client::builder(TokioExecutor::new()).build::<_, OctoBody>(connector);
        let Ok(client) =
            OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        Ok(Self { client, base, time_outs })
    }

    /// Sends once. Follows a redirect (a renamed repository) on the same host only, and a write's only where the
    /// status says that the same request belongs elsewhere (307, 308): then nothing was done at the first place.
    pub async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Answer, GitHubError> {
        let mut url = format!("{}{}", self.base, outgoing.path);
        for _ in 0..MOST_REDIRECTS {
            let answer = self.send_to(&url, outgoing).await?;
            match self.redirect(outgoing.method, &answer) {
                Some(next) => url = next,
                None => return Ok(answer),
            }
        }
        self.send_to(&url, outgoing).await
    }

    async fn send_to(&self, url: &str, outgoing: &Outgoing<'_>) -> Result<Answer, GitHubError> {
        let request = request(url, outgoing)?;
        let head = self.time_outs.connect + self.time_outs.read;
        let response = timeout(head, self.client.execute(request))
            .await
            .map_err(|_| GitHubError::Unknown(format!("no answer within {head:?}")))?
            .map_err(|error| fate_of(&error))?;
        let (parts, body) = response.into_parts();
        let body = self.read(body).await?;
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn read<B>(&self, body: B) -> Result<Bytes, GitHubError>
    where
        B: http_body_util::BodyExt<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut body = Limited::new(body, LARGEST_BODY);
        let mut read = Vec::new();
        loop {
            let frame = timeout(self.time_outs.read, body.frame()).await.map_err(|_| {
                GitHubError::Unknown(format!("the answer stopped for {:?}", self.time_outs.read))
            })?;
            match frame {
                None => return Ok(read.into()),
                Some(Ok(frame)) => read.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) if error.is::<LengthLimitError>() => {
                    return Err(GitHubError::Unreadable(format!("the answer exceeds {LARGEST_BODY} bytes")));
                }
                Some(Err(error)) => return Err(GitHubError::Unknown(chain(error.as_ref()))),
            }
        }
    }

    fn redirect(&self, method: &Method, answer: &Answer) -> Option<String> {
        let same_request = matches!(answer.status.as_u16(), 307 | 308);
        let also_for_reads = matches!(answer.status.as_u16(), 301 | 302);
        if !(same_request || (also_for_reads && method == Method::GET)) {
            return None;
        }
        let location: Uri = text(&answer.headers, LOCATION.as_str())?.parse().ok()?;
        let base: Uri = self.base.parse().ok()?;
        match location.authority() {
            None => Some(format!("{}://{}{location}", base.scheme_str()?, base.authority()?)),
            Some(_) => (location.authority() == base.authority() && location.scheme() == base.scheme())
                .then(|| location.to_string()),
        }
    }
}

fn parse_base(url: &str) -> Result<String, SettingsError> {
    let wrong = |reason: &str| SettingsError::ApiUrl { url: url.to_owned(), reason: reason.to_owned() };
    let base = url.trim().trim_end_matches('/');
    let uri: Uri = base.parse().map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err(wrong("it does not start with https:// or http://"));
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => Err(wrong("it contains a user name")),
        Some(_) if uri.query().is_some() => Err(wrong("it contains a query")),
        Some(_) => Ok(base.to_owned()),
        None => Err(wrong("it names no host")),
    }
}

fn request(url: &str, outgoing: &Outgoing<'_>) -> Result<Request<String>, GitHubError> {
    let mut request = Request::builder()
        .method(outgoing.method)
        .uri(url)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .header(AUTHORIZATION, outgoing.authorization);
    if let Some(etag) = outgoing.if_none_match {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if outgoing.body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    } else if outgoing.method != Method::GET {
        // hyper leaves it out for an empty body, and a proxy may then ask for it (411).
        request = request.header(CONTENT_LENGTH, "0");
    }
    let body = outgoing.body.map(ToString::to_string).unwrap_or_default();
    request.body(body).map_err(|error| GitHubError::NotSent(chain(&error)))
}

/// Whether the request may have arrived: surely not if no connection came about (DNS, TCP, TLS).
fn fate_of(error: &octocrab::Error) -> GitHubError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) {
            return GitHubError::NotSent(chain(current));
        }
        cause = current.source();
    }
    GitHubError::Unknown(chain(error))
}

/// An error and its causes on one line, each said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let words = current.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = current.source();
    }
    text
}
