//! What several comments say of one build.

use super::text::{code, escape, line_to_copy, link};
use crate::{
    queue::{Build, By, Role},
    request::{Shown, line_of},
};

/// Values named in the line below a heading.
const MAX_NAMED: usize = 12;

/// What it is called in a heading: the build type and the first answer.
pub(super) fn title(build: &Build) -> String {
    match build.shown.iter().find(|shown| !shown.private) {
        Some(first) => format!("{} {}", escape(&build.build_type), code(&first.value)),
        None => escape(&build.build_type),
    }
}

/// The build type and its answers.
pub(super) fn answers(build: &Build) -> String {
    answers_to(&build.build_type, &build.shown)
}

pub(super) fn answers_to(build_type: &str, answers: &[Shown]) -> String {
    let mut line = format!("**{}**", escape(build_type));
    for shown in answers.iter().take(MAX_NAMED) {
        line.push_str(&format!(" · {} {}", escape(&shown.label), value(shown)));
    }
    match answers.len().saturating_sub(MAX_NAMED) {
        0 => line,
        more => format!("{line} · and {more} more"),
    }
}

fn value(shown: &Shown) -> String {
    if shown.private { "(hidden)".to_owned() } else { code(&shown.value) }
}

/// The commit that was built, shortened as git does.
pub(super) fn commit(build: &Build) -> Option<String> {
    Some(short_commit(build.head_sha.as_deref()?))
}

pub(super) fn short_commit(sha: &str) -> String {
    format!("commit {}", code(&sha.chars().take(7).collect::<String>()))
}

/// Whose approval it needs.
pub(super) fn approval_by(role: Role) -> &'static str {
    match role {
        Role::Admin => "an admin's approval",
        Role::Maintain => "a maintainer's approval",
        Role::Write => "the approval of someone with write access",
        Role::None | Role::Read | Role::Triage => "the approval of someone with triage access",
    }
}

/// What people call those who have a role.
pub(super) fn holders(role: Role) -> &'static str {
    match role {
        Role::Admin => "admins",
        Role::Maintain => "maintainers",
        Role::Write => "people with write access",
        Role::Triage => "people with triage access",
        Role::Read | Role::None => "people who can read this repository",
    }
}

/// The command that asks for the same, as code. `None` where no command can: answers with line breaks, or very long ones.
pub(super) fn same_again(build: &Build) -> Option<String> {
    if build.shown.iter().any(|shown| shown.value.contains(['\n', '\r'])) {
        return None;
    }
    line_to_copy(&line_of(&build.build_type, &build.shown))
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
