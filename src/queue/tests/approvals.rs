//! What must hold of approvals: nobody does without who needs one, and none outlives a change of what was approved.

use super::super::{
    Build, Changes, Effect, Event, Person, Refusal, Reply, Status, Step, Stored, Trigger, Verdict,
    event::issue_key,
};
use super::people::{CARL, DORA};
use super::world::{Before, World};
use crate::request::{Asked, revision};

impl World {
    /// Of each issue's text the latest that arrived and counts. Within a second nobody can tell, so there the last that
    /// was new.
    pub(super) fn note_texts(&mut self, events: &[Stored], verdicts: &[Verdict], changes: &Changes) {
        for (stored, verdict) in events.iter().zip(verdicts) {
            let (Event::Issue(event), Some(facts), Some(at)) =
                (&stored.event, &stored.facts, event_at(stored))
            else {
                continue;
            };
            for step in &facts.steps {
                let Step::Ask { asked, .. } = step else { continue };
                let Asked::Valid(request) = asked else { continue };
                let text = issue_key(event.issue, asked, &revision(&event.text));
                let is_new = *verdict == Verdict::Applied;
                if is_new && came_too_late(changes, &text) {
                    self.late_texts.insert(text);
                    continue;
                }
                if !is_new && self.late_texts.contains(&text) {
                    continue;
                }
                self.late_texts.remove(&text);
                let key = (event.issue, request.build_type.clone());
                let known = self.texts.get(&key).map(|(at, _)| *at);
                if known.is_none_or(|known| at > known || at == known && is_new) {
                    self.texts.insert(key, (at, request.digest.clone().expect("a digest")));
                }
            }
        }
    }

    pub(super) fn check_approvals(&self, events: &[Stored], before: &Before, changes: &Changes) {
        for effect in &changes.effects {
            let Effect::Dispatch { build } = effect.effect else { continue };
            let build = self.builds().find(|own| own.build_id == build).expect("a build");
            self.check_dispatch(events, build);
        }
        for build in changes.builds.iter().chain(&changes.ended) {
            let old = before.open.get(&build.build_id);
            let granted =
                |build: &Build| build.approval.as_ref().and_then(|approval| approval.granted.clone());
            if let Some(old) = old
                && granted(build).is_some_and(|grant| granted(old) != Some(grant))
            {
                check_grant(events, old, build);
            }
        }
        for build in self.open.values() {
            let awaits = build.status == Status::AwaitingApproval;
            let until = build.approval.as_ref().is_some_and(|approval| approval.until.is_some());
            assert_eq!(awaits, until, "waits for nothing, or goes on without: {build:?}");
            assert!(!awaits || !build.is_approved());
            let differs = build
                .approved_commit()
                .is_some_and(|approved| build.head_sha.as_deref().is_some_and(|built| built != approved));
            let goes_on = matches!(build.status, Status::Starting | Status::Running);
            assert!(!differs || !goes_on, "another commit than the approved one is built: {build:?}");
        }
    }

    /// At the moment at which a build is to start.
    fn check_dispatch(&self, events: &[Stored], build: &Build) {
        let approval = build.approval.as_ref().expect("every type has a rule");
        let Some(grant) = &approval.granted else {
            assert!(build.asker_id != CARL, "started without the approval that it needs: {build:?}");
            return;
        };
        assert_eq!(grant.digest, build.digest, "the approval is of other answers");
        // Of a batch that changes the text as well nobody can tell what came first.
        let edited = |stored: &Stored| matches!((&stored.event, build.issue), (Event::Issue(event), Some(issue)) if event.issue == issue);
        if build.trigger == Trigger::Issue && !events.iter().any(edited) {
            let key = (build.issue.expect("an issue"), build.build_type.clone());
            let (_, digest) = &self.texts[&key];
            assert_eq!(Some(digest), build.digest.as_ref(), "the text asks for something else now");
        }
    }
}

fn event_at(stored: &Stored) -> Option<chrono::DateTime<chrono::Utc>> {
    match &stored.event {
        Event::Issue(event) => event.at,
        Event::Comment(event) => event.at,
        _ => None,
    }
}

/// Whoever wrote this text was told that the build goes on with the answers that it had.
fn came_too_late(changes: &Changes, text: &str) -> bool {
    changes.effects.iter().any(|row| {
        let Effect::Reply { key, reply: Reply::Refused { refusal }, .. } = &row.effect else { return false };
        key == text && matches!(refusal, Refusal::OtherAnswers { .. })
    })
}

/// A maintainer's comment, later than what it approves, and never of their own.
fn check_grant(events: &[Stored], old: &Build, build: &Build) {
    let approval = build.approval.as_ref().expect("an approval");
    let grant = approval.granted.as_ref().expect("it was granted");
    assert_eq!(grant.by, Person { id: DORA, ..grant.by.clone() }, "only Dora may");
    assert_ne!(build.asker_id, DORA, "approved by who asked");
    let asked_at = old.approval.as_ref().and_then(|approval| approval.asked_at);
    let meant = events.iter().any(|stored| {
        let (Event::Comment(event), Some(facts)) = (&stored.event, &stored.facts) else { return false };
        let approves = facts.steps.iter().any(|step| matches!(step, Step::Approve { .. }));
        let later = asked_at.is_none_or(|asked_at| event.at > Some(asked_at));
        let after = asked_at.is_some() || build.comment_id < Some(event.comment_id);
        let same = grant.commit.is_none() || grant.commit.as_ref() == facts.heads.get("main");
        event.author == grant.by && approves && later && after && same
    });
    assert!(meant, "nobody who approved can have meant this: {build:?}");
}
