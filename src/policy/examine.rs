//! Everything that is wrong with a repository's files.

use std::collections::BTreeMap;

use super::check::{At, Finding, InForm, MAX_FINDINGS, check};
use super::file::read_policy;
use super::form::{PlacedForm, place_form};
use super::reader::lookup;
use super::scripts::scripts;
use super::yaml::{self, Node, position};
use super::{Catalogue, FileError, Policy, Report, Workflow, parse_workflow};

#[cfg(test)]
mod tests;

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The files that a policy is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    pub policy: Source,
    /// Known by their file names.
    pub workflows: Vec<Source>,
    pub forms: Vec<Source>,
    /// These are all workflows and forms that the policy leans on. Else what is missing is not told.
    pub complete: bool,
}

/// What a repository's files say, and what is wrong with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// None if there is any error.
    pub catalogue: Option<Catalogue>,
    pub report: Report,
}

/// Reads the files and compares them with each other.
pub fn examine(sources: &Sources) -> Examined {
    let policy = &sources.policy;
    let read = yaml::parse(&policy.path, &policy.text).map_err(|error| vec![error]);
    let read = read.and_then(|root| Ok((read_policy(&policy.path, &root)?, root)));
    let (policy, root) = match read {
        Ok(read) => read,
        Err(mut errors) => {
            limit(&mut errors);
            return Examined { catalogue: None, report: Report { errors, warnings: Vec::new() } };
        }
    };
    let mut report = Report::default();
    let workflows = workflows(sources, &policy, &mut report);
    let placed = forms(sources, &mut report);
    let forms = placed.iter().map(|placed| placed.form.clone()).collect();
    let catalogue = Catalogue { policy, workflows, forms };
    let known: Vec<&str> = sources.workflows.iter().map(Source::file_name).collect();
    let places = Places { path: &sources.policy.path, root: &root, forms: &placed };
    for finding in check(&catalogue, sources.complete.then_some(known.as_slice())) {
        let list = if finding.error { &mut report.errors } else { &mut report.warnings };
        if list.len() <= MAX_FINDINGS {
            list.push(places.put(finding));
        }
    }
    for source in &sources.workflows {
        report.warnings.extend(scripts(&catalogue, source.file_name(), &source.path, &source.text));
    }
    for list in [&mut report.errors, &mut report.warnings] {
        let own = &sources.policy.path;
        list.sort_by(|a, b| {
            let place = |error: &FileError| (error.path != *own, error.line, error.column);
            (place(a).0, &a.path, place(a)).cmp(&(place(b).0, &b.path, place(b)))
        });
        limit(list);
    }
    let catalogue = report.errors.is_empty().then_some(catalogue);
    Examined { catalogue, report }
}

/// The workflows that the policy names.
fn workflows(sources: &Sources, policy: &Policy, report: &mut Report) -> BTreeMap<String, Workflow> {
    let mut workflows = BTreeMap::new();
    let named = |source: &&Source| policy.builds.values().any(|build| build.workflow == source.file_name());
    for source in sources.workflows.iter().filter(named) {
        match parse_workflow(&source.path, &source.text) {
            Ok(workflow) => drop(workflows.insert(source.file_name().to_owned(), workflow)),
            Err(errors) => report.errors.extend(errors),
        }
    }
    workflows
}

/// A form that cannot be read only loses its labels; the headings still match the inputs' names.
fn forms(sources: &Sources, report: &mut Report) -> Vec<PlacedForm> {
    let mut forms = Vec::new();
    for source in &sources.forms {
        match place_form(&source.path, &source.text) {
            Ok(form) => forms.push(form),
            Err(errors) => report.warnings.extend(errors.into_iter().map(|error| FileError {
                message: format!("this form cannot be read: {}", error.message),
                ..error
            })),
        }
    }
    forms
}

/// Where in the files a finding stands.
struct Places<'a, 'n> {
    path: &'a str,
    root: &'a Node<'n>,
    forms: &'a [PlacedForm],
}

impl Places<'_, '_> {
    fn put(&self, finding: Finding) -> FileError {
        let (path, place) = match &finding.at {
            At::Policy(keys) => (self.path, self.in_policy(keys)),
            At::Form(number, place) => match self.forms.get(*number) {
                Some(form) => (form.form.path.as_str(), in_form(form, *place)),
                None => (self.path, (1, 1)),
            },
        };
        FileError::new(path, place, &finding.message, finding.help.as_deref())
    }

    /// The nearest enclosing place that is there.
    fn in_policy(&self, keys: &[String]) -> (u32, u32) {
        let mut node = self.root;
        for key in keys {
            let Some(value) = lookup(node, key) else { break };
            node = value;
        }
        position(node.defined)
    }
}

fn in_form(form: &PlacedForm, place: InForm) -> (u32, u32) {
    let field = |number: usize| form.fields.get(number);
    let place = match place {
        InForm::Labels => Some(form.labels),
        InForm::Title => Some(form.title),
        InForm::Field(number) => field(number).map(|field| field.id),
        InForm::Option(number, option) => field(number).and_then(|field| field.options.get(option).copied()),
    };
    place.unwrap_or((1, 1))
}

/// Keeps the first so many, and says that there are more.
fn limit(list: &mut Vec<FileError>) {
    if list.len() > MAX_FINDINGS {
        list.truncate(MAX_FINDINGS);
        if let Some(last) = list.last_mut() {
            last.message =
                format!("from here on there is more; correct the first {} and look again", MAX_FINDINGS - 1);
            last.help = None;
        }
    }
}
