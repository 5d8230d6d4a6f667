//! An issue's title, labels and text to requests.

use aws_lc_rs::digest::{Context, SHA256};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::judge::clean;
use super::types::{Asked, Problem};
use super::validate::{Answers, Given, assess};
use crate::policy::{BuildPolicy, Catalogue, InputKind, IssueTrigger, WorkflowInput};

#[cfg(test)]
mod tests;

/// What an issue says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueText {
    pub title: String,
    pub body: String,
    pub labels: Vec<String>,
}

/// What GitHub writes for a form's field that was left empty.
const NO_RESPONSE: &str = "_No response_";

/// A short stable name of an issue's title and body: the first 64 bits of a SHA-256, in hex. Labels do not count, nor
/// does how lines end.
pub fn revision(text: &IssueText) -> String {
    let mut context = Context::new(&SHA256);
    for part in [&text.title, &text.body] {
        let part = part.replace("\r\n", "\n");
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex::encode(&context.finish().as_ref()[..8])
}

/// One answer for every build type whose issue trigger matches; none if the issue asks for nothing.
///
/// Inputs come from the form's `### heading`s. Where no heading stands for an input, they come from a JSON object that
/// is the whole body or stands in a fenced block.
pub fn from_issue(catalogue: &Catalogue, issue: &IssueText) -> Vec<Asked> {
    let builds = catalogue.policy.builds.iter();
    let asked = builds.filter(|(_, build)| {
        build.triggers.issue.as_ref().is_some_and(|trigger| matches_trigger(trigger, issue))
    });
    let mut body = None;
    asked
        .map(|(name, build)| {
            let body = body.get_or_insert_with(|| Body::read(&issue.body));
            match answers(catalogue, build, body) {
                Ok(answers) => assess(catalogue, name, build, &answers),
                Err(problem) => Asked::refused(Some(name), problem, None),
            }
        })
        .collect()
}

fn matches_trigger(trigger: &IssueTrigger, issue: &IssueText) -> bool {
    let has = |label: &String| issue.labels.iter().any(|own| own.to_lowercase() == label.to_lowercase());
    let prefix = trigger.title_prefix.as_ref().map(|prefix| prefix.to_lowercase());
    trigger.labels.iter().all(has)
        && prefix
            .is_none_or(|prefix| issue.title.trim_start().to_lowercase().starts_with(prefix.trim_start()))
}

/// What a body may hold: the sections of a form, and JSON.
struct Body {
    /// Heading and text, in order.
    sections: Vec<(String, String)>,
    json: Option<String>,
}

impl Body {
    fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\0', "\u{fffd}");
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

/// What the body answers to this build's inputs.
fn answers(catalogue: &Catalogue, build: &BuildPolicy, body: &Body) -> Result<Answers, Problem> {
    let workflow = catalogue.workflows.get(&build.workflow);
    let declared = workflow.and_then(|workflow| workflow.inputs.as_deref()).unwrap_or_default();
    let mut answers = Answers::default();
    for (heading, text) in &body.sections {
        let Some(input) = input_of(catalogue, build, declared, heading) else { continue };
        if answers.headings.iter().any(|(name, _)| *name == input.name) {
            continue;
        }
        answers.headings.push((input.name.clone(), heading.clone()));
        if !text.is_empty() {
            answers.given.push(Given { name: input.name.clone(), value: typed(input, text) });
        }
    }
    if answers.headings.is_empty()
        && let Some(json) = &body.json
    {
        answers.given = from_json(json)?;
    }
    Ok(answers)
}

/// The input that a heading stands for: by a form's field, else by the input's label or name.
fn input_of<'w>(
    catalogue: &Catalogue,
    build: &BuildPolicy,
    declared: &'w [WorkflowInput],
    heading: &str,
) -> Option<&'w WorkflowInput> {
    let same = |text: &str| text.trim().to_lowercase() == heading.to_lowercase();
    let fields = catalogue.forms.iter().flat_map(|form| &form.fields);
    let by_form = fields
        .filter(|field| same(&field.label))
        .find_map(|field| declared.iter().find(|input| input.name == field.id));
    let by_label = || {
        declared.iter().find(|input| {
            let policy = build.inputs.get(&input.name);
            policy.and_then(|policy| policy.label.as_deref()).is_some_and(same)
        })
    };
    by_form.or_else(by_label).or_else(|| declared.iter().find(|input| same(&input.name)))
}

/// A form's check boxes answer a boolean: true if all are ticked.
fn typed(input: &WorkflowInput, text: &str) -> String {
    let boxes: Option<Vec<bool>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mark = line.trim_start().strip_prefix("- [")?;
            Some(!mark.starts_with(' '))
        })
        .collect();
    match boxes {
        Some(boxes) if input.kind == InputKind::Boolean => boxes.into_iter().all(|ticked| ticked).to_string(),
        _ => text.to_owned(),
    }
}

fn from_json(text: &str) -> Result<Vec<Given>, Problem> {
    let problem = |field: &str, now: Option<String>, why: String| Problem {
        field: field.to_owned(),
        now,
        why,
        right: Some("{ \"name\": \"value\" }".to_owned()),
    };
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let why = format!("is not an object: line {}, column {}", error.line(), error.column());
        problem("JSON", None, why)
    })?;
    let mut given = Vec::new();
    for (name, value) in object {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                let why = "must be one value, not a list or object".to_owned();
                return Err(problem(&clean(&name), Some(value.to_string()), why));
            }
        };
        given.push(Given { name, value });
    }
    Ok(given)
}
