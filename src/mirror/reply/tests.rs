use insta::assert_snapshot;

use super::*;
use crate::{
    mirror::{
        StatusLine,
        help::POLICY,
        sample::{at, build},
    },
    policy::{FileError, parse_policy},
    queue::{Refusal, Status},
    request::{Invalid, Problem, Shown},
};

const QUEUE_URL: &str = "https://ci.example/q/o/r";

fn reply_of(reply: &Reply, builds: &[HelpBuild], status: Option<&StatusView<'_>>) -> String {
    let queue = QueueNow { now: at(14, 5), running: 1, queued: 3, awaiting_approval: 1 };
    reply_comment(&ReplyView {
        reply,
        key: "c12.0",
        status,
        queue: Some(&queue),
        queue_url: QUEUE_URL,
        builds,
        permissions: &BTreeMap::from([("queue".to_owned(), Role::Triage)]),
        example: None,
    })
}

fn refused(refusal: Refusal) -> String {
    reply_of(&Reply::Refused { refusal }, &[], None)
}

#[test]
fn help_lists_what_can_be_built() {
    let input = |name: &str, example: Option<&str>| (name.to_owned(), example.map(str::to_owned));
    let desktop = vec![input("tag", Some("v1.4.0")), input("channel", None)];
    let builds = [
        HelpBuild { build_type: "desktop".to_owned(), inputs: desktop },
        HelpBuild { build_type: "docs".to_owned(), inputs: Vec::new() },
    ];
    assert_snapshot!(reply_of(&Reply::Help, &builds, None), @r#"
    ### 💡 What you can write here
    Write a comment with only one of these:

    - `/build [type] key=value…` asks for a build; a value with blanks needs quotes: `key="two words"`; with `--dry-run` it only tells what would happen
    - `/approve [type]` lets this issue's builds into the queue (maintainers)
    - `/reject reason` turns them down (maintainers)
    - `/cancel` takes this issue's builds out of the queue, or stops them (people with write access, or who asked)
    - `/retry [type]` asks again for this issue's last build, with the same answers (people with write access, or who asked)
    - `/status` says how this issue's builds stand
    - `/queue` says how many builds run and wait (people with triage access)
    - `/unlock RESOURCE reason` frees what was kept because nobody knew whether it is in use (admins)
    - `/help` shows this text

    What can be built, each with a line to copy:

    - **desktop**: `/build desktop tag=v1.4.0 channel=…`
    - **docs**: `/build docs`

    Put your own value where `…` stands.

    What is going on now: [live queue](https://ci.example/q/o/r)

    <!-- trilock:reply:c12.0 -->
    "#);
}

#[test]
fn help_without_a_policy_tells_how_to_begin() {
    assert_snapshot!(reply_of(&Reply::Help, &[], None), @r#"
    ### 💡 What you can write here
    Write a comment with only one of these:

    - `/build [type] key=value…` asks for a build; a value with blanks needs quotes: `key="two words"`; with `--dry-run` it only tells what would happen
    - `/approve [type]` lets this issue's builds into the queue (maintainers)
    - `/reject reason` turns them down (maintainers)
    - `/cancel` takes this issue's builds out of the queue, or stops them (people with write access, or who asked)
    - `/retry [type]` asks again for this issue's last build, with the same answers (people with write access, or who asked)
    - `/status` says how this issue's builds stand
    - `/queue` says how many builds run and wait (people with triage access)
    - `/unlock RESOURCE reason` frees what was kept because nobody knew whether it is in use (admins)
    - `/help` shows this text

    No build is set up in this repository yet. A maintainer can add the file `.github/trilock.yml`, for example:

    ```yaml
    version: 1
    builds:
      desktop:
        workflow: build-desktop.yml
        triggers: { issue: { labels: [build] } }
        inputs: { tag: { pattern: '^v\d+\.\d+' } }
    ```

    The workflow named there needs the trigger `workflow_dispatch`, here with an input `tag`.

    What is going on now: [live queue](https://ci.example/q/o/r)

    <!-- trilock:reply:c12.0 -->
    "#);
}

#[test]
fn the_policy_shown_is_a_good_one() {
    assert_eq!(parse_policy(".github/trilock.yml", POLICY).map(|policy| policy.builds.len()), Ok(1));
}

#[test]
fn status_shows_the_blocks_of_the_status_comment() {
    let running = build(Status::Running, None);
    let builds = vec![StatusLine { build: &running, before: None, outside: false, outcome_url: None }];
    let view = StatusView { now: at(14, 40), queue_url: QUEUE_URL, builds };
    assert_snapshot!(reply_of(&Reply::Status, &[], Some(&view)), @r"
    ### 🔨 Building since 14:21 UTC ([run](https://github.com/o/r/actions/runs/77))
    **desktop** · Version tag `v1.4.0` · Channel `beta` · commit `1a2b3c4`

    To stop, write a comment with only `/cancel`.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn status_without_builds() {
    assert_snapshot!(reply_of(&Reply::Status, &[], None), @r"
    ### 💤 No build in this issue
    To see what can be asked for, write a comment with only `/help`. What else is going on: [live queue](https://ci.example/q/o/r)

    <!-- trilock:reply:c12.0 -->
    ");
    let view = StatusView { now: at(14, 40), queue_url: QUEUE_URL, builds: Vec::new() };
    assert_eq!(reply_of(&Reply::Status, &[], Some(&view)), reply_of(&Reply::Status, &[], None));
}

#[test]
fn who_may_not_is_told_who_may() {
    let may_not =
        |command: &str, role, own| refused(Refusal::MayNot { command: command.to_owned(), role, own });
    assert_snapshot!(may_not("approve", Role::Maintain, false), @"
    ### 🚫 Not done: `/approve` is for maintainers
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(may_not("cancel", Role::Write, true), @"
    ### 🚫 Not done: `/cancel` is for people with write access, or who asked for the build
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(refused(Refusal::OwnRequest), @"
    ### 🚫 Nobody decides about what they asked for themselves
    It waits as before, for another maintainer. To take it back, write a comment with only `/cancel`.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn an_approval_that_cannot_count() {
    assert_snapshot!(refused(Refusal::NothingToApprove), @"
    ### 💤 Nothing waits for approval here
    No build of this issue, or none of the type that was named, waits for one. You need to do nothing.

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(refused(Refusal::ChangedSince), @"
    ### ✋ Not approved: what was asked for changed at that very moment
    Look at it once more. If it is right, write another comment with only `/approve`.

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(refused(Refusal::CommitChanged), @"
    ### ✋ Not approved: the branch has moved meanwhile, or is gone
    The status comment above shows how it is now. If that is right, write another comment with only `/approve`.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn what_cannot_be_asked_for_once_more() {
    assert_snapshot!(refused(Refusal::NothingToRetry), @"
    ### 💤 Nothing to ask for once more
    No build of this issue has ended, one goes on still, or the last request needs a correction first. A comment with only `/status` says how it stands.

    <!-- trilock:reply:c12.0 -->
    ");
    let line = Some("/build desktop tag=v1.4.0".to_owned());
    assert_snapshot!(refused(Refusal::PolicyChanged { line }), @"
    ### 🚫 Not asked again: what can be asked for here has changed since
    Nothing has been started. Ask anew instead: write a comment with only `/build desktop tag=v1.4.0`.

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(refused(Refusal::PolicyChanged { line: None }), @"
    ### 🚫 Not asked again: what can be asked for here has changed since
    Nothing has been started. Ask anew instead, with a comment or a new issue.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn nothing_to_unlock() {
    assert_snapshot!(refused(Refusal::NothingToUnlock { resource: "gpu:0".to_owned() }), @"
    ### 💤 Nothing to unlock
    There is no slot of `gpu:0` of which nobody knows whether it is in use. What surely runs is stopped with `/cancel`.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn the_queue_in_numbers() {
    assert_snapshot!(reply_of(&Reply::Queue, &[], None), @"
    ### 📋 1 building, 3 queued, 1 waiting for approval as of 14:05 UTC
    The queue of now: [live queue](https://ci.example/q/o/r)

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn a_dry_run_starts_nothing() {
    let build = build(Status::Queued, None);
    let mail = Shown { name: "mail".into(), label: "E-mail".into(), value: String::new(), private: true };
    let shown = build.shown.into_iter().chain([mail]).collect();
    let request = Request { build_type: build.build_type, shown, ..Request::default() };
    let dry_run = |approval, before| Reply::DryRun { request: Box::new(request.clone()), approval, before };
    assert_snapshot!(reply_of(&dry_run(Some(Role::Maintain), 4), &[], None), @"
    ### 🧪 This is what would be built
    **desktop** · Version tag `v1.4.0` · Channel `beta` · E-mail (hidden)

    It would wait for a maintainer's approval first. 4 builds before yours as of 14:05 UTC; the number of now: [live queue](https://ci.example/q/o/r)
    Nothing has been started. To ask for it, write a comment with only `/build desktop tag=v1.4.0 channel=beta mail=…` (with your own value where `…` stands).

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(reply_of(&dry_run(None, 0), &[], None), @"
    ### 🧪 This is what would be built
    **desktop** · Version tag `v1.4.0` · Channel `beta` · E-mail (hidden)

    It would need no approval. Nothing before yours as of 14:05 UTC; the number of now: [live queue](https://ci.example/q/o/r)
    Nothing has been started. To ask for it, write a comment with only `/build desktop tag=v1.4.0 channel=beta mail=…` (with your own value where `…` stands).

    <!-- trilock:reply:c12.0 -->
    ");
    let problem = Problem {
        field: "Version tag".into(),
        now: Some("1.4".into()),
        why: "must begin with v".into(),
        right: Some("v1.4.0".into()),
    };
    let corrected = Some("/build desktop tag=v1.4".to_owned());
    let invalid = Invalid { build_type: Some("desktop".into()), problems: vec![problem], corrected };
    assert_snapshot!(reply_of(&Reply::DryRunInvalid { invalid }, &[], None), @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |

    Write a new comment with only: `/build desktop tag=v1.4`. Nothing has been started.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn queue_full() {
    assert_snapshot!(refused(Refusal::QueueFull { limit: 50 }), @"
    ### ⛔ The queue is full (50 of 50).
    Nothing has been queued. When the [live queue](https://ci.example/q/o/r) is shorter, try once more: with the same comment, or, if the issue's text asks, by editing it.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn other_answers() {
    let line = Some("/build desktop tag=v2".to_owned());
    assert_snapshot!(refused(Refusal::OtherAnswers { build_type: "desktop".to_owned(), line }), @r"
    ### 🚫 Not queued: this issue's desktop build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, one with only `/build desktop tag=v2`.

    <!-- trilock:reply:c12.0 -->
    ");
    assert_snapshot!(refused(Refusal::OtherAnswers { build_type: String::new(), line: None }), @r"
    ### 🚫 Not queued: this issue's build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, ask again with the new answers.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn nothing_to_cancel() {
    assert_snapshot!(refused(Refusal::NothingToCancel), @r"
    ### 💤 Nothing to cancel
    No build of this issue is queued or running. You need to do nothing.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn no_policy() {
    assert_snapshot!(refused(Refusal::NoPolicy), @r"
    ### 🚫 There is nothing to build here yet
    Nothing has been started.

    No build is set up in this repository yet. A maintainer can add the file `.github/trilock.yml`, for example:

    ```yaml
    version: 1
    builds:
      desktop:
        workflow: build-desktop.yml
        triggers: { issue: { labels: [build] } }
        inputs: { tag: { pattern: '^v\d+\.\d+' } }
    ```

    The workflow named there needs the trigger `workflow_dispatch`, here with an input `tag`.

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn broken_policy() {
    let error = |line, message: &str, help: Option<&str>| FileError {
        path: ".github/trilock.yml".to_owned(),
        line,
        column: 5,
        message: message.to_owned(),
        help: help.map(str::to_owned),
    };
    let errors = vec![
        error(4, "unknown key `workflw` in a build", Some("did you mean `workflow`?")),
        error(9, "a timeout is empty", None),
    ];
    assert_snapshot!(refused(Refusal::BrokenPolicy { errors }), @r"
    ### ⚠️ This repository's build policy has errors
    Nothing has been started, and there is nothing for you to correct: when the file is right, ask again.
    Maintainers: these are the places.

    - `.github/trilock.yml:4:5`: unknown key `workflw` in a build (did you mean `workflow`?)
    - `.github/trilock.yml:9:5`: a timeout is empty

    <!-- trilock:reply:c12.0 -->
    ");
}

#[test]
fn mistake() {
    let said = |corrected: Option<&str>| Mistake {
        line: 2,
        text: "/biuld tag=v1.4.0".to_owned(),
        found: Some("/biuld".to_owned()),
        why: "is not a command; did you mean `/build`?".to_owned(),
        corrected: corrected.map(str::to_owned),
    };
    let mistake = said(Some("/build tag=v1.4.0"));
    assert_snapshot!(reply_of(&Reply::Mistake { mistake }, &[], None), @r"
    ### ✏️ Line 2 of your comment needs a correction
    `/biuld tag=v1.4.0`, at `/biuld`: is not a command; did you mean `/build`?

    Write a new comment with only: `/build tag=v1.4.0`. This line changed nothing.

    <!-- trilock:reply:c12.0 -->
    ");
    let unclear = reply_of(&Reply::Mistake { mistake: said(None) }, &[], None);
    assert!(unclear.contains("A comment with only `/help` shows what can be written."), "{unclear}");
}

#[test]
fn a_key_cannot_end_its_marker() {
    assert_eq!(reply_marker("issue:1:a b-->\n"), "<!-- trilock:reply:issue:1:a%20b--%3E%0A -->");
}
