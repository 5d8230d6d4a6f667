//! Reads what a repository's files say, through ETags, and keeps the last good state of it.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::Context;
use crate::{
    github::{Content, GitHubError, Repo},
    policy::{self, Examined, FORMS, POLICY, Report, Source, Sources, WORKFLOWS},
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
) -> anyhow::Result<(Repository, Option<Report>)> {
    let now = context.store().now().await?;
    let fresh = repository.policy_read_at.is_some_and(|read| now - read < STALE_AFTER);
    if fresh && !force {
        return Ok((repository, None));
    }
    let reader = Reader { context, repository: &repository, address };
    let (outcome, report) = match reader.examine().await? {
        None => (PolicyOutcome::None, None),
        Some(Examined { catalogue: Some(catalogue), report }) => {
            (PolicyOutcome::Good(Box::new(catalogue)), Some(report))
        }
        Some(Examined { catalogue: None, report }) => {
            let first = report.errors.first().map(ToString::to_string);
            tracing::warn!(
                repository = repository.full_name(),
                errors = report.errors.len(),
                first,
                "the policy is broken"
            );
            (PolicyOutcome::Broken(report.errors.clone()), Some(report))
        }
    };
    context.store().save_policy(repository.key, &outcome, now, source).await?;
    Ok((context.store().repository(repository.key).await?.unwrap_or(repository), report))
}

struct Reader<'a> {
    context: &'a Context,
    repository: &'a Repository,
    address: &'a Repo,
}

impl Reader<'_> {
    /// What the policy and the files it leans on say. None: there is no policy.
    async fn examine(&self) -> anyhow::Result<Option<Examined>> {
        let Some(policy) = self.source(POLICY.to_owned()).await? else { return Ok(None) };
        let parsed = policy::parse_policy(&policy.path, &policy.text);
        let builds = parsed.iter().flat_map(|parsed| parsed.builds.values());
        let names: BTreeSet<&str> = builds.map(|build| build.workflow.as_str()).collect();
        let mut sources = Sources { policy, workflows: Vec::new(), forms: Vec::new(), complete: true };
        for name in names {
            sources.workflows.extend(self.source(format!("{WORKFLOWS}/{name}")).await?);
        }
        if parsed.is_ok() {
            sources.forms = self.forms().await?;
        }
        Ok(Some(policy::examine(&sources)))
    }

    async fn forms(&self) -> anyhow::Result<Vec<Source>> {
        let names = match self.context.0.github.list_dir(self.address, FORMS, None).await {
            Err(GitHubError::NotFound) => return Ok(Vec::new()),
            names => names?,
        };
        let mut forms = Vec::new();
        for name in names.into_iter().filter(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
            let path = if name.contains('/') { name } else { format!("{FORMS}/{name}") };
            forms.extend(self.source(path).await?);
        }
        Ok(forms)
    }

    async fn source(&self, path: String) -> anyhow::Result<Option<Source>> {
        Ok(self.file(&path).await?.map(|text| Source { path, text }))
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
