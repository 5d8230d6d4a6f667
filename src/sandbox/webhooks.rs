//! Webhooks to the App: signed, in order, unless told otherwise one at a time, each noted in the delivery list, never
//! retried.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Shared,
    deliveries::{Delivery, NO_ANSWER},
    faults::HookTrouble,
    world::{Refusal, World},
};

#[derive(Default)]
pub(super) struct Hooks {
    /// Each is used in its turn, as by a balancer that knows nothing of its servers.
    urls: VecDeque<String>,
    waiting: VecDeque<Hook>,
    under_way: usize,
    pub deliveries: VecDeque<Delivery>,
}

/// A webhook that waits for its turn.
#[derive(Clone)]
pub(super) struct Hook {
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub payload: Arc<str>,
    pub ids: (Option<u64>, Option<u64>),
    pub redelivery: bool,
    pub not_before: DateTime<Utc>,
    /// Waits until another one has gone ahead.
    pub lets_pass: bool,
}

impl Hooks {
    pub fn new(url: Option<String>) -> Self {
        Self { urls: url.into_iter().collect(), ..Self::default() }
    }

    /// One that [`HookTrouble::Reorder`] holds back until the next counts as not waiting.
    pub fn settled(&self) -> bool {
        self.under_way == 0 && self.waiting.iter().all(|h| h.lets_pass)
    }

    /// Takes the first that may go now, with its address.
    fn take(&mut self, now: DateTime<Utc>) -> Option<(Hook, String)> {
        let at = self.waiting.iter().position(|h| !h.lets_pass && h.not_before <= now)?;
        let url = self.urls.front().cloned().unwrap_or_default();
        self.urls.rotate_left(usize::from(!self.urls.is_empty()));
        self.under_way += 1;
        self.waiting.remove(at).map(|hook| (hook, url))
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

impl World {
    /// Where webhooks go. Without an address none are sent, as with an App that has none.
    pub fn set_webhook_url(&mut self, url: Option<String>) {
        self.set_webhook_urls(url.into_iter().collect());
    }

    /// The same with several, used in turn: what is behind GitHub's one address, with a balancer that checks nothing.
    pub fn set_webhook_urls(&mut self, urls: Vec<String>) {
        self.hooks.urls = urls.into();
    }

    /// Whether no webhook is waiting or under way.
    pub fn is_settled(&self) -> bool {
        self.hooks.settled()
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
        if !self.is_heard(place.installation) {
            return Ok(());
        }
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
        }
        self.deliver_raw(event, &payload);
        Ok(())
    }

    pub(super) fn enqueue(&mut self, mut hook: Hook) {
        if self.hooks.urls.is_empty() {
            return;
        }
        match self.hook_trouble(&hook.event, hook.action.as_deref()) {
            Some(HookTrouble::Drop) => return self.delivered(hook, NO_ANSWER, Duration::ZERO),
            Some(HookTrouble::Vanish) => return,
            Some(HookTrouble::Double) => self.hooks.push(hook.clone()),
            Some(HookTrouble::Delay(ms)) => hook.not_before += TimeDelta::milliseconds(ms.into()),
            Some(HookTrouble::Reorder) => hook.lets_pass = true,
            None => {}
        }
        self.hooks.push(hook);
    }

    fn request_for(&self, hook: &Hook, url: &str) -> http::Result<Request<String>> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.options.webhook_secret.as_bytes());
        let signature = hex::encode(hmac::sign(&key, hook.payload.as_bytes()));
        Request::post(url)
            .header("content-type", "application/json")
            .header("x-github-event", &hook.event)
            .header("x-github-delivery", &hook.guid)
            .header("x-github-hook-id", "1")
            .header("x-github-hook-installation-target-id", self.options.app_id)
            .header("x-github-hook-installation-target-type", "integration")
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .body(hook.payload.to_string())
    }
}

/// Sends what waits, in order and at most so many at once as the options say, for as long as it is polled.
pub(super) async fn deliver(shared: Arc<Shared>, client: octocrab::Octocrab) {
    let mut changes = shared.changes.subscribe();
    let mut under_way = JoinSet::new();
    loop {
        changes.borrow_and_update();
        let (taken, due, clock) = {
            let mut world = shared.peek();
            let now = world.now();
            let free = world.hooks.under_way < world.options.hooks_at_once;
            let taken = if free { world.hooks.take(now) } else { None };
            let due = if free { world.hooks.next_due() } else { None };
            (taken, due, world.options.clock.clone())
        };
        if let Some((hook, url)) = taken {
            under_way.spawn(send(shared.clone(), client.clone(), hook, url));
            continue;
        }
        tokio::select! {
            () = super::sleep_until(&clock, due) => {}
            _ = changes.changed() => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

/// Sends one and notes what came of it.
async fn send(shared: Arc<Shared>, client: octocrab::Octocrab, hook: Hook, url: String) {
    let (request, clock, within) = {
        let world = shared.peek();
        (world.request_for(&hook, &url), world.options.clock.clone(), world.options.hook_answer_within)
    };
    let asked = clock.now();
    let status = match request {
        Ok(request) => status_of(&client, request, within).await,
        Err(error) => {
            tracing::warn!(%error, "sandbox: the webhook's address or event is no valid one");
            NO_ANSWER
        }
    };
    let mut world = shared.world();
    world.hooks.under_way -= 1;
    world.delivered(hook, status, (clock.now() - asked).to_std().unwrap_or_default());
}

async fn status_of(client: &octocrab::Octocrab, request: Request<String>, within: Duration) -> u16 {
    match tokio::time::timeout(within, client.execute(request)).await {
        Ok(Ok(response)) => response.status().as_u16(),
        Ok(Err(error)) => {
            tracing::debug!(%error, "sandbox: a webhook was not answered");
            NO_ANSWER
        }
        Err(_) => NO_ANSWER,
    }
}
