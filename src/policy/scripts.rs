//! Answers that a workflow pastes into its scripts, where they are code.

use std::sync::LazyLock;

use regex::Regex;

use super::check::MAX_FINDINGS;
use super::reader::{lookup, plain};
use super::yaml::{self, Node, Value, position};
use super::{Catalogue, FileError, InputKind, InputType};

#[cfg(test)]
mod tests;

/// `${{ … }}`, which may go over several lines.
static EXPRESSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\$\{\{.*?\}\}").expect("the pattern is constant"));
/// An input in an expression. Expressions do not care for case.
static INPUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^\w.-])(?:github\.event\.)?inputs(?:\.([\w-]+)|\s*\[\s*'([^']+)'\s*\])")
        .expect("the pattern is constant")
});

/// One warning for each place of a workflow where a `run:` script contains what somebody may write as they like.
pub(super) fn scripts(catalogue: &Catalogue, file: &str, path: &str, text: &str) -> Vec<FileError> {
    let free = free_text(catalogue, file);
    let mut warnings = Vec::new();
    if free.is_empty() {
        return warnings;
    }
    let Ok(root) = yaml::parse(path, text) else { return warnings };
    if let Some(jobs) = lookup(&root, "jobs") {
        walk(jobs, &mut |script| look(script, path, text, &free, &mut warnings));
    }
    warnings
}

/// The workflow's inputs whose answers may be any text in some build.
fn free_text<'a>(catalogue: &'a Catalogue, file: &str) -> Vec<&'a str> {
    let builds: Vec<_> = catalogue.policy.builds.values().filter(|build| build.workflow == file).collect();
    let declared = catalogue.workflows.get(file).and_then(|workflow| workflow.inputs.as_ref());
    let free = declared.into_iter().flatten().filter(|input| {
        input.kind == InputKind::Text
            && builds.iter().any(|build| {
                let policy = build.inputs.get(&input.name);
                !policy.is_some_and(|policy| {
                    policy.is_hidden() || matches!(policy.kind, Some(InputType::Number | InputType::Boolean))
                })
            })
    });
    free.map(|input| input.name.as_str()).filter(|name| !super::OWN_INPUTS.contains(name)).collect()
}

/// Every `run:` below a node.
fn walk<'n, 'a>(node: &'n Node<'a>, each: &mut dyn FnMut(&'n Node<'a>)) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| walk(item, each)),
        Value::Map(entries) => {
            for (key, value) in entries {
                if key.value == "run" && plain(value).is_some() {
                    each(value);
                } else {
                    walk(value, each);
                }
            }
        }
        _ => {}
    }
}

fn look(script: &Node<'_>, path: &str, text: &str, free: &[&str], warnings: &mut Vec<FileError>) {
    let mut from = start(script, text);
    for expression in EXPRESSION.find_iter(plain(script).unwrap_or_default()) {
        let names = INPUT.captures_iter(expression.as_str());
        let names = names.filter_map(|input| input.get(1).or_else(|| input.get(2)));
        let inputs: Vec<&str> = names
            .filter_map(|name| free.iter().find(|free| free.eq_ignore_ascii_case(name.as_str())).copied())
            .collect();
        if inputs.is_empty() {
            continue;
        }
        if warnings.len() > MAX_FINDINGS {
            return;
        }
        // In quotes it may be spelled otherwise than it reads.
        let found = from.and_then(|from| Some(from + text.get(from..)?.find(expression.as_str())?));
        from = found.map(|found| found + expression.len()).or(from);
        let (line, column) = found.map_or_else(|| position(script.defined), |found| place(text, found));
        warnings.extend(inputs.into_iter().map(|input| warning(path, line, column, input)));
    }
}

/// The byte where a script's text begins in the file.
fn start(script: &Node<'_>, text: &str) -> Option<usize> {
    let start = script.defined.span().byte_offset()?;
    usize::try_from(start).ok().filter(|start| text.is_char_boundary(*start))
}

/// Line and column of a byte. YAML ends a line by either character, or both.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..at];
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let breaks = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    (number(breaks + 1), number(line.chars().count() + 1))
}

fn warning(path: &str, line: u32, column: u32, input: &str) -> FileError {
    let variable: String =
        input.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    FileError {
        path: path.to_owned(),
        line,
        column,
        message: format!(
            "whatever somebody answers for `{input}` becomes a part of this script, and can run commands"
        ),
        help: Some(format!(
            "pass it by the environment: `env: {{ {variable}: \"${{{{ inputs.{input} }}}}\" }}` beside `run:`, and \
             `\"${variable}\"` in the script"
        )),
    }
}
