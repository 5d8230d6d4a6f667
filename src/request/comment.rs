//! A comment's Markdown to the command lines in it.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde::{Deserialize, Serialize};

use super::command::{Command, CommandError, parse_line};
use super::line::narrow;

#[cfg(test)]
mod tests;

/// One line of a comment that is, or was meant as, a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// From 1.
    pub line: u32,
    pub text: String,
    pub parsed: Result<Command, CommandError>,
}

/// The commands at the starts of a comment's lines. Text that GitHub shows as a quote or as code, and HTML with its
/// comments, holds none. A blank or three may stand before a command.
pub fn parse_comment(markdown: &str) -> Vec<CommandLine> {
    // As CommonMark has it; and Postgres keeps no NUL.
    let markdown = markdown.replace('\0', "\u{fffd}");
    let hidden = hidden(&markdown);
    let mut commands = Vec::new();
    let mut start = 0;
    for (index, line) in markdown.split_inclusive('\n').enumerate() {
        let indent = line.len() - line.trim_start_matches([' ', '\u{3000}']).len();
        let begin = start + indent;
        let is_command = line[indent..].starts_with(|c| narrow(c) == '/')
            && line[..indent].chars().count() <= 3
            && !is_hidden(&hidden, begin);
        if is_command {
            let text = visible(&markdown, begin..start + line.len(), &hidden);
            if let Some(parsed) = parse_line(&text) {
                commands.push(CommandLine {
                    line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                    text,
                    parsed,
                });
            }
        }
        start += line.len();
    }
    commands
}

/// A line without the HTML comments in it.
fn visible(markdown: &str, line: Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut text = String::new();
    let mut at = line.start;
    let inside = &hidden[hidden.partition_point(|range| range.start < line.start)..];
    for range in inside.iter().take_while(|range| range.start < line.end) {
        if markdown[range.start..].starts_with("<!--") {
            text.push_str(&markdown[at..range.start]);
            at = range.end.min(line.end);
        }
    }
    text.push_str(&markdown[at..line.end]);
    text.trim().to_owned()
}

/// Whether a byte is in one of the ranges, which are apart and in order.
fn is_hidden(hidden: &[Range<usize>], at: usize) -> bool {
    let next = hidden.partition_point(|range| range.end <= at);
    hidden.get(next).is_some_and(|range| range.contains(&at))
}

/// The bytes that are quotes, code or HTML: ranges that are apart and in order.
fn hidden(markdown: &str) -> Vec<Range<usize>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        let hides = matches!(
            event,
            Event::Start(Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::HtmlBlock)
                | Event::Code(_)
                | Event::InlineHtml(_)
        );
        // What stands inside a hidden range is in it already.
        if hides && hidden.last().is_none_or(|last| last.end <= range.start) {
            hidden.push(range);
        }
    }
    hidden
}
