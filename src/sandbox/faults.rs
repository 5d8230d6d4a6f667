//! Faults on demand, for the App's calls and for the webhooks to it.

use regex::Regex;
use serde::Deserialize;

use super::world::{Refusal, World};

/// Goes wrong when a call's method and path match.
#[derive(Clone, Debug, Deserialize)]
pub struct ApiFault {
    /// None: any method.
    #[serde(default)]
    pub method: Option<String>,
    /// A regular expression, searched in the path. Empty: any path.
    #[serde(default)]
    pub path: String,
    /// How often it happens; none: every time.
    #[serde(default)]
    pub times: Option<u32>,
    /// The probability, 0 to 1, that a matching call is hit.
    #[serde(default = "certain")]
    pub chance: f64,
    pub trouble: ApiTrouble,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiTrouble {
    /// Waits before it works, in milliseconds of the sandbox's clock; does nothing when the caller hangs up meanwhile.
    Delay(u64),
    /// Does the work at once and answers later, by milliseconds of the sandbox's clock.
    AnswerLate(u64),
    /// Answers this status and does nothing.
    FailBefore(u16),
    /// Does the work and answers this status.
    FailAfter(u16),
    /// Closes the connection and does nothing.
    DropBefore,
    /// Does the work and closes the connection.
    DropAfter,
    /// Answers 403 with `retry-after` (seconds) and does nothing: the secondary rate limit.
    RetryAfter(u32),
}

/// Goes wrong when a webhook's event and action match.
#[derive(Clone, Debug, Deserialize)]
pub struct HookFault {
    /// None: any event.
    #[serde(default)]
    pub event: Option<String>,
    /// None: any action.
    #[serde(default)]
    pub action: Option<String>,
    /// How often it happens; none: every time.
    #[serde(default)]
    pub times: Option<u32>,
    /// The probability, 0 to 1, that a matching webhook is hit.
    #[serde(default = "certain")]
    pub chance: f64,
    pub trouble: HookTrouble,
}

/// What goes wrong with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookTrouble {
    /// Never arrives; stands in the delivery list as failed.
    Drop,
    /// Never arrives, and GitHub knows of no delivery.
    Vanish,
    /// Arrives twice with the same delivery id.
    Double,
    /// Arrives later, by milliseconds of the sandbox's clock; others overtake it.
    Delay(u32),
    /// Arrives after the next one.
    Reorder,
}

impl ApiFault {
    /// Happens to the next call that matches.
    pub fn once(method: &str, path: &str, trouble: ApiTrouble) -> Self {
        Self { method: Some(method.to_owned()), path: path.to_owned(), times: Some(1), chance: 1.0, trouble }
    }
}

impl HookFault {
    /// Happens to the next webhook that matches.
    pub fn once(event: &str, action: &str, trouble: HookTrouble) -> Self {
        Self {
            event: Some(event.to_owned()),
            action: Some(action.to_owned()),
            times: Some(1),
            chance: 1.0,
            trouble,
        }
    }
}

fn certain() -> f64 {
    1.0
}

#[derive(Default)]
pub(super) struct Faults {
    api: Vec<(Regex, ApiFault)>,
    hooks: Vec<HookFault>,
}

impl World {
    /// # Errors
    /// When `path` is not a regular expression.
    pub fn fault_api(&mut self, fault: ApiFault) -> Result<(), Refusal> {
        let path = Regex::new(&fault.path).map_err(|e| Refusal::unprocessable(e.to_string()))?;
        self.faults.api.push((path, fault));
        Ok(())
    }

    pub fn fault_hook(&mut self, fault: HookFault) {
        self.faults.hooks.push(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&mut self) {
        self.faults = Faults::default();
    }

    pub(super) fn api_trouble(&mut self, method: &str, path: &str) -> Option<ApiTrouble> {
        let dice = self.share();
        let hit = self.faults.api.iter_mut().find(|(regex, fault)| {
            fault.method.as_deref().is_none_or(|m| m == method)
                && regex.is_match(path)
                && fault.times != Some(0)
                && dice < fault.chance
        })?;
        count_down(&mut hit.1.times);
        Some(hit.1.trouble)
    }

    pub(super) fn hook_trouble(&mut self, event: &str, action: Option<&str>) -> Option<HookTrouble> {
        let dice = self.share();
        let hit = self.faults.hooks.iter_mut().find(|fault| {
            fault.event.as_deref().is_none_or(|e| e == event)
                && fault.action.as_deref().is_none_or(|a| Some(a) == action)
                && fault.times != Some(0)
                && dice < fault.chance
        })?;
        count_down(&mut hit.times);
        Some(hit.trouble)
    }
}

fn count_down(times: &mut Option<u32>) {
    *times = times.map(|n| n.saturating_sub(1));
}
