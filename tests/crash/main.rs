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
//! | `plan` | the schedule, made from the seed |
//! | `town` | repositories, policies, people |
//! | `people`, `chaos`, `admin` | who carries the schedule out |
//! | `github`, `database`, `processes` | what it happens to |
//! | `checks`, `ending` | what must hold, at any time and at the end |
//! | `table` | what is told |

mod admin;
mod chaos;
mod checks;
mod database;
mod ending;
mod github;
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
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use trilock::{clock::Clock, sandbox::Record};

use admin::Admin;
use chaos::{Fate, set_weather};
use checks::{Findings, Watch, found};
use database::Database;
use ending::{End, rest};
use github::GitHub;
use people::People;
use plan::{Act, Entry, Weather, schedule};
use processes::{Sandbox, replicas};
use table::{Counts, Table, say};

/// How fast time passes: a build takes a second, a run is looked for four seconds.
const RATE: f64 = 30.0;

/// Between two looks at what must hold at any time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long everything may take to come to rest after the faults, beside half of the time that they lasted.
const REST_WITHIN: Duration = Duration::from_secs(75);

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
        watch: Watch { database: &database, github: &github, folder: &folder, counters: BTreeMap::new() },
        admin: Admin { database: &database, github: &github, counts: &counts, seen: BTreeMap::new() },
        wall,
        findings: Findings::new(),
        last_look: Duration::ZERO,
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
        crash.come_to_rest(REST_WITHIN + lasts / 2).await;
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

/// One run of the test.
struct Crash<'a> {
    people: People,
    watch: Watch<'a>,
    admin: Admin<'a>,
    wall: Clock,
    findings: Findings,
    last_look: Duration,
}

impl Crash<'_> {
    fn github(&self) -> &GitHub {
        self.watch.github
    }

    /// Servers, repositories and policies are there before anything goes wrong.
    async fn prepare(&mut self) {
        let within = Duration::from_secs(60);
        let mut settled = false;
        for _ in 0..within.as_millis() / 100 {
            // A replica's address is known once it listens.
            let listening = self.watch.folder.join("replica-1.log");
            let up = std::fs::read_to_string(listening).is_ok_and(|log| log.contains("\"listening\""));
            if up && !settled {
                town::settle(self.github()).await;
                settled = true;
            }
            let good = "SELECT count(*) FROM repository WHERE policy_state = 'good'";
            if settled && self.watch.database.count(good).await == town::REPOS.len() as i64 {
                return;
            }
            self.wall.sleep(Duration::from_millis(100)).await;
        }
        panic!("the servers are not ready within {within:?}; logs are in {}", self.watch.folder.display());
    }

    /// Carries the schedule out, and looks at what must hold all the while. Ends early when something does not.
    async fn live(&mut self, fate: &mut Fate<'_>, entries: Vec<Entry>) {
        set_weather(self.github(), Weather::Rough).await;
        let began = self.wall.now();
        for entry in entries {
            let at = began + entry.at;
            while self.wall.now() < at {
                let look = began + self.last_look + LOOK_EVERY;
                if look >= at {
                    self.wall.sleep_until(at).await;
                } else {
                    self.wall.sleep_until(look).await;
                    self.look((self.wall.now() - began).to_std().unwrap_or_default()).await;
                }
            }
            if !self.findings.is_empty() {
                say(&format!("a rule is broken after {} s", entry.at.as_secs()));
                return;
            }
            match entry.act {
                Act::Person { login, pick, does } => self.people.act(login, pick, does).await,
                Act::Chaos(chaos) => fate.strike(chaos).await,
            }
        }
    }

    async fn look(&mut self, now: Duration) {
        self.last_look = now;
        self.admin.look().await;
        let record = self.github().record().await;
        let found = self.watch.look(&record).await;
        self.findings.extend(found);
    }

    /// The faults end; everything is done that waits.
    async fn come_to_rest(&mut self, within: Duration) {
        set_weather(self.github(), Weather::Fair).await;
        self.github().tell("set_list_lag", json!({ "ms": 0 })).await;
        self.people.small_talk().await;
        let limit = self.wall.now() + within;
        let mut still = 0;
        loop {
            self.admin.look().await;
            let rest = rest(self.watch.database, self.github()).await;
            still = if rest.is_empty() { still + 1 } else { 0 };
            if still == 3 {
                return;
            }
            if self.wall.now() > limit {
                return self.findings.extend(found("everything comes to rest", rest));
            }
            // A minute of the servers' time, in which what is put off comes up.
            self.wall.sleep(Duration::from_secs(60).div_f64(RATE)).await;
        }
    }

    async fn judge(mut self) -> (Table, Findings) {
        let record = self.github().record().await;
        let (requests, commands) = (&self.people.requests, &self.people.commands);
        let mut end = End::read(self.watch.database, self.github(), &record, commands, requests).await;
        self.findings.extend(self.watch.look(&record).await);
        self.findings.extend(end.judge(requests, commands));
        let faults: BTreeMap<String, u64> = self.watch.github.read("fault_counts", json!({})).await;
        let mut table = Table::default();
        table.section("GitHub's faults", faults);
        table.section("what happened", self.admin.counts.all());
        table.section("what came of it", self.outcome(&record, &end));
        (table, self.findings)
    }

    fn outcome(&self, record: &Record, end: &End<'_>) -> Vec<(String, u64)> {
        let of = |check: &str| self.findings.iter().filter(|it| it.check == check).count() as u64;
        let lines = [
            ("runs of ours", record.dispatches.len() as u64),
            ("requests of which no webhook arrived", end.unheard),
            ("requests forgotten", end.forgotten),
            (
                "doubled",
                of("one run per build") + of("one outcome per build") + of("one status comment per issue"),
            ),
            ("overlaps", of("no more runs than slots")),
            ("rules broken", self.findings.len() as u64),
        ];
        lines.map(|(name, number)| (name.to_owned(), number)).to_vec()
    }
}
