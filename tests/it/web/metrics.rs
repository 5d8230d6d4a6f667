//! `/metrics`: every family is there, is explained, and moves when its thing happens.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::http::header;
use sqlx::Connection as _;

use super::pages::Pages;
use crate::harness::{Trilock, seconds};

/// Samples by their name with labels.
type Samples = BTreeMap<String, f64>;

/// Reads the text as OpenMetrics has it: every sample belongs to a family that has a type and words of help.
async fn scrape(pages: &Pages) -> Samples {
    let answer = pages.get("/metrics").await;
    assert!(answer.header(header::CONTENT_TYPE).starts_with("application/openmetrics-text"));
    let (mut types, mut helps, mut samples) = (BTreeMap::new(), BTreeSet::new(), Samples::new());
    let body = answer.body.strip_suffix("# EOF\n").expect("an end");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{name} comes twice");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.len() > 10 && name.starts_with("trilock_"), "{line}");
            helps.insert(name.to_owned());
        } else if !line.starts_with("# UNIT ") {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let suffixes = ["_total", "_bucket", "_sum", "_count", "_info", ""];
            let family =
                suffixes.iter().filter_map(|end| name.strip_suffix(end)).find(|f| types.contains_key(*f));
            assert!(helps.contains(family.unwrap_or_else(|| panic!("{line} has no family"))), "{line}");
            assert_eq!(samples.insert(sample.to_owned(), value.parse().unwrap()), None, "{line} comes twice");
        }
    }
    assert_eq!(types.keys().cloned().collect::<BTreeSet<_>>(), helps);
    samples
}

fn of(samples: &Samples, name: &str) -> f64 {
    samples.get(name).copied().unwrap_or(0.0)
}

/// Other tests count in the same process, so numbers are only known to have grown.
const MOVED: [&str; 15] = [
    "trilock_deliveries_total{outcome=\"accepted\"}",
    "trilock_deliveries_total{outcome=\"ignored\"}",
    "trilock_events_total{outcome=\"applied\"}",
    "trilock_transitions_total{from=\"none\",to=\"requested\"}",
    "trilock_transitions_total{from=\"queued\",to=\"starting\"}",
    "trilock_transitions_total{from=\"running\",to=\"succeeded\"}",
    "trilock_lock_wait_seconds_count{class=\"issue\"}",
    "trilock_lock_wait_seconds_count{class=\"queue\"}",
    "trilock_lock_wait_seconds_count{class=\"build\"}",
    "trilock_effects_total{kind=\"dispatch\",outcome=\"done\"}",
    "trilock_effects_total{kind=\"outcome\",outcome=\"done\"}",
    "trilock_effects_total{kind=\"status\",outcome=\"done\"}",
    "trilock_worker_steps_total{worker=\"Apply\",outcome=\"done\"}",
    "trilock_github_request_duration_seconds_count{method=\"POST\"}",
    "trilock_worker_last_step_timestamp_seconds{worker=\"Apply\"}",
];

/// The names in the alerts' rules and in the table of docs/operating.md.
fn documented() -> BTreeSet<String> {
    let alerts = include_str!("../../../deploy/alerts.yml").lines();
    let table = include_str!("../../../docs/operating.md").lines();
    let table = table.filter(|line| line.starts_with("| `trilock_"));
    let name = regex::Regex::new("trilock_[a-z_]+").unwrap();
    let names: BTreeSet<String> = alerts
        .chain(table)
        .flat_map(|line| name.find_iter(line))
        .map(|found| found.as_str().to_owned())
        .collect();
    assert!(names.len() > 15, "{names:?}");
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_moves_what_counts_it() {
    let t = Trilock::start().await;
    let pages = Pages::of(&t);
    let before = scrape(&pages).await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.begin(t.run(1).await).await;
    t.says(first, "🔨 Building").await;
    t.pass(seconds(30)).await;

    let amid = scrape(&pages).await;
    let one = [
        "builds{status=\"running\"}",
        "builds{status=\"queued\"}",
        "leases{state=\"held\"}",
        "queue_longest",
    ];
    for name in one.map(|name| format!("trilock_{name}")) {
        assert_eq!(amid.get(&name), Some(&1.0), "{name}");
    }
    assert!(of(&amid, "trilock_queue_oldest_seconds") >= 30.0, "{amid:?}");
    assert_eq!(amid.get("trilock_leases{state=\"quarantined\"}"), Some(&0.0));
    assert_eq!(amid.get("trilock_database_up"), Some(&1.0));
    assert_eq!(amid.get("trilock_dead_letters{kind=\"effect\"}"), Some(&0.0));

    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    let after = scrape(&pages).await;
    for name in MOVED {
        assert!(
            of(&after, name) > of(&before, name),
            "{name}: {} then {}",
            of(&before, name),
            of(&after, name)
        );
    }
    assert_eq!(after.get("trilock_builds{status=\"running\"}"), Some(&0.0));
    let dispatches = "trilock_github_requests_total{method=\"POST\",path=\"/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches\",status=\"200\"}";
    assert!(
        of(&after, dispatches) >= 2.0,
        "{:?}",
        after.keys().filter(|key| key.contains("github_requests"))
    );
    for family in [
        "trilock_ownership_violations_total",
        "trilock_recovered_total{what=\"run\"}",
        "trilock_build_info{version=\"0.1.0\"}",
    ] {
        assert!(after.contains_key(family), "{family} is there before it is needed");
    }
    let families = |name: &str| after.keys().any(|sample| sample.starts_with(name));
    for name in documented() {
        assert!(families(&name), "{name} is documented and not there");
    }
    for private in ["octo", "desktop", "v1.0.0", "ben"] {
        assert!(!pages.get("/metrics").await.body.contains(private), "{private}");
    }
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_transaction_shows_and_a_database_that_is_away_does() {
    let t = Trilock::backdrop().await;
    let pages = Pages::of(&t);
    let mut forgotten = t.connection().await;
    let mut transaction = forgotten.begin().await.unwrap();
    sqlx::query("SELECT txid_current()").execute(&mut *transaction).await.unwrap();
    for _ in 0..5 {
        t.count("SELECT txid_current()").await;
    }
    let samples = scrape(&pages).await;
    assert!(of(&samples, "trilock_oldest_xmin_transactions") >= 5.0, "{samples:?}");
    assert!(of(&samples, "trilock_oldest_transaction_seconds") > 0.0);
    transaction.rollback().await.unwrap();

    t.store.close().await;
    let samples =
        tokio::time::timeout(Duration::from_secs(20), scrape(&pages)).await.expect("it still answers");
    assert_eq!(samples.get("trilock_database_up"), Some(&0.0));
    assert!(samples.contains_key("trilock_ownership_violations_total"));
    assert!(!samples.contains_key("trilock_oldest_xmin_transactions"));
}
