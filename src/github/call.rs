//! A call's description: method, address, query and body.

use http::{HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    GitHubError,
    transport::{Answer, Outgoing},
};

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum As {
    App,
    Installation(u64),
}

/// A call, described.
#[derive(Clone)]
pub(super) struct Call {
    pub method: Method,
    pub template: &'static str,
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

    pub fn outgoing<'a>(&'a self, path: &'a str, authorization: &'a HeaderValue) -> Outgoing<'a> {
        Outgoing {
            method: &self.method,
            path,
            authorization,
            if_none_match: self.if_none_match.as_deref(),
            body: self.body.as_ref(),
        }
    }

    /// None if there can be nothing at such an address.
    pub fn path_and_query(&self) -> Option<String> {
        let mut path = self.path.clone()?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            let before = if at == 0 { '?' } else { '&' };
            path.push_str(&format!("{before}{name}={}", encode(value)));
        }
        Some(path)
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
