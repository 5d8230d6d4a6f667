//! What a process counts, and the text that `/metrics` answers: OpenMetrics, which Prometheus reads.
//!
//! Counters are this process's own and begin at 0 with it; every place where something happens calls one function of
//! this module. Gauges are the database's, read at each scrape, so every replica answers the same. Labels have few values:
//! no repository, build or person is ever one.

mod database;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{LazyLock, atomic::AtomicU64},
    time::Duration,
};

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use crate::{queue::LockClass, store::Gauges};

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Histograms = Family<Labels<1>, Histogram, fn() -> Histogram>;
type Seconds<const N: usize> = Family<Labels<N>, Gauge<f64, AtomicU64>>;

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

struct Metrics {
    registry: Registry,
    deliveries: Counters<1>,
    events: Counters<1>,
    transitions: Counters<2>,
    lock_waits: Histograms,
    lock_timeouts: Counters<1>,
    effects: Counters<2>,
    recovered: Counters<1>,
    ownership_violations: Counter,
    github_calls: Counters<3>,
    github_seconds: Histograms,
    worker_steps: Counters<2>,
    worker_last_step: Seconds<1>,
}

/// From a free lock to the longest that one is waited for.
fn waits() -> Histogram {
    Histogram::new([0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0])
}

fn calls() -> Histogram {
    Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0])
}

impl Metrics {
    fn new() -> Self {
        let this = Self {
            registry: Registry::with_prefix("trilock"),
            deliveries: Counters::default(),
            events: Counters::default(),
            transitions: Counters::default(),
            lock_waits: Family::new_with_constructor(waits),
            lock_timeouts: Counters::default(),
            effects: Counters::default(),
            recovered: Counters::default(),
            ownership_violations: Counter::default(),
            github_calls: Counters::default(),
            github_seconds: Family::new_with_constructor(calls),
            worker_steps: Counters::default(),
            worker_last_step: Seconds::default(),
        };
        // What an alert watches is there before it first happens.
        for what in ["delivery", "run", "installation", "repository"] {
            drop(this.recovered.get_or_create_owned(&[("what", what.to_owned())]));
        }
        for class in [LockClass::Issue, LockClass::Queue, LockClass::Build] {
            drop(this.lock_waits.get_or_create_owned(&[("class", class.to_string())]));
            drop(this.lock_timeouts.get_or_create_owned(&[("class", class.to_string())]));
        }
        this.registered()
    }

    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        r.register("build", "The version that runs", version);
        r.register(
            "deliveries",
            "Webhooks: accepted, ignored, repeated, unsigned, unreadable, unstored",
            self.deliveries.clone(),
        );
        r.register(
            "events",
            "Events of the inbox by what became of them: applied, ignored, parked, dead",
            self.events.clone(),
        );
        r.register("transitions", "Steps of builds from one status to the next", self.transitions.clone());
        r.register_with_unit(
            "lock_wait",
            "How long locks were waited for, by class",
            Unit::Seconds,
            self.lock_waits.clone(),
        );
        r.register("lock_timeouts", "Locks that were not free in time, by class", self.lock_timeouts.clone());
        r.register(
            "effects",
            "Calls decided and tried, by kind and outcome: done, later, anew, refused, dead",
            self.effects.clone(),
        );
        r.register("recovered", "What GitHub did not tell us and we found out", self.recovered.clone());
        r.register(
            "ownership_violations",
            "Releases and renewals refused because the lease is another's: must stay 0",
            self.ownership_violations.clone(),
        );
        r.register(
            "github_requests",
            "Requests to GitHub by address and status (none: no answer came)",
            self.github_calls.clone(),
        );
        r.register_with_unit(
            "github_request_duration",
            "How long requests to GitHub took, by method",
            Unit::Seconds,
            self.github_seconds.clone(),
        );
        r.register(
            "worker_steps",
            "Steps of the loops by outcome: done, failed, panicked",
            self.worker_steps.clone(),
        );
        r.register(
            "worker_last_step_timestamp_seconds",
            "When a loop last ended a step, in Unix time",
            self.worker_last_step.clone(),
        );
        self
    }
}

/// A webhook was answered; see the help text for the outcomes.
pub fn delivery(outcome: &str) {
    METRICS.deliveries.get_or_create(&[("outcome", outcome.to_owned())]).inc();
}

/// An event of the inbox was applied, ignored, parked or set aside as dead.
pub fn event(outcome: &str) {
    METRICS.events.get_or_create(&[("outcome", outcome.to_owned())]).inc();
}

/// A build went from one status to another; a new one comes from `none`.
pub fn transition(from: &str, to: &str) {
    METRICS.transitions.get_or_create(&[("from", from.to_owned()), ("to", to.to_owned())]).inc();
}

pub fn lock_wait(class: LockClass, seconds: f64) {
    METRICS.lock_waits.get_or_create(&[("class", class.to_string())]).observe(seconds);
}

/// The class is not known when the holder went just then.
pub fn lock_timeout(class: Option<LockClass>) {
    let class = class.map_or_else(|| "unknown".to_owned(), |class| class.to_string());
    METRICS.lock_timeouts.get_or_create(&[("class", class)]).inc();
}

/// An effect was tried; `outcome` is `done`, `later`, `anew` (surely not done: it counts as untried), `refused` or `dead`.
pub fn effect(kind: &str, outcome: &str) {
    METRICS.effects.get_or_create(&[("kind", kind.to_owned()), ("outcome", outcome.to_owned())]).inc();
}

/// Something that GitHub did not tell us was found out: a `delivery`, `run`, `installation` or `repository`.
pub fn recovered(what: &str) {
    METRICS.recovered.get_or_create(&[("what", what.to_owned())]).inc();
}

/// Somebody showed a lease that is not theirs.
pub fn ownership_violation() {
    ownership_violations(1);
}

/// As [`ownership_violation`], `n` times.
pub fn ownership_violations(n: u64) {
    METRICS.ownership_violations.inc_by(n);
}

/// A request to GitHub ended; `template` is its path without parameters, `status` is there if it was answered.
pub fn github_request(method: &str, template: &str, status: Option<u16>, took: Duration) {
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let labels = [("method", method.to_owned()), ("path", template.to_owned()), ("status", status)];
    METRICS.github_calls.get_or_create(&labels).inc();
    METRICS.github_seconds.get_or_create(&[("method", method.to_owned())]).observe(took.as_secs_f64());
}

/// A loop ended a step at `at`; `outcome` is `done`, `failed` or `panicked`.
pub fn worker_step(worker: &str, outcome: &str, at: DateTime<Utc>) {
    let labels = [("worker", worker.to_owned()), ("outcome", outcome.to_owned())];
    METRICS.worker_steps.get_or_create(&labels).inc();
    METRICS
        .worker_last_step
        .get_or_create(&[("worker", worker.to_owned())])
        .set(at.timestamp_millis() as f64 / 1000.0);
}

/// The content type of [`render`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All families as text. Without `gauges` the database is told to be away, and its families are left out.
pub fn render(gauges: Option<&Gauges>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode_registry(&mut text, &METRICS.registry)?;
    encode_registry(&mut text, &database::registry(gauges))?;
    encode_eof(&mut text)?;
    Ok(text)
}
