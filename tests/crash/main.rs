//! The crash test: two servers, a Postgres and a simulated GitHub as processes, people who ask, cancel and edit, and
//! everything that can go wrong going wrong. Then the faults end, all comes to rest, and it is judged by GitHub's own
//! record whether anything was forgotten, doubled, or run at the same time as what it excludes.
//!
//! * `TRILOCK_CRASH_SECONDS`: how long things go wrong, in real time (15);
//! * `TRILOCK_CRASH_SEED`: repeats the schedule. Processes are not deterministic: it repeats what happened to them, not
//!   what they made of it.
//!
//! | file | has |
//! |---|---|
//! | `course` | one run of the test |
//! | `plan` | the schedule, made from the seed |
//! | `town` | repositories, policies, people |
//! | `people`, `chaos`, `admin` | who carries the schedule out |
//! | `github`, `database`, `processes` | what it happens to |
//! | `logs` | what the servers said |
//! | `checks`, `ending` | what must hold, at any time and at the end |
//! | `table` | what is told |

mod admin;
mod chaos;
mod checks;
mod course;
mod database;
mod ending;
mod github;
mod logs;
mod people;
mod plan;
mod processes;
mod table;
mod town;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use fastrand::Rng;
use tokio::signal::unix::{SignalKind, signal};
use trilock::clock::Clock;

use admin::Admin;
use chaos::Fate;
use checks::{Findings, Watch};
use course::Crash;
use database::Database;
use logs::Logs;
use people::People;
use plan::schedule;
use processes::{Sandbox, replicas};
use table::{Counts, Table, say};

/// How fast time passes: a build takes a second, a run is looked for four seconds.
const RATE: f64 = 30.0;

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => default,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_forgotten_or_doubled_whatever_crashes() {
    let seed = number("TRILOCK_CRASH_SEED", fastrand::u64(..1_000_000));
    let lasts = Duration::from_secs(number("TRILOCK_CRASH_SECONDS", 15));
    say(&format!("TRILOCK_CRASH_SEED={seed} TRILOCK_CRASH_SECONDS={}", lasts.as_secs()));
    let mut term = signal(SignalKind::terminate()).expect("a handler");
    let mut int = signal(SignalKind::interrupt()).expect("a handler");
    tokio::select! {
        // The children end with the test, whatever ends it.
        _ = term.recv() => panic!("told to stop"),
        _ = int.recv() => panic!("told to stop"),
        () = test(seed, lasts) => {}
    }
}

/// Where the logs of this run are.
fn folder(seed: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{seed}"));
    // Left by an earlier run with this seed.
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

async fn test(seed: u64, lasts: Duration) {
    let folder = folder(seed);
    let wall = Clock::system();
    let began = wall.now();
    let database = Database::start(began, RATE).await;
    let sandbox = Sandbox::start(&folder, database.clock, seed).await;
    let counts = Counts::default();
    let replicas = replicas(&folder, &sandbox, &database.url, &counts);
    let github = sandbox.github.clone();
    let mut crash = Crash {
        people: People::new(github.clone(), counts.clone()),
        watch: Watch {
            database: &database,
            github: &github,
            folder: &folder,
            logs: Logs::default(),
            counters: BTreeMap::new(),
            acknowledged: 0,
            second_comments: BTreeMap::new(),
        },
        admin: Admin { database: &database, github: &github, counts: &counts, seen: BTreeMap::new() },
        wall,
        findings: Findings::new(),
        last_look: Duration::ZERO,
        next_record: Duration::ZERO,
    };
    crash.prepare().await;
    let mut fate = Fate {
        database: &database,
        github: &github,
        replicas: &replicas,
        counts: &counts,
        rng: Rng::with_seed(seed),
    };
    crash.live(&mut fate, schedule(seed, lasts)).await;
    let (told, findings) = if crash.findings.is_empty() {
        crash.come_to_rest().await;
        crash.judge().await
    } else {
        (Table::default(), crash.findings)
    };
    let took = (Clock::system().now() - began).num_seconds();
    say(&format!(
        "Crash test, seed {seed}: {} s of faults, {took} s in all\n{}",
        lasts.as_secs(),
        told.text()
    ));
    drop(replicas);
    if findings.is_empty() {
        database.stop().await;
        // What passed is not looked at again.
        _ = std::fs::remove_dir_all(&folder);
        return;
    }
    for finding in &findings {
        say(&format!("BROKEN {}: {}", finding.check, finding.what));
    }
    panic!(
        "TRILOCK_CRASH_SEED={seed}: {} rules broken after {took} s; logs are in {}",
        findings.len(),
        folder.display()
    );
}
