//! A storm: GitHub fails in all its ways, webhooks of runs are lost, doubled and swapped, and the server is killed again
//! and again. Afterwards nothing is lost, doubled or left behind.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;
use trilock::sandbox::{ApiFault, ApiTrouble, AutoRuns, Fails, HookFault, HookTrouble, World};

use crate::harness::{CORRELATING_WORKFLOW, REPO, Trilock, WORKFLOW_PATH, seconds};

const ROUNDS: u32 = 40;

fn trouble(world: &mut World) {
    let calls = [
        ("POST", ApiTrouble::FailBefore(500), 0.05),
        ("POST", ApiTrouble::FailAfter(502), 0.10),
        ("POST", ApiTrouble::DropAfter, 0.05),
        ("POST", ApiTrouble::RetryAfter(7), 0.05),
        ("PATCH", ApiTrouble::FailAfter(502), 0.10),
        ("GET", ApiTrouble::FailBefore(503), 0.05),
        ("GET", ApiTrouble::DropBefore, 0.05),
    ];
    for (method, trouble, chance) in calls {
        let fault =
            ApiFault { method: Some(method.into()), path: String::new(), times: None, chance, trouble };
        world.fault_api(fault).expect("a fault");
    }
    let hooks = [
        (Some("workflow_run"), HookTrouble::Drop, 0.3),
        (Some("workflow_run"), HookTrouble::Reorder, 0.2),
        (None, HookTrouble::Double, 0.2),
    ];
    for (event, trouble, chance) in hooks {
        let event = event.map(str::to_owned);
        world.fault_hook(HookFault { event, action: None, times: None, chance, trouble });
    }
}

fn weather(options: &mut trilock::sandbox::Options, seed: u64) {
    options.seed = seed;
    options.auto = Some(AutoRuns {
        queue_delay: Duration::from_secs(2),
        duration: (Duration::from_secs(20), Duration::from_secs(60)),
        durations: BTreeMap::new(),
        fails: Fails::Share(0.2),
    });
    options.cancel_takes = Duration::from_secs(8);
    options.list_lag = Duration::from_secs(5);
}

/// `TRILOCK_STORM_SEED` repeats one.
fn seed() -> u64 {
    let given = std::env::var("TRILOCK_STORM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..100_000));
    println!("TRILOCK_STORM_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_leaves_nothing_lost_doubled_or_held() {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let mut t = Trilock::with(|options| weather(options, seed)).await;
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    trouble(&mut t.github.world());
    let mut asked: Vec<u64> = Vec::new();
    for n in 0..ROUNDS {
        match rng.u32(..10) {
            0..4 => {
                let mut world = t.github.world();
                let issue = world.open_issue(REPO, "ben", "Please", "I need one.", &[]).expect("an issue");
                world.comment(REPO, issue, "ben", &format!("/build tag=v{n}.0")).expect("a comment");
                asked.push(issue);
            }
            4 if !asked.is_empty() => {
                let issue = asked[rng.usize(..asked.len())];
                t.github.world().comment(REPO, issue, "ben", "/cancel").expect("a comment");
            }
            5 | 6 => {
                // What was acknowledged may not be lost; what was not, GitHub would show as failed.
                t.github.settled().await;
                t.kill();
                t.serve().await;
            }
            _ => {}
        }
        t.github.settled().await;
        t.pass_amid_calls(seconds(rng.u64(1..40))).await;
    }
    t.github.world().clear_faults();
    let over = |world: &World| {
        asked.iter().all(|issue| {
            let comments = world.comments(REPO, *issue);
            comments.iter().any(|comment| comment.body.contains("<!-- trilock:outcome:"))
        })
    };
    // Each build after the other, each a minute, and what was put off at most five minutes.
    for _ in 0..12 * asked.len() + 60 {
        if over(&t.github.world()) && t.wreckage().await.is_empty() {
            return;
        }
        t.pass_amid_calls(seconds(10)).await;
        t.github.until_within(Duration::from_millis(100), |_| false).await;
    }
    panic!("TRILOCK_STORM_SEED={seed} leaves {:#?}", t.wreckage().await);
}
