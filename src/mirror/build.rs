//! What several comments say of one build.

use super::text::{code, escape, line_to_copy, link};
use crate::{
    queue::{Build, By},
    request::build_line,
};

/// Values named in the line below a heading.
const MAX_NAMED: usize = 12;

/// What it is called in a heading: the build type and the first answer.
pub(super) fn title(build: &Build) -> String {
    match build.shown.first() {
        Some(first) => format!("{} {}", escape(&build.build_type), code(&first.value)),
        None => escape(&build.build_type),
    }
}

/// The build type and its answers.
pub(super) fn answers(build: &Build) -> String {
    let mut line = format!("**{}**", escape(&build.build_type));
    for shown in build.shown.iter().take(MAX_NAMED) {
        line.push_str(&format!(" · {} {}", escape(&shown.label), code(&shown.value)));
    }
    match build.shown.len().saturating_sub(MAX_NAMED) {
        0 => line,
        more => format!("{line} · and {more} more"),
    }
}

/// The commit that was built, shortened as git does.
pub(super) fn commit(build: &Build) -> Option<String> {
    let sha = build.head_sha.as_deref()?;
    Some(format!("commit {}", code(&sha.chars().take(7).collect::<String>())))
}

/// The command that asks for the same, as code. `None` where no command can: answers with line breaks, or very long ones.
pub(super) fn same_again(build: &Build) -> Option<String> {
    if build.shown.iter().any(|shown| shown.value.contains(['\n', '\r'])) {
        return None;
    }
    let inputs = build.shown.iter().map(|shown| (shown.name.as_str(), shown.value.as_str()));
    line_to_copy(&build_line(Some(&build.build_type), inputs))
}

/// How to ask for the same once more.
pub(super) fn to_ask_again(build: &Build) -> String {
    match same_again(build) {
        Some(line) => format!("To ask again: {line}"),
        None => "To ask again, open a new issue with the same answers.".to_owned(),
    }
}

pub(super) fn by(by: By) -> &'static str {
    match by {
        By::Requester => "by you",
        By::Maintainer => "by a maintainer",
        By::ClosedIssue => "because the issue was closed",
    }
}

pub(super) fn run(url: &str) -> String {
    link("run", url)
}
