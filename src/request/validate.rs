//! Answers against a build type's inputs.

use std::collections::BTreeMap;

use super::judge::{Fault, clean, judge, missing};
use super::line::build_line;
use super::types::{Asked, Invalid, Problem, Request, Shown};
use crate::policy::{
    BuildPolicy, CORRELATION_INPUT, Catalogue, InputPolicy, Workflow, WorkflowInput, nearest,
};

/// GitHub's limits on the inputs of one dispatch; the length in characters of their JSON.
const MAX_INPUTS: usize = 25;
const MAX_LENGTH: usize = 65_535;
/// Room kept for the correlation input.
const RESERVED_LENGTH: usize = 100;

/// One value under the name that somebody wrote.
pub(super) struct Given {
    pub name: String,
    pub value: String,
}

/// All that one person answered.
#[derive(Default)]
pub(super) struct Answers {
    pub given: Vec<Given>,
    /// By input name, the heading that stood for it.
    pub headings: Vec<(String, String)>,
    pub source: Source,
}

/// Where the answers stand, and so how they are corrected.
#[derive(Default)]
pub(super) enum Source {
    /// The issue's text is edited.
    #[default]
    Issue,
    /// A new line is written; it names the build type if it must be named.
    Command { named: Option<String> },
}

/// What a build type's inputs make of the answers.
pub(super) fn assess(catalogue: &Catalogue, name: &str, build: &BuildPolicy, answers: &Answers) -> Asked {
    let broken = |why: &str| {
        let (field, now) = ("workflow".to_owned(), Some(build.workflow.clone()));
        Asked::refused(Some(name), Problem { field, now, why: why.to_owned(), right: None }, None)
    };
    let Some(workflow) = catalogue.workflows.get(&build.workflow) else {
        return broken("is not among this repository's workflows; a maintainer must correct the policy");
    };
    let Some(declared) = &workflow.inputs else {
        return broken("has no workflow_dispatch trigger; a maintainer must add it");
    };
    let mut assessment = Assessment::new(catalogue, build, declared, answers);
    assessment.resolve(&answers.given);
    assessment.judge_all();
    assessment.limits(workflow);
    assessment.finish(name, workflow)
}

struct Assessment<'a> {
    catalogue: &'a Catalogue,
    build: &'a BuildPolicy,
    /// All but the correlation input, in the workflow's order.
    declared: Vec<&'a WorkflowInput>,
    answers: &'a Answers,
    /// The answers under the inputs' own names, in the order they were given.
    resolved: Vec<(&'a WorkflowInput, &'a str)>,
    /// Names that are no input's. They follow the other problems.
    unknown: Vec<Problem>,
    problems: Vec<Problem>,
    /// What the corrected line says for an input; `None` if that cannot be told.
    fixes: BTreeMap<&'a str, Option<String>>,
    inputs: BTreeMap<String, String>,
    shown: Vec<Shown>,
}

impl<'a> Assessment<'a> {
    fn new(
        catalogue: &'a Catalogue,
        build: &'a BuildPolicy,
        declared: &'a [WorkflowInput],
        answers: &'a Answers,
    ) -> Self {
        let declared = declared.iter().filter(|input| input.name != CORRELATION_INPUT).collect();
        Self {
            catalogue,
            build,
            declared,
            answers,
            resolved: Vec::new(),
            unknown: Vec::new(),
            problems: Vec::new(),
            fixes: BTreeMap::new(),
            inputs: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// Finds each answer's input. A misspelt name counts for the input that was meant, so that one slip is one problem.
    fn resolve(&mut self, given: &'a [Given]) {
        let mut misspelt = Vec::new();
        for answer in given {
            match self.input(&answer.name) {
                Some(input) if self.is_resolved(input) => {
                    let (field, now) = (self.label(input), Some(clean(&answer.value)));
                    self.unknown.push(Problem { field, now, why: "is given twice".to_owned(), right: None });
                }
                Some(input) => self.resolved.push((input, &answer.value)),
                None => misspelt.push(answer),
            }
        }
        for answer in misspelt {
            let known = self.declared.iter().map(|input| input.name.as_str());
            let near = nearest(&answer.name, known).and_then(|near| self.input(near));
            let near = near.filter(|input| !self.is_resolved(input));
            let reserved = answer.name.eq_ignore_ascii_case(CORRELATION_INPUT);
            let near = if reserved { None } else { near };
            self.unknown.push(Problem {
                field: clean(&answer.name),
                now: Some(clean(&answer.value)),
                why: self.why_unknown(near, reserved),
                right: near.map(|input| input.name.clone()),
            });
            if let Some(input) = near {
                self.resolved.push((input, &answer.value));
            }
        }
    }

    fn why_unknown(&self, near: Option<&WorkflowInput>, reserved: bool) -> String {
        if reserved {
            return "is filled in by Trilock itself".to_owned();
        }
        if let Some(near) = near {
            return format!("is not an input; did you mean {}?", near.name);
        }
        let known: Vec<_> = self.declared.iter().map(|input| input.name.as_str()).collect();
        match known.as_slice() {
            [] => "is not an input; this build has none".to_owned(),
            known => format!("is not an input; there are {}", known.join(", ")),
        }
    }

    /// The input of that name: as it is spelled, else whatever the case, else by its label.
    fn input(&self, name: &str) -> Option<&'a WorkflowInput> {
        let find =
            |same: &dyn Fn(&WorkflowInput) -> bool| self.declared.iter().find(|input| same(input)).copied();
        let lower = name.to_lowercase();
        find(&|input| input.name == name)
            .or_else(|| find(&|input| input.name.to_lowercase() == lower))
            .or_else(|| find(&|input| self.label(input).to_lowercase() == lower))
    }

    fn is_resolved(&self, input: &WorkflowInput) -> bool {
        self.resolved.iter().any(|(known, _)| known.name == input.name)
    }

    /// The name that people know an input by: the policy's, the heading they answered, a form's, its own.
    fn label(&self, input: &WorkflowInput) -> String {
        let policy = self.build.inputs.get(&input.name).and_then(|policy| policy.label.as_ref());
        let heading =
            || self.answers.headings.iter().find(|(name, _)| *name == input.name).map(|(_, text)| text);
        let field = || {
            let mut fields = self.catalogue.forms.iter().flat_map(|form| &form.fields);
            fields.find(|field| field.id == input.name).map(|field| &field.label)
        };
        policy.or_else(heading).or_else(field).unwrap_or(&input.name).clone()
    }

    fn judge_all(&mut self) {
        let nothing = InputPolicy::default();
        for input in self.declared.clone() {
            let policy = self.build.inputs.get(&input.name).unwrap_or(&nothing);
            let required = input.required || policy.required == Some(true);
            let given = self.resolved.iter().find(|(known, _)| known.name == input.name);
            match given.map(|(_, value)| *value) {
                Some("") if required => self.fault(input, None, missing(input, policy)),
                Some(value) => match judge(input, policy, value) {
                    Ok(value) => self.accept(input, value),
                    Err(fault) => self.fault(input, Some(value), fault),
                },
                None => match &input.default {
                    Some(default) => self.accept(input, default.clone()),
                    None if required => self.fault(input, None, missing(input, policy)),
                    None => {}
                },
            }
        }
        self.problems.append(&mut self.unknown);
    }

    fn accept(&mut self, input: &'a WorkflowInput, value: String) {
        self.shown.push(Shown { name: input.name.clone(), label: self.label(input), value: value.clone() });
        self.inputs.insert(input.name.clone(), value);
    }

    fn fault(&mut self, input: &'a WorkflowInput, value: Option<&str>, fault: Fault) {
        let (field, now) = (self.label(input), value.map(clean));
        self.problems.push(Problem { field, now, why: fault.why, right: fault.right });
        self.fixes.insert(&input.name, fault.meant);
    }

    /// GitHub's limits on a dispatch as a whole.
    fn limits(&mut self, workflow: &Workflow) {
        let count = self.inputs.len() + usize::from(workflow.correlates());
        let json = serde_json::to_string(&self.inputs).map_or(usize::MAX, |json| json.chars().count());
        let why = if count > MAX_INPUTS {
            format!("GitHub takes at most {MAX_INPUTS} inputs, these are {count}")
        } else if json > MAX_LENGTH - RESERVED_LENGTH {
            format!("are longer than the {MAX_LENGTH} characters that GitHub takes")
        } else {
            return;
        };
        self.problems.push(Problem { field: "all inputs together".to_owned(), now: None, why, right: None });
    }

    fn finish(self, name: &str, workflow: &Workflow) -> Asked {
        if !self.problems.is_empty() {
            let corrected = self.corrected();
            return Asked::Invalid(Invalid {
                build_type: Some(name.to_owned()),
                problems: self.problems,
                corrected,
            });
        }
        Asked::Valid(Request {
            build_type: name.to_owned(),
            workflow: self.build.workflow.clone(),
            git_ref: self.build.git_ref.clone(),
            inputs: self.inputs,
            shown: self.shown,
            resources: self.build.resources.clone(),
            timeout_seconds: self.build.timeout.as_secs(),
            // The run uses the file on `ref`; the one that was read is the default branch's.
            correlates: workflow.correlates() && self.build.git_ref.is_none(),
        })
    }

    /// The line to copy: the answers in their order, each right, then what was missing.
    fn corrected(&self) -> Option<String> {
        let Source::Command { named } = &self.answers.source else { return None };
        let mut fixes = self.fixes.clone();
        let mut pairs = Vec::new();
        for (input, value) in &self.resolved {
            match fixes.remove(input.name.as_str()) {
                Some(fix) => pairs.push((input.name.as_str(), fix?)),
                None => pairs.push((input.name.as_str(), (*value).to_owned())),
            }
        }
        for (name, fix) in fixes {
            pairs.push((name, fix?));
        }
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let line = build_line(named.as_deref(), pairs);
        (line.len() <= MAX_LENGTH).then_some(line)
    }
}
