//! Every kind of effect, and every moment at which a server may die or an answer be lost (the table in
//! `src/github/effects.rs`): afterwards it has happened once.

use std::time::Duration;

use trilock::sandbox::{ApiTrouble, World};

use crate::harness::{
    CORRELATING_WORKFLOW, Issue, POLICY_PATH, REPO, Trilock, WORKFLOW_PATH, minutes, seconds,
};

/// Longer than a dead worker's claim.
const CLAIM: Duration = seconds(61);

/// Longer than any story.
const FOR_EVER: u64 = 6_000_000;

#[derive(Clone, Copy)]
enum Window {
    /// The server dies after it noted that it will call, and the call does not get there.
    BeforeTheCall,
    /// The server dies after GitHub did the work, before it noted so.
    BeforeTheRecord,
    /// GitHub did the work, the connection breaks, the server lives.
    AnswerLost,
}

/// A kind of effect: its call, what the database says once it is about to be made, and what GitHub shows once it is done.
struct Kind<D> {
    method: &'static str,
    path: &'static str,
    noted: &'static str,
    done: D,
}

impl<D: Fn(&World) -> bool> Kind<D> {
    /// `trigger` brings the effect about; then what the window says happens, and the server goes on or is started again.
    async fn strike(&self, t: &mut Trilock, window: Window, trigger: impl FnOnce(&mut World)) {
        let trouble = match window {
            Window::BeforeTheCall => ApiTrouble::Delay(FOR_EVER),
            Window::BeforeTheRecord => ApiTrouble::AnswerLate(FOR_EVER),
            Window::AnswerLost => ApiTrouble::DropAfter,
        };
        t.next_call(self.method, self.path, trouble);
        trigger(&mut t.github.world());
        match window {
            Window::BeforeTheCall => {
                t.until_stored(self.noted, 1).await;
                t.kill();
                assert!(!(self.done)(&t.github.world()), "it was to be killed before this");
            }
            Window::BeforeTheRecord => {
                t.until("the work is done", &self.done).await;
                t.kill();
            }
            Window::AnswerLost => {
                t.until("the work is done", &self.done).await;
                return t.pass(seconds(2)).await;
            }
        }
        t.github.world().clear_faults();
        t.pass_amid_calls(CLAIM).await;
        t.serve().await;
        t.pass_until("it is done", &self.done).await;
        t.pass(seconds(60)).await;
    }
}

async fn world() -> Trilock {
    let t = Trilock::start().await;
    // Whatever else is cut short by the kill may be sent again.
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    t
}

async fn building(t: &Trilock) -> (Issue, u64) {
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    (issue, run)
}

fn says(world: &World, issue: Issue, words: &str) -> bool {
    world.comments(issue.repo, issue.number).iter().any(|comment| comment.body.contains(words))
}

fn comment(world: &mut World, issue: Issue, text: &str) {
    world.comment(issue.repo, issue.number, "ben", text).expect("an issue");
}

async fn dispatch(window: Window) {
    let mut t = world().await;
    let issue = t.issue("ben").await;
    let kind = Kind {
        method: "POST",
        path: "/dispatches$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'effect' = 'dispatch' AND attempted_at IS NOT NULL",
        done: |world: &World| !world.runs(REPO).is_empty(),
    };
    kind.strike(&mut t, window, |world| comment(world, issue, "/build tag=v1.4.0")).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

async fn cancel(window: Window) {
    let mut t = world().await;
    let (issue, run) = building(&t).await;
    let kind = Kind {
        method: "POST",
        path: "/cancel$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'effect' = 'cancel' AND attempted_at IS NOT NULL",
        done: |world: &World| !world.record().cancels.is_empty(),
    };
    kind.strike(&mut t, window, |world| comment(world, issue, "/cancel")).await;
    cancelled(t, issue, run).await;
}

async fn force_cancel(window: Window) {
    let mut t = Trilock::with(|options| options.cancel_takes = Duration::MAX).await;
    let (issue, run) = building(&t).await;
    t.comment("ben", issue, "/cancel").await;
    t.says(issue, "🚫 Stopping").await;
    let kind = Kind {
        method: "POST",
        path: "/force-cancel$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'force' = 'true' AND attempted_at IS NOT NULL",
        done: |world: &World| world.record().cancels.iter().any(|cancel| cancel.forced),
    };
    t.pass_amid_calls(minutes(5)).await;
    kind.strike(&mut t, window, |_| ()).await;
    cancelled(t, issue, run).await;
}

async fn cancelled(t: Trilock, issue: Issue, run: u64) {
    t.pass_until("the run is over", |world| world.run(run).is_some_and(|run| run.conclusion.is_some())).await;
    t.pass(seconds(60)).await;
    assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by you"));
    t.says(issue, "🚫 Cancelled").await;
    assert_eq!(t.runs().len(), 1);
    t.end().await;
}

async fn reaction(window: Window) {
    let mut t = world().await;
    let issue = t.issue("ben").await;
    let kind = Kind {
        method: "POST",
        path: "/reactions$",
        noted: "SELECT least(count(*), 1) FROM outbox WHERE effect->>'effect' = 'react' AND attempted_at IS NOT NULL",
        done: |world: &World| {
            let comments = world.comments(issue.repo, issue.number);
            comments.iter().any(|comment| comment.reactions.iter().any(|reaction| reaction.content == "eyes"))
        },
    };
    kind.strike(&mut t, window, |world| comment(world, issue, "/help")).await;
    assert!(t.replies(issue).await.starts_with("### 💡"));
    let asked = t.github.world().comments(REPO, issue.number)[0].id;
    let mut reactions = t.reactions(issue, asked);
    reactions.sort();
    assert_eq!(reactions, ["+1", "eyes"]);
    t.end().await;
}

async fn outcome(window: Window) {
    let mut t = world().await;
    let (issue, run) = building(&t).await;
    let kind = Kind {
        method: "POST",
        path: "/issues/1/comments$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'effect' = 'outcome' AND attempted_at IS NOT NULL",
        done: |world: &World| says(world, issue, "<!-- trilock:outcome:"),
    };
    kind.strike(&mut t, window, |world| world.finish_run(run, "success", None).expect("a run")).await;
    t.ended_well(issue).await;
    t.end().await;
}

async fn reply(window: Window) {
    let mut t = world().await;
    let issue = t.issue("ben").await;
    let kind = Kind {
        method: "POST",
        path: "/issues/1/comments$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'effect' = 'reply' AND attempted_at IS NOT NULL",
        done: |world: &World| says(world, issue, "<!-- trilock:reply:"),
    };
    kind.strike(&mut t, window, |world| comment(world, issue, "/help")).await;
    assert!(t.replies(issue).await.starts_with("### 💡"));
    t.end().await;
}

async fn status_comment(window: Window) {
    let mut t = world().await;
    let issue = t.issue("ben").await;
    let kind = Kind {
        method: "POST",
        path: "/issues/1/comments$",
        noted: "SELECT count(*) FROM mirror WHERE attempts > 0",
        done: |world: &World| says(world, issue, "<!-- trilock:status -->"),
    };
    kind.strike(&mut t, window, |world| comment(world, issue, "/build tag=v1.4.0")).await;
    t.pass_until("the run", |world| !world.runs(REPO).is_empty()).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

async fn edited_status_comment(window: Window) {
    let mut t = world().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    let kind = Kind {
        method: "PATCH",
        path: "/issues/comments/",
        noted: "SELECT count(*) FROM mirror WHERE attempts > 0",
        done: |world: &World| says(world, issue, "🔨 Building"),
    };
    kind.strike(&mut t, window, |world| world.start_run(run).expect("a queued run")).await;
    t.says(issue, "🔨 Building").await;
    t.finish(run, "success").await;
    t.ended_well(issue).await;
    t.end().await;
}

/// Sent twice, it is seen once: the newest of its name on the commit.
async fn check_run(window: Window) {
    let mut t = world().await;
    let on_head = |world: &World| {
        let (head, checks) = (world.head(REPO).expect("a repository"), world.checks(REPO));
        checks.into_iter().filter(|check| check.head_sha == head).collect::<Vec<_>>()
    };
    let kind = Kind {
        method: "POST",
        path: "/check-runs$",
        noted: "SELECT count(*) FROM outbox WHERE effect->>'effect' = 'check' AND attempted_at IS NOT NULL",
        done: |world: &World| !on_head(world).is_empty(),
    };
    let broken = "version: 1\nbuilds: {}\nlabels: 3\n";
    kind.strike(&mut t, window, |world| world.put_file(REPO, POLICY_PATH, broken).expect("a file")).await;
    let checks = on_head(&t.github.world());
    assert!(checks.len() <= 2, "{checks:?}");
    for check in checks {
        assert_eq!((check.name.as_str(), check.conclusion.as_deref()), ("Trilock policy", Some("failure")));
    }
    t.end().await;
}

macro_rules! in_every_window {
    ($($kind:ident)*) => { $(
        mod $kind {
            use super::Window;

            #[tokio::test(flavor = "multi_thread")]
            async fn killed_before_the_call_it_happens_once() {
                super::$kind(Window::BeforeTheCall).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn killed_before_the_record_it_happens_once() {
                super::$kind(Window::BeforeTheRecord).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn with_its_answer_lost_it_happens_once() {
                super::$kind(Window::AnswerLost).await;
            }
        }
    )* };
}

in_every_window!(dispatch cancel force_cancel reaction outcome reply status_comment edited_status_comment check_run);
