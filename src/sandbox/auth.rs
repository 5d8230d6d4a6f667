//! Who calls: the App by a JSON Web Token, or one of its installations by a token.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    api::{Answer, Call},
    world::{Refusal, World, iso},
};

const TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);
const JWT_LIFE_SECONDS: i64 = 600;
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// The App's private key, made at start, in the two forms that are needed.
pub(super) struct AppKey {
    pub pem: String,
    check: DecodingKey,
}

impl AppKey {
    pub fn generate() -> anyhow::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048)?;
        let der: Pkcs8V1Der = pair.as_der()?;
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        let public = pair.public_key();
        let check = DecodingKey::from_rsa_raw_components(
            public.modulus().big_endian_without_leading_zero(),
            public.exponent().big_endian_without_leading_zero(),
        );
        Ok(Self { pem, check })
    }
}

/// An installation token, perhaps narrowed.
#[derive(Clone)]
pub(super) struct Token {
    pub installation: u64,
    expires_at: DateTime<Utc>,
    /// None: every repository of the installation.
    pub repositories: Option<Vec<u64>>,
    permissions: Map<String, Value>,
}

/// Who made a call.
pub(super) enum Caller {
    App,
    Installation(Token),
}

#[derive(Deserialize)]
struct Claims {
    iss: Value,
    iat: i64,
    exp: i64,
}

impl Caller {
    pub fn app(&self) -> Result<(), Refusal> {
        match self {
            Self::App => Ok(()),
            Self::Installation(_) => Err(Refusal::new(401, "A JSON web token could not be decoded")),
        }
    }

    pub fn token(&self) -> Result<&Token, Refusal> {
        match self {
            Self::Installation(token) => Ok(token),
            Self::App => Err(Refusal::new(403, "Resource not accessible by integration")),
        }
    }
}

impl World {
    /// Reads the `Authorization` header.
    pub(super) fn caller(&self, call: &Call) -> Result<Caller, Refusal> {
        let Some(header) = call.header("authorization") else {
            return Err(Refusal::new(401, "Requires authentication"));
        };
        let (_, secret) = header.split_once(' ').unwrap_or_default();
        if secret.matches('.').count() == 2 {
            return self.check_jwt(secret).map(|()| Caller::App);
        }
        match self.tokens.get(secret) {
            Some(token) if self.now() < token.expires_at => {
                self.refuse_suspended(token.installation)?;
                Ok(Caller::Installation(token.clone()))
            }
            _ => Err(Refusal::new(401, "Bad credentials")),
        }
    }

    fn check_jwt(&self, jwt: &str) -> Result<(), Refusal> {
        let refused = |why| Refusal::new(401, why);
        // The library would compare with the system's clock; the times are checked below with the sandbox's.
        let mut rules = Validation::new(Algorithm::RS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(jwt, &self.key.check, &rules)
            .map_err(|_| refused("A JSON web token could not be decoded"))?
            .claims;
        let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), str::to_owned);
        let now = self.now().timestamp();
        if issuer != self.options.app_id.to_string() {
            return Err(refused("'Issuer' claim ('iss') must be the App's id"));
        }
        if claims.exp <= now - CLOCK_TOLERANCE_SECONDS {
            return Err(refused(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which \
                 the assertion expires",
            ));
        }
        if claims.iat > now + CLOCK_TOLERANCE_SECONDS {
            return Err(refused(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        if claims.exp > now + JWT_LIFE_SECONDS + CLOCK_TOLERANCE_SECONDS {
            return Err(refused("'Expiration time' claim ('exp') is too far in the future"));
        }
        Ok(())
    }

    /// The full name of a repository that this token may see.
    pub(super) fn visible(&self, token: &Token, owner: &str, name: &str) -> Result<String, Refusal> {
        let full = format!("{owner}/{name}");
        let repo = self.repo(&full)?;
        let listed = token.repositories.as_ref().is_none_or(|ids| ids.contains(&repo.id));
        if repo.installation == token.installation && listed { Ok(full) } else { Err(Refusal::not_found()) }
    }

    /// Refuses what the token's permissions do not cover.
    pub(super) fn permitted(&self, token: &Token, area: &str, write: bool) -> Result<(), Refusal> {
        // What was taken away since the token was made is gone; what was given since, it does not have.
        let now = self.permissions_of(token.installation);
        let may = |granted: &Map<String, Value>| match granted.get(area).and_then(Value::as_str) {
            Some("write") => true,
            Some("read") => !write,
            _ => false,
        };
        if may(&token.permissions) && may(&now) {
            return Ok(());
        }
        Err(Refusal::new(403, "Resource not accessible by integration"))
    }

    pub(super) fn new_token(&mut self, installation: u64, body: &Value) -> Result<Answer, Refusal> {
        let mut permissions = self.permissions_of(installation);
        if let Some(wanted) = body["permissions"].as_object() {
            for (area, level) in wanted {
                let granted = permissions.get(area).and_then(Value::as_str);
                if granted != Some("write") && (granted != Some("read") || level == "write") {
                    return Err(Refusal::unprocessable(
                        "The permissions requested are not granted to this installation.",
                    ));
                }
            }
            permissions = wanted.clone();
            permissions.insert("metadata".to_owned(), json!("read"));
        }
        let repositories = self.narrowed(installation, body)?;
        let expires_at = self.now() + TOKEN_LIFE;
        let secret = format!("ghs_{:016x}{:016x}", self.random(), self.random());
        let mut answer = json!({
            "token": secret,
            "expires_at": iso(expires_at),
            "permissions": permissions,
            "repository_selection": "selected",
        });
        if let Some(ids) = &repositories {
            let shown = self.repos.values().filter(|r| ids.contains(&r.id));
            answer["repositories"] = shown.map(|r| self.repo_json(r)).collect();
        }
        self.tokens.insert(secret, Token { installation, expires_at, repositories, permissions });
        Ok(Answer::new(201, answer))
    }

    /// The ids that `repositories` and `repository_ids` narrow a token to.
    fn narrowed(&self, installation: u64, body: &Value) -> Result<Option<Vec<u64>>, Refusal> {
        let names = body["repositories"].as_array();
        let ids = body["repository_ids"].as_array();
        if names.is_none() && ids.is_none() {
            return Ok(None);
        }
        let own = || self.repos.values().filter(|r| r.installation == installation);
        let by_name = names.into_iter().flatten().map(|name| own().find(|r| *name == r.short_name()));
        let by_id = ids.into_iter().flatten().map(|id| own().find(|r| *id == r.id));
        let found: Option<Vec<u64>> = by_name.chain(by_id).map(|r| r.map(|r| r.id)).collect();
        let refusal = "There is at least one repository that does not exist or is not accessible to the parent \
                       installation.";
        found.map(Some).ok_or_else(|| Refusal::unprocessable(refusal))
    }
}
