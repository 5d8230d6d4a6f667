//! The demo as a newcomer runs it, and its verdict when a rule is broken on purpose.

use serde_json::Value;

use super::child::{output, text, trilock};

async fn demo(more: &[&str]) -> (bool, Value) {
    let mut command = trilock();
    command.args(["demo", "--exit", "--json", "--speed", "120"]).args(more);
    if let Some(table) = std::env::var_os("TRILOCK_API_REQUESTS") {
        command.env("TRILOCK_API_REQUESTS", table);
    }
    let out = output(&mut command).await;
    let said = text(&out.stdout);
    let last = said.lines().last().unwrap_or_default();
    let summary = serde_json::from_str(last);
    let summary = summary.unwrap_or_else(|error| panic!("{error}: {said}\n{}", text(&out.stderr)));
    (out.status.success(), summary)
}

#[tokio::test]
async fn nothing_is_forgotten_or_doubled() {
    let (well, summary) = demo(&["--requests", "8"]).await;
    assert!(well, "{summary:#}");
    let count = |key: &str| summary[key].as_u64().unwrap_or_else(|| panic!("{key} in {summary:#}"));
    let ended = (count("succeeded"), count("failed"), count("cancelled"), count("refused"));
    assert_eq!((count("requests"), ended), (8, (5, 0, 1, 2)), "{summary:#}");
    let decided = (count("approved"), count("rejected"), count("expired"), count("retried"));
    assert_eq!(decided, (1, 1, 1, 1), "{summary:#}");
    assert_eq!((count("forgotten"), count("doubled")), (0, 0));
    assert_eq!(
        (count("max_holders"), count("max_runs_per_build"), count("max_status_comments_per_issue")),
        (1, 1, 1)
    );
    assert_eq!(summary["violations"], Value::Array(Vec::new()));
    assert!(summary["turnover_ms"]["p99"].is_u64() && summary["seconds"].is_f64());
}

#[tokio::test]
async fn two_runs_for_one_dispatch_are_noticed() {
    let (well, summary) = demo(&["--requests", "2", "--plant", "double-dispatch"]).await;
    assert!(!well, "{summary:#}");
    assert_ne!(summary["doubled"], 0);
    assert_ne!(summary["violations"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_lock_handed_on_early_is_noticed() {
    let (well, summary) = demo(&["--requests", "3", "--plant", "early-release"]).await;
    assert!(!well, "{summary:#}");
    assert!(summary["max_holders"].as_u64().is_some_and(|most| most > 1), "{summary:#}");
}
