//! When to try again. GitHub's own wish comes first; else each failure doubles the wait. Chance spreads those who failed
//! together, so that they do not come back together.

use chrono::TimeDelta;

use crate::github::GitHubError;

/// The longest addition to a time that GitHub named.
const SPREAD: TimeDelta = TimeDelta::seconds(5);

/// The number of failures after which the wait grows no more.
const LONGEST: i32 = 9;

/// After `attempts` failures: between half and all of 1, 2, 4 … 256 s, by the clock's time.
pub(super) fn back_off(attempts: i32) -> TimeDelta {
    let half = 500_i64 << (attempts.clamp(1, LONGEST) - 1);
    TimeDelta::milliseconds(half + fastrand::i64(0..=half))
}

/// After `error` on the given try: never before GitHub's own wish, and a little after it.
pub(super) fn after(error: &GitHubError, attempts: i32) -> TimeDelta {
    match limit(error) {
        Some(limit) => {
            let spread = (limit / 8).min(SPREAD).num_milliseconds().max(0);
            limit + TimeDelta::milliseconds(fastrand::i64(0..=spread))
        }
        None => back_off(attempts),
    }
}

/// The same, where the error may be another's.
pub(super) fn after_any(error: &anyhow::Error, attempts: i32) -> TimeDelta {
    error.downcast_ref().map_or_else(|| back_off(attempts), |error| after(error, attempts))
}

/// Whether this failure counts towards giving up. That GitHub is busy or out of reach says nothing against what was
/// tried; while it is out of reach the waits grow all the same.
pub(super) fn counts(error: &GitHubError, attempts: i32) -> bool {
    match error {
        GitHubError::NotSent(_) => attempts < LONGEST,
        error => limit(error).is_none(),
    }
}

fn limit(error: &GitHubError) -> Option<TimeDelta> {
    match error {
        GitHubError::RetryLater { after: Some(after), .. } => TimeDelta::from_std(*after).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
