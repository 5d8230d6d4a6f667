//! The `/build` lines in an issue's text.

use super::asked::{ask, choose, open_types, wrong_type};
use super::command::{Command, Opening};
use super::comment::{CommandLine, parse_comment};
use super::issue::IssueText;
use super::shown::{counts, shown_line};
use super::types::{Asked, Invalid, Problem};
use super::validate::Source;
use crate::policy::{Catalogue, Policy};

#[cfg(test)]
mod tests;

/// What the `/build` lines of an issue's text ask for, under the same rules as in a comment: at most one answer for
/// each build type, and one for all lines that name none. They are corrected by editing the issue.
pub fn from_body_commands(catalogue: &Catalogue, issue: &IssueText) -> Vec<Asked> {
    asked_in_body(catalogue, &issue.body)
}

pub(super) fn asked_in_body(catalogue: &Catalogue, body: &str) -> Vec<Asked> {
    let policy = &catalogue.policy;
    if open_types(policy).next().is_none() {
        return Vec::new();
    }
    let mut asked: Vec<Asked> = Vec::new();
    for line in parse_comment(body).iter().filter(|line| counts(line, Some(policy)) && is_build(line)) {
        add(&mut asked, read(catalogue, line));
    }
    asked
}

fn is_build(line: &CommandLine) -> bool {
    match &line.parsed {
        Ok(command) => matches!(command, Command::Build { .. }),
        Err(_) => meant(line).is_some(),
    }
}

/// What follows the command's name, if the line was meant as a `/build`.
fn meant(line: &CommandLine) -> Option<&str> {
    let opening = Opening::of(&line.text)?;
    (opening.spec()?.name == "build").then_some(opening.rest)
}

fn read(catalogue: &Catalogue, line: &CommandLine) -> Asked {
    let policy = &catalogue.policy;
    match &line.parsed {
        Ok(Command::Build { build_type, inputs, dry_run: false }) => {
            match choose(policy, build_type.as_deref()) {
                Ok(name) => ask(catalogue, name, inputs, Source::Issue),
                Err((why, right)) => {
                    let problem = wrong_type(policy, build_type.as_deref(), why, right);
                    Asked::refused(None, problem, None)
                }
            }
        }
        Ok(_) => {
            let why = "`--dry-run` is answered in comments only".to_owned();
            let build_type = type_of(policy, line);
            Asked::refused(build_type, in_line(policy, line, why, None), None)
        }
        Err(error) => {
            let build_type = type_of(policy, line);
            let problem = in_line(policy, line, error.why.clone(), error.corrected.clone());
            Asked::refused(build_type, problem, None)
        }
    }
}

fn in_line(policy: &Policy, line: &CommandLine, why: String, right: Option<String>) -> Problem {
    let now = shown_line(line, Some(policy));
    let right = right.filter(|_| now.is_some());
    Problem { field: format!("line {}", line.line), now, why, right }
}

/// The build type that a line asks for which cannot be read to its end.
fn type_of<'p>(policy: &'p Policy, line: &CommandLine) -> Option<&'p str> {
    let words = meant(line)?.split_whitespace();
    let named =
        words.clone().find_map(|word| open_types(policy).find(|name| name.eq_ignore_ascii_case(word)));
    named.or_else(|| choose(policy, None).ok())
}

/// Two answers for one build type would be one too many.
fn add(asked: &mut Vec<Asked>, next: Asked) {
    let Some(before) = asked.iter_mut().find(|before| before.build_type() == next.build_type()) else {
        asked.push(next);
        return;
    };
    match (&mut *before, next) {
        (Asked::Invalid(before), Asked::Invalid(next)) => {
            let new = next.problems.into_iter().filter(|problem| !before.problems.contains(problem));
            let new: Vec<_> = new.collect();
            before.problems.extend(new);
        }
        (before, next) if *before != next => {
            let build_type = Some(next.build_type().to_owned()).filter(|name| !name.is_empty());
            let problem = Problem {
                field: "build type".to_owned(),
                now: build_type.clone(),
                why: "is asked for in more than one way; keep one `/build` line for it".to_owned(),
                right: None,
            };
            let mut problems = vec![problem];
            for asked in [&*before, &next] {
                if let Asked::Invalid(invalid) = asked {
                    problems.extend(invalid.problems.iter().cloned());
                }
            }
            *before = Asked::Invalid(Invalid { build_type, problems, corrected: None });
        }
        _ => {}
    }
}
