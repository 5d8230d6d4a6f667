//! A build comes to be.

use super::{
    super::{Person, Priority, Trigger},
    Build, BuildId, QUEUE, Status, Turn,
    why::asked_by,
};
use crate::request::Request;

/// What a build is made of beside the request itself.
pub(super) struct Draft<'a> {
    /// The key of its issue lock.
    pub asker: String,
    pub issue: Option<i64>,
    pub comment: Option<i64>,
    pub key: String,
    pub trigger: Trigger,
    pub person: &'a Person,
    /// What is built when the request names no branch or tag.
    pub default_ref: &'a str,
    /// For the audit, if it is more than who asked where.
    pub why: Option<String>,
}

impl Turn {
    pub(super) fn create(
        &mut self,
        draft: Draft<'_>,
        request: &Request,
        follows: Option<BuildId>,
    ) -> BuildId {
        let repo = self.state.repo;
        let id = BuildId(self.ids.make());
        let build = Build {
            tenant_id: repo.tenant_id,
            build_id: id,
            repo_id: repo.repo_id,
            version: 1,
            queue: QUEUE.to_owned(),
            asker: draft.asker,
            issue: draft.issue,
            comment_id: draft.comment,
            request_key: draft.key,
            trigger: draft.trigger,
            asker_id: draft.person.id,
            asker_login: draft.person.login.clone(),
            build_type: request.build_type.clone(),
            workflow: request.workflow.clone(),
            git_ref: request.git_ref.clone().unwrap_or_else(|| draft.default_ref.to_owned()),
            inputs: request.inputs.clone(),
            shown: request.shown.clone(),
            resources: request.resources.clone(),
            timeout_seconds: request.timeout_seconds.cast_signed(),
            correlates: request.correlates,
            status: Status::Requested,
            priority: Priority::Normal,
            ticket: None,
            requested_at: self.state.now,
            queued_at: None,
            starting_at: None,
            running_at: None,
            stopping_at: None,
            forced_at: None,
            ended_at: None,
            run_id: None,
            run_attempt: None,
            run_phase: None,
            run_url: None,
            head_sha: None,
            ending: None,
            follows: follows.map(|id| id.0),
            digest: request.digest.clone(),
            terms: request.terms.clone(),
            sealed: request.sealed.clone(),
            approval: None,
        };
        let why = draft.why.unwrap_or_else(|| asked_by(&build.asker, build.comment_id));
        self.audit(Some(id), "request", None, Some(build.status.as_str()), Some(&why));
        self.state.builds.insert(id, build);
        id
    }
}
