//! The repositories, who may do what in them, and how many runs each may have at once.

use serde_json::{Value, json};

use crate::github::GitHub;

/// Everybody, with what they may do.
pub const PEOPLE: [(&str, &str); 5] =
    [("ada", "maintain"), ("ben", "write"), ("eve", "write"), ("lin", "write"), ("sam", "read")];

pub struct Repo {
    pub name: &'static str,
    /// Runs of ours at once.
    pub slots: usize,
    pub builds: &'static [BuildType],
    policy: &'static str,
}

pub struct BuildType {
    pub name: &'static str,
    pub workflow: &'static str,
    /// A named resource of capacity one.
    pub resource: Option<&'static str>,
    /// Whether its runs show the build's id.
    correlates: bool,
}

/// Its runs tell which build they are of; those of `octo/site` do not; `octo/lab` builds two at a time, of which one may
/// use the GPU.
pub const REPOS: [Repo; 3] = [
    Repo {
        name: "octo/app",
        slots: 1,
        builds: &[BuildType { name: "desktop", workflow: "desktop.yml", resource: None, correlates: true }],
        policy: "version: 1
builds:
  desktop:
    workflow: desktop.yml
    triggers: { issue: { labels: [desktop] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4 }
    timeout: 10m
",
    },
    Repo {
        name: "octo/site",
        slots: 1,
        builds: &[BuildType { name: "pages", workflow: "pages.yml", resource: None, correlates: false }],
        policy: "version: 1
builds:
  pages:
    workflow: pages.yml
    triggers: { issue: { labels: [pages] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4 }
    timeout: 10m
",
    },
    Repo {
        name: "octo/lab",
        slots: 2,
        builds: &[
            BuildType { name: "train", workflow: "train.yml", resource: Some("gpu:0"), correlates: true },
            BuildType { name: "plot", workflow: "plot.yml", resource: None, correlates: true },
        ],
        policy: "version: 1
builds:
  train:
    workflow: train.yml
    triggers: { issue: { labels: [train] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4 }
    resources: ['gpu:0']
    timeout: 10m
  plot: # Some of its runs take longer than they may.
    workflow: plot.yml
    triggers: { issue: { labels: [plot] } }
    inputs:
      tag: { label: Version tag, pattern: '^v\\d+\\.\\d+', example: v1.4 }
    timeout: 2m
queue: { concurrency: 2 }
named_resources: { 'gpu:0': { capacity: 1 } }
",
    },
];

impl BuildType {
    fn file(&self) -> String {
        let (title, input) = if self.correlates {
            (" ${{ inputs.trilock_build }}", "      trilock_build: { type: string }\n")
        } else {
            ("", "")
        };
        format!(
            "name: {name}
run-name: {name} ${{{{ inputs.tag }}}}{title}
on:
  workflow_dispatch:
    inputs:
      tag: {{ required: true, type: string }}
{input}jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - {{ name: Compile, run: make }}
",
            name = self.name
        )
    }
}

/// What an issue must say to ask for a build.
pub fn form(tag: &str) -> String {
    format!("### Version tag\n\n{tag}\n")
}

/// How long runs take, as the sandbox reads durations.
fn runs() -> Value {
    let seconds = |seconds: u64| json!({ "secs": seconds, "nanos": 0 });
    json!({
        "queue_delay": seconds(2),
        "duration": [seconds(10), seconds(40)],
        "durations": { "plot.yml": [seconds(10), seconds(150)] },
        "fails": { "share": 0.2 },
    })
}

/// Makes it all.
pub async fn settle(github: &GitHub) {
    github.tell("set_auto", json!({ "auto": runs() })).await;
    for repo in &REPOS {
        github.tell("add_repo", json!({ "repo": repo.name })).await;
        for (login, role) in PEOPLE {
            github.tell("set_role", json!({ "repo": repo.name, "login": login, "role": role })).await;
        }
        for build in repo.builds {
            let path = format!(".github/workflows/{}", build.workflow);
            github.tell("put_file", json!({ "repo": repo.name, "path": path, "text": build.file() })).await;
        }
        let policy = json!({ "repo": repo.name, "path": ".github/trilock.yml", "text": repo.policy });
        github.tell("put_file", policy).await;
    }
}
