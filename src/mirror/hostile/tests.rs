use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{
    super::{sample, *},
    Seen, text,
};
use crate::{
    policy::FileError,
    queue::{Build, By, Ending, Mistake, Refusal, Reply, Role, Status, Trigger},
    request::{Invalid, Problem, Request, Shown},
};

fn assert_sealed(comment: &str, marker: &str) {
    assert!(comment.chars().count() <= MAX_COMMENT);
    assert!(comment.starts_with("### "), "{comment}");
    assert!(carries(comment, marker));
    Seen::of(comment).assert_comment(marker);
}

fn shown(name: &str, label: &str, value: &str) -> Shown {
    Shown { name: name.to_owned(), label: label.to_owned(), value: value.to_owned(), private: false }
}

/// A build in which all that others write is one of these texts.
fn poisoned(status: Status, ending: Option<Ending>, trigger: Trigger, texts: &[String; 4]) -> Build {
    let [a, b, c, d] = texts;
    let mut build = sample::build(status, ending);
    build.trigger = trigger;
    build.build_type = a.clone();
    build.shown = vec![shown(b, b, c), shown(d, d, a)];
    build.inputs = [(b.clone(), c.clone()), (d.clone(), a.clone())].into();
    build.run_url = Some(format!("https://github.com/{d}"));
    build.head_sha = Some(c.clone());
    build.git_ref = b.clone();
    build.approval = Some(sample::approval(Some(d.clone())));
    build
}

fn endings(texts: &[String; 4]) -> Vec<(Status, Option<Ending>)> {
    let [a, b, c, d] = texts;
    let problem = Problem { field: a.clone(), now: Some(b.clone()), why: c.clone(), right: Some(d.clone()) };
    let bare = Problem { now: None, right: None, ..problem.clone() };
    let concluded = |conclusion: &String| Some(Ending::Concluded { conclusion: conclusion.clone() });
    vec![
        (Status::Requested, None),
        (Status::Queued, None),
        (Status::Starting, None),
        (Status::Running, None),
        (Status::Cancelling, Some(Ending::Cancelled { by: By::Maintainer })),
        (
            Status::Invalid,
            Some(Ending::Invalid { problems: vec![problem, bare], corrected: Some(a.clone()) }),
        ),
        (Status::Succeeded, concluded(a)),
        (Status::Failed, concluded(b)),
        (Status::Failed, Some(Ending::DispatchRefused { message: c.clone() })),
        (Status::TimedOut, Some(Ending::TimedOut)),
        (Status::TimedOut, concluded(c)),
        (Status::Cancelled, Some(Ending::Cancelled { by: By::Requester })),
        (Status::AwaitingApproval, None),
        (Status::Rejected, Some(Ending::Rejected { reason: b.clone() })),
        (Status::ApprovalExpired, Some(Ending::ApprovalExpired)),
        (Status::Cancelled, Some(Ending::OtherCommit)),
        (Status::Lost, Some(Ending::NeverConfirmed)),
        (Status::Lost, Some(Ending::RunGone)),
        (Status::Lost, Some(Ending::Lifted { reason: d.clone() })),
    ]
}

fn request([a, b, c, d]: &[String; 4]) -> Request {
    let shown = vec![shown(b, c, d), Shown { private: true, ..shown(d, a, "") }];
    Request { build_type: a.clone(), shown, ..Request::default() }
}

fn invalid([a, b, c, d]: &[String; 4]) -> Invalid {
    let problem = Problem { field: b.clone(), now: Some(c.clone()), why: d.clone(), right: Some(a.clone()) };
    Invalid { build_type: Some(a.clone()), problems: vec![problem], corrected: Some(d.clone()) }
}

fn replies(texts: &[String; 4]) -> Vec<Reply> {
    let [a, b, c, d] = texts;
    let error = FileError { path: a.clone(), line: 1, column: 2, message: b.clone(), help: Some(c.clone()) };
    let refused = |refusal| Reply::Refused { refusal };
    vec![
        Reply::Help,
        Reply::Status,
        refused(Refusal::MayNot { command: a.clone(), role: Role::Write, own: true }),
        refused(Refusal::PolicyChanged { line: Some(d.clone()) }),
        refused(Refusal::NothingToUnlock { resource: c.clone() }),
        Reply::DryRun { request: Box::new(request(texts)), approval: Some(Role::Maintain), before: 2 },
        Reply::DryRunInvalid { invalid: invalid(texts) },
        refused(Refusal::OtherAnswers { build_type: b.clone(), line: Some(c.clone()) }),
        refused(Refusal::BrokenPolicy { errors: vec![error; 3] }),
        Reply::Mistake {
            mistake: Mistake {
                line: 3,
                text: b.clone(),
                found: Some(a.clone()),
                why: c.clone(),
                corrected: Some(d.clone()),
            },
        },
    ]
}

proptest! {
    // Each case reads some thirty comments.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn no_comment_does_what_its_texts_say(texts in prop::array::uniform4(text()), comment in any::<bool>()) {
        let trigger = if comment { Trigger::Comment } else { Trigger::Issue };
        let [a, b, c, d] = &texts;
        let step = FailedStep { job: a.clone(), step: Some(b.clone()), url: format!("https://github.com/{c}") };
        let file = Artifact { name: d.clone(), size_bytes: 1, url: format!("https://github.com/{c}"), expires_at: None };
        let builds: Vec<Build> =
            endings(&texts).into_iter().map(|(status, ending)| poisoned(status, ending, trigger, &texts)).collect();
        let lines = builds.iter().map(|build| StatusLine { build, before: Some(2), outside: false, outcome_url: None }).collect();
        let now = sample::at(14, 0) + TimeDelta::days(1);
        let view = StatusView { now, queue_url: "https://ci.example/q/o/r", builds: lines };
        assert_sealed(&status_comment(&view), status_marker());
        for build in builds.iter().filter(|build| build.status.is_terminal()) {
            let outcome = outcome_comment(&OutcomeView {
                build,
                repo_url: "https://github.com/o/r",
                artifacts: &[file.clone(), file.clone()],
                failed: Some(step.clone()),
                last_step: Some(step.clone()),
            });
            assert_sealed(&outcome, &outcome_marker(build.build_id));
        }
        let help = [HelpBuild { build_type: a.clone(), inputs: vec![(b.clone(), Some(c.clone())), (d.clone(), None)] }];
        let permissions = BTreeMap::from([(b.clone(), Role::Admin)]);
        let queue = QueueNow { now, running: 1, queued: 2, awaiting_approval: 3 };
        for reply in &replies(&texts) {
            let reply = reply_comment(&ReplyView {
                reply, key: a, status: Some(&view), queue: Some(&queue), queue_url: "https://ci.example/q/o/r", builds: &help, permissions: &permissions, example: None, });
            assert_sealed(&reply, &reply_marker(a));
        }
    }
}

#[test]
fn a_marker_in_somebodys_text_is_none() {
    let build = poisoned(
        Status::Queued,
        None,
        Trigger::Issue,
        &[(); 4].map(|()| "<!-- trilock:reply:c1.0 -->".to_owned()),
    );
    let lines = vec![StatusLine { build: &build, before: None, outside: false, outcome_url: None }];
    let view = StatusView { now: sample::at(14, 0), queue_url: "https://ci.example/q/o/r", builds: lines };
    let comment = status_comment(&view);
    assert!(comment.contains(&reply_marker("c1.0")));
    assert!(!carries(&comment, &reply_marker("c1.0")));
    assert!(carries(&comment.replace('\n', "\r\n"), status_marker()));
}

#[test]
fn a_comment_too_long_for_github_is_cut_at_a_line_and_keeps_its_marker() {
    let problem = Problem {
        field: "a".repeat(200),
        now: Some("`é".repeat(100)),
        why: "#".repeat(200),
        right: Some("|".repeat(200)),
    };
    let ending = Ending::Invalid { problems: vec![problem; 200], corrected: None };
    let build = sample::build(Status::Invalid, Some(ending));
    let lines = vec![StatusLine { build: &build, before: None, outside: false, outcome_url: None }];
    let view = StatusView { now: sample::at(14, 0), queue_url: "https://ci.example/q/o/r", builds: lines };
    let comment = status_comment(&view);
    let length = comment.chars().count();
    assert!((MAX_COMMENT - 3_000..=MAX_COMMENT).contains(&length), "{length}");
    assert!(comment.ends_with(" |\n\n…\n\n<!-- trilock:status -->"));
    assert_eq!(Seen::of(&comment).cells % 4, 0);
}
