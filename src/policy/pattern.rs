use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[cfg(test)]
mod tests;

/// Compiled size, bytes. A policy's pattern tests one short value; the library's own limit is ten times this.
const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression that a value must match, anchored only where its author anchored it. Serialises as its text.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles `text`. The error is one line for the author of the policy.
    pub fn new(text: &str) -> Result<Self, String> {
        RegexBuilder::new(text).size_limit(SIZE_LIMIT).build().map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too big".to_owned(),
            // The library draws the pattern over several lines and ends with the reason.
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default().trim();
                reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
            }
        })
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn matches(&self, value: &str) -> bool {
        self.0.is_match(value)
    }

    /// The fixed text that every match must begin with, where the pattern says so plainly: `v` for `^v\d+`.
    pub fn prefix(&self) -> Option<String> {
        let rest = self.as_str().strip_prefix('^')?;
        if rest.contains('|') {
            return None;
        }
        let mut prefix = String::new();
        let mut chars = rest.chars().peekable();
        while let Some(next) = chars.next() {
            let literal = match next {
                '\\' => chars.next().filter(char::is_ascii_punctuation),
                c if c.is_alphanumeric() || "-_/ :=@,".contains(c) => Some(c),
                _ => None,
            };
            let Some(literal) = literal else { break };
            if matches!(chars.peek(), Some('?' | '*' | '{')) {
                break;
            }
            prefix.push(literal);
            if chars.peek() == Some(&'+') {
                break;
            }
        }
        (!prefix.is_empty()).then_some(prefix)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}
