//! Reads a tree against a schema and notes every mistake instead of stopping at the first.

use std::borrow::Cow;
use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::yaml::{Node, Value, position};
use super::{FileError, Pattern};

/// What is wrong where, while one file is read.
pub(super) struct Reader {
    path: String,
    pub errors: Vec<FileError>,
}

impl Reader {
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), errors: Vec::new() }
    }

    pub fn error(&mut self, place: Location, message: String, help: Option<String>) {
        self.errors.push(FileError::new(&self.path, position(place), &message, help.as_deref()));
    }

    /// The entries of a mapping with keys of the author's choosing. `what` names it in the error.
    pub fn entries<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> &'n [(Spanned<String>, Node<'a>)] {
        match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                self.error(node.defined, format!("{what} must be a mapping (`key: value`)"), None);
                &[]
            }
        }
    }

    /// One scalar that is not empty.
    pub fn text<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) if text.contains(|c: char| c.is_control() && !"\n\t".contains(c)) => {
                self.error(node.defined, format!("{what} contains a control character"), None);
                None
            }
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            Value::Text(_) | Value::Null | Value::Typed => {
                self.error(node.defined, format!("{what} is empty"), None);
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.error(node.defined, format!("{what} must be one value, not a list or mapping"), None);
                None
            }
        }
    }

    /// A list of scalars; a single scalar is a list of one.
    pub fn texts(&mut self, node: &Node<'_>, what: &str) -> Vec<Spanned<String>> {
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Value::List(items) => items,
            _ => one,
        };
        let mut texts = Vec::new();
        for item in items {
            if let Some(text) = self.text(item, what) {
                texts.push(Spanned::new(text.to_owned(), item.referenced, item.defined));
            }
        }
        texts
    }

    pub fn boolean(&mut self, node: &Node<'_>, what: &str) -> Option<bool> {
        let value = self.text(node, what)?;
        let parsed = parse_bool(value);
        if parsed.is_none() {
            let help = Some("write `true` or `false`".to_owned());
            self.error(node.defined, format!("{what} must be true or false, not `{value}`"), help);
        }
        parsed
    }

    /// A whole number from 1 to `most`.
    pub fn count(&mut self, node: &Node<'_>, what: &str, most: u32) -> Option<u32> {
        let value = self.text(node, what)?;
        let parsed = value.parse().ok().filter(|n| (1..=most).contains(n));
        if parsed.is_none() {
            let message = format!("{what} must be a whole number from 1 to {most}, not `{value}`");
            self.error(node.defined, message, None);
        }
        parsed
    }

    /// A duration such as `90m`, from one second to this many days.
    pub fn duration(&mut self, node: &Node<'_>, what: &str, days: u64) -> Option<Duration> {
        let value = self.text(node, what)?;
        let most = Duration::from_secs(days * 86_400);
        let help = || Some("write for example `45m`, `2h` or `1h 30m`".to_owned());
        match humantime::parse_duration(value) {
            Ok(parsed) if (Duration::from_secs(1)..=most).contains(&parsed) => Some(parsed),
            Ok(_) => {
                self.error(node.defined, format!("{what} must be from 1s to {days}d, not `{value}`"), help());
                None
            }
            Err(_) => {
                self.error(node.defined, format!("{what} is not a duration: `{value}`"), help());
                None
            }
        }
    }

    pub fn pattern(&mut self, node: &Node<'_>, what: &str) -> Option<Pattern> {
        let text = self.text(node, what)?;
        Pattern::new(text)
            .map_err(|reason| {
                let help = "the syntax is that of https://docs.rs/regex: no look-around, no back-references";
                self.error(
                    node.defined,
                    format!("{what} is not a regular expression: {reason}"),
                    Some(help.to_owned()),
                );
            })
            .ok()
    }
}

/// `true` and `false` in any case. YAML 1.1's yes, no, on and off are no booleans here.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A scalar's text, for readers of other tools' files.
pub(super) fn plain<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => Some(Cow::as_ref(text)),
        _ => None,
    }
}

/// A key of a mapping, for readers of other tools' files.
pub(super) fn lookup<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<&'n Node<'a>> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value),
        _ => None,
    }
}
