//! The key that private answers are sealed with is replaced.

use chrono::TimeDelta;
use sqlx::Row as _;
use trilock::store::SecretKeys;

use super::{PLANTED, is_nowhere, with_a_private_answer};
use crate::harness::Trilock;

fn keys() -> (String, String) {
    ("11".repeat(32), "22".repeat(32))
}

/// How many builds keep answers, and how many of them under this key alone.
async fn kept(t: &Trilock, key: &str) -> (usize, usize) {
    let name = key.parse::<SecretKeys>().expect("a key").fingerprints().remove(0);
    let query = "SELECT sealed FROM build WHERE sealed IS NOT NULL
                 UNION ALL SELECT sealed FROM build_history WHERE sealed IS NOT NULL";
    let rows = sqlx::query(query).fetch_all(&mut *t.connection().await).await.expect("builds");
    let under = rows.iter().filter(|row| row.get::<String, _>(0).starts_with(&format!("{name}:")));
    (rows.len(), under.count())
}

async fn keep_answers(t: &Trilock) {
    let month_ago = t.store.now().await.expect("a time") - TimeDelta::days(30);
    t.store.keep_answers(month_ago).await.expect("they are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_with_the_old_key_is_asked_for_again_with_the_new_one_alone() {
    let mut t = with_a_private_answer().await;
    let (old, new) = keys();
    let issue = t.issue("sam").await;
    t.comment("sam", issue, &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    t.comment("ada", issue, "/approve").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.fail(run, "windows", "Compile").await;
    t.outcome(issue).await;
    let other = t.issue("sam").await;
    t.comment("sam", other, &format!("/build tag=v1.5.0 email={PLANTED}")).await;
    t.says(other, "✋ Waiting for a maintainer's approval").await;
    assert_eq!(kept(&t, &old).await, (2, 2));

    t.serve_with_keys(&format!("{new},{old}")).await;
    keep_answers(&t).await;
    assert_eq!(kept(&t, &new).await, (2, 2));
    is_nowhere(&t, "sealed anew").await;

    t.serve_with_keys(&new).await;
    keep_answers(&t).await;
    // The same answers have the same name: the approval holds.
    t.comment("sam", issue, "/retry").await;
    t.says(issue, "🔨 Starting").await;
    assert_eq!(kept(&t, &new).await, (3, 3));
    t.carried_out(issue, t.run(2).await).await;
    t.comment("sam", other, &format!("/build tag=v1.5.0 email={PLANTED}")).await;
    t.says(other, "✋ Waiting for a maintainer's approval").await;
    t.comment("ada", other, "/approve").await;
    t.is_built(other, 3).await;
    is_nowhere(&t, "in the end").await;
    t.end().await;
}

/// While both keys were there nobody asked for anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_rotation_loses_nothing() {
    let mut t = with_a_private_answer().await;
    let (old, new) = keys();
    let issue = t.asked("ben", &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    t.carried_out(issue, t.run(1).await).await;
    t.serve_with_keys(&format!("{new},{old}")).await;
    keep_answers(&t).await;
    t.serve_with_keys(&new).await;
    t.comment("ben", issue, "/retry").await;
    t.is_built(issue, 2).await;
    let next = t.asked("ben", &format!("/build tag=v1.5.0 email={PLANTED}")).await;
    t.carried_out(next, t.run(3).await).await;
    t.end().await;
}

/// What was private is kept for as long as it may be asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_month_the_answers_of_ended_builds_are_forgotten() {
    let t = with_a_private_answer().await;
    let (old, _) = keys();
    let issue = t.asked("ben", &format!("/build tag=v1.4.0 email={PLANTED}")).await;
    t.carried_out(issue, t.run(1).await).await;
    keep_answers(&t).await;
    assert_eq!(kept(&t, &old).await, (1, 1));
    t.pass(crate::harness::minutes(31 * 24 * 60)).await;
    keep_answers(&t).await;
    assert_eq!(kept(&t, &old).await, (0, 0));
    let late = t.comment("ben", issue, "/retry").await;
    assert_eq!(t.reactions(issue, late), ["eyes", "confused"], "without its answers it is another build");
    t.replies(issue).await;
    t.end().await;
}
