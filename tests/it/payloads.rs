//! GitHub's own examples of every webhook, posted to a running server.

use std::{io::Write as _, path::Path, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use trilock::{clock::Clock, store::Due};

use crate::harness::{REPO, Trilock};

/// One event of `@octokit/webhooks-examples`.
#[derive(Deserialize)]
struct Examples {
    name: String,
    examples: Vec<Value>,
}

const AT_LEAST: usize = 329;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TRILOCK_WEBHOOK_EXAMPLES"]
async fn every_example_is_acknowledged_and_stalls_nothing() {
    let path = std::env::var_os("TRILOCK_WEBHOOK_EXAMPLES").expect("TRILOCK_WEBHOOK_EXAMPLES names the file");
    let text = std::fs::read_to_string(path).expect("the examples");
    let events: Vec<Examples> = serde_json::from_str(&text).expect("a list of events");
    let t = Trilock::backdrop().await;

    let mut posted = Vec::new();
    for event in &events {
        for example in &event.examples {
            let guid = t.github.world().deliver_raw(&event.name, example);
            posted.push((guid, event.name.clone()));
        }
    }
    tokio::time::timeout(Duration::from_secs(60), t.github.settled()).await.expect("all are posted");
    let deliveries = t.github.world().deliveries();
    let refused: Vec<_> = posted
        .iter()
        .filter_map(|(guid, name)| {
            let delivery = deliveries.iter().find(|delivery| delivery.guid == *guid)?;
            (!(200..300).contains(&delivery.status_code)).then_some((name, delivery.status_code))
        })
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    let acknowledged =
        posted.iter().filter(|(guid, _)| deliveries.iter().any(|delivery| delivery.guid == *guid)).count();
    assert!(acknowledged >= AT_LEAST, "{acknowledged} of {}", posted.len());

    // A build asked for behind all that goes its way,
    let issue = t.github.world().open_issue(REPO, "ben", "Please", "I need one.", &[]).unwrap();
    t.github.world().comment(REPO, issue, "ben", "/build tag=v1.4.0").unwrap();
    t.until("a run", |world| world.runs(REPO).len() == 1).await;
    let run = t.github.world().runs(REPO)[0].id;
    t.github.world().finish_run(run, "success", None).unwrap();
    t.until("an outcome", |world| {
        world.comments(REPO, issue).iter().any(|comment| comment.body.contains("ready"))
    })
    .await;
    // and nothing of the examples is left waiting.
    drained(&t).await;
    report(acknowledged);
}

/// Waits until everything is applied, or, after the day that GitHub is asked in vain, set aside.
async fn drained(t: &Trilock) {
    let clock = Clock::system();
    let work = async {
        loop {
            let end_of_time = t.store.now().await.unwrap() + chrono::TimeDelta::days(1);
            let lanes = t.store.ready_lanes(end_of_time).await.unwrap();
            if lanes.is_empty() && t.store.next_due(Due::Unprepared).await.unwrap().is_none() {
                return;
            }
            t.pass_amid_calls(Duration::from_secs(300)).await;
            clock.sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("the inbox is drained");
    // What is about an installation that GitHub does not know.
    let foreign = "GitHub does not accept the App's credentials";
    let dead = t.store.dead().await.unwrap();
    assert!(dead.iter().all(|row| row.error.as_deref() == Some(foreign)), "{dead:#?}");
    println!("set aside: {dead:?}");
}

/// Tells `.ci/run` how many were posted.
fn report(posted: usize) {
    let Some(folder) = std::env::var_os("TRILOCK_REPORT_DIR") else { return };
    let path = Path::new(&folder).join("payloads.count");
    let mut file = std::fs::File::options().create(true).append(true).open(path).expect("the report");
    writeln!(file, "{posted}").expect("the report");
}
