//! What must hold at the end of every story.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::PathBuf,
};

use sqlx::Row as _;
use trilock::sandbox::RunStatus;

use super::{Trilock, seconds, words::Kind};

/// How many builds with each tag were started: each may have one run.
const STARTED: &str = "
    SELECT inputs->>'tag' AS tag, count(*) AS builds FROM (
        SELECT inputs FROM build WHERE starting_at IS NOT NULL
        UNION ALL SELECT inputs FROM build_history WHERE starting_at IS NOT NULL) AS started
     GROUP BY 1";

/// Calls that are to be tried, or looked after, again.
const PUT_OFF: &str = "SELECT count(*) FROM outbox WHERE state = 'pending'";

/// Everything that is not finished, in words.
const REST: &str = "
    SELECT concat_ws(' ', 'inbox', state, event->>'event', last_error) AS what FROM inbox
    UNION ALL SELECT concat_ws(' ', 'outbox', state, effect_key, last_error) FROM outbox
    UNION ALL SELECT concat_ws(' ', 'mirror of issue', issue, last_error) FROM mirror WHERE shown < wanted
    UNION ALL SELECT concat_ws(' ', 'build', build_type, 'of issue', issue, status) FROM build
    UNION ALL SELECT concat_ws(' ', 'lease', resource, slot, state) FROM lease";

impl Trilock {
    /// Ends the story: everything is finished, and nothing was lost, doubled or left unread.
    pub async fn end(mut self) {
        self.calm().await;
        if self.count(PUT_OFF).await > 0 {
            self.pass(seconds(15)).await;
        }
        let mut wrong = self.unread();
        wrong.extend(self.wreckage().await);
        assert!(wrong.is_empty(), "at the end of the story:\n{}", wrong.join("\n"));
    }

    /// What was doubled or is not finished, and calls that GitHub does not know.
    pub async fn wreckage(&mut self) -> Vec<String> {
        self.ended = true;
        let mut wrong = self.doubled().await;
        wrong.extend(self.rest_lines().await);
        let world = self.github.world();
        wrong.extend(world.violations().iter().map(|why| format!("a call that GitHub does not know: {why}")));
        let alive = world.record().runs.iter().filter(|times| times.completed_at.is_none());
        wrong.extend(alive.map(|times| format!("run {} goes on", times.run)));
        report(world.checked());
        wrong
    }

    /// What is not finished, for messages.
    pub(super) async fn rest(&self) -> String {
        self.rest_lines().await.join("; ")
    }

    async fn rest_lines(&self) -> Vec<String> {
        let rows = sqlx::query(REST).fetch_all(&self.database).await.expect("the database answers");
        rows.iter().map(|row| row.get("what")).collect()
    }

    /// Comments of the bot that no snapshot looked at, or that changed afterwards, or should not have been edited.
    fn unread(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (repo, issue) in self.issues() {
            for comment in self.of_bot(&repo, issue) {
                let text = self.stable(&comment.body);
                if !self.looked_at(&comment) {
                    wrong.push(format!("nobody looked at this in issue {issue}:\n{text}"));
                }
                if Kind::of(&comment.body) != Kind::Status && !comment.edits.is_empty() {
                    wrong.push(format!("only status comments are edited, not this one:\n{text}"));
                }
            }
        }
        wrong
    }

    /// Runs, status comments and outcome comments that there may be once only.
    async fn doubled(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (repo, issue) in self.issues() {
            let mut marks: BTreeMap<String, u32> = BTreeMap::new();
            for comment in self.of_bot(&repo, issue) {
                *marks.entry(comment.body.lines().last().unwrap_or_default().to_owned()).or_default() += 1;
            }
            let many = marks.into_iter().filter(|(_, all)| *all > 1);
            wrong.extend(many.map(|(mark, all)| format!("issue {issue} has {all} comments with {mark}")));
        }
        wrong.extend(self.doubled_runs().await);
        wrong
    }

    /// By what the sandbox saw: as many dispatched runs as builds that were started.
    async fn doubled_runs(&self) -> Vec<String> {
        let rows = sqlx::query(STARTED).fetch_all(&self.database).await.expect("the database answers");
        let mut left: BTreeMap<Option<String>, i64> =
            rows.iter().map(|row| (row.get("tag"), row.get("builds"))).collect();
        let world = self.github.world();
        let mut ids: BTreeMap<&String, i64> = BTreeMap::new();
        for run in world.record().runs.iter().filter(|run| run.login == world.bot() && run.attempt == 1) {
            *left.entry(run.inputs.get("tag").cloned()).or_default() -= 1;
            if let Some(id) = run.inputs.get("trilock_build") {
                *ids.entry(id).or_default() += 1;
            }
        }
        let by_tag = left.into_iter().filter(|(_, left)| *left < 0);
        let by_id = ids.into_iter().filter(|(_, runs)| *runs > 1);
        by_tag
            .map(|(tag, left)| format!("{} runs too many of {tag:?}", -left))
            .chain(by_id.map(|(id, runs)| format!("build {id} has {runs} runs")))
            .collect()
    }

    /// Every issue that the bot ever wrote in.
    fn issues(&self) -> BTreeSet<(String, u64)> {
        let world = self.github.world();
        let bot = world.bot();
        let by_bot = world.record().comments.iter().filter(|event| event.author == bot);
        by_bot.map(|event| (event.repo.clone(), event.issue)).collect()
    }

    /// Whether a run is known to GitHub as over.
    pub fn is_over(&self, run: u64) -> bool {
        self.github.world().run(run).is_some_and(|run| run.status == RunStatus::Completed)
    }
}

impl Drop for Trilock {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.ended, "a story closes with `t.end().await`, which looks at what is left");
            // Also where there is no story.
            assert_eq!(
                self.github.world().violations(),
                [] as [String; 0],
                "calls that GitHub does not know"
            );
        }
    }
}

/// How many requests were held against GitHub's description, for whoever runs all stories.
fn report(checked: u64) {
    let Some(folder) = std::env::var_os("TRILOCK_REPORT_DIR").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).expect("the report's folder");
    let file = fs::OpenOptions::new().create(true).append(true).open(folder.join("requests.count"));
    writeln!(file.expect("the report"), "{checked}").expect("the report is written");
}
