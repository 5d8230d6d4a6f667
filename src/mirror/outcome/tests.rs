use insta::assert_snapshot;

use super::*;
use crate::{
    mirror::sample::{approval, at, build},
    queue::By,
};

fn view(build: &Build) -> OutcomeView<'_> {
    OutcomeView { build, repo_url: "https://github.com/o/r", artifacts: &[], failed: None, last_step: None }
}

fn comment_of(status: Status, ending: Ending) -> String {
    outcome_comment(&view(&build(status, Some(ending))))
}

fn concluded(conclusion: &str) -> Ending {
    Ending::Concluded { conclusion: conclusion.to_owned() }
}

fn compile() -> Option<FailedStep> {
    let (job, step) = ("windows".to_owned(), Some("Compile".to_owned()));
    Some(FailedStep { job, step, url: "https://github.com/o/r/actions/runs/77/job/5".to_owned() })
}

fn artifact(name: &str, size_bytes: u64, days: i64) -> Artifact {
    let expires_at = Some(at(0, 0) + TimeDelta::days(days));
    Artifact { name: name.to_owned(), size_bytes, url: format!("https://github.com/a/{name}"), expires_at }
}

#[test]
fn succeeded() {
    let build = build(Status::Succeeded, Some(concluded("success")));
    let artifacts = [artifact("app-windows", 84_000_000, 89), artifact("app-linux", 79_400_000, 88)];
    assert_snapshot!(outcome_comment(&OutcomeView { artifacts: &artifacts, ..view(&build) }), @r"
    ### ✅ Your build is ready: desktop `v1.4.0`
    **[app-windows](https://github.com/a/app-windows)** 84 MB · **[app-linux](https://github.com/a/app-linux)** 79 MB
    Sign in to GitHub to download (a zip file); kept until 18 Feb 2027.
    Waited 22 min, built 31 min · commit `1a2b3c4` · [run](https://github.com/o/r/actions/runs/77)

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn succeeded_without_files() {
    assert_snapshot!(comment_of(Status::Succeeded, concluded("success")), @r"
    ### ✅ Your build is ready: desktop `v1.4.0`
    It left no files to download; what it did is in the [run](https://github.com/o/r/actions/runs/77). You need to do nothing.
    Waited 22 min, built 31 min · commit `1a2b3c4` · [run](https://github.com/o/r/actions/runs/77)

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn failed() {
    let build = build(Status::Failed, Some(concluded("failure")));
    assert_snapshot!(outcome_comment(&OutcomeView { failed: compile(), ..view(&build) }), @"
    ### ❌ Your build failed: desktop `v1.4.0`
    It stopped in job **windows**, step **Compile**: [log](https://github.com/o/r/actions/runs/77/job/5).
    Your request itself was valid. Write a comment with only `/retry` to try once more with the same answers; if it fails again, ask here.
    Waited 22 min, ran 31 min · commit `1a2b3c4`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn failed_at_an_unknown_place() {
    let mut build = build(Status::Failed, Some(concluded("startup_failure")));
    build.running_at = None;
    build.run_url = None;
    build.shown[1].value = "two\nlines".to_owned();
    assert_snapshot!(outcome_comment(&view(&build)), @"
    ### ❌ Your build failed: desktop `v1.4.0`
    GitHub says `startup_failure`; the step is not known, see the [run](https://github.com/o/r/actions/runs/77).
    Your request itself was valid. Write a comment with only `/retry` to try once more with the same answers; if it fails again, ask here.
    Waited 22 min, ran 32 min · commit `1a2b3c4`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn dispatch_refused() {
    let message = "No ref found for: @release".to_owned();
    assert_snapshot!(comment_of(Status::Failed, Ending::DispatchRefused { message }), @r"
    ### ❌ Your build could not be started: desktop `v1.4.0`
    GitHub refused it: *No ref found for: @&#8203;release*. Nothing was built.
    A maintainer must correct that; there is nothing for you to correct. When that is done, ask again: write a comment with only `/build desktop tag=v1.4.0 channel=beta`.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn timed_out() {
    let build = build(Status::TimedOut, Some(Ending::TimedOut));
    assert_snapshot!(outcome_comment(&OutcomeView { last_step: compile(), ..view(&build) }), @r"
    ### ⌛ Stopped after 2 h: desktop `v1.4.0`
    The limit for this build is 2 hours (set by the maintainers). Last step: **Compile** ([log](https://github.com/o/r/actions/runs/77/job/5)). The machine is free again.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn timed_out_on_github() {
    assert_snapshot!(comment_of(Status::TimedOut, concluded("timed_out")), @r"
    ### ⌛ Stopped after 31 min: desktop `v1.4.0`
    It reached a limit on GitHub's side (`timeout-minutes` in the workflow, if the maintainers set it). The machine is free again.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn cancelled_while_queued() {
    let mut build = build(Status::Cancelled, Some(Ending::Cancelled { by: By::Requester }));
    build.run_id = None;
    assert_snapshot!(outcome_comment(&view(&build)), @r"
    ### 🚫 Cancelled by you
    Nothing was built. To ask again: `/build desktop tag=v1.4.0 channel=beta`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn cancelled_while_running() {
    assert_snapshot!(comment_of(Status::Cancelled, Ending::Cancelled { by: By::Maintainer }), @r"
    ### 🚫 Cancelled by a maintainer
    It was stopped before it finished. To ask again: `/build desktop tag=v1.4.0 channel=beta`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
    let closed = comment_of(Status::Cancelled, Ending::Cancelled { by: By::ClosedIssue });
    assert!(closed.starts_with("### 🚫 Cancelled because the issue was closed\n"), "{closed}");
}

#[test]
fn never_confirmed() {
    assert_snapshot!(comment_of(Status::Lost, Ending::NeverConfirmed), @r"
    ### ❓ We could not learn whether the build started. A maintainer must look; you need do nothing.
    It was to be: desktop `v1.4.0`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn run_gone() {
    assert_snapshot!(comment_of(Status::Lost, Ending::RunGone), @r"
    ### ❓ GitHub no longer knows the run of your build: desktop `v1.4.0`
    Whether it finished cannot be learnt any more. To ask again: `/build desktop tag=v1.4.0 channel=beta`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn lifted() {
    assert_snapshot!(comment_of(Status::Lost, Ending::Lifted { reason: "The machine was *replaced*.".to_owned() }), @r"
    ### ❓ Given up by a maintainer: desktop `v1.4.0`
    How it ended could not be learnt. The reason given: *The machine was \*replaced\**.
    To ask again: `/build desktop tag=v1.4.0 channel=beta`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn what_is_gone() {
    let heading = |status, ending| comment_of(status, ending).lines().next().map(str::to_owned);
    let cases = [
        (Ending::IssueGone { why: Gone::Deleted }, "### 🚫 Cancelled because the issue was deleted"),
        (
            Ending::IssueGone { why: Gone::Transferred },
            "### 🚫 Cancelled because the issue is another repository's now",
        ),
        (Ending::RepositoryGone, "### 🚫 Cancelled because the repository was deleted"),
        (Ending::RepositoryMoved, "### 🚫 Cancelled because the repository has another owner now"),
    ];
    for (ending, words) in cases {
        assert_eq!(heading(Status::Cancelled, ending).as_deref(), Some(words));
    }
    assert_snapshot!(comment_of(Status::Lost, Ending::RepositoryGone), @r"
    ### ❓ The repository was deleted while this was built: desktop `v1.4.0`

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn not_approved() {
    let reason = "we *never* build <b>that</b>, @mona".to_owned();
    let rejected = build(Status::Rejected, Some(Ending::Rejected { reason }));
    assert_snapshot!(outcome_comment(&view(&rejected)), @r"
    ### 🚫 Not approved: *we \*never\* build \<b\>that\</b\>, @&#8203;mona*
    Nothing was built: desktop `v1.4.0`. If you think that it should be, ask here.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
    let mut expired = build(Status::ApprovalExpired, Some(Ending::ApprovalExpired));
    expired.approval = Some(approval(None));
    assert_snapshot!(outcome_comment(&view(&expired)), @"
    ### 💤 Nobody approved in 3 days
    Nothing was built. Write a comment with only `/retry` to ask again; your answers are kept.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}

#[test]
fn another_commit_than_the_approved_one() {
    let mut other = build(Status::Cancelled, Some(Ending::OtherCommit));
    other.approval = Some(approval(Some("9f8e7d6c5b4a".to_owned())));
    assert_snapshot!(outcome_comment(&view(&other)), @"
    ### ✋ Stopped: the branch moved after the approval: desktop `v1.4.0`
    Approved was commit `9f8e7d6`, the run had commit `1a2b3c4`; what it made must not be used.
    Write a comment with only `/retry` to ask for approval of the branch as it is now; your answers are kept.

    <!-- trilock:outcome:00000000-0000-0000-0000-000000000007 -->
    ");
}
