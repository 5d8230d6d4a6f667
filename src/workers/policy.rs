//! Reads what a repository's files say, through ETags, and keeps the last good state of it.

use chrono::TimeDelta;

use super::Context;
use crate::{
    github::{Content, GitHubError, Repo},
    policy::{self, Catalogue, FORMS, FileError, POLICY, WORKFLOWS},
    store::{PolicyOutcome, Repository},
};

/// Files change without a push that we hear of: they are read again after this long.
const STALE_AFTER: TimeDelta = TimeDelta::hours(1);

/// The repository with a catalogue that is fresh enough. `source` is what made us look, for the audit.
pub(super) async fn refresh(
    context: &Context,
    repository: Repository,
    address: &Repo,
    force: bool,
    source: &str,
) -> anyhow::Result<Repository> {
    let now = context.store().now().await?;
    let fresh = repository.policy_read_at.is_some_and(|read| now - read < STALE_AFTER);
    if fresh && !force {
        return Ok(repository);
    }
    let reader = Reader { context, repository: &repository, address };
    let outcome = reader.catalogue().await?;
    if let PolicyOutcome::Broken(errors) = &outcome {
        let first = errors.first().map(ToString::to_string);
        tracing::warn!(
            repository = repository.full_name(),
            errors = errors.len(),
            first,
            "the policy is broken"
        );
    }
    context.store().save_policy(repository.key, &outcome, now, source).await?;
    Ok(context.store().repository(repository.key).await?.unwrap_or(repository))
}

struct Reader<'a> {
    context: &'a Context,
    repository: &'a Repository,
    address: &'a Repo,
}

impl Reader<'_> {
    async fn catalogue(&self) -> anyhow::Result<PolicyOutcome> {
        let Some(text) = self.file(POLICY).await? else { return Ok(PolicyOutcome::None) };
        let policy = match policy::parse_policy(POLICY, &text) {
            Ok(policy) => policy,
            Err(errors) => return Ok(PolicyOutcome::Broken(errors)),
        };
        let mut catalogue =
            Catalogue { policy, workflows: std::collections::BTreeMap::new(), forms: Vec::new() };
        let mut errors: Vec<FileError> = Vec::new();
        let names: Vec<String> =
            catalogue.policy.builds.values().map(|build| build.workflow.clone()).collect();
        for name in names {
            let path = format!("{WORKFLOWS}/{name}");
            let Some(text) = self.file(&path).await? else { continue };
            match policy::parse_workflow(&path, &text) {
                Ok(workflow) => drop(catalogue.workflows.insert(name, workflow)),
                Err(more) => errors.extend(more),
            }
        }
        catalogue.forms = self.forms().await?;
        errors.extend(policy::check(&catalogue).iter().map(|finding| finding.in_file(POLICY, &text)));
        if errors.is_empty() {
            Ok(PolicyOutcome::Good(Box::new(catalogue)))
        } else {
            Ok(PolicyOutcome::Broken(errors))
        }
    }

    /// A form that cannot be read only loses its labels; the headings still match the inputs' names.
    async fn forms(&self) -> anyhow::Result<Vec<policy::Form>> {
        let names = match self.context.0.github.list_dir(self.address, FORMS, None).await {
            Err(GitHubError::NotFound) => return Ok(Vec::new()),
            names => names?,
        };
        let mut forms = Vec::new();
        for name in names.iter().filter(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
            let path = if name.contains('/') { name.clone() } else { format!("{FORMS}/{name}") };
            let Some(text) = self.file(&path).await? else { continue };
            match policy::parse_form(&path, &text) {
                Ok(form) => forms.push(form),
                Err(errors) => tracing::info!(path, errors = errors.len(), "an issue form cannot be read"),
            }
        }
        Ok(forms)
    }

    async fn file(&self, path: &str) -> anyhow::Result<Option<String>> {
        let store = self.context.store();
        let known = store.file(self.repository.key, path).await?;
        let etag = known.as_ref().map(|(etag, _)| etag.as_str());
        match self.context.0.github.contents(self.address, path, None, etag).await? {
            Content::NotModified => Ok(known.map(|(_, text)| text)),
            Content::Missing => Ok(None),
            Content::File { etag, text } => {
                let text = text.replace('\0', "\u{fffd}");
                if let Some(etag) = etag {
                    store.save_file(self.repository.key, path, &etag, &text).await?;
                }
                Ok(Some(text))
            }
        }
    }
}
