//! GitHub's REST API: octocrab as transport, authentication as an App, and one function per call.
//!
//! * `transport` sends one request with the right headers and time-outs, and never again by itself;
//! * `auth` signs as the App and keeps one token per installation;
//! * `call` describes a call, `exchange` makes it: status to [`GitHubError`], log line, pages;
//! * `limits` answers in GitHub's place while it wants to be left alone;
//! * the rest are the calls: `apps`, `contents`, `people`, `issues`, `comments`, `checks`, `runs`,
//!   `results`, `deliveries`.
//!
//! What octocrab 0.54 has of its own above the transport is not used: its models reject real answers, it mints a
//! token per concurrent caller, reads the system clock, and loses authorization and headers on page two.

mod apps;
mod auth;
mod call;
mod checks;
mod comments;
mod contents;
mod deliveries;
mod effects;
mod error;
mod exchange;
mod issues;
mod limits;
mod people;
mod results;
mod runs;
mod transport;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use crate::clock::Clock;

pub use self::{
    apps::{App, Installation, ListedRepository},
    checks::{Annotation, AnnotationLevel, Check, CheckConclusion, MAX_ANNOTATIONS},
    comments::{Comment, CommentRef, Reaction},
    contents::{Content, Repository},
    deliveries::{DeliveryPage, HookDelivery},
    effects::{Post, RunSearch},
    error::{GitHubError, SettingsError},
    issues::Issue,
    people::Account,
    results::{Artifact, Job},
    runs::{CancelAnswer, DispatchedRun, Run},
};

/// A client for one GitHub and one App. Clones share connections and tokens.
#[derive(Clone)]
pub struct GitHub(Arc<Inner>);

struct Inner {
    transport: transport::Transport,
    app: auth::AppKey,
    tokens: auth::Tokens,
    limits: limits::Limits,
    clock: Clock,
    total: Duration,
}

/// What a [`GitHub`] is made of.
pub struct Settings {
    /// The API's address; a path such as `/api/v3` is kept (GitHub Enterprise Server).
    pub api_url: String,
    /// The App's id or client id; GitHub takes both as the issuer of a JWT.
    pub app_id: String,
    /// The App's RSA key, PKCS#1 as GitHub hands it out, or PKCS#8.
    pub private_key_pem: String,
    /// Tells JWTs and tokens their age. Time-outs run in real time, whatever this clock's rate.
    pub clock: Clock,
    pub time_outs: TimeOuts,
}

/// Bounds of one call, in real time.
#[derive(Clone, Copy, Debug)]
pub struct TimeOuts {
    /// For TCP and TLS.
    pub connect: Duration,
    /// For each silence of the server once the connection stands.
    pub read: Duration,
    /// For the whole call: waiting for a token, connecting, sending, reading.
    pub total: Duration,
}

impl TimeOuts {
    /// For calls that may take `total` as a whole.
    pub fn within(total: Duration) -> Self {
        Self { connect: total / 3, read: total * 2 / 3, total }
    }
}

impl Default for TimeOuts {
    fn default() -> Self {
        Self::within(Duration::from_secs(15))
    }
}

/// A repository's address, and the installation through which it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repo {
    pub owner: String,
    pub name: String,
    pub installation: u64,
}

impl GitHub {
    /// Makes a client; no call is made. Must run inside a Tokio runtime, which serves the client from then on.
    ///
    /// # Errors
    /// An address that is none, a key that cannot sign, or no root certificates on this system.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let app = auth::AppKey::new(settings.app_id, &settings.private_key_pem)?;
        app.bearer(settings.clock.now()).map_err(SettingsError::PrivateKey)?;
        Ok(Self(Arc::new(Inner {
            transport: transport::Transport::new(&settings.api_url, settings.time_outs)?,
            app,
            tokens: auth::Tokens::default(),
            limits: limits::Limits::default(),
            clock: settings.clock,
            total: settings.time_outs.total,
        })))
    }
}
