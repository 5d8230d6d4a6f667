//! Answers against a build type's inputs.

use std::collections::BTreeMap;

use super::approval::terms;
use super::command::long_form;
use super::input::{Input, hides, inputs_of};
use super::judge::{Fault, clean, judge, missing, unusable};
use super::line::{WITHHELD, build_line};
use super::resolve::{Answer, Resolved, label};
use super::types::{Asked, Invalid, Problem, Request, Shown};
use crate::policy::{BuildPolicy, COMMIT_INPUT, Catalogue, CommandForms, Workflow};

/// GitHub's limits on the inputs of one dispatch; the length in characters of their JSON.
const MAX_INPUTS: usize = 25;
const MAX_LENGTH: usize = 65_535;
/// Room kept for the inputs that Trilock fills in.
const RESERVED_LENGTH: usize = 200;

const SECRET: &str = "is a secret, and what stands in an issue is public at once, in mails and in its edit history \
                      too: leave it out, and if this was the real one, replace it. A later version asks for it on a \
                      page of its own";

/// One value under the name that somebody wrote.
pub(super) struct Given {
    pub name: String,
    pub value: String,
    /// Why it can be no input's value.
    pub fault: Option<&'static str>,
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
#[derive(Clone, Default)]
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
    let inputs = inputs_of(build, declared);
    let mut assessment = Assessment {
        catalogue,
        build,
        answers,
        resolved: Resolved::of(catalogue, &inputs, hides(build), answers),
        inputs,
        problems: Vec::new(),
        fixes: BTreeMap::new(),
        values: BTreeMap::new(),
        private: BTreeMap::new(),
        shown: Vec::new(),
    };
    assessment.judge_all();
    assessment.limits(workflow);
    assessment.finish(name, workflow)
}

struct Assessment<'a> {
    catalogue: &'a Catalogue,
    build: &'a BuildPolicy,
    answers: &'a Answers,
    /// All that people answer, in the order in which they are asked.
    inputs: Vec<Input<'a>>,
    resolved: Resolved<'a>,
    problems: Vec<Problem>,
    /// What the corrected line says for an input; `None` if that cannot be told.
    fixes: BTreeMap<&'a str, Option<String>>,
    values: BTreeMap<String, String>,
    private: BTreeMap<String, String>,
    shown: Vec<Shown>,
}

impl<'a> Assessment<'a> {
    fn judge_all(&mut self) {
        for input in self.inputs.clone() {
            match self.resolved.answer_to(input) {
                Some(answer) if input.is_secret() => self.secret(input, answer),
                Some(Answer { value: "", .. }) if input.required() => self.fault(input, None, missing(input)),
                Some(answer) => self.judge(input, answer),
                None if input.is_secret() => {}
                None => match input.default() {
                    Some(default) => self.accept(input, default.to_owned()),
                    None if input.required() => self.fault(input, None, missing(input)),
                    None => {}
                },
            }
        }
        self.problems.append(&mut self.resolved.unknown);
    }

    fn judge(&mut self, input: Input<'a>, answer: Answer<'a>) {
        let judged = match answer.fault {
            Some(why) => Err(unusable(input, why)),
            None => judge(input, answer.value),
        };
        match judged {
            Ok(value) => self.accept(input, value),
            Err(fault) => self.fault(input, Some(answer), fault),
        }
    }

    fn secret(&mut self, input: Input<'a>, answer: Answer<'a>) {
        if !answer.value.is_empty() {
            let field = self.label(input);
            self.problems.push(Problem { field, now: None, why: SECRET.to_owned(), right: None });
        }
    }

    fn accept(&mut self, input: Input<'a>, value: String) {
        let (name, label, private) = (input.name.to_owned(), self.label(input), input.is_hidden());
        let shown = if private { String::new() } else { value.clone() };
        self.shown.push(Shown { name: name.clone(), label, value: shown, private });
        let values = if private { &mut self.private } else { &mut self.values };
        values.insert(name, value);
    }

    fn fault(&mut self, input: Input<'a>, answer: Option<Answer<'a>>, fault: Fault) {
        let shown = answer.filter(|answer| !answer.masked);
        let right = if answer.is_some_and(|answer| answer.masked) {
            input.known_right().map(str::to_owned)
        } else {
            fault.right
        };
        let (field, now) = (self.label(input), shown.map(|answer| clean(answer.value)));
        self.problems.push(Problem { field, now, why: fault.why, right });
        self.fixes.insert(input.name, fault.meant);
    }

    fn label(&self, input: Input<'a>) -> String {
        label(self.catalogue, self.answers, input).to_owned()
    }

    /// GitHub's limits on a dispatch as a whole.
    fn limits(&mut self, workflow: &Workflow) {
        let own = usize::from(workflow.correlates()) + usize::from(workflow.declares(COMMIT_INPUT));
        let count = self.values.len() + own;
        let json = serde_json::to_string(&self.values).map_or(usize::MAX, |json| json.chars().count());
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
            let build_type = Some(name.to_owned());
            return Asked::Invalid(Invalid { build_type, problems: self.problems, corrected });
        }
        let value = |name: &str| self.values.get(name).or_else(|| self.private.get(name)).map(String::as_str);
        let approval = terms(&self.build.approval, workflow, &self.inputs, value);
        Asked::Valid(Request {
            build_type: name.to_owned(),
            workflow: self.build.workflow.clone(),
            git_ref: self.build.git_ref.clone(),
            inputs: self.values,
            shown: self.shown,
            resources: self.build.resources.clone(),
            timeout_seconds: self.build.timeout.as_secs(),
            // The run uses the file on `ref`; the one that was read is the default branch's.
            correlates: workflow.correlates() && self.build.git_ref.is_none(),
            private: self.private,
            sealed: None,
            digest: None,
            terms: None,
            approval,
        })
    }

    /// The line to copy: the answers in their order, each right, then what was missing.
    fn corrected(&self) -> Option<String> {
        let Source::Command { named } = &self.answers.source else { return None };
        let mut fixes = self.fixes.clone();
        let mut pairs = Vec::new();
        for answer in self.resolved.answers.iter().filter(|answer| !answer.input.is_secret()) {
            let name = answer.input.name;
            match fixes.remove(name) {
                _ if answer.masked => pairs.push((name, WITHHELD.to_owned())),
                Some(fix) => pairs.push((name, fix?)),
                None => pairs.push((name, answer.value.to_owned())),
            }
        }
        for (name, fix) in fixes {
            pairs.push((name, fix?));
        }
        let line = build_line(named.as_deref(), pairs.iter().map(|(name, value)| (*name, value.as_str())));
        let line = match self.catalogue.policy.commands {
            CommandForms::Long => long_form(&line),
            CommandForms::Both => line,
        };
        (line.len() <= MAX_LENGTH).then_some(line)
    }
}
