//! Which input each answer is to.

use super::input::Input;
use super::judge::clean;
use super::types::Problem;
use super::validate::{Answers, Given};
use crate::policy::{Catalogue, OWN_INPUTS, nearest};

/// An answer under its input's own name.
#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub input: Input<'a>,
    pub value: &'a str,
    pub fault: Option<&'static str>,
    /// It may be shown to nobody.
    pub masked: bool,
}

pub(super) struct Resolved<'a> {
    /// In the order in which they were given.
    pub answers: Vec<Answer<'a>>,
    /// Names that are no input's. They follow the other problems.
    pub unknown: Vec<Problem>,
}

impl<'a> Resolved<'a> {
    /// Finds each answer's input. A misspelt name counts for the input that was meant, so that one slip is one problem.
    /// `hides`: some answer of this build is private, so under a misspelt name nothing is shown.
    pub fn of(catalogue: &'a Catalogue, inputs: &[Input<'a>], hides: bool, answers: &'a Answers) -> Self {
        let mut resolved = Self { answers: Vec::new(), unknown: Vec::new() };
        let mut misspelt = Vec::new();
        for given in &answers.given {
            match find(catalogue, inputs, answers, &given.name) {
                Some(input) if resolved.answer_to(input).is_some() => {
                    let field = label(catalogue, answers, input).to_owned();
                    let now = (!input.is_hidden()).then(|| clean(&given.value));
                    resolved.unknown.push(Problem {
                        field,
                        now,
                        why: "is given twice".to_owned(),
                        right: None,
                    });
                }
                Some(input) => resolved.push(input, given, input.is_hidden()),
                None => misspelt.push(given),
            }
        }
        for given in misspelt {
            let near = nearest(&given.name, inputs.iter().map(|input| input.name));
            let near = near.and_then(|near| inputs.iter().find(|input| input.name == near)).copied();
            let reserved = OWN_INPUTS.iter().any(|own| given.name.eq_ignore_ascii_case(own));
            let near = near.filter(|input| !reserved && resolved.answer_to(*input).is_none());
            resolved.unknown.push(Problem {
                field: if hides { name_alone(&given.name) } else { clean(&given.name) },
                now: (!hides).then(|| clean(&given.value)),
                why: why_unknown(inputs, near, reserved),
                right: near.map(|input| input.name.to_owned()),
            });
            if let Some(input) = near {
                resolved.push(input, given, hides);
            }
        }
        resolved
    }

    pub fn answer_to(&self, input: Input<'_>) -> Option<Answer<'a>> {
        self.answers.iter().find(|answer| answer.input.name == input.name).copied()
    }

    fn push(&mut self, input: Input<'a>, given: &'a Given, masked: bool) {
        self.answers.push(Answer { input, value: &given.value, fault: given.fault, masked });
    }
}

/// The input of that name: as it is spelled, else whatever the case, else by its label.
pub(super) fn find<'a>(
    catalogue: &Catalogue,
    inputs: &[Input<'a>],
    answers: &Answers,
    name: &str,
) -> Option<Input<'a>> {
    let find = |same: &dyn Fn(&Input<'a>) -> bool| inputs.iter().find(|input| same(input)).copied();
    let lower = name.to_lowercase();
    find(&|input| input.name == name)
        .or_else(|| find(&|input| input.name.to_lowercase() == lower))
        .or_else(|| find(&|input| label(catalogue, answers, *input).to_lowercase() == lower))
}

/// The name that people know an input by: the policy's, the heading they answered, a form's, its own.
pub(super) fn label<'l>(catalogue: &'l Catalogue, answers: &'l Answers, input: Input<'l>) -> &'l str {
    let heading =
        || answers.headings.iter().find(|(name, _)| name == input.name).map(|(_, text)| text.as_str());
    let field = || {
        let mut fields = catalogue.forms.iter().flat_map(|form| &form.fields);
        fields.find(|field| field.id == input.name).map(|field| field.label.as_str())
    };
    input.label().or_else(heading).or_else(field).unwrap_or(input.name)
}

/// What can be an input's name; in other text somebody's private answer may have ended up.
fn name_alone(name: &str) -> String {
    let is_name = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if is_name { name.to_owned() } else { "a name".to_owned() }
}

fn why_unknown(inputs: &[Input<'_>], near: Option<Input<'_>>, reserved: bool) -> String {
    if reserved {
        return "is filled in by Trilock itself".to_owned();
    }
    if let Some(near) = near {
        return format!("is not an input; did you mean {}?", near.name);
    }
    let known: Vec<_> = inputs.iter().map(|input| input.name).collect();
    match known.as_slice() {
        [] => "is not an input; this build has none".to_owned(),
        known => format!("is not an input; there are {}", known.join(", ")),
    }
}
