//! The same once more.

use super::{
    super::{Refusal, Status},
    Build, NotPlanned, Turn,
    ask::{Asker, line_of},
    create::Draft,
};
use crate::request::Request;

impl Turn {
    /// Asks again for what the issue's last build was of, with the same answers. What has been approved stays so if nothing
    /// has changed since, and if it did not succeed: one approval is for one result.
    pub(super) fn retry(&mut self, asker: &Asker<'_>, build_type: Option<&str>) -> Result<bool, NotPlanned> {
        let Some(old) = self.to_retry(asker.issue, build_type).cloned() else {
            return Ok(self.refuse(asker, Refusal::NothingToRetry));
        };
        let own = old.asker_id == asker.person.id;
        if !self.may(asker, "build", false) || !self.may(asker, "retry", own) {
            return Ok(false);
        }
        let request = request_of(&old);
        let known = asker.facts.terms.get(&old.build_type);
        // Private answers are not kept for ever.
        let forgotten = old.sealed.is_none() && old.shown.iter().any(|shown| shown.private);
        if old.terms.is_none() || known != old.terms.as_ref() || forgotten {
            return Ok(self.refuse(asker, Refusal::PolicyChanged { line: Some(line_of(&request)) }));
        }
        let mut approval = asker.approval_of(&request, self.state.now);
        if let Some(approval) = approval.as_mut().filter(|approval| approval.until.is_some())
            && let Some(granted) = self.carried_over(asker, &old)
        {
            (approval.until, approval.commit) = (None, granted.commit.clone());
            approval.granted = Some(granted);
        }
        if approval.as_ref().is_none_or(|approval| approval.until.is_none()) && self.is_full(asker) {
            return Ok(false);
        }
        let why = Some(format!("retry of {}", old.build_id));
        let id = self.create(Draft { why, ..asker.draft() }, &request, Some(old.build_id));
        self.change(id, None, |build| build.approval = approval)?;
        self.begin(id)?;
        Ok(true)
    }

    /// The last build of that type, or of any, unless one is open or its answers need a correction.
    fn to_retry(&self, issue: i64, build_type: Option<&str>) -> Option<&Build> {
        let meant = |build: &&Build| {
            build.issue == Some(issue)
                && build_type.is_none_or(|wanted| build.build_type.eq_ignore_ascii_case(wanted))
        };
        let builds = self.state.builds.values().filter(meant);
        let last = builds.max_by_key(|build| (build.requested_at, build.build_id))?;
        let last = self.state.last_of(issue, &last.build_type)?;
        (last.status.is_terminal() && last.status != Status::Invalid).then_some(last)
    }
}

/// As it was asked for.
fn request_of(build: &Build) -> Request {
    Request {
        build_type: build.build_type.clone(),
        workflow: build.workflow.clone(),
        git_ref: Some(build.git_ref.clone()),
        inputs: build.inputs.clone(),
        shown: build.shown.clone(),
        resources: build.resources.clone(),
        timeout_seconds: build.timeout_seconds.unsigned_abs(),
        correlates: build.correlates,
        private: Default::default(),
        sealed: build.sealed.clone(),
        digest: build.digest.clone(),
        terms: build.terms.clone(),
        approval: build.approval.as_ref().map(|approval| approval.terms.clone()),
    }
}
