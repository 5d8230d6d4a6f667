//! The policy file.

mod approval;
mod input;
mod resource;

use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::Fields;
use super::keys::Section;
use super::reader::Reader;
use super::yaml::{self, Node};
use super::{
    BuildPolicy, CommandForms, FileError, IssueTrigger, Policy, QueuePolicy, ResourcePolicy, Role, Triggers,
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// Reads `.github/trilock.yml`. All mistakes of the schema are reported together, in the order of the file; where the
/// YAML itself is broken, the first.
pub fn parse_policy(path: &str, text: &str) -> Result<Policy, Vec<FileError>> {
    let root = yaml::parse(path, text).map_err(|error| vec![error])?;
    read_policy(path, &root)
}

/// The same of a file that is parsed already.
pub(super) fn read_policy(path: &str, root: &Node<'_>) -> Result<Policy, Vec<FileError>> {
    let mut reader = Reader::new(path);
    let policy = reader.policy(root);
    if reader.errors.is_empty() {
        return Ok(policy);
    }
    reader.errors.sort_by_key(|error| (error.line, error.column));
    Err(reader.errors)
}

impl Reader {
    fn policy(&mut self, root: &Node<'_>) -> Policy {
        let top = self.fields(root, "the policy", Section::Policy);
        if let Some(version) = self.required(&top, "version", "the policy", "write `version: 1`") {
            self.version(version);
        }
        let named_resources = self.named_resources(&top);
        let builds = self.builds(&top, &named_resources);
        if let Some(manual) = top.get("manual") {
            self.manual(manual);
        }
        let queue = top.get("queue").map(|node| self.queue(node)).unwrap_or_default();
        let commands = match self.word_of(&top, "commands") {
            Some("long") => CommandForms::Long,
            _ => CommandForms::Both,
        };
        let permissions = top.get("permissions").map(|node| self.permissions(node)).unwrap_or_default();
        Policy { builds, queue, named_resources, commands, permissions }
    }

    fn version(&mut self, node: &Node<'_>) {
        if let Some(version) = self.text(node, "`version`")
            && version != "1"
        {
            let message = format!("version `{version}` is not known");
            self.error(node.defined, message, Some("write `version: 1`".to_owned()));
        }
    }

    /// Runs that are started by hand are observed; there is nothing else to choose yet.
    fn manual(&mut self, node: &Node<'_>) {
        let message = match self.text(node, "`manual`") {
            None | Some("observe") => return,
            Some("requeue") => "`manual: requeue` is not there yet".to_owned(),
            Some(other) => format!("`manual` cannot be `{other}`"),
        };
        self.error(node.defined, message, Some("write `manual: observe`, or leave it out".to_owned()));
    }

    fn permissions(&mut self, node: &Node<'_>) -> BTreeMap<String, Role> {
        let fields = self.fields(node, "`permissions`", Section::Permissions);
        let mut permissions = BTreeMap::new();
        for command in fields.keys() {
            if let Some(role) = self.word_of(&fields, command).and_then(Role::from_name) {
                permissions.insert(command.to_owned(), role);
            }
        }
        permissions
    }

    fn builds(
        &mut self,
        top: &Fields<'_, '_>,
        resources: &BTreeMap<String, ResourcePolicy>,
    ) -> BTreeMap<String, BuildPolicy> {
        let mut builds = BTreeMap::new();
        let help = "name at least one build type and its workflow";
        let Some(node) = self.required(top, "builds", "the policy", help) else { return builds };
        let entries = self.named_of(top, "builds");
        if entries.is_empty() && self.errors.is_empty() {
            self.error(node.defined, "`builds` is empty".to_owned(), Some(help.to_owned()));
        }
        for (name, value) in entries {
            if !is_build_type(&name.value) {
                let message = format!("`{}` cannot name a build type", name.value);
                let help = Some("use a-z, 0-9, `-` and `_`, at most 64 characters".to_owned());
                self.error(name.defined, message, help);
            }
            if let Some(build) = self.build(&name.value, value, resources) {
                builds.insert(name.value.clone(), build);
            }
        }
        builds
    }

    fn build(
        &mut self,
        name: &str,
        node: &Node<'_>,
        resources: &BTreeMap<String, ResourcePolicy>,
    ) -> Option<BuildPolicy> {
        let what = format!("build `{name}`");
        let fields = self.fields(node, &what, Section::Build);
        let help = "name a file in .github/workflows/, such as `workflow: build.yml`";
        let workflow =
            self.required(&fields, "workflow", &what, help).and_then(|node| self.workflow_name(node));
        let git_ref = fields.get("ref").and_then(|node| self.git_ref(node));
        let triggers = fields.get("triggers").map(|node| self.triggers(node)).unwrap_or_default();
        let inputs = self.inputs(&fields);
        let approval = fields.get("approval").map(|node| self.approval(node, &inputs)).unwrap_or_default();
        let resources = self.resources(&fields, resources);
        let timeout = self.duration_of(&fields, "timeout").unwrap_or(DEFAULT_TIMEOUT);
        Some(BuildPolicy { workflow: workflow?, git_ref, triggers, inputs, resources, timeout, approval })
    }

    fn workflow_name(&mut self, node: &Node<'_>) -> Option<String> {
        let name = self.text(node, "`workflow`")?;
        let file = name.rsplit('/').next().unwrap_or(name);
        let help = if !file.ends_with(".yml") && !file.ends_with(".yaml") {
            "its name ends in .yml or .yaml".to_owned()
        } else if file != name {
            format!("write only the name of the file in .github/workflows/: `{file}`")
        } else {
            return Some(name.to_owned());
        };
        self.error(node.defined, format!("`{name}` is not the name of a workflow file"), Some(help));
        None
    }

    fn git_ref(&mut self, node: &Node<'_>) -> Option<String> {
        let name = self.text(node, "`ref`")?;
        if name.contains(|c: char| c.is_whitespace() || "~^:?*[\\".contains(c)) || name.contains("..") {
            let message = format!("`{name}` cannot be the name of a branch or tag");
            self.error(node.defined, message, None);
            return None;
        }
        Some(name.to_owned())
    }

    fn triggers(&mut self, node: &Node<'_>) -> Triggers {
        let fields = self.fields(node, "`triggers`", Section::Triggers);
        let default = Triggers::default();
        Triggers {
            issue: fields.get("issue").map(|node| self.issue_trigger(node)),
            comment: self.boolean_of(&fields, "comment").unwrap_or(default.comment),
            pull_request: self.boolean_of(&fields, "pull_request").unwrap_or(default.pull_request),
        }
    }

    fn issue_trigger(&mut self, node: &Node<'_>) -> IssueTrigger {
        let fields = self.fields(node, "`issue`", Section::Issue);
        let labels = self.texts_of(&fields, "labels", "a label");
        let title_prefix = self.text_of(&fields, "title_prefix").map(str::to_owned);
        let trigger =
            IssueTrigger { labels: labels.into_iter().map(|label| label.value).collect(), title_prefix };
        if trigger.labels.is_empty() && fields.get("title_prefix").is_none() {
            let help = Some("give `labels`, `title_prefix` or both, or every issue would ask".to_owned());
            self.error(node.defined, "`issue` does not say which issues ask for a build".to_owned(), help);
        }
        trigger
    }

    fn queue(&mut self, node: &Node<'_>) -> QueuePolicy {
        let fields = self.fields(node, "`queue`", Section::Queue);
        let default = QueuePolicy::default();
        QueuePolicy {
            limit: self.count_of(&fields, "limit").unwrap_or(default.limit),
            concurrency: self.count_of(&fields, "concurrency").unwrap_or(default.concurrency),
        }
    }
}

/// Whether a build type may be called so.
pub(super) fn is_build_type(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}
