//! The App's JWT, and one token per installation, minted once however many callers wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::{GitHubError, SettingsError};

/// GitHub takes JWTs of at most 10 minutes, `iat` 60 s back against drifting clocks.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
const ISSUED_BEFORE: TimeDelta = TimeDelta::seconds(60);
const EXPIRES_AFTER: TimeDelta = TimeDelta::minutes(9);
/// Tokens live an hour; one in its last minutes is not handed out.
const LAST_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// Signs as the App.
pub(super) struct AppKey {
    app_id: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
}

impl AppKey {
    pub fn new(app_id: String, pem: &str) -> Result<Self, SettingsError> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes())
            .map_err(|error| SettingsError::PrivateKey(error.to_string()))?;
        Ok(Self { app_id, key })
    }

    /// An `Authorization` value that speaks for the App itself.
    pub fn bearer(&self, now: DateTime<Utc>) -> Result<HeaderValue, String> {
        let claims = Claims {
            iss: &self.app_id,
            iat: (now - ISSUED_BEFORE).timestamp(),
            exp: (now + EXPIRES_AFTER).timestamp(),
        };
        let jwt = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map_err(|error| error.to_string())?;
        bearer(&jwt)
    }
}

/// GitHub's answer to minting a token.
#[derive(Deserialize)]
pub(super) struct Minted {
    token: String,
    expires_at: DateTime<Utc>,
}

#[derive(Clone)]
struct Token {
    authorization: HeaderValue,
    expires_at: DateTime<Utc>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The tokens of all installations.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<u64, Slot>>);

impl Tokens {
    /// The installation's `Authorization`, minted if there is none that lasts. Others of the same installation wait
    /// meanwhile and then share it; if the one who mints fails or is dropped, the next in line tries.
    pub async fn get<F>(
        &self,
        installation: u64,
        now: DateTime<Utc>,
        mint: F,
    ) -> Result<HeaderValue, GitHubError>
    where
        F: AsyncFnOnce() -> Result<Minted, GitHubError>,
    {
        let slot = self.slot(installation);
        let mut token = slot.lock().await;
        if let Some(token) = token.as_ref().filter(|token| token.expires_at - now > LAST_MINUTES) {
            return Ok(token.authorization.clone());
        }
        let minted = mint().await?;
        let authorization = bearer(&minted.token).map_err(GitHubError::NotSent)?;
        *token = Some(Token { authorization: authorization.clone(), expires_at: minted.expires_at });
        Ok(authorization)
    }

    /// Forgets a token that GitHub no longer accepts, unless another caller has replaced it already.
    pub async fn forget(&self, installation: u64, refused: &HeaderValue) {
        let slot = self.slot(installation);
        let mut token = slot.lock().await;
        if token.as_ref().is_some_and(|token| token.authorization == refused) {
            *token = None;
        }
    }

    fn slot(&self, installation: u64) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(installation).or_default())
    }
}

/// Marked as sensitive, so that it prints as such wherever it is logged.
fn bearer(token: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| "the token is not fit for a header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
