//! Check runs: what a commit's files are like, shown on the commit, line by line.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    GitHub, GitHubError, Repo,
    call::{As, Call},
};

/// GitHub takes no more in one call; whoever renders says in the summary what is left out.
/// <https://docs.github.com/en/rest/checks/runs#create-a-check-run>
pub const MAX_ANNOTATIONS: usize = 50;

/// A completed check of a commit.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// People see the newest of a name.
    pub name: &'a str,
    pub commit: &'a str,
    pub conclusion: CheckConclusion,
    /// Our own id of it.
    pub external_id: &'a str,
    pub title: &'a str,
    /// Markdown, at most 65,535 characters.
    pub summary: &'a str,
    /// Only the first [`MAX_ANNOTATIONS`] are sent.
    pub annotations: &'a [Annotation],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckConclusion {
    Success,
    /// Neither: it does not stand in the way of anything.
    Neutral,
    Failure,
}

/// Plain text at a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    /// The first and the last character, counted from 1. GitHub takes columns only within one line; else none are sent.
    pub columns: Option<(u32, u32)>,
    pub level: AnnotationLevel,
    pub message: String,
    pub title: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    Notice,
    Warning,
    Failure,
}

impl Annotation {
    fn body(&self) -> Value {
        let mut body = json!({
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "annotation_level": self.level,
            "message": self.message,
        });
        if let Some(title) = &self.title {
            body["title"] = json!(title);
        }
        if let Some((start, end)) = self.columns.filter(|_| self.start_line == self.end_line) {
            body["start_column"] = json!(start);
            body["end_column"] = json!(end);
        }
        body
    }
}

impl GitHub {
    /// Shows a check on its commit. A second one of the name takes the first one's place in what people see.
    ///
    /// # Errors
    /// `Refused` with 422 if there is no such commit, with 403 (see [`GitHubError::lacks_permission`]) where the account
    /// has not granted `checks: write`; see [`GitHubError`].
    pub async fn create_check(&self, repo: &Repo, check: &Check<'_>) -> Result<(), GitHubError> {
        let annotations = check.annotations.iter().take(MAX_ANNOTATIONS).map(Annotation::body);
        let annotations: Vec<Value> = annotations.collect();
        let body = json!({
            "name": check.name,
            "head_sha": check.commit,
            "status": "completed",
            "conclusion": check.conclusion,
            "external_id": check.external_id,
            "output": { "title": check.title, "summary": check.summary, "annotations": annotations },
        });
        let call = Call::post("/repos/{owner}/{repo}/check-runs", &[&repo.owner, &repo.name]).body(body);
        self.send(As::Installation(repo.installation), &call).await.map(drop)
    }
}
