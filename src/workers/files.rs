//! A repository's workflows and forms, read for people who have no policy yet.

use std::collections::BTreeMap;

use super::Context;
use crate::{
    github::{Content, GitHubError, Repo},
    policy::{self, FORMS, Form, WORKFLOWS},
};

/// Workflows and forms that are looked at: each is a call.
const MOST: usize = 20;

/// A policy to copy, made from what is there. None: nothing can be dispatched.
pub(super) async fn starter(context: &Context, address: &Repo) -> Result<Option<String>, GitHubError> {
    let github = &context.0.github;
    let mut workflows = BTreeMap::new();
    for name in github.workflow_files(address).await?.into_iter().take(MOST) {
        let path = format!("{WORKFLOWS}/{name}");
        if let Some(workflow) = read(context, address, &path, policy::parse_workflow).await? {
            workflows.insert(name, workflow);
        }
    }
    let mut forms: Vec<Form> = Vec::new();
    for name in github.list_dir(address, FORMS, None).await?.into_iter().take(MOST) {
        forms.extend(read(context, address, &format!("{FORMS}/{name}"), policy::parse_form).await?);
    }
    Ok(policy::starter(&workflows, &forms))
}

/// The file, if it is there and can be understood.
async fn read<T, E>(
    context: &Context,
    address: &Repo,
    path: &str,
    parse: impl Fn(&str, &str) -> Result<T, E>,
) -> Result<Option<T>, GitHubError> {
    match context.0.github.contents(address, path, None, None).await? {
        Content::File { text, .. } => Ok(parse(path, &text).ok()),
        Content::Missing | Content::NotModified => Ok(None),
    }
}
