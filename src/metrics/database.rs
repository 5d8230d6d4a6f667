//! The database's gauges, as families.

use std::collections::BTreeMap;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{Labels, Seconds};
use crate::store::{Gauges, Stand};

type Numbers = Family<Labels<1>, Gauge>;

/// States that are shown even when nothing is in them.
const INBOX: [&str; 3] = ["unprepared", "ready", "parked"];
const BUILDS: [&str; 6] = ["requested", "awaiting_approval", "queued", "starting", "running", "cancelling"];
const LEASES: [&str; 2] = ["held", "quarantined"];

pub(super) fn registry(gauges: Option<&Gauges>) -> Registry {
    let mut registry = Registry::with_prefix("trilock");
    number(
        &mut registry,
        "database_up",
        "Whether the database answered this scrape",
        i64::from(gauges.is_some()),
    );
    if let Some(gauges) = gauges {
        waiting(&mut registry, gauges);
        builds(&mut registry, gauges);
        horizon(&mut registry, gauges);
    }
    registry
}

fn waiting(registry: &mut Registry, gauges: &Gauges) {
    let of = |map: &BTreeMap<String, Stand>, state: &str| map.get(state).copied().unwrap_or_default();
    let (inbox, ages) = (Numbers::default(), Seconds::<1>::default());
    for state in INBOX {
        let stand = of(&gauges.inbox, state);
        inbox.get_or_create(&[("state", state.to_owned())]).set(stand.rows);
        ages.get_or_create(&[("state", state.to_owned())]).set(stand.oldest_seconds);
    }
    registry.register("inbox_events", "Events that wait, by state", inbox);
    registry.register_with_unit("inbox_oldest", "Age of the oldest event, by state", Unit::Seconds, ages);
    let pending = of(&gauges.outbox, "pending");
    number(registry, "outbox_effects", "Calls decided and not yet made", pending.rows);
    seconds(registry, "outbox_oldest", "Age of the oldest of them", pending.oldest_seconds);
    let dead = Numbers::default();
    for (kind, map) in [("event", &gauges.inbox), ("effect", &gauges.outbox)] {
        dead.get_or_create(&[("kind", kind.to_owned())]).set(of(map, "dead").rows);
    }
    registry.register("dead_letters", "Events and effects that were set aside and need a person", dead);
    number(
        registry,
        "comments_behind",
        "Status comments that do not show the latest",
        gauges.comments_behind,
    );
}

fn builds(registry: &mut Registry, gauges: &Gauges) {
    registry.register("builds", "Open builds by status", by_name(&BUILDS, "status", &gauges.builds));
    number(registry, "queue_longest", "The most builds that wait in one queue", gauges.queue_longest);
    seconds(
        registry,
        "queue_oldest",
        "How long the oldest waiting build has waited",
        gauges.queue_oldest_seconds,
    );
    registry.register("leases", "Taken slots by state", by_name(&LEASES, "state", &gauges.leases));
}

fn horizon(registry: &mut Registry, gauges: &Gauges) {
    let help = "Transactions since the oldest snapshot or transaction: what is younger cannot be cleaned up";
    number(registry, "oldest_xmin_transactions", help, gauges.oldest_xmin);
    seconds(
        registry,
        "oldest_transaction",
        "Age of the oldest transaction",
        gauges.oldest_transaction_seconds,
    );
}

fn by_name(known: &[&str], label: &'static str, values: &BTreeMap<String, i64>) -> Numbers {
    let family = Numbers::default();
    for name in known.iter().copied().chain(values.keys().map(String::as_str)) {
        family.get_or_create(&[(label, name.to_owned())]).set(values.get(name).copied().unwrap_or(0));
    }
    family
}

fn number(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value);
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}
