//! Faults on demand, for the App's calls and for the webhooks to it.

use std::collections::BTreeMap;

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

impl ApiTrouble {
    fn name(self) -> String {
        match self {
            Self::Delay(_) => "work delayed".to_owned(),
            Self::AnswerLate(_) => "answer late".to_owned(),
            Self::FailBefore(status) => format!("{status} before the work"),
            Self::FailAfter(status) => format!("{status} after the work"),
            Self::DropBefore => "reset before the work".to_owned(),
            Self::DropAfter => "reset after the work".to_owned(),
            Self::RetryAfter(_) => "403 with retry-after".to_owned(),
        }
    }
}

impl HookTrouble {
    fn name(self) -> &'static str {
        match self {
            Self::Drop => "webhook dropped",
            Self::Vanish => "webhook vanished",
            Self::Double => "webhook doubled",
            Self::Delay(_) => "webhook delayed",
            Self::Reorder => "webhook reordered",
        }
    }
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
    /// How often each kind of trouble happened so far.
    counts: BTreeMap<String, u64>,
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
        self.faults.api.clear();
        self.faults.hooks.clear();
    }

    /// How often each kind of trouble happened so far, by its name.
    pub fn fault_counts(&self) -> &BTreeMap<String, u64> {
        &self.faults.counts
    }

    pub(super) fn api_trouble(&mut self, method: &str, path: &str) -> Option<ApiTrouble> {
        let mut dice = self.share();
        let hit = self.faults.api.iter_mut().find(|(regex, fault)| {
            fault.method.as_deref().is_none_or(|m| m == method)
                && regex.is_match(path)
                && fault.times != Some(0)
                && hits(&mut dice, fault.chance)
        })?;
        count_down(&mut hit.1.times);
        let trouble = hit.1.trouble;
        *self.faults.counts.entry(trouble.name()).or_default() += 1;
        Some(trouble)
    }

    pub(super) fn hook_trouble(&mut self, event: &str, action: Option<&str>) -> Option<HookTrouble> {
        let mut dice = self.share();
        let hit = self.faults.hooks.iter_mut().find(|fault| {
            fault.event.as_deref().is_none_or(|e| e == event)
                && fault.action.as_deref().is_none_or(|a| Some(a) == action)
                && fault.times != Some(0)
                && hits(&mut dice, fault.chance)
        })?;
        count_down(&mut hit.times);
        let trouble = hit.trouble;
        *self.faults.counts.entry(trouble.name().to_owned()).or_default() += 1;
        Some(trouble)
    }
}

/// One throw serves all faults that match: each has its own share of it, whatever stands before it in the list.
fn hits(dice: &mut f64, chance: f64) -> bool {
    *dice -= chance;
    *dice < 0.0
}

fn count_down(times: &mut Option<u32>) {
    *times = times.map(|n| n.saturating_sub(1));
}
