//! What follows a command's name.

use super::command::{Command, CommandError};
use super::line::{OpenQuote, Word, build_line, narrow, width, words};
use crate::policy::nearest;

/// What follows a command's name in its line, without the blanks around it.
pub(super) struct Rest<'l> {
    name: &'static str,
    text: &'l str,
    /// Where the text begins, in characters from 1.
    column: u32,
}

impl<'l> Rest<'l> {
    /// `rest` is the end of `line`.
    pub fn new(name: &'static str, line: &'l str, rest: &'l str) -> Self {
        let text = rest.trim_start();
        let column = width(&line[..line.len() - text.len()]) + 1;
        Self { name, text: text.trim_end(), column }
    }

    fn mistake(&self, why: String, corrected: String) -> CommandError {
        CommandError { column: self.column, found: self.text.to_owned(), why, corrected: Some(corrected) }
    }

    /// The first word, and what follows it.
    fn split(&self) -> (&'l str, Self) {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        let text = rest.trim_start();
        let column = self.column + width(&self.text[..self.text.len() - text.len()]);
        (word, Self { name: self.name, text, column })
    }

    pub fn nothing(&self, command: Command) -> Result<Command, CommandError> {
        if self.text.is_empty() {
            return Ok(command);
        }
        let name = self.name;
        Err(self.mistake(format!("`/{name}` takes nothing after it"), format!("/{name}")))
    }

    /// At most the name of a build type.
    pub fn build_type(&self) -> Result<Option<String>, CommandError> {
        let name = self.name;
        let (word, more) = self.split();
        let why = format!("`/{name}` takes at most the name of a build type after it");
        if is_answer(word) {
            return Err(self.mistake(why, format!("/{name}")));
        }
        if !more.text.is_empty() {
            return Err(more.mistake(why, format!("/{name} {word}")));
        }
        Ok((!word.is_empty()).then(|| word.chars().map(narrow).collect()))
    }
}

pub(super) fn reject(rest: &Rest<'_>) -> Result<Command, CommandError> {
    if rest.text.is_empty() {
        let why = "`/reject` needs a reason: who asked for the build reads it";
        return Err(rest.mistake(why.to_owned(), "/reject reason".to_owned()));
    }
    Ok(Command::Reject { reason: rest.text.to_owned() })
}

pub(super) fn retry(rest: &Rest<'_>) -> Result<Command, CommandError> {
    if rest.text.split_whitespace().any(is_answer) {
        let why = "`/retry` takes the same answers as before; `/build` takes others";
        return Err(rest.mistake(why.to_owned(), format!("/build {}", rest.text)));
    }
    rest.build_type().map(|build_type| Command::Retry { build_type })
}

fn is_answer(word: &str) -> bool {
    word.chars().any(|c| narrow(c) == '=')
}

pub(super) fn unlock(rest: &Rest<'_>) -> Result<Command, CommandError> {
    let (resource, reason) = rest.split();
    let resource: String = resource.chars().map(narrow).collect();
    if resource.is_empty() {
        let why = "`/unlock` needs the name of a resource, and a reason".to_owned();
        return Err(rest.mistake(why, "/unlock RESOURCE reason".to_owned()));
    }
    if reason.text.is_empty() {
        let why = "`/unlock` needs a reason after the resource: the audit keeps it".to_owned();
        return Err(reason.mistake(why, format!("/unlock {resource} reason")));
    }
    Ok(Command::Unlock { resource, reason: reason.text.to_owned() })
}

const DRY_RUN: &str = "--dry-run";

pub(super) fn build(rest: &Rest<'_>) -> Result<Command, CommandError> {
    let words = words(rest.text, rest.column).map_err(|open| unclosed(rest, &open))?;
    let (options, words): (Vec<Word>, Vec<Word>) = words.into_iter().partition(is_option);
    let dry_run = !options.is_empty();
    let is_dry_run =
        |option: &Word| option.raw.chars().map(narrow).collect::<String>().eq_ignore_ascii_case(DRY_RUN);
    if let Some(option) = options.iter().find(|option| !is_dry_run(option)) {
        return Err(unknown_option(option, &options, &words));
    }
    let mut build_type = None;
    let mut inputs: Vec<(String, String)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match &word.pair {
            Some((key, value)) if !key.is_empty() => {
                if inputs.iter().any(|(name, _)| name == key) {
                    return Err(mistake(word, "is given twice", corrected(&words, dry_run)));
                }
                inputs.push((key.clone(), value.clone()));
            }
            None if index == 0 => build_type = Some(word.raw.chars().map(narrow).collect()),
            _ => {
                let why = "is not `key=value`; a value with blanks needs quotes: `key=\"two words\"`";
                return Err(mistake(word, why, corrected(&words, dry_run)));
            }
        }
    }
    Ok(Command::Build { build_type, inputs, dry_run })
}

/// A dash at the start of a word; some keyboards make one long dash of two short ones.
fn is_option(word: &Word) -> bool {
    word.raw.starts_with(|c| "-–—".contains(narrow(c))) && word.raw.chars().nth(1).is_some()
}

fn unknown_option(option: &Word, options: &[Word], words: &[Word]) -> CommandError {
    let name = |option: &Word| {
        let name: String = option.raw.chars().map(narrow).skip_while(|c| "-–—".contains(*c)).collect();
        name.split('=').next().unwrap_or_default().to_lowercase()
    };
    let is_dry_run =
        |option: &Word| name(option).starts_with("dry") || nearest(&name(option), ["dry-run"]).is_some();
    let why = if is_dry_run(option) {
        "is not an option; did you mean `--dry-run`?"
    } else if option.pair.is_some() {
        "is not an option; inputs are written without dashes"
    } else {
        "is not an option; the only one is `--dry-run`"
    };
    // `--tag=v1` was meant as an input.
    let inputs = options.iter().filter(|option| !is_dry_run(option)).filter_map(|option| {
        let (key, value) = option.pair.clone()?;
        let key = key.trim_start_matches(['-', '–', '—']).to_owned();
        Some(Word { pair: Some((key, value)), ..option.clone() })
    });
    let words: Vec<Word> = words.iter().cloned().chain(inputs).collect();
    mistake(option, why, corrected(&words, options.iter().any(is_dry_run)))
}

fn unclosed(rest: &Rest<'_>, open: &OpenQuote) -> CommandError {
    // Only a straight quote can be closed without guessing where it was meant to end.
    let corrected = (open.quote == '"').then(|| format!("/build {}\"", rest.text));
    CommandError {
        column: open.column,
        found: open.quote.to_string(),
        why: "this quote has no end".to_owned(),
        corrected,
    }
}

fn mistake(word: &Word, why: &str, corrected: String) -> CommandError {
    CommandError {
        column: word.column,
        found: word.raw.clone(),
        why: why.to_owned(),
        corrected: Some(corrected),
    }
}

/// The line that was most likely meant. A stray word belongs to the value before it, so that nothing typed gets lost;
/// `key = value` closes up; of a key given twice the last stays.
fn corrected(words: &[Word], dry_run: bool) -> String {
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
                        // What stood first was no build type, then.
                        _ if index == 1 => build_type = None,
                        _ => {}
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
    let line = build_line(build_type, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    if dry_run { dry_line(&line) } else { line }
}

/// The same `/build` line, only to tell what would become of it.
pub(super) fn dry_line(line: &str) -> String {
    line.replacen("build", &format!("build {DRY_RUN}"), 1)
}
