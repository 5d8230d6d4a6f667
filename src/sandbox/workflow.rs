//! Workflow files, as far as dispatching and showing a run needs them.

use std::collections::BTreeMap;

use regex::{Captures, Regex};
use serde::Deserialize;
use serde_json::Value;

use super::{
    runs::{Job, JobStep},
    world::Refusal,
};

// GitHub's limits of one dispatch.
const MAX_INPUTS: usize = 25;
const MAX_INPUT_CHARACTERS: usize = 65_535;

#[derive(Default, Deserialize)]
pub(super) struct Workflow {
    pub name: Option<String>,
    #[serde(rename = "run-name")]
    run_name: Option<String>,
    #[serde(default)]
    on: Value,
    #[serde(default)]
    jobs: BTreeMap<String, RawJob>,
}

#[derive(Deserialize)]
struct RawJob {
    name: Option<String>,
    #[serde(default)]
    steps: Vec<RawStep>,
}

#[derive(Deserialize)]
struct RawStep {
    name: Option<String>,
    uses: Option<String>,
    run: Option<String>,
    #[serde(default)]
    with: Value,
}

#[derive(Default, Deserialize)]
struct Input {
    #[serde(default)]
    required: bool,
    default: Option<Value>,
    r#type: Option<String>,
    #[serde(default)]
    options: Vec<Value>,
}

impl Workflow {
    /// A file that is no YAML has no triggers and no jobs.
    pub fn parse(text: &str) -> Self {
        serde_saphyr::from_str(text).unwrap_or_default()
    }

    /// The inputs of a dispatch as the run gets them: checked, as text, defaults filled in.
    pub fn inputs(&self, given: &Value) -> Result<BTreeMap<String, String>, Refusal> {
        let declared = self.declared()?;
        let nothing = serde_json::Map::new();
        let given = given.as_object().unwrap_or(&nothing);
        if given.len() > MAX_INPUTS {
            return Err(Refusal::unprocessable(format!("you may only define up to {MAX_INPUTS} inputs")));
        }
        let unexpected: Vec<_> = given.keys().filter(|key| !declared.contains_key(*key)).collect();
        if !unexpected.is_empty() {
            return Err(Refusal::unprocessable(format!("Unexpected inputs provided: {unexpected:?}")));
        }
        let mut inputs = BTreeMap::new();
        for (name, input) in &declared {
            let value = given.get(name).map(plain).filter(|v| !v.is_empty() || !input.required);
            match (value, &input.default) {
                (Some(value), _) => _ = inputs.insert(name.clone(), input.checked(name, value)?),
                (None, Some(default)) => _ = inputs.insert(name.clone(), plain(default)),
                (None, None) if input.required => {
                    return Err(Refusal::unprocessable(format!("Required input '{name}' not provided")));
                }
                (None, None) => {}
            }
        }
        if inputs.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum::<usize>()
            > MAX_INPUT_CHARACTERS
        {
            return Err(Refusal::unprocessable("inputs are too large."));
        }
        Ok(inputs)
    }

    fn declared(&self) -> Result<BTreeMap<String, Input>, Refusal> {
        let name = "workflow_dispatch";
        let trigger = match &self.on {
            Value::String(only) if only == name => Some(&Value::Null),
            Value::Array(list) if list.iter().any(|t| t == name) => Some(&Value::Null),
            on => on.get(name),
        };
        let missing = || Refusal::unprocessable("Workflow does not have 'workflow_dispatch' trigger");
        let inputs = trigger.ok_or_else(missing)?.get("inputs").and_then(Value::as_object);
        let parsed = inputs
            .into_iter()
            .flatten()
            .map(|(name, raw)| (name.clone(), serde_json::from_value(raw.clone()).unwrap_or_default()));
        Ok(parsed.collect())
    }

    /// The run's title: `run-name` with its inputs filled in, else the workflow's name, else its path.
    pub fn title(&self, path: &str, inputs: &BTreeMap<String, String>) -> String {
        let Some(template) = &self.run_name else {
            return self.name.clone().unwrap_or_else(|| path.to_owned());
        };
        let Ok(hole) = Regex::new(r"\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}") else {
            return template.clone();
        };
        let filled =
            hole.replace_all(template, |c: &Captures| inputs.get(&c[1]).cloned().unwrap_or_default());
        filled.into_owned()
    }

    /// The jobs of a new run; ids are given by the caller.
    pub fn jobs(&self, mut new_id: impl FnMut() -> u64) -> Vec<Job> {
        let steps = |job: &RawJob| {
            let named = job.steps.iter().map(|s| {
                let run =
                    || s.run.as_deref().and_then(|r| r.lines().next()).map(|line| format!("Run {line}"));
                let uses = || s.uses.as_ref().map(|u| format!("Run {u}"));
                s.name.clone().or_else(uses).or_else(run).unwrap_or_else(|| "Run".to_owned())
            });
            ["Set up job".to_owned()].into_iter().chain(named).map(JobStep::new).collect()
        };
        let jobs = self.jobs.iter();
        jobs.map(|(key, job)| Job::new(new_id(), job.name.as_ref().unwrap_or(key), steps(job))).collect()
    }

    /// The names of what the jobs upload when they succeed.
    pub fn artifacts(&self) -> Vec<String> {
        let steps = self.jobs.values().flat_map(|job| &job.steps);
        let uploads =
            steps.filter(|s| s.uses.as_deref().is_some_and(|u| u.starts_with("actions/upload-artifact")));
        uploads.map(|s| s.with["name"].as_str().unwrap_or("artifact").to_owned()).collect()
    }
}

impl Input {
    fn checked(&self, name: &str, value: String) -> Result<String, Refusal> {
        let allowed = match self.r#type.as_deref() {
            Some("choice") => self.options.iter().any(|o| plain(o) == value),
            Some("boolean") => value == "true" || value == "false",
            Some("number") => value.parse::<f64>().is_ok(),
            _ => true,
        };
        let refusal =
            || format!("Provided value '{value}' for input '{name}' not in the list of allowed values");
        if allowed { Ok(value) } else { Err(Refusal::unprocessable(refusal())) }
    }
}

/// A scalar as the text that a run sees.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
