//! What the audit says of a change beside its states: who, why, from where.

use serde_json::Value;

use super::{Ending, Event};

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

/// What asked for a build: `comment 9 in issue 3`, `issue 3`, or `run 17`. `asker` is the key of the issue lock.
pub(super) fn asked_by(asker: &str, comment: Option<i64>) -> String {
    match (comment, asker.split_once(':')) {
        (Some(comment), _) => format!("comment {comment} in issue {asker}"),
        (None, Some((kind, id))) => format!("{kind} {id}"),
        (None, None) => format!("issue {asker}"),
    }
}
