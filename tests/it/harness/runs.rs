//! What becomes of workflow runs.

use serde_json::json;
use trilock::sandbox::{Run, RunStatus};

use super::{Issue, REPO, Trilock};

impl Trilock {
    /// The id of the repository's `n`th run, from 1; waits for it.
    pub async fn run(&self, n: usize) -> u64 {
        self.run_in(REPO, n).await
    }

    pub async fn run_in(&self, repo: &str, n: usize) -> u64 {
        self.until(&format!("run {n} of {repo}"), |world| world.runs(repo).len() >= n).await;
        self.runs_of(repo)[n - 1].id
    }

    pub fn runs(&self) -> Vec<Run> {
        self.runs_of(REPO)
    }

    fn runs_of(&self, repo: &str) -> Vec<Run> {
        self.github.world().runs(repo)
    }

    /// The value of the input `tag` of each run that there is, in order.
    pub fn tags(&self) -> Vec<String> {
        self.runs().into_iter().map(|run| run.inputs.get("tag").cloned().unwrap_or_default()).collect()
    }

    /// Somebody starts the workflow on GitHub's own page; gives the run.
    pub async fn by_hand(&self, login: &str, tag: &str) -> u64 {
        let run = self.by_hand_and_go(login, tag);
        self.calm().await;
        run
    }

    pub fn by_hand_and_go(&self, login: &str, tag: &str) -> u64 {
        let inputs = json!({ "tag": tag });
        let run = self.github.world().start_run_by_hand(REPO, "build-desktop.yml", login, &inputs);
        run.expect("a run")
    }

    /// Somebody runs an ended run again.
    pub async fn again(&self, login: &str, run: u64) {
        self.github.world().rerun(run, login).expect("an ended run");
        self.calm().await;
    }

    /// A runner takes the run.
    pub async fn begin(&self, run: u64) {
        self.github.world().start_run(run).expect("a queued run");
        self.calm().await;
    }

    /// The run ends, as `success` or otherwise.
    pub async fn finish(&self, run: u64, conclusion: &str) {
        self.github.world().finish_run(run, conclusion, None).expect("a run that has not ended");
        self.calm().await;
    }

    /// The run fails in a job's step.
    pub async fn fail(&self, run: u64, job: &str, step: &str) {
        self.github.world().finish_run(run, "failure", Some((job, step))).expect("a run that has not ended");
        self.calm().await;
    }

    /// Waits until GitHub says that the run is over.
    pub async fn until_over(&self, run: u64) {
        let over = |run: &Run| run.status == RunStatus::Completed;
        self.until("the run is over", |world| world.run(run).is_some_and(over)).await;
        self.calm().await;
    }

    /// Asks by comment in a new issue, for stories whose point is elsewhere.
    pub async fn asked(&self, login: &str, command: &str) -> Issue {
        let issue = self.issue(login).await;
        self.comment(login, issue, command).await;
        let status = self.status(issue).await;
        assert!(
            ["### 🔨 Starting", "### ⏳ Queued", "### ⚠️ A run started by hand"]
                .iter()
                .any(|state| status.starts_with(state)),
            "{status}"
        );
        issue
    }

    /// Starts and ends the run well.
    pub async fn carried_out(&self, issue: Issue, run: u64) {
        self.begin(run).await;
        self.says(issue, "🔨 Building").await;
        self.finish(run, "success").await;
        self.ended_well(issue).await;
    }

    /// It is its turn, and the `nth` run of all is its own and ends well.
    pub async fn is_built(&self, issue: Issue, nth: usize) {
        self.says(issue, "🔨 Starting").await;
        self.carried_out(issue, self.run(nth).await).await;
    }

    /// Looks at the two comments that tell so.
    pub async fn ended_well(&self, issue: Issue) {
        let outcome = self.outcome(issue).await;
        assert!(outcome.starts_with("### ✅ Your build is ready"), "{outcome}");
        self.says(issue, "✅ Succeeded").await;
    }
}
