//! Webhooks to the App: signed, in order, one at a time, each noted in the delivery list, never retried.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Shared,
    api::{Answer, Call},
    faults::HookTrouble,
    world::{Refusal, World, iso},
};

/// GitHub waits this long for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const DELIVERIES_KEPT: usize = 5000;
/// What GitHub's delivery list shows when nobody answered.
const NO_ANSWER: u16 = 502;

#[derive(Default)]
pub(super) struct Hooks {
    url: Option<String>,
    waiting: VecDeque<Hook>,
    under_way: bool,
    deliveries: VecDeque<Delivery>,
}

/// A webhook that waits for its turn.
#[derive(Clone)]
pub(super) struct Hook {
    guid: String,
    event: String,
    action: Option<String>,
    payload: Arc<str>,
    ids: (Option<u64>, Option<u64>),
    redelivery: bool,
    not_before: DateTime<Utc>,
    /// Waits until another one has gone ahead.
    lets_pass: bool,
}

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

impl Hooks {
    pub fn new(url: Option<String>) -> Self {
        Self { url, ..Self::default() }
    }

    /// One that [`HookTrouble::Reorder`] holds back until the next counts as not waiting.
    pub fn settled(&self) -> bool {
        !self.under_way && self.waiting.iter().all(|h| h.lets_pass)
    }

    /// Takes the first that may go now.
    fn take(&mut self, now: DateTime<Utc>) -> Option<Hook> {
        let at = self.waiting.iter().position(|h| !h.lets_pass && h.not_before <= now)?;
        self.under_way = true;
        self.waiting.remove(at)
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.waiting.iter().filter(|h| !h.lets_pass).map(|h| h.not_before).min()
    }

    fn push(&mut self, hook: Hook) {
        match self.waiting.back_mut().filter(|last| last.lets_pass) {
            Some(last) => {
                last.lets_pass = false;
                let at = self.waiting.len() - 1;
                self.waiting.insert(at, hook);
            }
            None => self.waiting.push_back(hook),
        }
    }
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
    /// Where webhooks go. Without an address none are sent, as with an App that has none.
    pub fn set_webhook_url(&mut self, url: Option<String>) {
        self.hooks.url = url;
    }

    /// Every attempt so far (the last 5,000), oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.hooks.deliveries.iter().cloned().collect()
    }

    /// Whether no webhook is waiting or under way.
    pub fn is_settled(&self) -> bool {
        self.hooks.settled()
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

    /// Sends any payload, signed, and gives its delivery id.
    pub fn deliver_raw(&mut self, event: &str, payload: &Value) -> String {
        let guid = self.uuid();
        let hook = Hook {
            guid: guid.clone(),
            event: event.to_owned(),
            action: payload["action"].as_str().map(str::to_owned),
            payload: payload.to_string().into(),
            ids: (payload["installation"]["id"].as_u64(), payload["repository"]["id"].as_u64()),
            redelivery: false,
            not_before: self.now(),
            lets_pass: false,
        };
        self.enqueue(hook);
        guid
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

    /// A webhook about a repository: `extra` with action, repository, sender and installation added.
    pub(super) fn emit(
        &mut self,
        repo: &str,
        event: &str,
        action: Option<&str>,
        login: &str,
        extra: Value,
    ) -> Result<(), Refusal> {
        let place = self.repo(repo)?;
        let mut payload = json!({
            "repository": self.repo_json(place),
            "sender": self.user_json(login),
            "installation": { "id": place.installation },
        });
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        if let (Some(payload), Value::Object(extra)) = (payload.as_object_mut(), extra) {
            payload.extend(extra);
            // These are about an account, not about a repository.
            if event.starts_with("installation") {
                payload.remove("repository");
            }
        }
        self.deliver_raw(event, &payload);
        Ok(())
    }

    fn enqueue(&mut self, mut hook: Hook) {
        if self.hooks.url.is_none() {
            return;
        }
        match self.hook_trouble(&hook.event, hook.action.as_deref()) {
            Some(HookTrouble::Drop) => return self.delivered(hook, NO_ANSWER, Duration::ZERO),
            Some(HookTrouble::Double) => self.hooks.push(hook.clone()),
            Some(HookTrouble::Delay(ms)) => hook.not_before += TimeDelta::milliseconds(ms.cast_signed()),
            Some(HookTrouble::Reorder) => hook.lets_pass = true,
            None => {}
        }
        self.hooks.push(hook);
    }

    fn delivered(&mut self, hook: Hook, status_code: u16, took: Duration) {
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

    fn request_for(&self, hook: &Hook) -> http::Result<Request<String>> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.options.webhook_secret.as_bytes());
        let signature = hex::encode(hmac::sign(&key, hook.payload.as_bytes()));
        Request::post(self.hooks.url.as_deref().unwrap_or_default())
            .header("content-type", "application/json")
            .header("x-github-event", &hook.event)
            .header("x-github-delivery", &hook.guid)
            .header("x-github-hook-id", "1")
            .header("x-github-hook-installation-target-id", self.options.app_id)
            .header("x-github-hook-installation-target-type", "integration")
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .body(hook.payload.to_string())
    }

    /// `/app/hook/deliveries…`
    pub(super) fn delivery_route(&mut self, call: &Call, rest: &[&str]) -> Result<Answer, Refusal> {
        let Some(id) = rest.first() else { return Ok(self.delivery_list(call)) };
        let known = self.hooks.deliveries.iter().find(|d| d.id.to_string() == *id);
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
        let older =
            self.hooks.deliveries.iter().rev().filter(|d| d.id < before.unwrap_or(u64::MAX)).filter(ok);
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

/// Sends what waits, one after the other, for as long as it is polled.
pub(super) async fn deliver(shared: Arc<Shared>, client: octocrab::Octocrab) {
    let mut changes = shared.changes.subscribe();
    loop {
        changes.borrow_and_update();
        let (taken, due, clock) = {
            let mut world = shared.peek();
            let now = world.now();
            let taken = world.hooks.take(now).map(|hook| (world.request_for(&hook), hook));
            (taken, world.hooks.next_due(), world.options.clock.clone())
        };
        if let Some((request, hook)) = taken {
            let asked = clock.now();
            let status = match request {
                Ok(request) => send(&client, request).await,
                Err(error) => {
                    tracing::warn!(%error, "sandbox: the webhook's address or event is no valid one");
                    NO_ANSWER
                }
            };
            let mut world = shared.world();
            world.hooks.under_way = false;
            world.delivered(hook, status, (clock.now() - asked).to_std().unwrap_or_default());
            continue;
        }
        tokio::select! {
            () = super::sleep_until(&clock, due) => {}
            _ = changes.changed() => {}
        }
    }
}

async fn send(client: &octocrab::Octocrab, request: Request<String>) -> u16 {
    match tokio::time::timeout(ANSWER_WITHIN, client.execute(request)).await {
        Ok(Ok(response)) => response.status().as_u16(),
        Ok(Err(error)) => {
            tracing::debug!(%error, "sandbox: a webhook was not answered");
            NO_ANSWER
        }
        Err(_) => NO_ANSWER,
    }
}
