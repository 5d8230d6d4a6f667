//! The App's webhook deliveries, as GitHub remembers them: for three days, with what our server answered.

use axum::extract::Query;
use chrono::{DateTime, Utc};
use http::Uri;
use serde::Deserialize;

use super::{
    GitHub, GitHubError,
    call::{As, Call},
    error::text,
};

const PER_PAGE: usize = 100;

/// One attempt to deliver a webhook. A redelivery is an entry of its own, with the same `guid`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HookDelivery {
    /// GitHub's number of this attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`.
    pub guid: String,
    pub delivered_at: DateTime<Utc>,
    #[serde(default)]
    pub redelivery: bool,
    /// What our server answered; GitHub's own (502, 504, 0) where it did not.
    #[serde(default)]
    pub status_code: i32,
    pub event: String,
    pub action: Option<String>,
    pub installation_id: Option<i64>,
    pub repository_id: Option<i64>,
}

impl HookDelivery {
    /// Whether it was acknowledged.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPage {
    pub deliveries: Vec<HookDelivery>,
    /// For the page of older ones; none: this was the last.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    cursor: String,
}

impl GitHub {
    /// A page of the deliveries to the App, of all its installations, newest first. The list lags behind.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn hook_deliveries(&self, cursor: Option<&str>) -> Result<DeliveryPage, GitHubError> {
        let mut call = Call::get("/app/hook/deliveries", &[]).query("per_page", PER_PAGE);
        if let Some(cursor) = cursor {
            call = call.query("cursor", cursor);
        }
        let answer = self.send(As::App, &call).await?;
        let next = text(&answer.headers, "link").and_then(next_cursor);
        Ok(DeliveryPage { deliveries: call.read(&answer)?, next })
    }

    /// Asks GitHub to send a delivery again, under its own `X-GitHub-Delivery`. Asking twice sends it twice.
    ///
    /// # Errors
    /// `NotFound` or `Refused` if it is older than three days; see [`GitHubError`].
    pub async fn redeliver(&self, id: u64) -> Result<(), GitHubError> {
        let call = Call::post("/app/hook/deliveries/{delivery_id}/attempts", &[&id.to_string()]);
        self.send(As::App, &call).await.map(drop)
    }
}

/// The cursor in the address that `Link` calls next; the rest of the address is not used, as with pages.
fn next_cursor(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let address: Uri = next.split(['<', '>']).nth(1)?.parse().ok()?;
    Query::<Next>::try_from_uri(&address).ok().map(|query| query.0.cursor)
}
