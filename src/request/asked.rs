//! A `/build` command to a request.

use std::collections::BTreeMap;

use super::arguments::dry_line;
use super::command::long_form;
use super::input::{hides, inputs_of};
use super::judge::clean;
use super::line::{WITHHELD, build_line};
use super::types::{Asked, Invalid, Problem};
use super::validate::{Answers, Given, Source, assess};
use crate::policy::{BuildPolicy, Catalogue, CommandForms, Policy, nearest};

/// The request of a `/build` command. `build_type` may be left out where one only can be asked for by comment.
pub fn from_command(catalogue: &Catalogue, build_type: Option<&str>, inputs: &[(String, String)]) -> Asked {
    match choose(&catalogue.policy, build_type) {
        Ok(name) => {
            let named = build_type.is_some() || open_types(&catalogue.policy).nth(1).is_some();
            let source = Source::Command { named: named.then(|| name.to_owned()) };
            ask(catalogue, name, inputs, source)
        }
        Err((why, right)) => {
            let corrected = right.as_deref().and_then(|right| line_for(catalogue, right, inputs));
            Asked::refused(None, wrong_type(&catalogue.policy, build_type, why, right), corrected)
        }
    }
}

pub(super) fn ask(catalogue: &Catalogue, name: &str, inputs: &[(String, String)], source: Source) -> Asked {
    let given =
        inputs.iter().map(|(name, value)| Given { name: name.clone(), value: value.clone(), fault: None });
    let answers = Answers { given: given.collect(), headings: Vec::new(), source };
    assess(catalogue, name, &catalogue.policy.builds[name], &answers)
}

pub(super) fn wrong_type(
    policy: &Policy,
    build_type: Option<&str>,
    why: String,
    right: Option<String>,
) -> Problem {
    // Where some answers are private, one of them may stand there by mistake.
    let now = build_type.filter(|_| !policy.builds.values().any(hides)).map(clean);
    Problem { field: "build type".to_owned(), now, why, right }
}

/// The same line with the right build type. It shows what is known to be no private answer.
fn line_for(catalogue: &Catalogue, right: &str, inputs: &[(String, String)]) -> Option<String> {
    let build = catalogue.policy.builds.get(right)?;
    let declared = catalogue.workflows.get(&build.workflow).and_then(|workflow| workflow.inputs.as_deref());
    let known = inputs_of(build, declared.unwrap_or_default());
    let hides = hides(build);
    let mut pairs = Vec::new();
    for (name, value) in inputs {
        let input = known.iter().find(|input| input.name.eq_ignore_ascii_case(name));
        match input {
            Some(input) if input.is_secret() => {}
            Some(input) if !input.is_hidden() => pairs.push((name.as_str(), value.as_str())),
            None if !hides => pairs.push((name.as_str(), value.as_str())),
            Some(_) => pairs.push((name.as_str(), WITHHELD)),
            // Neither the name nor the value may be what it seems.
            None => return None,
        }
    }
    let line = clean(&build_line(Some(right), pairs));
    Some(if catalogue.policy.commands == CommandForms::Long { long_form(&line) } else { line })
}

/// The build types that can be asked for by comment.
pub(super) fn open_types(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.builds.iter().filter(|(_, build)| build.triggers.comment).map(|(name, _)| name.as_str())
}

/// The build type that is asked for, or why none is and which would be right.
pub(super) fn choose<'p>(
    policy: &'p Policy,
    build_type: Option<&str>,
) -> Result<&'p str, (String, Option<String>)> {
    let open: Vec<&str> = open_types(policy).collect();
    match (build_type, open.as_slice()) {
        (_, []) => Err(("no build here can be asked for by comment".to_owned(), None)),
        (Some(named), _) => named_type(&policy.builds, &open, named),
        (None, [only]) => Ok(*only),
        (None, several) => Err((format!("say which one: {}", several.join(", ")), None)),
    }
}

fn named_type<'o>(
    builds: &BTreeMap<String, BuildPolicy>,
    open: &[&'o str],
    named: &str,
) -> Result<&'o str, (String, Option<String>)> {
    if let Some(name) = open.iter().find(|name| name.eq_ignore_ascii_case(named)) {
        return Ok(name);
    }
    let right = match open {
        [only] => Some(*only),
        several => nearest(named, several.iter().copied()),
    };
    let why = if builds.contains_key(named) {
        "cannot be asked for by comment".to_owned()
    } else {
        format!("not one of {}", open.join(", "))
    };
    Err((why, right.map(str::to_owned)))
}

impl Asked {
    /// The same for a `/build --dry-run`: the line to copy starts nothing either.
    pub fn dry(self) -> Self {
        match self {
            Self::Invalid(Invalid { build_type, problems, corrected }) => {
                let corrected = corrected.map(|line| dry_line(&line));
                Self::Invalid(Invalid { build_type, problems, corrected })
            }
            valid => valid,
        }
    }
}
