//! Short stories of one repository.

mod approvals;
mod asking;
mod cancelling;
mod gone;
mod locks;
mod manual;
mod runs;

use super::super::{BuildId, DispatchAnswer, Event, Phase, RunReport, Status, Verdict};
use super::people::{ANNA, build};
use super::world::{BOT, World};

/// Anna asked in issue 1 and holds the slot; her dispatch has not been tried.
fn anna_starts() -> World {
    let mut world = World::new();
    world.says(1, 10, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
    world
}

/// Anna's run 900 is known and in progress.
fn anna_runs() -> World {
    let mut world = anna_starts();
    world.answered(1, 900);
    world.happens(Event::Run(report(900, Phase::InProgress, None)));
    assert_eq!(world.status(1), Status::Running);
    world
}

fn report(run_id: i64, phase: Phase, conclusion: Option<&str>) -> RunReport {
    RunReport {
        run_id,
        attempt: 1,
        phase,
        conclusion: conclusion.map(str::to_owned),
        workflow: "desktop.yml".into(),
        title: "desktop".into(),
        trigger: "workflow_dispatch".into(),
        actor: BOT.into(),
        started_by: BOT.into(),
        created_at: World::new().now,
        head_sha: "1a2b3c4".into(),
        url: format!("https://github.test/runs/{run_id}"),
    }
}

impl World {
    fn id(&self, issue: i64) -> BuildId {
        self.last(issue).build_id
    }

    fn dispatch_row(&self, issue: i64) -> String {
        format!("70/dispatch:{}", self.id(issue))
    }

    /// The deliver worker has begun its call; nobody knows yet what became of it.
    fn tried(&mut self, issue: i64) {
        let key = self.dispatch_row(issue);
        self.outbox.get_mut(&key).expect("a dispatch").attempted = Some(self.now);
    }

    fn dispatch_says(&mut self, issue: i64, answer: DispatchAnswer) {
        let key = self.dispatch_row(issue);
        self.outbox.remove(&key).expect("a dispatch");
        let build = self.id(issue);
        self.happens(Event::Dispatched { build, answer });
    }

    fn answered(&mut self, issue: i64, run_id: i64) {
        let url = format!("https://github.test/runs/{run_id}");
        self.dispatch_says(issue, DispatchAnswer::Started { run_id, url });
    }

    fn never_confirmed(&mut self, issue: i64) {
        self.tried(issue);
        self.pass(2);
        self.dispatch_says(issue, DispatchAnswer::NeverConfirmed);
    }

    fn completes(&mut self, run_id: i64, conclusion: &str) {
        self.happens(Event::Run(report(run_id, Phase::Completed, Some(conclusion))));
    }

    /// The monitor asks, and is told that the run is at this.
    fn monitor_hears(&mut self, report: RunReport) -> Verdict {
        self.answered_by_github(Event::Run(report));
        let stored = self.inbox.pop().expect("it was just received");
        self.hears(stored)
    }

    /// The run goes on although its time may be up, says GitHub; then the monitor looks.
    fn goes_on_and_is_looked_at(&mut self, run_id: i64) {
        self.monitor_hears(report(run_id, Phase::InProgress, None));
        self.happens(Event::Look);
    }

    fn says_cancel(&mut self, issue: i64, comment_id: i64, who: i64) {
        self.says(issue, comment_id, who, super::super::Step::Cancel);
    }

    fn has_effect(&self, key: &str) -> bool {
        self.outbox.contains_key(&format!("70/{key}"))
    }
}
