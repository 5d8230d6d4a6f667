//! The operator's token. Until there is sign-in, it alone shows what is not public.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{HMAC_SHA256, Key, sign},
};
use axum::{
    Form, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;

use super::{Site, problem::Problem};

const COOKIE: &str = "trilock_operator";

/// 30 days.
const COOKIE_SECONDS: u32 = 30 * 24 * 60 * 60;

pub(super) fn router() -> Router<Site> {
    Router::new().route("/operator", post(sign_in_or_out))
}

/// What is compared: the token, and what a signed-in browser keeps in its place.
pub(super) struct Token {
    token: String,
    cookie: String,
}

impl Token {
    /// `None` without a token: then nobody is an operator.
    pub fn new(token: &str) -> Option<Self> {
        let cookie = hex::encode(sign(&Key::new(HMAC_SHA256, token.as_bytes()), COOKIE.as_bytes()));
        (!token.is_empty()).then(|| Self { token: token.to_owned(), cookie })
    }

    fn is(&self, given: &str) -> bool {
        verify_slices_are_equal(self.token.as_bytes(), given.as_bytes()).is_ok()
    }

    fn is_cookie(&self, given: &str) -> bool {
        verify_slices_are_equal(self.cookie.as_bytes(), given.as_bytes()).is_ok()
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    Anybody,
    Operator,
}

impl Visitor {
    pub fn is_operator(self) -> bool {
        self == Self::Operator
    }
}

/// A wrong token in `Authorization` is refused; a stale cookie is as good as none.
impl FromRequestParts<Site> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let token = site.0.token.as_ref();
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let given = value.to_str().ok().and_then(|value| value.split_once(' '));
            let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let right = given.zip(token).is_some_and(|((_, given), token)| token.is(given.trim()));
            return if right { Ok(Self::Operator) } else { Err(Problem::WrongToken) };
        }
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let known =
            pairs.any(|(name, value)| name == COOKIE && token.is_some_and(|token| token.is_cookie(value)));
        Ok(if known { Self::Operator } else { Self::Anybody })
    }
}

/// The page's form. Without a token: sign out.
#[derive(Deserialize)]
struct Given {
    token: Option<String>,
}

async fn sign_in_or_out(State(site): State<Site>, Form(given): Form<Given>) -> Result<Response, Problem> {
    let Some(given) = given.token else {
        return Ok(home(&site, "", 0));
    };
    let token = site.0.token.as_ref().ok_or(Problem::NoOperators)?;
    if !token.is(given.trim()) {
        tracing::warn!("a wrong operator token was given");
        return Err(Problem::WrongToken);
    }
    Ok(home(&site, &token.cookie, COOKIE_SECONDS))
}

fn home(site: &Site, cookie: &str, seconds: u32) -> Response {
    let secure = if site.0.options.public_url.starts_with("https://") { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={cookie}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)])
        .into_response()
}
