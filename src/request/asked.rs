//! A `/build` command to a request.

use std::collections::BTreeMap;

use super::judge::clean;
use super::line::build_line;
use super::types::{Asked, Problem};
use super::validate::{Answers, Given, Source, assess};
use crate::policy::{BuildPolicy, Catalogue, nearest};

/// The request of a `/build` command. `build_type` may be left out where one only can be asked for by comment.
pub fn from_command(catalogue: &Catalogue, build_type: Option<&str>, inputs: &[(String, String)]) -> Asked {
    let builds = &catalogue.policy.builds;
    let open: Vec<&str> =
        builds.iter().filter(|(_, build)| build.triggers.comment).map(|(name, _)| name.as_str()).collect();
    let choice = match build_type {
        Some(named) => named_type(builds, &open, named),
        None => match open.as_slice() {
            [only] => Ok(*only),
            [] => Err(("no build here can be asked for by comment".to_owned(), None)),
            several => Err((format!("say which one: {}", several.join(", ")), None)),
        },
    };
    let inputs_of = || inputs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let name = match choice {
        Ok(name) => name,
        Err((why, right)) => {
            let corrected = right.as_deref().map(|right| clean(&build_line(Some(right), inputs_of())));
            let problem = Problem { field: "build type".to_owned(), now: build_type.map(clean), why, right };
            return Asked::refused(None, problem, corrected);
        }
    };
    let given = inputs.iter().map(|(name, value)| Given { name: name.clone(), value: value.clone() });
    let named = (build_type.is_some() || open.len() > 1).then(|| name.to_owned());
    let answers = Answers { given: given.collect(), headings: Vec::new(), source: Source::Command { named } };
    assess(catalogue, name, &builds[name], &answers)
}

/// The build type of that name, or why not and which would be right.
fn named_type<'o>(
    builds: &BTreeMap<String, BuildPolicy>,
    open: &[&'o str],
    named: &str,
) -> Result<&'o str, (String, Option<String>)> {
    if let Some(name) = open.iter().find(|name| name.eq_ignore_ascii_case(named)) {
        return Ok(name);
    }
    let right = match open {
        [] => return Err(("no build here can be asked for by comment".to_owned(), None)),
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
