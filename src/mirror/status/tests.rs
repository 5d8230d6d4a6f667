use insta::assert_snapshot;

use super::*;
use crate::{
    mirror::sample::{approval, at, build},
    queue::{Approval, By},
};

const QUEUE_URL: &str = "https://ci.example/q/o/r";

fn comment_of(build: &Build, before: Option<u32>) -> String {
    let builds = vec![StatusLine { build, before, outside: false, outcome_url: None }];
    status_comment(&StatusView { now: at(13, 58), queue_url: QUEUE_URL, builds })
}

fn problem(field: &str, now: Option<&str>, why: &str, right: Option<&str>) -> Problem {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Problem { field: field.to_owned(), now: owned(now), why: why.to_owned(), right: owned(right) }
}

fn invalid_build(problems: Vec<Problem>, corrected: Option<&str>) -> Build {
    let corrected = corrected.map(str::to_owned);
    build(Status::Invalid, Some(Ending::Invalid { problems, corrected }))
}

fn two_problems() -> Vec<Problem> {
    vec![
        problem("Version tag", Some("1.4"), "must begin with v", Some("v1.4.0")),
        problem("Channel", Some("nightly"), "not one of stable, beta", Some("beta")),
    ]
}

#[test]
fn next_while_a_run_goes_on_that_was_started_by_hand() {
    let queued = build(Status::Queued, None);
    let builds = vec![StatusLine { build: &queued, before: Some(1), outside: true, outcome_url: None }];
    let view = StatusView { now: at(13, 58), queue_url: QUEUE_URL, builds };
    assert_snapshot!(status_comment(&view), @r"
    ### ⚠️ A run started by hand is running outside the lock; your place is kept.
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    1 build before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/o/r)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.

    <!-- trilock:status -->
    ");
}

#[test]
fn queued() {
    assert_snapshot!(comment_of(&build(Status::Queued, None), Some(2)), @r"
    ### ⏳ Queued
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    2 builds before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/o/r)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.

    <!-- trilock:status -->
    ");
}

#[test]
fn queued_says_how_many_are_before() {
    let queued = build(Status::Queued, None);
    let place = |before| comment_of(&queued, before).lines().nth(3).unwrap_or_default().to_owned();
    let link = "[live queue](https://ci.example/q/o/r)";
    assert_eq!(place(Some(0)), format!("Nothing before yours as of 13:58 UTC; the number of now: {link}"));
    assert_eq!(place(Some(1)), format!("1 build before yours as of 13:58 UTC; the number of now: {link}"));
    assert_eq!(place(None), format!("Your place: {link}"));
}

#[test]
fn requested() {
    assert_snapshot!(comment_of(&build(Status::Requested, None), None), @r"
    ### ⏳ Received
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    It is being checked. You need to do nothing: a new comment will tell you the result.

    <!-- trilock:status -->
    ");
}

#[test]
fn starting() {
    assert_snapshot!(comment_of(&build(Status::Starting, None), None), @r"
    ### 🔨 Starting since 14:20 UTC
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.

    <!-- trilock:status -->
    ");
}

#[test]
fn running() {
    assert_snapshot!(comment_of(&build(Status::Running, None), None), @r"
    ### 🔨 Building since 14:21 UTC ([run](https://github.com/o/r/actions/runs/77))
    **desktop** · Version tag `v1.4.0` · Channel `beta` · commit `1a2b3c4`

    To stop, write a comment with only `/cancel`.

    <!-- trilock:status -->
    ");
}

#[test]
fn running_since_another_day() {
    let running = build(Status::Running, None);
    let builds = vec![StatusLine { build: &running, before: None, outside: false, outcome_url: None }];
    let now = at(1, 0) + TimeDelta::days(1);
    let comment = status_comment(&StatusView { now, queue_url: QUEUE_URL, builds });
    assert!(comment.starts_with("### 🔨 Building since 22 Nov 14:21 UTC ("), "{comment}");
}

#[test]
fn cancelling() {
    let ending = Ending::Cancelled { by: By::Requester };
    assert_snapshot!(comment_of(&build(Status::Cancelling, Some(ending)), None), @r"
    ### 🚫 Stopping since 14:31 UTC ([run](https://github.com/o/r/actions/runs/77))
    **desktop** · Version tag `v1.4.0` · Channel `beta` · commit `1a2b3c4`

    It was asked to stop by you; the machine is not free yet. You need to do nothing: a new comment will tell you the result.

    <!-- trilock:status -->
    ");
    let late = comment_of(&build(Status::Cancelling, Some(Ending::TimedOut)), None);
    assert!(
        late.contains("It was asked to stop because its limit of 2 hours is over; the machine"),
        "{late}"
    );
}

#[test]
fn invalid_in_an_issue() {
    assert_snapshot!(comment_of(&invalid_build(two_problems(), None), None), @r"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |
    | Channel | `nightly` | not one of stable, beta | `beta` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.

    <!-- trilock:status -->
    ");
}

#[test]
fn invalid_in_a_comment() {
    let problems = vec![problem("Version tag", None, "is required", None)];
    let mut build = invalid_build(problems, Some("/build tag=v1.4.0 channel=beta"));
    build.trigger = Trigger::Comment;
    assert_snapshot!(comment_of(&build, None), @r"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | – | is required | – |

    Write a new comment with only: `/build tag=v1.4.0 channel=beta`. Nothing has been started.

    <!-- trilock:status -->
    ");
    build.ending = Some(Ending::Invalid { problems: two_problems(), corrected: None });
    let comment = comment_of(&build, None);
    assert!(
        comment.contains("Write a new comment with only the corrected `/build` line; one with"),
        "{comment}"
    );
}

#[test]
fn ended_is_one_line() {
    let line = |status| {
        let build = build(status, None);
        let builds = vec![StatusLine {
            build: &build,
            before: None,
            outside: false,
            outcome_url: Some("https://github.com/c"),
        }];
        let comment = status_comment(&StatusView { now: at(15, 0), queue_url: QUEUE_URL, builds });
        comment.strip_suffix("\n\n<!-- trilock:status -->").unwrap_or_default().to_owned()
    };
    use Status::*;
    let lines = [Succeeded, Failed, Cancelled, TimedOut, Lost].map(line).join("\n");
    assert_snapshot!(lines, @r"
    ### ✅ Succeeded: desktop `v1.4.0` ([result](https://github.com/c))
    ### ❌ Failed: desktop `v1.4.0` ([result](https://github.com/c))
    ### 🚫 Cancelled: desktop `v1.4.0` ([result](https://github.com/c))
    ### ⌛ Timed out: desktop `v1.4.0` ([result](https://github.com/c))
    ### ❓ Not known how it ended: desktop `v1.4.0` ([result](https://github.com/c))
    ");
}

#[test]
fn several_build_types_have_a_block_each() {
    let ended = build(Status::Succeeded, None);
    let wrong = invalid_build(two_problems()[..1].to_vec(), None);
    let waiting = build(Status::Queued, None);
    let line = |build, before| StatusLine { build, before, outside: false, outcome_url: None };
    let builds = vec![line(&ended, None), line(&wrong, None), line(&waiting, Some(0))];
    assert_snapshot!(status_comment(&StatusView { now: at(13, 58), queue_url: QUEUE_URL, builds }), @r"
    ### ✅ Succeeded: desktop `v1.4.0`; a new comment tells the result

    ---

    ### ✏️ One answer needs a correction
    **desktop**

    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.

    ---

    ### ⏳ Queued
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    Nothing before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/o/r)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.

    <!-- trilock:status -->
    ");
}

#[test]
fn awaiting_approval() {
    let waits = |edit: &dyn Fn(&mut Build)| {
        let mut build = build(Status::AwaitingApproval, None);
        build.approval = Some(Approval { granted: None, ..approval(None) });
        edit(&mut build);
        comment_of(&build, None)
    };
    assert_snapshot!(waits(&|_| {}), @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.

    <!-- trilock:status -->
    ");
    assert_snapshot!(waits(&|build| build.trigger = Trigger::Comment), @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.

    <!-- trilock:status -->
    ");
    assert_snapshot!(waits(&|build| build.approval.as_mut().expect("one").voided = Some(Voided::Answers)), @"
    ### ✋ The answers changed, so the approval no longer counts.
    Waiting for a maintainer's approval (until 23 Nov 13:58 UTC).
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.

    <!-- trilock:status -->
    ");
    assert_snapshot!(waits(&|build| {
        let commit = Some("1a2b3c4d5e6f".to_owned());
        build.approval = Some(Approval { granted: None, voided: Some(Voided::Commit), ..approval(commit) });
    }), @"
    ### ✋ The branch has moved, so the approval no longer counts.
    Waiting for a maintainer's approval (until 23 Nov 13:58 UTC).
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main` · commit `1a2b3c4`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.

    <!-- trilock:status -->
    ");
    assert_snapshot!(waits(&|build| build.approval.as_mut().expect("one").stands_since = Some(at(14, 0))), @"
    ### ✋ Waiting for a maintainer's approval
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.

    <!-- trilock:status -->
    ");
}

#[test]
fn not_approved() {
    let rejected = build(Status::Rejected, Some(Ending::Rejected { reason: "not now".to_owned() }));
    assert_snapshot!(comment_of(&rejected, None), @"
    ### 🚫 Not approved: desktop `v1.4.0`; a new comment tells the result

    <!-- trilock:status -->
    ");
    assert_snapshot!(comment_of(&build(Status::ApprovalExpired, Some(Ending::ApprovalExpired)), None), @"
    ### 💤 Nobody approved in time: desktop `v1.4.0`; a new comment tells the result

    <!-- trilock:status -->
    ");
}
