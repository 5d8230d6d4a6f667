//! One value against one input.

use email_address::{EmailAddress, Options};

use super::host::{is_host, is_web_url};
use super::input::Input;
use super::line::WITHHELD;
use crate::policy::{InputKind, InputType, nearest};

/// Options named in full before the rest are only counted.
const OPTIONS_NAMED: usize = 20;

/// Why a value cannot stand. `why` never repeats the value.
pub(super) struct Fault {
    pub why: String,
    /// An answer that would be right.
    pub right: Option<String>,
    /// The right answer nearest to what was given: what goes into a corrected line.
    pub meant: Option<String>,
}

/// The value as it is dispatched, or why it cannot be.
pub(super) fn judge(input: Input<'_>, value: &str) -> Result<String, Fault> {
    if let Some(why) = unfit(value) {
        let rest: String = value.chars().filter(|c| !is_unfit(*c)).collect();
        let meant = judge(input, &rest).ok().filter(|rest| !rest.is_empty());
        return Err(fault(input, why.to_owned(), meant));
    }
    if value == WITHHELD {
        return Err(fault(input, format!("needs a value of your own in place of {WITHHELD}"), None));
    }
    let value = match input.kind() {
        InputKind::Text | InputKind::Environment => value.to_owned(),
        InputKind::Choice(options) => choice(input, options, value)?,
        InputKind::Boolean => boolean(input, value)?,
        InputKind::Number => number(input, value)?,
    };
    // Emptied on purpose: what is not required may be.
    if value.is_empty() {
        return Ok(value);
    }
    let value = own_kind(input, value)?;
    length(input, &value)?;
    pattern(input, &value)?;
    Ok(value)
}

/// What is missing from an input that must be given.
pub(super) fn missing(input: Input<'_>) -> Fault {
    fault(input, "is required".to_owned(), None)
}

/// What cannot be one value.
pub(super) fn unusable(input: Input<'_>, why: &str) -> Fault {
    fault(input, why.to_owned(), None)
}

/// Why a value cannot be one whatever the input.
fn unfit(value: &str) -> Option<&'static str> {
    if value.contains(is_control) {
        return Some("contains a control character");
    }
    value.contains(is_unfit).then_some("contains a character that cannot be seen")
}

/// Control characters that no input may carry, and what stands for a NUL; line breaks and tabs are text.
fn is_control(c: char) -> bool {
    (c.is_control() && !"\n\r\t".contains(c)) || c == '\u{fffd}'
}

/// The same, and what makes a text look like another: no width, or another direction for what follows.
fn is_unfit(c: char) -> bool {
    is_control(c)
        || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn fault(input: Input<'_>, why: String, meant: Option<String>) -> Fault {
    let known = input.known_right().map(str::to_owned);
    if input.is_hidden() {
        return Fault { why, meant: Some(WITHHELD.to_owned()), right: known };
    }
    let example = input.policy().and_then(|policy| policy.example.clone());
    let right = example.or_else(|| meant.clone()).or(known);
    Fault { why, meant: meant.or_else(|| right.clone()), right }
}

fn choice(input: Input<'_>, options: &[String], value: &str) -> Result<String, Fault> {
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
    Err(fault(input, format!("not one of {named}"), near))
}

fn boolean(input: Input<'_>, value: &str) -> Result<String, Fault> {
    let meant = match value.to_lowercase().as_str() {
        text @ ("true" | "false") => return Ok(text.to_owned()),
        "yes" | "y" | "on" | "1" | "是" => Some("true"),
        "no" | "n" | "off" | "0" | "否" => Some("false"),
        _ => None,
    };
    Err(fault(input, "must be true or false".to_owned(), meant.map(str::to_owned)))
}

fn number(input: Input<'_>, value: &str) -> Result<String, Fault> {
    let digits = value.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match value.parse::<f64>() {
        Ok(number) if digits && number.is_finite() => Ok(value.to_owned()),
        _ => Err(fault(input, "is not a number".to_owned(), None)),
    }
}

/// The types that the policy adds to the workflow's.
fn own_kind(input: Input<'_>, value: String) -> Result<String, Fault> {
    let text = value.trim();
    let (right, why) = match input.own_kind() {
        None | Some(InputType::String) => return Ok(value),
        Some(InputType::Boolean) => return boolean(input, text),
        Some(InputType::Number) => return number(input, text),
        Some(InputType::Email) => (is_email(text), "is not an email address"),
        Some(InputType::Url) => {
            (is_web_url(text), "is not a web address that begins with https:// or http://")
        }
        Some(InputType::Host) => (is_host(text), "is not the name or address of a host"),
    };
    if right {
        return Ok(text.to_owned());
    }
    let with_scheme = format!("https://{text}");
    let meant = (input.own_kind() == Some(InputType::Url) && is_web_url(&with_scheme)).then_some(with_scheme);
    Err(fault(input, why.to_owned(), meant))
}

/// An address as people have it: no name before it, and a domain with a dot after it.
fn is_email(text: &str) -> bool {
    let plain = Options::default().with_required_tld().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(text, plain).is_ok()
}

fn length(input: Input<'_>, value: &str) -> Result<(), Fault> {
    let most = input.policy().and_then(|policy| policy.max_length);
    match most.and_then(|most| usize::try_from(most).ok()).filter(|most| value.chars().count() > *most) {
        Some(most) => Err(fault(input, format!("is longer than {most} characters"), None)),
        None => Ok(()),
    }
}

fn pattern(input: Input<'_>, value: &str) -> Result<(), Fault> {
    let pattern = input.policy().and_then(|policy| policy.pattern.as_ref());
    let Some(pattern) = pattern.filter(|pattern| !pattern.matches(value)) else { return Ok(()) };
    let prefix = pattern.prefix().filter(|prefix| !value.starts_with(prefix.as_str()));
    let meant = prefix.as_ref().map(|prefix| format!("{prefix}{value}"));
    let meant = meant.filter(|meant| pattern.matches(meant));
    let why = match &prefix {
        Some(prefix) => format!("must begin with {prefix}"),
        None => format!("does not match `{pattern}`"),
    };
    Err(fault(input, why, meant))
}

/// Somebody's text as it may be stored: what stands for no character becomes U+FFFD.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unfit(c) { '\u{fffd}' } else { c }).collect()
}
