//! The words of one command line.

use super::types::Shown;

#[cfg(test)]
mod tests;

/// Stands in a line where its reader puts a value of their own.
pub(super) const WITHHELD: &str = "…";

/// One word of a line: `name`, `key=value` or `key="two words"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Place in the line, in characters from 1.
    pub column: u32,
    pub raw: String,
    /// What stands before and after the first `=`, the value without its quotes.
    pub pair: Option<(String, String)>,
    pub quoted: bool,
}

/// A quote without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenQuote {
    pub column: u32,
    pub quote: char,
}

/// Full-width forms of ASCII, as Chinese keyboards type them, made narrow; the ideographic space too.
pub(super) fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// How many characters a text has.
pub(super) fn width(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The quote that ends what this one begins.
fn closing(open: char) -> Option<char> {
    match open {
        '"' | '\'' => Some(open),
        '“' => Some('”'),
        '‘' => Some('’'),
        '＂' => Some('＂'),
        _ => None,
    }
}

/// Splits a line at its blanks. Quotes are known right after a `=` only, so `it's` needs no care.
pub(super) fn words(line: &str, first_column: u32) -> Result<Vec<Word>, OpenQuote> {
    let chars: Vec<char> = line.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let column = |index: usize| first_column.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
        let (pair, quoted) = match key(&chars, at) {
            None => {
                at = unquoted(&chars, at);
                (None, false)
            }
            Some(equals) => {
                let key = chars[start..equals].iter().copied().map(narrow).collect();
                at = equals + 1;
                let quote = chars.get(at).and_then(|&open| Some((open, closing(open)?)));
                let value = match quote {
                    Some((open, close)) => {
                        let (value, end) = quoted_value(&chars, at + 1, close)
                            .ok_or(OpenQuote { column: column(at), quote: open })?;
                        at = end;
                        value
                    }
                    None => {
                        let from = at;
                        at = unquoted(&chars, at);
                        chars[from..at].iter().collect()
                    }
                };
                (Some((key, value)), quote.is_some())
            }
        };
        words.push(Word { column: column(start), raw: chars[start..at].iter().collect(), pair, quoted });
    }
    Ok(words)
}

/// The end of the word that begins at `from`.
fn unquoted(chars: &[char], from: usize) -> usize {
    chars[from..].iter().position(|c| c.is_whitespace()).map_or(chars.len(), |length| from + length)
}

/// Where the `=` of the word at `from` is, if it has one.
fn key(chars: &[char], from: usize) -> Option<usize> {
    let word = &chars[from..unquoted(chars, from)];
    word.iter().position(|&c| narrow(c) == '=').map(|length| from + length)
}

/// The text up to the closing quote, and where the next word may begin. `\"` and `\\` stand for themselves.
fn quoted_value(chars: &[char], from: usize, close: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = from;
    while let Some(&c) = chars.get(at) {
        if c == close {
            return Some((value, at + 1));
        }
        if c == '\\' && chars.get(at + 1).is_some_and(|&next| next == close || next == '\\') {
            at += 1;
        }
        value.push(chars[at]);
        at += 1;
    }
    None
}

/// `key=value`, quoted where it has to be.
fn build_word(key: &str, value: &str) -> String {
    let begins_like_a_quote = value.starts_with(|c| closing(c).is_some());
    if !begins_like_a_quote && !value.contains(char::is_whitespace) {
        return format!("{key}={value}");
    }
    format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The command that asks for a build with these inputs. Line breaks in values, which no command can carry, become
/// blanks.
pub fn build_line<'i>(
    build_type: Option<&str>,
    inputs: impl IntoIterator<Item = (&'i str, &'i str)>,
) -> String {
    let mut line = String::from("/build");
    if let Some(build_type) = build_type {
        line.push(' ');
        line.push_str(build_type);
    }
    for (key, value) in inputs {
        line.push(' ');
        line.push_str(&build_word(key, &value.replace(['\n', '\r'], " ")));
    }
    line
}

/// The command that asks for a build with the answers that people read. `…` stands for a private one.
pub fn line_of(build_type: &str, shown: &[Shown]) -> String {
    let inputs = shown.iter().map(|shown| {
        let value = if shown.private { WITHHELD } else { shown.value.as_str() };
        (shown.name.as_str(), value)
    });
    build_line(Some(build_type), inputs)
}
