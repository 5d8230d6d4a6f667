//! Check runs: what the App says of a commit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    api::{Answer, Call},
    repos::Repo,
    world::{Refusal, World},
};

/// GitHub's limit of one call.
const MAX_ANNOTATIONS: usize = 50;
/// In characters, of the summary and of the text.
const MAX_TEXT: usize = 65_535;

/// A check run, with everything that was sent of it. The newest of a name is the one that people see on a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRun {
    pub id: u64,
    pub name: String,
    pub head_sha: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub output: Option<CheckOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckOutput {
    pub title: String,
    pub summary: String,
    pub text: Option<String>,
    /// Of all calls together: an update adds to them.
    #[serde(default)]
    pub annotations: Vec<CheckAnnotation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnnotation {
    pub path: String,
    pub start_line: u64,
    pub end_line: u64,
    pub start_column: Option<u64>,
    pub end_column: Option<u64>,
    /// `notice`, `warning` or `failure`.
    pub annotation_level: String,
    pub message: String,
    pub title: Option<String>,
}

impl World {
    /// The check runs of a repository, oldest first.
    pub fn checks(&self, repo: &str) -> Vec<CheckRun> {
        self.repo(repo).map(|repo| repo.checks.clone()).unwrap_or_default()
    }

    /// `/repos/{owner}/{repo}/check-runs…`
    pub(super) fn checks_route(&mut self, call: &Call, name: &str, rest: &[&str]) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("POST", []) => {
                let check = self.new_check(call, name)?;
                Ok(Answer::new(201, self.check_json(self.repo(name)?, &check)))
            }
            ("GET", [id]) => {
                let repo = self.repo(name)?;
                let check = repo.checks.iter().find(|check| check.id.to_string() == *id);
                Ok(Answer::ok(self.check_json(repo, check.ok_or_else(Refusal::not_found)?)))
            }
            ("PATCH", [id]) => {
                let checks = &mut self.repo_mut(name)?.checks;
                let check = checks.iter_mut().find(|check| check.id.to_string() == *id);
                let check = check.ok_or_else(Refusal::not_found)?;
                check.take_in(&call.body)?;
                let check = check.clone();
                Ok(Answer::ok(self.check_json(self.repo(name)?, &check)))
            }
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    fn new_check(&mut self, call: &Call, name: &str) -> Result<CheckRun, Refusal> {
        let id = self.new_id();
        let repo = self.repo_mut(name)?;
        let sha = call.text("head_sha")?;
        if !repo.commits.contains(sha) {
            return Err(Refusal::unprocessable(format!("No commit found for SHA: {sha}")));
        }
        let mut check = CheckRun {
            id,
            name: call.text("name")?.to_owned(),
            head_sha: sha.to_owned(),
            status: "queued".to_owned(),
            conclusion: None,
            external_id: None,
            details_url: None,
            output: None,
        };
        check.take_in(&call.body)?;
        repo.checks.push(check.clone());
        Ok(check)
    }

    fn check_json(&self, repo: &Repo, check: &CheckRun) -> Value {
        let api = format!("{}/repos/{}/check-runs/{}", self.base_url, repo.name, check.id);
        let annotations = check.output.as_ref().map_or(0, |output| output.annotations.len());
        json!({
            "id": check.id,
            "node_id": format!("CR_{}", check.id),
            "name": check.name,
            "head_sha": check.head_sha,
            "external_id": check.external_id,
            "status": check.status,
            "conclusion": check.conclusion,
            "details_url": check.details_url,
            "output": {
                "title": check.output.as_ref().map(|output| &output.title),
                "summary": check.output.as_ref().map(|output| &output.summary),
                "text": check.output.as_ref().map(|output| &output.text),
                "annotations_count": annotations,
                "annotations_url": format!("{api}/annotations"),
            },
            "url": api,
            "html_url": format!("{}/{}/runs/{}", self.base_url, repo.name, check.id),
            "pull_requests": [],
        })
    }
}

impl CheckRun {
    /// Takes what a call says of it; what it does not name stays.
    fn take_in(&mut self, body: &Value) -> Result<(), Refusal> {
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        let status = text("status").or_else(|| text("conclusion").map(|_| "completed".to_owned()));
        let conclusion = text("conclusion").or_else(|| self.conclusion.clone());
        let status = status.unwrap_or_else(|| self.status.clone());
        if status == "completed" && conclusion.is_none() {
            return Err(Refusal::unprocessable("Validation Failed: a completed check needs a conclusion"));
        }
        if let Some(output) = body["output"].as_object() {
            self.output = Some(self.output_with(output)?);
        }
        self.name = text("name").unwrap_or_else(|| self.name.clone());
        self.external_id = text("external_id").or(self.external_id.take());
        self.details_url = text("details_url").or(self.details_url.take());
        (self.status, self.conclusion) = (status, conclusion);
        Ok(())
    }

    fn output_with(&self, said: &Map<String, Value>) -> Result<CheckOutput, Refusal> {
        let refused = |why: String| Refusal::unprocessable(format!("Invalid request: {why}"));
        let mut said = said.clone();
        if let Some(known) = &self.output {
            said.entry("title").or_insert_with(|| json!(known.title));
        }
        let mut output: CheckOutput =
            serde_json::from_value(said.into()).map_err(|error| refused(format!("output: {error}")))?;
        let text = output.text.as_deref().unwrap_or_default();
        if [output.summary.as_str(), text].iter().any(|text| text.chars().count() > MAX_TEXT) {
            return Err(refused(format!("output: more than {MAX_TEXT} characters")));
        }
        if output.annotations.len() > MAX_ANNOTATIONS {
            return Err(refused(format!("output: more than {MAX_ANNOTATIONS} annotations")));
        }
        if let Some(wrong) = output.annotations.iter().find_map(CheckAnnotation::mistake) {
            return Err(refused(format!("annotations: {wrong}")));
        }
        if let Some(known) = &self.output {
            output.annotations.splice(0..0, known.annotations.iter().cloned());
        }
        Ok(output)
    }
}

impl CheckAnnotation {
    fn mistake(&self) -> Option<&'static str> {
        let columns = self.start_column.or(self.end_column).is_some();
        match self {
            it if it.start_line == 0 || it.end_line < it.start_line => Some("no such lines"),
            it if columns && it.start_line != it.end_line => Some("columns of more than one line"),
            it if it.start_column.is_some_and(|from| it.end_column.is_some_and(|to| to < from)) => {
                Some("no such columns")
            }
            it if it.message.is_empty() => Some("no message"),
            _ => None,
        }
    }
}
