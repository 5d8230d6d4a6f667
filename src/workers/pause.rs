//! When to try again. GitHub's own wish comes first; else each failure doubles the wait. Chance spreads those who failed
//! together, so that they do not come back together.

use chrono::TimeDelta;

use crate::github::GitHubError;

/// The longest addition to a time that GitHub named.
const SPREAD: TimeDelta = TimeDelta::seconds(5);

/// After `attempts` failures: between half and all of 1, 2, 4 … 256 s, by the clock's time.
pub(super) fn back_off(attempts: i32) -> TimeDelta {
    let half = 500_i64 << (attempts.clamp(1, 9) - 1);
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

/// A limit says nothing against what was tried, and so does not count as a try.
pub(super) fn is_limit(error: &GitHubError) -> bool {
    limit(error).is_some()
}

fn limit(error: &GitHubError) -> Option<TimeDelta> {
    match error {
        GitHubError::RetryLater { after: Some(after), .. } => TimeDelta::from_std(*after).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
