use super::super::super::{Ending, Phase, PolicyState, Reaction, Refusal, Reply, Status, Step, Verdict};
use super::super::people::{ANNA, BEN, build, wrong};
use super::super::world::World;
use super::{anna_runs, anna_starts};

#[test]
fn two_builds_on_one_slot_go_in_order() {
    let mut world = anna_runs();
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.says(3, 30, BEN, build("desktop", "v3"));
    assert_eq!((world.status(2), world.status(3)), (Status::Queued, Status::Queued));
    world.completes(900, "success");
    assert_eq!(world.status(1), Status::Succeeded);
    assert_eq!((world.status(2), world.status(3)), (Status::Starting, Status::Queued));
    assert!(world.has_effect(&format!("dispatch:{}", world.id(2))));
    assert!(world.has_effect(&format!("outcome:{}", world.id(1))));
}

#[test]
fn a_full_queue_refuses_until_there_is_room() {
    let mut world = anna_runs();
    world.limit = 1;
    world.says(2, 20, BEN, build("desktop", "v2"));
    world.says(3, 30, BEN, build("desktop", "v3"));
    assert_eq!(world.refusal(3), Some(&Refusal::QueueFull { limit: 1 }));
    assert_eq!(world.reactions().last(), Some(&Reaction::Refused));
    // The run's end and the next wish come in one batch.
    let mut batch = vec![world.comment(3, 31, BEN, vec![build("desktop", "v3")])];
    let ended = super::report(900, Phase::Completed, Some("success"));
    let ended = world.stored(super::super::super::Event::Run(ended), None);
    batch.insert(0, ended);
    world.turn(&batch);
    assert_eq!((world.status(2), world.status(3)), (Status::Starting, Status::Queued));
}

#[test]
fn a_comment_delivered_twice_builds_once() {
    let mut world = anna_runs();
    world.completes(900, "success");
    let again = world.says(1, 10, ANNA, build("desktop", "v1"));
    assert!(matches!(again, Verdict::Ignored(_)));
    assert_eq!((world.open.len(), world.history.len()), (0, 1));
}

#[test]
fn a_comment_doubled_within_one_batch_builds_once() {
    let mut world = World::new();
    let comment = world.comment(1, 10, ANNA, vec![build("desktop", "v1")]);
    let verdicts = world.turn(&[comment.clone(), comment]);
    assert!(matches!(verdicts[..], [Verdict::Applied, Verdict::Ignored(_)]));
    assert_eq!(world.open.len(), 1);
}

#[test]
fn an_issue_text_asks_once() {
    let mut world = World::new();
    assert_eq!(world.writes(1, ANNA, "tag v1", build("desktop", "v1")), Verdict::Applied);
    // Labelled, or reopened: the text is the same.
    assert!(matches!(world.writes(1, ANNA, "tag v1", build("desktop", "v1")), Verdict::Ignored(_)));
    // A corrected spelling changes the text, not what it asks for.
    assert_eq!(world.writes(1, ANNA, "tag: v1", build("desktop", "v1")), Verdict::Applied);
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.refusal(1), None);
    world.answered(1, 900);
    world.completes(900, "failure");
    world.writes(1, ANNA, "tag: v1 please", build("desktop", "v1"));
    assert!(world.open.is_empty(), "an edit that asks for the same is no retry");
    world.says(1, 11, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn an_open_build_takes_the_same_answers_and_refuses_others() {
    let mut world = anna_starts();
    world.says(1, 11, ANNA, build("desktop", "v1"));
    assert_eq!(world.refusal(1), None);
    world.says(1, 12, ANNA, build("desktop", "v2"));
    let line = Some("/build desktop tag=v2".to_owned());
    assert_eq!(world.refusal(1), Some(&Refusal::OtherAnswers { build_type: "desktop".into(), line }));
    // Another type is another build.
    world.says(1, 13, ANNA, build("traced", "v2"));
    assert_eq!(world.open.len(), 2);
    assert_eq!(world.reactions(), [Reaction::Done, Reaction::Done, Reaction::Refused, Reaction::Done]);
}

#[test]
fn what_is_being_stopped_cannot_be_asked_for() {
    let mut world = anna_runs();
    world.says_cancel(1, 11, ANNA);
    world.says(1, 12, ANNA, build("desktop", "v1"));
    let line = "/build desktop tag=v1".to_owned();
    assert_eq!(world.refusal(1), Some(&Refusal::Stopping { build_type: "desktop".into(), line }));
    world.completes(900, "cancelled");
    world.says(1, 13, ANNA, build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
}

#[test]
fn an_invalid_request_is_corrected_by_a_new_one() {
    let mut world = World::new();
    world.writes(1, ANNA, "tag 1", wrong("desktop"));
    let invalid = world.id(1);
    assert!(matches!(world.history[&invalid].ending, Some(Ending::Invalid { .. })));
    assert_eq!((world.status(1), world.wanted[&1]), (Status::Invalid, 1));
    world.writes(1, ANNA, "tag v1", build("desktop", "v1"));
    assert_eq!(world.status(1), Status::Starting);
    assert_eq!(world.last(1).follows, Some(invalid.0));
}

#[test]
fn an_invalid_command_is_refused_with_its_own_build() {
    let mut world = World::new();
    world.says(1, 10, ANNA, wrong("desktop"));
    assert_eq!(world.reactions(), [Reaction::Refused]);
    assert_eq!(world.status(1), Status::Invalid);
}

#[test]
fn without_a_policy_only_commands_are_answered() {
    let mut world = World::new();
    let mut issue = world.text(1, ANNA, "tag v1", build("desktop", "v1"));
    let mut comment = world.comment(1, 10, ANNA, vec![build("desktop", "v1"), Step::Status]);
    for stored in [&mut issue, &mut comment] {
        stored.facts.as_mut().expect("facts").policy = PolicyState::None;
    }
    assert!(matches!(world.hears(issue), Verdict::Ignored(_)));
    world.hears(comment);
    assert_eq!(world.refusal(1), Some(&Refusal::NoPolicy));
    let answers = world
        .decided
        .iter()
        .filter(|e| matches!(e, super::super::super::Effect::Reply { reply: Reply::Status, .. }));
    assert_eq!(answers.count(), 1);
    // With a policy the same issue is heard.
    assert_eq!(world.writes(1, ANNA, "tag v1", build("desktop", "v1")), Verdict::Applied);
}
