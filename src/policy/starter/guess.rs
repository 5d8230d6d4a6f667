use std::sync::LazyLock;

use regex::Regex;

use super::is_plain;
use crate::policy::{Form, InputKind, WorkflowInput};

/// What can be told of an input without asking its author.
pub(super) struct Guess {
    pub pattern: Option<&'static str>,
    pub example: String,
}

/// An example in a description.
static EXAMPLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:\be\.g\.|\bfor example\b|\bsuch as\b|例如|比如)[,:：，]?\s*["'`(]?([0-9A-Za-z][\w./+-]*)"#,
    )
    .expect("the pattern is constant")
});
static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^v\d+\.\d+(\.\d+)?$").expect("the pattern is constant"));

/// An example that the author gave in a description, a form or a default, and for a version's tag what it looks like.
pub(super) fn guess(input: &WorkflowInput, forms: &[Form]) -> Option<Guess> {
    if input.kind != InputKind::Text {
        return None;
    }
    let described = input.description.as_deref().and_then(|text| EXAMPLE.captures(text)?.get(1));
    let described = described.map(|example| example.as_str().trim_end_matches(['.', '/', '-']).to_owned());
    let fields = || forms.iter().flat_map(|form| &form.fields).filter(|field| field.id == input.name);
    let placeholder = || {
        let mut shown = fields().filter_map(|field| field.placeholder.as_ref());
        shown.find(|shown| VERSION.is_match(shown)).cloned()
    };
    let default = || input.default.clone().filter(|default| VERSION.is_match(default));
    let example = described.or_else(placeholder).or_else(default).filter(|example| is_plain(example))?;
    let is_version = ["tag", "version", "release"].contains(&input.name.to_lowercase().as_str());
    let pattern = (is_version && VERSION.is_match(&example)).then_some(r"^v\d+\.\d+");
    let agrees = input.default.as_ref().is_none_or(|default| VERSION.is_match(default));
    Some(Guess { pattern: pattern.filter(|_| agrees), example })
}
