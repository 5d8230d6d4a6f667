//! One line to one command.

use serde::{Deserialize, Serialize};

use super::line::{OpenQuote, Word, build_line, narrow, words};
use crate::policy::nearest;

/// What somebody asks for in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Build {
        /// May be left out where the policy leaves no choice.
        build_type: Option<String>,
        /// In the order of the line.
        inputs: Vec<(String, String)>,
    },
    Cancel,
    Status,
    Help,
}

/// Why a line that was meant as a command is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandError {
    /// The place in the line, in characters from 1.
    pub column: u32,
    /// The text at that place.
    pub found: String,
    pub why: String,
    /// The line to copy instead, if it can be told.
    pub corrected: Option<String>,
}

const COMMANDS: [&str; 4] = ["build", "cancel", "status", "help"];
const LONG_FORM: &str = "trilock";

/// Reads one line. `None`: it is no command of ours, and nobody meant it as one.
pub(super) fn parse_line(line: &str) -> Option<Result<Command, CommandError>> {
    let mut chars = line.chars();
    if narrow(chars.next()?) != '/' {
        return None;
    }
    let (name, rest, column) = first_word(chars.as_str(), 2);
    if name == LONG_FORM {
        return Some(parse_long(rest, column));
    }
    if COMMANDS.contains(&name.as_str()) {
        return Some(arguments(&name, rest, column));
    }
    let meant = meant(&name)?;
    let corrected = if meant == LONG_FORM { "/trilock help".to_owned() } else { with_rest(meant, rest) };
    Some(Err(CommandError {
        column: 1,
        found: format!("/{name}"),
        why: format!("is not a command; did you mean `/{meant}`?"),
        corrected: Some(corrected),
    }))
}

/// The first word in lower case, what follows it, and the column where that begins.
fn first_word(text: &str, column: u32) -> (String, &str, u32) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let length = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
    (word.chars().map(narrow).collect::<String>().to_lowercase(), rest, column.saturating_add(length))
}

/// The command that a misspelt word is near to. Words with anything but letters in them, such as paths, are not.
fn meant(name: &str) -> Option<&'static str> {
    let bare = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() || !bare.chars().all(char::is_alphabetic) {
        return None;
    }
    nearest(bare, COMMANDS.into_iter().chain([LONG_FORM]))
}

fn with_rest(command: &str, rest: &str) -> String {
    match command {
        "build" => format!("/build {}", rest.trim()).trim_end().to_owned(),
        other => format!("/{other}"),
    }
}

/// What follows `/trilock`: a command, or a mistake.
fn parse_long(rest: &str, column: u32) -> Result<Command, CommandError> {
    let text = rest.trim_start();
    let blanks = u32::try_from(rest.chars().count() - text.chars().count()).unwrap_or(u32::MAX);
    let at = column.saturating_add(blanks);
    let (name, rest, column) = first_word(text, at);
    let name = name.strip_prefix('/').unwrap_or(&name);
    if name.is_empty() {
        return Ok(Command::Help);
    }
    if COMMANDS.contains(&name) {
        return arguments(name, rest, column);
    }
    let (why, corrected) = match nearest(name, COMMANDS) {
        Some(near) => (format!("is not a command; did you mean `{near}`?"), with_rest(near, rest)),
        None => {
            let known: Vec<_> = COMMANDS.iter().map(|name| format!("`{name}`")).collect();
            (format!("is not a command; there are {}", known.join(", ")), "/help".to_owned())
        }
    };
    Err(CommandError { column: at, found: name.to_owned(), why, corrected: Some(corrected) })
}

fn arguments(name: &str, rest: &str, column: u32) -> Result<Command, CommandError> {
    let simple = match name {
        "cancel" => Command::Cancel,
        "status" => Command::Status,
        "help" => Command::Help,
        _ => return build(rest, column),
    };
    let text = rest.trim_start();
    if text.is_empty() {
        return Ok(simple);
    }
    let blanks = u32::try_from(rest.chars().count() - text.chars().count()).unwrap_or(u32::MAX);
    Err(CommandError {
        column: column.saturating_add(blanks),
        found: text.to_owned(),
        why: format!("`/{name}` takes nothing after it"),
        corrected: Some(format!("/{name}")),
    })
}

fn build(rest: &str, column: u32) -> Result<Command, CommandError> {
    let words = words(rest, column).map_err(|open| unclosed(rest, &open))?;
    let mut build_type = None;
    let mut inputs: Vec<(String, String)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match &word.pair {
            Some((key, value)) if !key.is_empty() => {
                if inputs.iter().any(|(name, _)| name == key) {
                    return Err(mistake(&words, index, "is given twice"));
                }
                inputs.push((key.clone(), value.clone()));
            }
            None if index == 0 => build_type = Some(word.raw.clone()),
            _ => {
                let why = "is not `key=value`; a value with blanks needs quotes: `key=\"two words\"`";
                return Err(mistake(&words, index, why));
            }
        }
    }
    Ok(Command::Build { build_type, inputs })
}

fn unclosed(rest: &str, open: &OpenQuote) -> CommandError {
    // Only a straight quote can be closed without guessing where it was meant to end.
    let corrected = (open.quote == '"').then(|| format!("/build {}\"", rest.trim()));
    CommandError {
        column: open.column,
        found: open.quote.to_string(),
        why: "this quote has no end".to_owned(),
        corrected,
    }
}

fn mistake(words: &[Word], index: usize, why: &str) -> CommandError {
    let word = &words[index];
    CommandError {
        column: word.column,
        found: word.raw.clone(),
        why: why.to_owned(),
        corrected: Some(corrected(words)),
    }
}

/// The line that was most likely meant. A stray word belongs to the value before it, so that nothing typed gets lost;
/// `key = value` closes up; of a key given twice the last stays.
fn corrected(words: &[Word]) -> String {
    let mut build_type = None;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for (index, word) in words.iter().enumerate() {
        match &word.pair {
            Some((key, value)) if !key.is_empty() => {
                pairs.retain(|(name, _)| name != key);
                pairs.push((key.clone(), value.clone()));
                open = !word.quoted;
            }
            Some((_, value)) => {
                // `= value` after a bare word: that word was the key.
                let before = index.checked_sub(1).map(|before| &words[before]);
                if let Some(key) = before.filter(|before| before.pair.is_none()) {
                    match pairs.last_mut() {
                        Some((_, last)) if open => {
                            let kept = last.strip_suffix(key.raw.as_str()).unwrap_or(last);
                            *last = kept.trim_end().to_owned();
                        }
                        _ => build_type = None,
                    }
                    pairs.push((key.raw.clone(), value.clone()));
                    open = true;
                }
            }
            None if index == 0 => build_type = Some(word.raw.as_str()),
            None => {
                if let Some((_, value)) = pairs.last_mut().filter(|_| open) {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(&word.raw);
                }
            }
        }
    }
    build_line(build_type, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}
