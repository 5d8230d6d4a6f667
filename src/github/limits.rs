//! Whom GitHub asked for patience, and until when. Asking on would prolong a limit, so calls are answered here meanwhile.
//!
//! Kept in memory: another replica learns it by one call of its own.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{GitHubError, call::As};

/// The limits in force, each installation's and the App's own apart: GitHub counts them apart too.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<As, DateTime<Utc>>>);

impl Limits {
    /// # Errors
    /// `RetryLater` with what is left, while a limit is in force.
    pub fn check(&self, on_behalf: As, now: DateTime<Utc>) -> Result<(), GitHubError> {
        let mut limits = self.limits();
        let Some(until) = limits.get(&on_behalf).copied() else { return Ok(()) };
        match (until - now).to_std() {
            Ok(left) if !left.is_zero() => Err(GitHubError::RetryLater {
                after: Some(left),
                message: "a limit that GitHub told us of is in force".to_owned(),
            }),
            _ => {
                limits.remove(&on_behalf);
                Ok(())
            }
        }
    }

    /// Keeps what an answer says of a limit. Of two the later one stands.
    pub fn note(&self, on_behalf: As, now: DateTime<Utc>, error: &GitHubError) {
        let GitHubError::RetryLater { after: Some(after), .. } = error else { return };
        let until = now + TimeDelta::from_std(*after).unwrap_or_default();
        let mut limits = self.limits();
        let stands = limits.entry(on_behalf).or_insert(until);
        *stands = until.max(*stands);
    }

    fn limits(&self) -> MutexGuard<'_, HashMap<As, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
