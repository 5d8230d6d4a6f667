//! One value against one input.

use crate::policy::{InputKind, InputPolicy, WorkflowInput, nearest};

/// Options named in full before the rest are only counted.
const OPTIONS_NAMED: usize = 20;

/// Why a value cannot stand.
pub(super) struct Fault {
    pub why: String,
    /// An answer that would be right.
    pub right: Option<String>,
    /// The right answer nearest to what was given: what goes into a corrected line.
    pub meant: Option<String>,
}

/// The value as it is dispatched, or why it cannot be.
pub(super) fn judge(input: &WorkflowInput, policy: &InputPolicy, value: &str) -> Result<String, Fault> {
    if value.contains(forbidden) {
        let rest: String = value.chars().filter(|c| !forbidden(*c)).collect();
        let meant = judge(input, policy, &rest).ok().filter(|rest| !rest.is_empty());
        return Err(fault(input, policy, "contains a control character".to_owned(), meant));
    }
    let value = match &input.kind {
        InputKind::Text | InputKind::Environment => value.to_owned(),
        InputKind::Choice(options) => choice(input, policy, options, value)?,
        InputKind::Boolean => boolean(input, policy, value)?,
        InputKind::Number => number(input, policy, value)?,
    };
    match &policy.pattern {
        // Emptied on purpose: what is not required may be.
        Some(pattern) if !value.is_empty() && !pattern.matches(&value) => {
            let prefix = pattern.prefix().filter(|prefix| !value.starts_with(prefix.as_str()));
            let meant = prefix.as_ref().map(|prefix| format!("{prefix}{value}"));
            let meant = meant.filter(|meant| pattern.matches(meant));
            let why = match &prefix {
                Some(prefix) => format!("must begin with {prefix}"),
                None => format!("does not match `{pattern}`"),
            };
            Err(fault(input, policy, why, meant))
        }
        _ => Ok(value),
    }
}

/// What is missing from an input that must be given.
pub(super) fn missing(input: &WorkflowInput, policy: &InputPolicy) -> Fault {
    fault(input, policy, "is required".to_owned(), None)
}

/// Control characters that no input may carry, and what stands for a NUL; line breaks and tabs are text.
fn forbidden(c: char) -> bool {
    (c.is_control() && !"\n\r\t".contains(c)) || c == '\u{fffd}'
}

fn fault(input: &WorkflowInput, policy: &InputPolicy, why: String, meant: Option<String>) -> Fault {
    let option = match &input.kind {
        InputKind::Choice(options) => options.first().cloned(),
        _ => None,
    };
    let right = policy.example.clone().or_else(|| meant.clone()).or_else(|| input.default.clone()).or(option);
    Fault { why, meant: meant.or_else(|| right.clone()), right }
}

fn choice(
    input: &WorkflowInput,
    policy: &InputPolicy,
    options: &[String],
    value: &str,
) -> Result<String, Fault> {
    let same = |option: &&String| option.to_lowercase() == value.to_lowercase();
    if let Some(option) = options.iter().find(|option| *option == value).or_else(|| options.iter().find(same))
    {
        return Ok(option.clone());
    }
    let mut named = options.iter().take(OPTIONS_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = options.len().checked_sub(OPTIONS_NAMED).filter(|more| *more > 0) {
        named.push_str(&format!(" and {more} more"));
    }
    let near = nearest(value, options.iter().map(String::as_str)).map(str::to_owned);
    Err(fault(input, policy, format!("not one of {named}"), near))
}

fn boolean(input: &WorkflowInput, policy: &InputPolicy, value: &str) -> Result<String, Fault> {
    let meant = match value.to_lowercase().as_str() {
        text @ ("true" | "false") => return Ok(text.to_owned()),
        "yes" | "y" | "on" | "1" | "是" => Some("true"),
        "no" | "n" | "off" | "0" | "否" => Some("false"),
        _ => None,
    };
    Err(fault(input, policy, "must be true or false".to_owned(), meant.map(str::to_owned)))
}

fn number(input: &WorkflowInput, policy: &InputPolicy, value: &str) -> Result<String, Fault> {
    let digits = value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match value.parse::<f64>() {
        Ok(number) if digits && number.is_finite() => Ok(value.to_owned()),
        _ => Err(fault(input, policy, "is not a number".to_owned(), None)),
    }
}

/// Somebody's text as it may be stored: what stands for no character becomes U+FFFD.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if forbidden(c) { '\u{fffd}' } else { c }).collect()
}
