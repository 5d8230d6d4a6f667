//! One run of the test: made ready, lived through, brought to rest, judged.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use sqlx::Row as _;
use trilock::{clock::Clock, sandbox::Record};

use crate::{
    RATE,
    admin::Admin,
    chaos::{Fate, set_weather},
    checks::{Findings, Watch, found},
    ending::{End, rest},
    github::GitHub,
    people::People,
    plan::{Act, Entry, Weather},
    table::{Table, say},
    town,
};

/// Between two looks at what must hold at any time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long nothing may get done after the faults while something waits.
const STUCK_AFTER: Duration = Duration::from_secs(90);

const AWAITING: &str = "
    SELECT DISTINCT r.owner || '/' || r.name AS repo, b.issue
      FROM build b JOIN repository r USING (tenant_id, repo_id) WHERE b.status = 'awaiting_approval'";

/// Reading the record and judging it takes no more than this part of the time: one in ten.
const RECORD_SHARE: u32 = 10;

/// One run of the test.
pub struct Crash<'a> {
    pub people: People,
    pub watch: Watch<'a>,
    pub admin: Admin<'a>,
    pub wall: Clock,
    pub findings: Findings,
    /// Real time since the faults began.
    pub last_look: Duration,
    /// The record is not read before: it grows, and reading it must not keep everybody else from working.
    pub next_record: Duration,
}

impl Crash<'_> {
    fn github(&self) -> &GitHub {
        self.watch.github
    }

    /// Servers, repositories and policies are there before anything goes wrong.
    pub async fn prepare(&mut self) {
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
    pub async fn live(&mut self, fate: &mut Fate<'_>, entries: Vec<Entry>) {
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

    /// For whoever looks into it.
    fn keep(&self, record: &Record) {
        let text = serde_json::to_string(record).expect("a record in JSON");
        std::fs::write(self.watch.folder.join("record.json"), text).expect("the record is kept");
    }

    async fn look(&mut self, now: Duration) {
        self.last_look = now;
        self.people.open_builds = self.watch.database.count("SELECT count(*) FROM build").await;
        self.admin.look().await;
        if now < self.next_record {
            return;
        }
        let began = self.wall.now();
        let record = self.github().record().await;
        let found = self.watch.look(&record).await;
        if !found.is_empty() {
            self.keep(&record);
        }
        self.findings.extend(found);
        let took = (self.wall.now() - began).to_std().unwrap_or_default();
        self.next_record = now + took * RECORD_SHARE;
    }

    /// The faults end; everything is done that waits.
    pub async fn come_to_rest(&mut self) {
        set_weather(self.github(), Weather::Fair).await;
        self.github().tell("set_list_lag", json!({ "ms": 0 })).await;
        self.people.small_talk().await;
        let (mut still, mut least, mut since) = (0, usize::MAX, self.wall.now());
        loop {
            self.admin.look().await;
            self.approve_all().await;
            let rest = rest(self.watch.database, self.github()).await;
            still = if rest.is_empty() { still + 1 } else { 0 };
            if still == 3 {
                return;
            }
            // Every build that ends is one line less.
            if rest.len() < least {
                (least, since) = (rest.len(), self.wall.now());
            }
            if self.wall.now() > since + STUCK_AFTER {
                return self.findings.extend(found("everything comes to rest", rest));
            }
            // A minute of the servers' time, in which what is put off comes up.
            self.wall.sleep(Duration::from_secs(60).div_f64(RATE)).await;
        }
    }

    async fn approve_all(&mut self) {
        let waiting = self.watch.database.rows(AWAITING).await;
        let waiting: Vec<(String, u64)> =
            waiting.iter().map(|row| (row.get("repo"), row.get::<i64, _>("issue").cast_unsigned())).collect();
        self.people.approve(&waiting).await;
    }

    pub async fn judge(mut self) -> (Table, Findings) {
        let record = self.github().record().await;
        self.keep(&record);
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
