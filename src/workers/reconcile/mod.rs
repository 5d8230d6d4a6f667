//! What GitHub knows and we do not: asked for at the start and on timers, so that a webhook that never came costs an
//! interval and never a build.
//!
//! * `deliveries` looks through the list of the App's webhook deliveries for those that we do not have;
//! * `redeliver` has GitHub send them again, each until it has arrived, or for three days;
//! * `installations` compares the App's installations and their repositories with what we know of them.
//!
//! What has become of runs is `monitor`'s question. Every replica does all of this; what they share is in the database,
//! and what two of them do at once is done twice without harm, since a delivery counts once.

mod deliveries;
mod installations;
mod redeliver;

use std::time::Duration;

use chrono::TimeDelta;

pub(super) use deliveries::step as look_through_deliveries;
pub(super) use installations::step as compare_installations;
pub(super) use redeliver::{EVERY as REDELIVER_EVERY, step as redeliver};

/// For so long GitHub remembers a delivery, and sends it again.
/// <https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks>
const REMEMBERED: TimeDelta = TimeDelta::days(3);

/// At most this share of the interval passes before the first look, so that replicas do not look all at once.
const FIRST_WITHIN: f64 = 1.0 / 60.0;

/// Installations are compared this much more rarely than deliveries: they change rarely, and are a call each.
pub(super) const RARELY: u32 = 12;

/// From the start of the process to the first look.
pub(super) fn first_within(every: Duration) -> Duration {
    every.mul_f64(fastrand::f64() * FIRST_WITHIN)
}
