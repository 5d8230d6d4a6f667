//! A repository, its files and its commits.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde::Deserialize;

use super::{
    Account, GitHub, GitHubError, Repo,
    call::{As, Call},
    error::text,
    people::RawAccount,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub id: u64,
    /// `owner/name`, as it is spelled today.
    pub full_name: String,
    pub default_branch: String,
    pub private: bool,
    pub owner: Account,
}

#[derive(Deserialize)]
struct RawRepository {
    id: u64,
    full_name: String,
    default_branch: String,
    private: bool,
    owner: RawAccount,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// It is still what the given ETag stands for.
    NotModified,
    /// No file is there (a folder or a submodule is none).
    Missing,
    File {
        /// For the next call; opaque.
        etag: Option<String>,
        text: String,
    },
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct RawEntry {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawContent<T> {
    Folder(Vec<T>),
    Other(T),
}

#[derive(Deserialize)]
struct RawCommit {
    sha: String,
}

const WORKFLOWS: &str = ".github/workflows";
const CONTENTS: &str = "/repos/{owner}/{repo}/contents/{+path}";

impl GitHub {
    /// # Errors
    /// `NotFound` if the installation cannot see it (any more); see [`GitHubError`].
    pub async fn repository(&self, repo: &Repo) -> Result<Repository, GitHubError> {
        let call = Call::get("/repos/{owner}/{repo}", &[&repo.owner, &repo.name]);
        let raw: RawRepository = self.json(As::Installation(repo.installation), &call).await?;
        Ok(Repository {
            id: raw.id,
            full_name: raw.full_name,
            default_branch: raw.default_branch,
            private: raw.private,
            owner: raw.owner.into(),
        })
    }

    /// A text file on `reference` (branch, tag or commit; the default branch if None). With the `etag` of an earlier
    /// answer an unchanged file costs nothing of the rate limit.
    ///
    /// # Errors
    /// `Unreadable` for a file that is not UTF-8 or larger than 1 MB, which GitHub sends without its content; see
    /// [`GitHubError`]; never `NotFound`.
    pub async fn contents(
        &self,
        repo: &Repo,
        path: &str,
        reference: Option<&str>,
        etag: Option<&str>,
    ) -> Result<Content, GitHubError> {
        let call = contents_call(repo, path, reference).if_none_match(etag);
        let answer = match self.send(As::Installation(repo.installation), &call).await {
            Err(GitHubError::NotFound) => return Ok(Content::Missing),
            answer => answer?,
        };
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Content::NotModified);
        }
        file(call.read(&answer)?, text(&answer.headers, "etag"))
    }

    /// The names of the files in a folder (at most 1,000, GitHub's limit); none if there is no such folder.
    ///
    /// # Errors
    /// See [`GitHubError`]; never `NotFound`.
    pub async fn list_dir(
        &self,
        repo: &Repo,
        path: &str,
        reference: Option<&str>,
    ) -> Result<Vec<String>, GitHubError> {
        let call = contents_call(repo, path, reference);
        match self.json::<RawContent<RawEntry>>(As::Installation(repo.installation), &call).await {
            Ok(RawContent::Folder(entries)) => {
                Ok(entries.into_iter().filter(|entry| entry.kind == "file").map(|entry| entry.name).collect())
            }
            Ok(RawContent::Other(_)) | Err(GitHubError::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The names of the workflow files on the default branch, in alphabetical order.
    ///
    /// # Errors
    /// See [`GitHubError`]; never `NotFound`.
    pub async fn workflow_files(&self, repo: &Repo) -> Result<Vec<String>, GitHubError> {
        let mut files = self.list_dir(repo, WORKFLOWS, None).await?;
        files.retain(|name| name.ends_with(".yml") || name.ends_with(".yaml"));
        files.sort();
        Ok(files)
    }

    /// The commit that a branch, tag or commit name stands for now.
    ///
    /// # Errors
    /// `NotFound` if there is none (GitHub says 422 here); see [`GitHubError`].
    pub async fn commit_sha(&self, repo: &Repo, reference: &str) -> Result<String, GitHubError> {
        // Pages of a commit are its changed files, of which none is wanted.
        let call = Call::get("/repos/{owner}/{repo}/commits/{+ref}", &[&repo.owner, &repo.name, reference])
            .query("per_page", 1);
        match self.json::<RawCommit>(As::Installation(repo.installation), &call).await {
            Err(GitHubError::Refused { status: 422, .. }) => Err(GitHubError::NotFound),
            commit => commit.map(|commit| commit.sha),
        }
    }
}

fn contents_call(repo: &Repo, path: &str, reference: Option<&str>) -> Call {
    let call = Call::get(CONTENTS, &[&repo.owner, &repo.name, path]);
    match reference {
        Some(reference) => call.query("ref", reference),
        None => call,
    }
}

fn file(content: RawContent<RawFile>, etag: Option<&str>) -> Result<Content, GitHubError> {
    let raw = match content {
        RawContent::Other(raw) if raw.kind == "file" => raw,
        _ => return Ok(Content::Missing),
    };
    if raw.encoding != "base64" {
        return Err(GitHubError::Unreadable(format!("encoding {:?}: the file is over 1 MB", raw.encoding)));
    }
    let packed: String = raw.content.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|error| GitHubError::Unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| GitHubError::Unreadable(error.to_string()))?;
    Ok(Content::File { etag: etag.map(str::to_owned), text })
}
