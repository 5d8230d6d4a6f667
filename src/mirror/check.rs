//! What a check run says of a repository's files.

use super::refusal::file_errors;
use super::words::count;
use crate::policy::Report;

/// A check run's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSummary {
    pub title: String,
    /// Markdown.
    pub text: String,
}

/// The title is one line in a list; the text names each place.
pub fn check_summary(report: &Report) -> CheckSummary {
    let (errors, warnings) = (report.errors.len(), report.warnings.len());
    let title = match (errors, warnings) {
        (0, 0) => "The build policy is right".to_owned(),
        (0, many) => format!("The build policy is in force, with {}", of(many, "warning").to_lowercase()),
        (many, 0) => format!("{} in the build policy", of(many, "mistake")),
        (many, more) => {
            let warnings = of(more, "warning").to_lowercase();
            format!("{} in the build policy, and {warnings}", of(many, "mistake"))
        }
    };
    let mut text = match errors {
        0 => "Builds can be asked for as this commit has it.\n".to_owned(),
        _ => "Until they are mended, the last good policy stays in force, if there was one.\n".to_owned(),
    };
    if errors > 0 {
        text.push_str(&format!("\n**Mistakes**\n\n{}", file_errors(&report.errors)));
    }
    if warnings > 0 {
        text.push_str(&format!("\n**Warnings**\n\n{}", file_errors(&report.warnings)));
    }
    CheckSummary { title, text }
}

fn of(many: usize, what: &str) -> String {
    if many == 1 { format!("{} {what}", count(many)) } else { format!("{} {what}s", count(many)) }
}
