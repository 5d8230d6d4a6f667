//! What can be asked for, and how a repository gets its first build.

use super::build::holders;
use super::reply::ReplyView;
use super::text::{code, escape, link, prose, span_to_copy};
use crate::{
    queue::Role,
    request::{CommandSpec, build_line, commands},
};

/// Build types listed with a line to copy.
const MAX_LISTED: usize = 30;

pub(super) const POLICY: &str = "\
version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs: { tag: { pattern: '^v\\d+\\.\\d+' } }
";

/// A build type that can be asked for by comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpBuild {
    pub build_type: String,
    /// Each input's name, and a value that would be right, if one is known.
    pub inputs: Vec<(String, Option<String>)>,
}

pub(super) fn help(view: &ReplyView<'_>) -> String {
    let builds = match view.builds {
        [] => format!("{}\n", first_policy(view.example)),
        builds => list(builds),
    };
    let role = |spec: &CommandSpec| view.permissions.get(spec.name).copied().unwrap_or(spec.role);
    let commands: String = commands().iter().map(|spec| command(spec, role(spec))).collect();
    format!(
        "### 💡 What you can write here\n\
         Write a comment with only one of these:\n\n\
         {commands}\n\
         {builds}\n\
         What is going on now: {}",
        link("live queue", view.queue_url)
    )
}

/// A line of the list; who may is said where not everybody may.
fn command(spec: &CommandSpec, role: Role) -> String {
    let written = format!("/{} {}", spec.name, spec.arguments);
    let who = match role {
        Role::None | Role::Read => String::new(),
        role if spec.own => format!(" ({}, or who asked)", holders(role)),
        role => format!(" ({})", holders(role)),
    };
    format!("- {} {}{who}\n", code(written.trim()), prose(spec.does))
}

fn list(builds: &[HelpBuild]) -> String {
    let mut text = "What can be built, each with a line to copy:\n\n".to_owned();
    for build in builds.iter().take(MAX_LISTED) {
        let inputs =
            build.inputs.iter().map(|(name, example)| (name.as_str(), example.as_deref().unwrap_or("…")));
        let line = span_to_copy(&build_line(Some(&build.build_type), inputs));
        let line = line.unwrap_or_else(|| code(&format!("/build {}", build.build_type)));
        text.push_str(&format!("- **{}**: {line}\n", escape(&build.build_type)));
    }
    if let Some(more) = builds.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        text.push_str(&format!("- and {more} more in `.github/trilock.yml`\n"));
    }
    let open = |build: &HelpBuild| build.inputs.iter().any(|(_, example)| example.is_none());
    if builds.iter().take(MAX_LISTED).any(open) {
        text.push_str("\nPut your own value where `…` stands.\n");
    }
    text
}

/// What a maintainer does so that there is something to build. `example` is a policy made from the repository's own
/// workflows, ready to copy.
pub(super) fn first_policy(example: Option<&str>) -> String {
    match example {
        Some(example) => format!(
            "No build is set up in this repository yet. A maintainer can add the file `.github/trilock.yml`; this one fits the \
             workflows that are here:\n\n```yaml\n{}\n```",
            example.trim_end()
        ),
        None => format!(
            "No build is set up in this repository yet. A maintainer can add the file `.github/trilock.yml`, for example:\n\n\
             ```yaml\n{POLICY}```\n\n\
             The workflow named there needs the trigger `workflow_dispatch`, here with an input `tag`."
        ),
    }
}
