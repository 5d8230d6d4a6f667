//! A policy to copy, made from what a repository has.

mod guess;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::check::check;
use super::file::is_build_type;
use super::{Catalogue, Form, OWN_INPUTS, Workflow, parse_policy};
use guess::{Guess, guess};

#[cfg(test)]
mod tests;

const MAX_BUILDS: usize = 5;

/// One build of the policy.
struct Sketch<'a> {
    name: String,
    workflow: &'a str,
    labels: Vec<&'a str>,
    inputs: Vec<(&'a str, Guess)>,
}

/// A policy for a repository that has none, from its workflows by file name and its issue forms. It is good: what would
/// be a mistake is left out. None if no workflow can be started.
pub fn starter(workflows: &BTreeMap<String, Workflow>, forms: &[Form]) -> Option<String> {
    let mut sketches: Vec<Sketch<'_>> = Vec::new();
    let startable = |(file, workflow): &(&String, &Workflow)| workflow.inputs.is_some() && is_plain(file);
    for (file, workflow) in workflows.iter().filter(startable) {
        if sketches.len() == MAX_BUILDS {
            break;
        }
        let taken: BTreeSet<_> = sketches.iter().flat_map(|sketch| sketch.labels.iter().copied()).collect();
        let mut sketch = Sketch {
            name: build_name(file, &sketches),
            workflow: file,
            labels: labels(workflow, forms, &taken),
            inputs: guesses(workflow, forms),
        };
        let is_good = |sketch: &Sketch<'_>| is_good(std::slice::from_ref(sketch), workflows, forms);
        if !is_good(&sketch) {
            sketch.inputs.clear();
        }
        if !is_good(&sketch) {
            sketch.labels.clear();
        }
        if is_good(&sketch) {
            sketches.push(sketch);
        }
    }
    (!sketches.is_empty()).then(|| render(&sketches)).filter(|_| is_good(&sketches, workflows, forms))
}

fn is_good(sketches: &[Sketch<'_>], workflows: &BTreeMap<String, Workflow>, forms: &[Form]) -> bool {
    let Ok(policy) = parse_policy("", &render(sketches)) else { return false };
    let catalogue = Catalogue { policy, workflows: workflows.clone(), forms: forms.to_vec() };
    let known: Vec<_> = workflows.keys().map(String::as_str).collect();
    check(&catalogue, Some(&known)).iter().all(|finding| !finding.error)
}

fn build_name(file: &str, sketches: &[Sketch<'_>]) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_lowercase();
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(60).collect();
    let name = name.trim_matches('-');
    let name = if is_build_type(name) { name } else { "build" };
    let is_free = |name: &String| sketches.iter().all(|sketch| sketch.name != *name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// The labels of the form that asks exactly for what the workflow wants.
fn labels<'f>(workflow: &Workflow, forms: &'f [Form], taken: &BTreeSet<&str>) -> Vec<&'f str> {
    let inputs = workflow.inputs.as_deref().unwrap_or_default();
    let fits = |form: &&Form| {
        let asks = |id: &str| form.fields.iter().any(|field| field.id == id);
        let own = |name: &str| OWN_INPUTS.contains(&name);
        let known = |id: &str| !own(id) && inputs.iter().any(|input| input.name == id);
        let mut needed =
            inputs.iter().filter(|input| input.required && input.default.is_none() && !own(&input.name));
        !form.fields.is_empty()
            && form.fields.iter().all(|field| known(&field.id))
            && needed.all(|input| asks(&input.name))
    };
    let labels =
        |form: &'f Form| form.labels.iter().map(String::as_str).filter(|label| is_plain(label)).collect();
    let mut labels = forms.iter().filter(fits).map(labels);
    labels
        .find(|labels: &Vec<_>| !labels.is_empty() && !labels.iter().any(|label| taken.contains(label)))
        .unwrap_or_default()
}

fn guesses<'w>(workflow: &'w Workflow, forms: &[Form]) -> Vec<(&'w str, Guess)> {
    let inputs = workflow.inputs.iter().flatten();
    let guessed = inputs.filter(|input| is_plain(&input.name) && !OWN_INPUTS.contains(&input.name.as_str()));
    guessed.filter_map(|input| Some((input.name.as_str(), guess(input, forms)?))).collect()
}

fn render(sketches: &[Sketch<'_>]) -> String {
    let mut text = "version: 1\nbuilds:\n".to_owned();
    for sketch in sketches {
        let _ = writeln!(text, "  {}:\n    workflow: {}", sketch.name, quoted(sketch.workflow));
        if !sketch.labels.is_empty() {
            let labels: Vec<_> = sketch.labels.iter().map(|label| quoted(label)).collect();
            let _ = writeln!(text, "    triggers: {{ issue: {{ labels: [{}] }} }}", labels.join(", "));
        }
        if !sketch.inputs.is_empty() {
            text.push_str("    inputs:\n");
        }
        for (input, guess) in &sketch.inputs {
            let pattern = guess.pattern.map(|pattern| format!("pattern: '{pattern}', ")).unwrap_or_default();
            let _ =
                writeln!(text, "      {}: {{ {pattern}example: {} }}", quoted(input), quoted(&guess.example));
        }
    }
    text
}

/// As it is where YAML leaves it as it is, else in quotes.
fn quoted(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = begins && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if plain && !word.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether it can stand between quotes on one line, and cannot be mistaken for anything else.
fn is_plain(text: &str) -> bool {
    let fits = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    !text.trim().is_empty() && text.len() <= 200 && text.chars().all(fits) && !text.contains("```")
}
