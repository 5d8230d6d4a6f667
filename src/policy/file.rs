use std::collections::BTreeMap;
use std::time::Duration;

use super::reader::{Fields, Reader};
use super::workflow::CORRELATION_INPUT;
use super::yaml::{self, Node};
use super::{
    BuildPolicy, FileError, InputPolicy, IssueTrigger, Policy, QueuePolicy, ResourcePolicy, Triggers,
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 3600);
/// GitHub ends a workflow run after 35 days.
const LONGEST_TIMEOUT_DAYS: u64 = 35;
const MAX_COUNT: u32 = 10_000;

/// Reads `.github/trilock.yml`. All mistakes of the schema are reported together, in the order of the file; where the
/// YAML itself is broken, the first.
pub fn parse_policy(path: &str, text: &str) -> Result<Policy, Vec<FileError>> {
    let root = yaml::parse(path, text).map_err(|error| vec![error])?;
    let mut reader = Reader::new(path);
    let policy = reader.policy(&root);
    if reader.errors.is_empty() {
        return Ok(policy);
    }
    reader.errors.sort_by_key(|error| (error.line, error.column));
    Err(reader.errors)
}

impl Reader {
    fn policy(&mut self, root: &Node<'_>) -> Policy {
        let top =
            self.fields(root, "the policy", &["version", "builds", "queue", "named_resources", "manual"]);
        if let Some(version) = self.required(&top, "version", "the policy", "write `version: 1`") {
            self.version(version);
        }
        let named_resources = top.get("named_resources").map(|node| self.named_resources(node));
        let named_resources = named_resources.unwrap_or_default();
        let builds =
            self.required(&top, "builds", "the policy", "name at least one build type and its workflow");
        let builds = builds.map(|node| self.builds(node, &named_resources)).unwrap_or_default();
        if let Some(manual) = top.get("manual") {
            self.manual(manual);
        }
        let queue = top.get("queue").map(|node| self.queue(node)).unwrap_or_default();
        Policy { builds, queue, named_resources }
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

    fn builds(
        &mut self,
        node: &Node<'_>,
        resources: &BTreeMap<String, ResourcePolicy>,
    ) -> BTreeMap<String, BuildPolicy> {
        let mut builds = BTreeMap::new();
        let entries = self.entries(node, "`builds`");
        if entries.is_empty() && self.errors.is_empty() {
            let help = Some("name at least one build type and its workflow".to_owned());
            self.error(node.defined, "`builds` is empty".to_owned(), help);
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
        let known = ["workflow", "ref", "triggers", "inputs", "resources", "timeout"];
        let what = format!("build `{name}`");
        let fields = self.fields(node, &what, &known);
        let help = "name a file in .github/workflows/, such as `workflow: build.yml`";
        let workflow =
            self.required(&fields, "workflow", &what, help).and_then(|node| self.workflow_name(node));
        let git_ref = fields.get("ref").and_then(|node| self.git_ref(node));
        let triggers = fields.get("triggers").map(|node| self.triggers(node)).unwrap_or_default();
        let inputs = fields.get("inputs").map(|node| self.inputs(node)).unwrap_or_default();
        let resources =
            fields.get("resources").map(|node| self.resources(node, resources)).unwrap_or_default();
        let timeout =
            fields.get("timeout").and_then(|node| self.duration(node, "`timeout`", LONGEST_TIMEOUT_DAYS));
        let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT);
        Some(BuildPolicy { workflow: workflow?, git_ref, triggers, inputs, resources, timeout })
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
        let fields = self.fields(node, "`triggers`", &["issue", "comment"]);
        let comment = fields.get("comment").and_then(|node| self.boolean(node, "`comment`")).unwrap_or(true);
        let issue = fields.get("issue").map(|node| self.issue_trigger(node));
        Triggers { issue, comment }
    }

    fn issue_trigger(&mut self, node: &Node<'_>) -> IssueTrigger {
        let fields = self.fields(node, "`issue`", &["labels", "title_prefix"]);
        let labels = fields.get("labels").map(|node| self.texts(node, "a label")).unwrap_or_default();
        let prefix = fields.get("title_prefix");
        let title_prefix = prefix.and_then(|node| self.text(node, "`title_prefix`")).map(str::to_owned);
        let trigger =
            IssueTrigger { labels: labels.into_iter().map(|label| label.value).collect(), title_prefix };
        if trigger.labels.is_empty() && prefix.is_none() {
            let help = Some("give `labels`, `title_prefix` or both, or every issue would ask".to_owned());
            self.error(node.defined, "`issue` does not say which issues ask for a build".to_owned(), help);
        }
        trigger
    }

    fn inputs(&mut self, node: &Node<'_>) -> BTreeMap<String, InputPolicy> {
        let mut inputs = BTreeMap::new();
        for (name, value) in self.entries(node, "`inputs`") {
            if name.value == CORRELATION_INPUT {
                let message = format!("`{CORRELATION_INPUT}` is filled in by Trilock itself");
                self.error(name.defined, message, Some("declare it in the workflow only".to_owned()));
                continue;
            }
            let what = format!("input `{}`", name.value);
            let fields = self.fields(value, &what, &["label", "required", "pattern", "example"]);
            let input = self.input(&fields);
            inputs.insert(name.value.clone(), input);
        }
        inputs
    }

    fn input(&mut self, fields: &Fields<'_, '_>) -> InputPolicy {
        let label = fields.get("label").and_then(|node| self.text(node, "`label`"));
        let required = fields.get("required").and_then(|node| self.boolean(node, "`required`"));
        let pattern = fields.get("pattern").and_then(|node| self.pattern(node, "`pattern`"));
        let example = fields.get("example");
        let text = example.and_then(|node| self.text(node, "`example`"));
        if let (Some(node), Some(text), Some(pattern)) = (example, text, &pattern)
            && !pattern.matches(text)
        {
            let message = format!("the example `{text}` does not match the pattern `{pattern}`");
            self.error(node.defined, message, None);
        }
        InputPolicy { label: label.map(str::to_owned), required, pattern, example: text.map(str::to_owned) }
    }

    fn resources(&mut self, node: &Node<'_>, named: &BTreeMap<String, ResourcePolicy>) -> Vec<String> {
        let mut resources: Vec<String> = Vec::new();
        for name in self.texts(node, "a resource") {
            if !named.contains_key(&name.value) {
                let message = format!("resource `{}` is not one of `named_resources`", name.value);
                let help = super::nearest::suggestion(&name.value, named.keys().map(String::as_str));
                let declare =
                    format!("declare it: `named_resources: {{ \"{}\": {{ capacity: 1 }} }}`", name.value);
                self.error(name.defined, message, help.or(Some(declare)));
            } else if !resources.contains(&name.value) {
                resources.push(name.value);
            }
        }
        resources
    }

    fn queue(&mut self, node: &Node<'_>) -> QueuePolicy {
        let fields = self.fields(node, "`queue`", &["limit", "concurrency"]);
        let default = QueuePolicy::default();
        let mut count = |key, default| {
            let node = fields.get(key);
            node.and_then(|node| self.count(node, &format!("`{key}`"), MAX_COUNT)).unwrap_or(default)
        };
        QueuePolicy {
            limit: count("limit", default.limit),
            concurrency: count("concurrency", default.concurrency),
        }
    }

    fn named_resources(&mut self, node: &Node<'_>) -> BTreeMap<String, ResourcePolicy> {
        let mut resources = BTreeMap::new();
        for (name, value) in self.entries(node, "`named_resources`") {
            if !is_resource(&name.value) {
                let message = format!("`{}` cannot name a resource", name.value);
                let help = Some("use letters, digits and `. _ - : /`, at most 100 characters".to_owned());
                self.error(name.defined, message, help);
            }
            let fields = self.fields(value, &format!("resource `{}`", name.value), &["capacity"]);
            let capacity = fields.get("capacity").and_then(|node| self.count(node, "`capacity`", MAX_COUNT));
            let resource =
                capacity.map_or_else(ResourcePolicy::default, |capacity| ResourcePolicy { capacity });
            resources.insert(name.value.clone(), resource);
        }
        resources
    }
}

fn is_build_type(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

fn is_resource(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:/".contains(&b))
}
