//! One line to one command.

use serde::{Deserialize, Serialize};

use super::arguments::Rest;
use super::line::{narrow, width};
use super::spec::{CommandSpec, command_spec, names};
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
        /// Only tell what would become of it.
        #[serde(default)]
        dry_run: bool,
    },
    Approve {
        /// None: whatever awaits approval in this issue.
        build_type: Option<String>,
    },
    Reject {
        reason: String,
    },
    Cancel,
    Retry {
        /// None: the last build of this issue.
        build_type: Option<String>,
    },
    Status,
    Queue,
    Unlock {
        resource: String,
        reason: String,
    },
    Help,
}

impl Command {
    /// Its name in the table of commands.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Build { .. } => "build",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Cancel => "cancel",
            Self::Retry { .. } => "retry",
            Self::Status => "status",
            Self::Queue => "queue",
            Self::Unlock { .. } => "unlock",
            Self::Help => "help",
        }
    }
}

/// Why a line that was meant as a command is none. `why` never repeats what was typed; `found` and `corrected` may, so
/// see [`shown_line`](super::shown_line) before showing them.
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

pub(super) const LONG_FORM: &str = "trilock";

/// How a line begins that is a command of ours, or was meant as one.
pub(super) struct Opening<'l> {
    pub meaning: Meaning,
    /// It begins with `/trilock`, or was meant to.
    pub long: bool,
    /// The word that says which command, in lower case, and its column.
    word: String,
    column: u32,
    /// What follows that word.
    pub rest: &'l str,
}

#[derive(Clone, Copy)]
pub(super) enum Meaning {
    Command(&'static CommandSpec),
    /// Misspelt.
    Near(&'static CommandSpec),
    /// `/trilock` misspelt.
    NearLong,
    /// Something else after `/trilock`.
    Unknown,
}

impl<'l> Opening<'l> {
    /// `None`: the line is no command of ours, and nobody meant it as one.
    pub fn of(line: &'l str) -> Option<Self> {
        let mut chars = line.chars();
        if narrow(chars.next()?) != '/' {
            return None;
        }
        let (word, rest) = first_word(chars.as_str());
        if word == LONG_FORM {
            return Some(Self::after_long_form(line, rest));
        }
        let meaning = match command_spec(&word) {
            Some(spec) => Meaning::Command(spec),
            None => meant(&word)?,
        };
        let long = matches!(meaning, Meaning::NearLong);
        Some(Self { meaning, long, word: format!("/{word}"), column: 1, rest })
    }

    fn after_long_form(line: &'l str, rest: &'l str) -> Self {
        let text = rest.trim_start();
        let column = width(&line[..line.len() - text.len()]) + 1;
        let (word, rest) = first_word(text);
        let word = word.strip_prefix('/').unwrap_or(&word).to_owned();
        let name = if word.is_empty() { "help" } else { &word };
        let near = || nearest(name, names()).and_then(command_spec);
        let meaning = command_spec(name).map(Meaning::Command);
        let meaning = meaning.or_else(|| near().map(Meaning::Near)).unwrap_or(Meaning::Unknown);
        Self { meaning, long: true, word, column, rest }
    }

    /// The command that it names, spelled right or nearly.
    pub fn spec(&self) -> Option<&'static CommandSpec> {
        match self.meaning {
            Meaning::Command(spec) | Meaning::Near(spec) => Some(spec),
            Meaning::NearLong | Meaning::Unknown => None,
        }
    }
}

/// Reads one line that begins as a command.
pub(super) fn parse_line(line: &str, opening: &Opening<'_>) -> Result<Command, CommandError> {
    let parsed = match opening.meaning {
        Meaning::Command(spec) => (spec.read)(&Rest::new(spec.name, line, opening.rest)),
        _ => Err(not_a_command(opening)),
    };
    parsed.map_err(|error| CommandError {
        corrected: error.corrected.map(|line| if opening.long { long_form(&line) } else { line }),
        ..error
    })
}

fn not_a_command(opening: &Opening<'_>) -> CommandError {
    let slash = if opening.long { "" } else { "/" };
    let (why, corrected) = match opening.meaning {
        Meaning::Command(spec) | Meaning::Near(spec) => {
            let line = format!(
                "/{} {}",
                spec.name,
                if spec.arguments.is_empty() { "" } else { opening.rest.trim() }
            );
            (format!("is not a command; did you mean `{slash}{}`?", spec.name), line.trim_end().to_owned())
        }
        Meaning::NearLong => (format!("is not a command; did you mean `/{LONG_FORM}`?"), "/help".to_owned()),
        Meaning::Unknown => {
            let known: Vec<_> = names().map(|name| format!("`{name}`")).collect();
            (format!("is not a command; there are {}", known.join(", ")), "/help".to_owned())
        }
    };
    CommandError { column: opening.column, found: opening.word.clone(), why, corrected: Some(corrected) }
}

/// The same command where the short forms may be somebody else's: `/build` is `/trilock build`.
pub fn long_form(line: &str) -> String {
    match line.strip_prefix('/') {
        Some(rest) if rest.split_whitespace().next() != Some(LONG_FORM) => format!("/{LONG_FORM} {rest}"),
        _ => line.to_owned(),
    }
}

/// The first word in lower case, and what follows it.
fn first_word(text: &str) -> (String, &str) {
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (word.chars().map(narrow).collect::<String>().to_lowercase(), rest)
}

/// What a misspelt word is near to: one slip, or two in long words, since other bots have commands too. Words with
/// anything but letters in them, such as paths, are near to nothing.
fn meant(word: &str) -> Option<Meaning> {
    let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() || !bare.chars().all(char::is_alphabetic) {
        return None;
    }
    let near = nearest(bare, names().chain([LONG_FORM]))?;
    if bare.chars().count() <= 6 && strsim::osa_distance(bare, near) > 1 {
        return None;
    }
    match near {
        LONG_FORM => Some(Meaning::NearLong),
        name => command_spec(name).map(Meaning::Near),
    }
}
