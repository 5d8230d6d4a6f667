//! Whether these answers need approval, and whose.

use super::host::is_private_host;
use super::input::Input;
use super::types::ApprovalTerms;
use crate::policy::{ApprovalPolicy, COMMIT_INPUT, Condition, InputType, Workflow};

/// The terms of a request whose inputs have these values. `None`: the policy asks for no approval of such answers.
pub(super) fn terms<'v>(
    policy: &ApprovalPolicy,
    workflow: &Workflow,
    inputs: &[Input<'_>],
    value: impl Fn(&str) -> Option<&'v str>,
) -> Option<ApprovalTerms> {
    if policy.when.as_ref().is_some_and(|when| !holds(when, inputs, value)) {
        return None;
    }
    Some(ApprovalTerms {
        unless: policy.unless,
        by: policy.by,
        expires_seconds: i64::try_from(policy.expires.as_secs()).unwrap_or(i64::MAX),
        pin: policy.pin,
        own: policy.own,
        takes_commit: workflow.declares(COMMIT_INPUT),
    })
}

fn holds<'v>(when: &Condition, inputs: &[Input<'_>], value: impl Fn(&str) -> Option<&'v str>) -> bool {
    let Some(input) = inputs.iter().find(|input| input.name == when.input) else {
        // A rule about an input that is not there must not let everything pass.
        return true;
    };
    let Some(value) = value(input.name).filter(|value| !value.is_empty()) else { return false };
    let is_host = matches!(input.own_kind(), Some(InputType::Host | InputType::Url));
    // A host of which nobody can tell is public.
    let kind = is_host.then(|| if is_private_host(value) == Some(true) { "private" } else { "public" });
    when.is.iter().any(|is| {
        kind.is_some_and(|kind| is.eq_ignore_ascii_case(kind)) || is.to_lowercase() == value.to_lowercase()
    })
}
