//! What the audit says of a change beside its states: who, why, from where.

use serde_json::Value;

use super::{Ending, Event};
use crate::queue::Trigger;

/// Who is behind an event: the person where it has one, else `github`; `trilock` for what time alone brings.
pub(super) fn actor_of(event: &Event) -> String {
    match event {
        Event::Issue(event) => event.author.login.clone(),
        Event::IssueClosed { by, .. } => by.login.clone(),
        Event::Comment(event) => event.author.login.clone(),
        Event::Lift { by, .. } => by.clone(),
        Event::Look => "trilock".into(),
        _ => "github".into(),
    }
}

/// Why a build ended or is being stopped, e.g. `concluded: failure`: the ending as it is stored, in one line.
pub(super) fn why_of(ending: &Ending) -> String {
    let Ok(Value::Object(stored)) = serde_json::to_value(ending) else { return String::new() };
    let words = |value: &Value| value.as_str().map(|text| text.replace('_', " "));
    let kind = stored.get("ending").and_then(words).unwrap_or_default();
    let more: Vec<&str> =
        stored.iter().filter(|(name, _)| *name != "ending").filter_map(|(_, value)| value.as_str()).collect();
    if more.is_empty() { kind } else { format!("{kind}: {}", more.join(", ")) }
}

/// What asked for a build.
pub(super) fn asked_by(trigger: Trigger, issue: Option<i64>, comment: Option<i64>) -> String {
    match (issue, comment) {
        (Some(issue), Some(comment)) => format!("comment {comment} in issue {issue}"),
        (Some(issue), None) => format!("{trigger:?} {issue}").to_lowercase(),
        (None, _) => "a run on GitHub".into(),
    }
}
