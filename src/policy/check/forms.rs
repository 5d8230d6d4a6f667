//! Issue forms against the build types that they seem to feed.

use super::{At, Checker, InForm, MAX_FINDINGS, asked, is_among, options};
use crate::policy::nearest::suggestion;
use crate::policy::{BuildPolicy, Form, FormField, IssueTrigger, OWN_INPUTS, Workflow};

/// A build type that issues can ask for, and its workflow.
struct Fed<'a> {
    name: &'a str,
    build: &'a BuildPolicy,
    trigger: &'a IssueTrigger,
    workflow: &'a Workflow,
}

impl Fed<'_> {
    fn asks_for(&self, id: &str) -> bool {
        asked(self.workflow, self.build).any(|input| input == id)
    }
}

impl Checker<'_> {
    pub(super) fn forms(&mut self) {
        let catalogue = self.catalogue;
        let fed: Vec<Fed<'_>> = catalogue
            .policy
            .builds
            .iter()
            .filter_map(|(name, build)| {
                let trigger = build.triggers.issue.as_ref()?;
                let workflow = catalogue.workflows.get(&build.workflow)?;
                workflow.inputs.is_some().then_some(Fed { name, build, trigger, workflow })
            })
            .collect();
        for (number, form) in catalogue.forms.iter().enumerate() {
            if self.findings.len() > 2 * MAX_FINDINGS {
                return;
            }
            let feeds: Vec<&Fed<'_>> = fed.iter().filter(|fed| feeds(form, fed.trigger)).collect();
            if feeds.is_empty() {
                self.unlabelled(number, form, &fed);
            }
            for (place, field) in form.fields.iter().enumerate().filter(|_| !feeds.is_empty()) {
                self.field(number, place, field, &feeds);
            }
        }
    }

    /// A form that asks what a build wants to know, and whose issues would not ask for it.
    fn unlabelled(&mut self, number: usize, form: &Form, fed: &[Fed<'_>]) {
        let Some(fed) = fed.iter().find(|fed| fits(form, fed)) else { return };
        let mut missing = fed.trigger.labels.iter().filter(|label| !is_among(label, &labels(form)));
        let (place, message, help) = match (missing.next(), &fed.trigger.title_prefix) {
            (Some(label), _) => {
                let message = format!(
                    "issues from this form do not get the label `{label}`, so they do not ask for `{}`",
                    fed.name
                );
                (InForm::Labels, message, format!("add it: `labels: [{}]`", fed.trigger.labels.join(", ")))
            }
            (None, Some(prefix)) => {
                let message = format!(
                    "issues from this form do not begin with `{prefix}`, so they do not ask for `{}`",
                    fed.name
                );
                (InForm::Title, message, format!("add it: `title: \"{prefix} \"`"))
            }
            (None, None) => return,
        };
        self.add(false, At::Form(number, place), message, Some(help));
    }

    fn field(&mut self, form: usize, place: usize, field: &FormField, feeds: &[&Fed<'_>]) {
        let at = || At::Form(form, InForm::Field(place));
        let id = field.id.as_str();
        if OWN_INPUTS.contains(&id) {
            let help = Some("take the field out of the form".to_owned());
            self.add(false, at(), format!("`{id}` is filled in by Trilock itself"), help);
            return;
        }
        let secret = |fed: &&&Fed<'_>| fed.build.inputs.get(id).is_some_and(|input| input.secret);
        if let Some(fed) = feeds.iter().find(secret) {
            let message = format!(
                "`{id}` is secret in `{}`, but whatever is answered here everybody can read",
                fed.name
            );
            self.add(false, at(), message, Some("take the field out of the form".to_owned()));
        }
        let Some(first) = feeds.first() else { return };
        if !feeds.iter().any(|fed| fed.asks_for(id)) {
            let message = format!("`{id}` is no input of the build `{}`: its answers go nowhere", first.name);
            self.add(false, at(), message, suggestion(id, asked(first.workflow, first.build).take(100)));
        }
        for fed in feeds {
            let declared = fed.workflow.inputs.iter().flatten().find(|input| input.name == id);
            let Some(known) = declared.and_then(|input| options(&input.kind)) else { continue };
            let wrong = field.options.iter().enumerate().filter(|(_, option)| !is_among(option, &known));
            for (number, option) in wrong {
                let message = format!("`{option}` is no option of `{id}` in `{}`", fed.build.workflow);
                let at = At::Form(form, InForm::Option(place, number));
                self.add(true, at, message, suggestion(option, known.iter().copied()));
            }
        }
    }
}

fn labels(form: &Form) -> Vec<&str> {
    form.labels.iter().map(String::as_str).collect()
}

/// Whether the form's issues ask for the build.
fn feeds(form: &Form, trigger: &IssueTrigger) -> bool {
    let own = labels(form);
    let titled = trigger.title_prefix.as_ref().is_none_or(|prefix| {
        let title = form.title.as_deref().unwrap_or_default().to_lowercase();
        title.starts_with(prefix.to_lowercase().trim())
    });
    titled && trigger.labels.iter().all(|label| is_among(label, &own))
}

/// Whether most of what the form asks is an input of the build.
fn fits(form: &Form, fed: &Fed<'_>) -> bool {
    let known = form.fields.iter().filter(|field| fed.asks_for(&field.id)).count();
    known > 0 && known * 2 >= form.fields.len()
}
