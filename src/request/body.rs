//! An issue's text: the sections of a form, and JSON.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Value};

use super::comment::plain_lines;
use super::input::Input;
use super::judge::clean;
use super::types::Problem;
use super::validate::Given;

#[cfg(test)]
mod tests;

/// What GitHub writes for a form's field that was left empty.
const NO_RESPONSE: &str = "_No response_";
/// The same for a list of which nothing was chosen.
const NO_CHOICE: &str = "None";

/// What a body may hold.
pub(super) struct Body {
    /// Heading and text, in order.
    pub sections: Vec<(String, String)>,
    pub json: Option<String>,
}

impl Body {
    pub fn read(text: &str) -> Self {
        let text = plain_lines(text);
        let mut headings = Vec::new();
        let mut json = text.trim_start().starts_with('{').then(|| text.trim().to_owned());
        let mut depth = 0_usize;
        let mut block = None;
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(tag) => {
                    if depth == 0 && matches!(tag, Tag::Heading { level: HeadingLevel::H3, .. }) {
                        headings.push(range.clone());
                    }
                    if json.is_none() && is_json_block(&tag) {
                        block = Some(String::new());
                    }
                    depth += 1;
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if end == TagEnd::CodeBlock
                        && let Some(code) = block.take()
                    {
                        json = Some(code);
                    }
                }
                Event::Text(part) => {
                    if let Some(code) = &mut block {
                        code.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        let ends = headings.iter().skip(1).map(|next| next.start).chain([text.len()]);
        let sections = headings.iter().zip(ends);
        let sections = sections.map(|(heading, end)| {
            (heading_text(&text[heading.clone()]).to_owned(), answer(&text[heading.end..end]).to_owned())
        });
        Self { sections: sections.collect(), json }
    }
}

/// A heading's text without its marks; the `#` of `C#` is none.
fn heading_text(line: &str) -> &str {
    let text = line.trim().trim_start_matches('#').trim();
    let unclosed = text.trim_end_matches('#');
    if unclosed.ends_with(char::is_whitespace) { unclosed.trim_end() } else { text }
}

fn is_json_block(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(info)) if info.trim().eq_ignore_ascii_case("json"))
}

/// A section's text without the fence that a form's `render` puts around it. Empty: not given.
fn answer(section: &str) -> &str {
    let text = section.trim();
    if text == NO_RESPONSE {
        return "";
    }
    let fence = &text[..text.len() - text.trim_start_matches('`').len()];
    let inner = (fence.len() >= 3)
        .then(|| text.split_once('\n')?.1.strip_suffix(fence)?.strip_suffix('\n'))
        .flatten()
        .filter(|inner| !inner.contains(fence));
    inner.unwrap_or(text)
}

/// A section's text as the input's value. Empty: not given.
///
/// A form's check boxes answer a boolean, true if all are ticked; other inputs get the labels of those that are, as a
/// list of which several can be chosen writes them.
pub(super) fn typed(input: Input<'_>, text: &str) -> String {
    let is_option = |text: &str| input.options().iter().any(|option| option == text);
    if text == NO_CHOICE && !input.options().is_empty() && !is_option(text) {
        return String::new();
    }
    match boxes(text) {
        Some(boxes) if input.is_boolean() => boxes.iter().all(|(ticked, _)| *ticked).to_string(),
        Some(boxes) => {
            let ticked = boxes.into_iter().filter(|(ticked, _)| *ticked).map(|(_, label)| label);
            ticked.collect::<Vec<_>>().join(", ")
        }
        None => text.to_owned(),
    }
}

/// The check boxes that a text consists of: each with its label, and whether it is ticked.
fn boxes(text: &str) -> Option<Vec<(bool, &str)>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let boxes = lines.map(|line| {
        let (mark, label) = line.trim_start().strip_prefix("- [")?.split_once(']')?;
        matches!(mark, " " | "x" | "X").then(|| (mark != " ", label.trim()))
    });
    boxes.collect::<Option<Vec<_>>>().filter(|boxes| !boxes.is_empty())
}

/// The answers of a JSON object; one that is no single value is a problem like any other.
pub(super) fn from_json(text: &str) -> Result<Vec<Given>, Problem> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| Problem {
        field: "JSON".to_owned(),
        now: None,
        why: format!("is not an object: line {}, column {}", error.line(), error.column()),
        right: Some("{ \"name\": \"value\" }".to_owned()),
    })?;
    let given = object.into_iter().filter_map(|(name, value)| {
        let (value, fault) = match value {
            Value::Null => return None,
            Value::String(text) => (text, None),
            Value::Bool(_) | Value::Number(_) => (value.to_string(), None),
            Value::Array(_) | Value::Object(_) => {
                (clean(&value.to_string()), Some("must be one value, not a list or object"))
            }
        };
        Some(Given { name, value, fault })
    });
    Ok(given.collect())
}
