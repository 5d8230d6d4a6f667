//! A maintainer's yes or no: who gives it, what it is bound to, and what makes it void.

mod decided;
mod edits;
mod hosts;
mod own;
mod pinned;
mod troubles;

use crate::harness::{Issue, POLICY, REPO, Trilock, seconds};

/// Asks for `v1.4.0`.
const FORM: &str = "### Version tag\n\nv1.4.0";

/// The usual policy with this rule for approvals.
fn policy_with(approval: &str) -> String {
    POLICY.replace("    inputs:\n", &format!("    approval: {approval}\n    inputs:\n"))
}

/// Sam, who may only read, asks by the form and waits.
async fn waits(t: &Trilock) -> Issue {
    let issue = t.request("sam", FORM).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    assert!(t.runs().is_empty());
    issue
}

/// Comments a second later: GitHub's times tell nothing finer, and who decides must have seen what about.
async fn decides(t: &Trilock, login: &str, issue: Issue, command: &str) -> u64 {
    t.pass(seconds(1)).await;
    t.comment(login, issue, command).await
}

/// Ada says yes, and is heard.
async fn approved(t: &Trilock, issue: Issue) {
    let comment = decides(t, "ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, comment), ["eyes", "+1"]);
}

/// The first build runs, so that whatever is approved next waits behind it.
async fn one_runs(t: &Trilock) -> Issue {
    let first = t.asked("ben", "/build tag=v0.1.0").await;
    t.begin(t.run(1).await).await;
    t.says(first, "🔨 Building").await;
    first
}

/// Sam's request is approved and waits behind the first build.
async fn approved_behind_another(t: &Trilock) -> (Issue, Issue) {
    let first = one_runs(t).await;
    let issue = t.request("sam", FORM).await;
    approved(t, issue).await;
    t.says(issue, "⏳ Queued").await;
    (first, issue)
}

/// What [`one_runs`] began ends well.
async fn it_ends(t: &Trilock, first: Issue) {
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
}

/// The default branch's commit, as comments show it.
fn short_head(t: &Trilock) -> String {
    t.github.world().head(REPO).expect("a repository")[..7].to_owned()
}
