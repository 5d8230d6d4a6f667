//! The list of what was delivered, and delivering it again.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    api::{Answer, Call},
    webhooks::Hook,
    world::{Refusal, World, iso},
};

/// Far more than three days of any test: GitHub forgets by age alone.
const DELIVERIES_KEPT: usize = 200_000;
/// Older ones are neither shown nor sent again.
const REMEMBERED: TimeDelta = TimeDelta::days(3);
/// What GitHub's delivery list shows when nobody answered.
pub(super) const NO_ANSWER: u16 = 502;

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    pub id: u64,
    /// `X-GitHub-Delivery`.
    pub guid: String,
    pub delivered_at: DateTime<Utc>,
    pub redelivery: bool,
    /// Seconds of the sandbox's clock.
    pub duration: f64,
    /// 502 when there was no answer.
    pub status_code: u16,
    pub event: String,
    pub action: Option<String>,
    pub installation_id: Option<u64>,
    pub repository_id: Option<u64>,
    #[serde(skip)]
    payload: Arc<str>,
}

impl Delivery {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "guid": self.guid,
            "delivered_at": iso(self.delivered_at),
            "redelivery": self.redelivery,
            "duration": self.duration,
            "status": if (200..300).contains(&self.status_code) { "OK" } else { "failed" },
            "status_code": self.status_code,
            "event": self.event,
            "action": self.action,
            "installation_id": self.installation_id,
            "repository_id": self.repository_id,
        })
    }
}

impl World {
    /// Every attempt so far (the last 200,000), oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.hooks.deliveries.iter().cloned().collect()
    }

    /// Webhooks about issues and comments of which no attempt was answered with 2xx so far, by their ids.
    pub fn unheard(&self) -> Vec<String> {
        let about = |it: &&Delivery| matches!(it.event.as_str(), "issues" | "issue_comment");
        let (heard, mut others): (Vec<_>, Vec<_>) =
            self.hooks.deliveries.iter().filter(about).partition(|it| (200..300).contains(&it.status_code));
        let heard: BTreeSet<&str> = heard.into_iter().map(|it| it.guid.as_str()).collect();
        others.retain(|it| !heard.contains(it.guid.as_str()));
        others.into_iter().map(|it| it.guid.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Sends a delivered webhook again under its own delivery id.
    ///
    /// # Errors
    /// When there was no such delivery.
    pub fn redeliver(&mut self, guid: &str) -> Result<(), Refusal> {
        let known = self.hooks.deliveries.iter().rev().find(|d| d.guid == guid);
        self.send_again(known.ok_or_else(Refusal::not_found)?.clone());
        Ok(())
    }

    /// Sends the last `n` webhooks once more, oldest first: under their own ids, or as other deliveries of the same.
    pub fn resend_last(&mut self, n: usize, own_ids: bool) {
        let skipped = self.hooks.deliveries.len().saturating_sub(n);
        for mut delivery in self.hooks.deliveries.iter().skip(skipped).cloned().collect::<Vec<_>>() {
            if !own_ids {
                delivery.guid = self.uuid();
            }
            self.send_again(delivery);
        }
    }

    fn send_again(&mut self, delivery: Delivery) {
        let hook = Hook {
            guid: delivery.guid,
            event: delivery.event,
            action: delivery.action,
            payload: delivery.payload,
            ids: (delivery.installation_id, delivery.repository_id),
            redelivery: true,
            not_before: self.now(),
            lets_pass: false,
        };
        self.enqueue(hook);
    }

    pub(super) fn delivered(&mut self, hook: Hook, status_code: u16, took: Duration) {
        if (200..300).contains(&status_code) {
            self.acknowledged(&hook);
        }
        let delivery = Delivery {
            id: self.new_id(),
            guid: hook.guid,
            delivered_at: self.now(),
            redelivery: hook.redelivery,
            duration: took.as_secs_f64(),
            status_code,
            event: hook.event,
            action: hook.action,
            installation_id: hook.ids.0,
            repository_id: hook.ids.1,
            payload: hook.payload,
        };
        self.hooks.deliveries.push_back(delivery);
        if self.hooks.deliveries.len() > DELIVERIES_KEPT {
            self.hooks.deliveries.pop_front();
        }
    }

    /// `/app/hook/deliveries…`
    pub(super) fn delivery_route(&mut self, call: &Call, rest: &[&str]) -> Result<Answer, Refusal> {
        let Some(id) = rest.first() else { return Ok(self.delivery_list(call)) };
        let oldest = self.now() - REMEMBERED;
        let known =
            self.hooks.deliveries.iter().find(|d| d.id.to_string() == *id && d.delivered_at >= oldest);
        let delivery = known.ok_or_else(Refusal::not_found)?.clone();
        match (call.method.as_str(), &rest[1..]) {
            ("GET", []) => {
                let mut shown = delivery.json();
                let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
                shown["request"] = json!({ "headers": {}, "payload": payload });
                shown["response"] = json!({ "headers": {}, "payload": "" });
                Ok(Answer::ok(shown))
            }
            ("POST", ["attempts"]) => {
                self.send_again(delivery);
                Ok(Answer::new(202, json!({})))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Newest first; the cursor is the id of the last one shown.
    fn delivery_list(&self, call: &Call) -> Answer {
        let before = call.param("cursor").and_then(|c| c.strip_prefix("v1_")).and_then(|c| c.parse().ok());
        let ok = |d: &&Delivery| {
            let good = (200..300).contains(&d.status_code);
            call.param("status").is_none_or(|wanted| good == (wanted == "success"))
        };
        let newest = self.now() - TimeDelta::from_std(self.options.delivery_lag).unwrap_or(REMEMBERED);
        let oldest = self.now() - REMEMBERED;
        let listed =
            |d: &&Delivery| d.id < before.unwrap_or(u64::MAX) && (oldest..=newest).contains(&d.delivered_at);
        let older = self.hooks.deliveries.iter().rev().filter(listed).filter(ok);
        let mut older = older.peekable();
        let shown: Vec<&Delivery> = older.by_ref().take(call.per_page()).collect();
        let mut answer = Answer::ok(shown.iter().map(|d| d.json()).collect());
        if let (Some(_), Some(last)) = (older.peek(), shown.last()) {
            let link = self.link(call, "cursor", format!("v1_{}", last.id), "next");
            answer.headers.push(("link", link));
        }
        answer
    }
}
