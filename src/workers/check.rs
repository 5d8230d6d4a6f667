//! What is wrong with a repository's files, shown on the commit that changed them.

use super::{
    Context,
    effects::{Settled, repo_of},
};
use crate::{
    github::{Annotation, AnnotationLevel, Check, CheckConclusion, GitHubError},
    mirror::check_summary,
    policy::{FileError, Report},
    store::ClaimedEffect,
};

/// By this name people know it on GitHub.
const NAME: &str = "Trilock policy";

pub(super) async fn show(
    context: &Context,
    claim: &ClaimedEffect,
    commit: &str,
    report: &Report,
) -> anyhow::Result<Settled> {
    let (_, address) = context.repository(repo_of(&claim.row)).await?;
    let summary = check_summary(report);
    let conclusion = match (report.errors.as_slice(), report.warnings.as_slice()) {
        ([], []) => CheckConclusion::Success,
        ([], _) => CheckConclusion::Neutral,
        _ => CheckConclusion::Failure,
    };
    let errors = report.errors.iter().map(|error| annotation(error, AnnotationLevel::Failure));
    let warnings = report.warnings.iter().map(|warning| annotation(warning, AnnotationLevel::Warning));
    let check = Check {
        name: NAME,
        commit,
        conclusion,
        external_id: &claim.row.effect_id.to_string(),
        title: &summary.title,
        summary: &summary.text,
        annotations: &errors.chain(warnings).collect::<Vec<_>>(),
    };
    match context.0.github.create_check(&address, &check).await {
        Ok(()) => Ok(Settled::done()),
        // A commit that is gone needs none, and an account that grants no checks does without.
        Err(error @ (GitHubError::NotFound | GitHubError::Refused { .. })) => {
            tracing::info!(commit, %error, "the policy's check is not shown");
            Ok(Settled::done())
        }
        Err(error) => Ok(Settled::from_error(&error, claim.attempts)),
    }
}

fn annotation(error: &FileError, level: AnnotationLevel) -> Annotation {
    let help = error.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
    Annotation {
        path: error.path.clone(),
        start_line: error.line,
        end_line: error.line,
        columns: Some((error.column, error.column)),
        level,
        message: format!("{}{help}", error.message),
        title: None,
    }
}
