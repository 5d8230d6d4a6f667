//! A comment's Markdown to the command lines in it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::command::{Command, CommandError, Opening, parse_line};
use super::line::narrow;
use super::markdown::Parts;

#[cfg(test)]
mod tests;

/// One line of a comment that is, or was meant as, a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// From 1.
    pub line: u32,
    pub text: String,
    /// It begins with `/trilock`.
    #[serde(default)]
    pub long: bool,
    pub parsed: Result<Command, CommandError>,
}

/// The commands at the starts of a comment's lines. Text that GitHub shows as a quote or as code, or does not show, and
/// HTML with its comments, holds none. A blank or three may stand before a command.
pub fn parse_comment(markdown: &str) -> Vec<CommandLine> {
    let markdown = plain_lines(markdown);
    let parts = Parts::of(&markdown);
    let mut commands = Vec::new();
    let mut start = 0;
    for (index, line) in markdown.split_inclusive('\n').enumerate() {
        let indent = line.len() - line.trim_start_matches([' ', '\u{3000}']).len();
        let begin = start + indent;
        let is_command = line[indent..].starts_with(|c| narrow(c) == '/')
            && line[..indent].chars().count() <= 3
            && parts.shows(begin);
        if is_command {
            let text = without_remarks(&markdown, begin..start + line.len(), &parts.html);
            if let Some(opening) = Opening::of(&text) {
                let (long, parsed) = (opening.long, parse_line(&text, &opening));
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                commands.push(CommandLine { line, text, long, parsed });
            }
        }
        start += line.len();
    }
    commands
}

/// The text as CommonMark has it: one kind of line end, and no NUL, which Postgres does not keep either.
pub(super) fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

/// A line without the HTML comments in it.
fn without_remarks(markdown: &str, line: Range<usize>, html: &[Range<usize>]) -> String {
    let mut text = String::new();
    let mut at = line.start;
    let inside = &html[html.partition_point(|range| range.start < line.start)..];
    for range in inside.iter().take_while(|range| range.start < line.end) {
        if markdown[range.start..].starts_with("<!--") {
            text.push_str(&markdown[at..range.start]);
            at = range.end.min(line.end);
        }
    }
    text.push_str(&markdown[at..line.end]);
    text.trim().to_owned()
}
