//! Which build a run belongs to: by its id and attempt, by its title, and else by what still waits for a run.

use chrono::TimeDelta;

use super::{super::RunReport, Build, BuildId, Status, Turn};

/// By how much GitHub's clock may be behind ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

pub(super) enum Whose {
    Of(BuildId),
    /// A later attempt of an open build's run. That build ends first, by its own attempt's conclusion.
    Later,
    /// Our bot's, and a dispatch of its workflow has no answer yet.
    MaybeOurs,
    /// Our bot's, and of one of these, which were given up as lost and keep their slots.
    Lost(Vec<BuildId>),
    /// Started by hand, run again, or started as us for no build that there is.
    ByHand,
    /// Not our business, or an attempt that was followed by another.
    Nobodys,
}

impl Turn {
    pub(super) fn whose(&self, report: &RunReport) -> Whose {
        let builds = || self.state.builds.values().filter(|build| build.run_id == Some(report.run_id));
        if let Some(build) = builds().find(|build| build.attempt() == report.attempt) {
            return Whose::Of(build.build_id);
        }
        if builds().any(|build| build.attempt() > report.attempt) {
            return Whose::Nobodys;
        }
        if builds().any(|build| !build.status.is_terminal()) {
            return Whose::Later;
        }
        // Pushes and schedules are the workflow's own affair, however often they are run again.
        if report.trigger != "workflow_dispatch" {
            return Whose::Nobodys;
        }
        let is_new = builds().next().is_none();
        let ours = (is_new && report.actor == self.state.bot).then(|| self.ours(report)).flatten();
        ours.unwrap_or(Whose::ByHand)
    }

    /// For which of our builds our bot can have started it, if there is one.
    fn ours(&self, report: &RunReport) -> Option<Whose> {
        let builds = || self.state.builds.values();
        let named = |build: &&Build| build.correlates && report.title.contains(&build.build_id.to_string());
        let possible = |build: &&Build| {
            build.run_id.is_none()
                && build.workflow == report.workflow
                && build.starting_at.is_some_and(|since| report.created_at + CLOCKS_DIFFER >= since)
        };
        let mut awaiting = builds().filter(possible).filter(|build| build.awaits_run()).peekable();
        if awaiting.peek().is_some() {
            // A later attempt would hide that the dispatch made the first one: its answer says so.
            let of = awaiting.find(named).filter(|_| report.attempt == 1);
            return Some(of.map_or(Whose::MaybeOurs, |build| Whose::Of(build.build_id)));
        }
        let keeps_slots = |build: &&Build| {
            build.status == Status::Lost && self.state.resources.of_build(build.build_id).next().is_some()
        };
        let lost = builds().filter(possible).filter(keeps_slots);
        let lost = lost.filter(|build| !build.correlates || named(build)).map(|build| build.build_id);
        let lost: Vec<BuildId> = lost.collect();
        (!lost.is_empty()).then_some(Whose::Lost(lost))
    }
}
