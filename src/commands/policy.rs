//! `trilock policy`: a policy file's mistakes, and what there is to write in one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::{
    mirror::commands_page,
    policy::{Catalogue, FileError, Source, Sources, examine, reference, schema},
};

#[derive(Args, Debug)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say what is wrong with a policy file, with line and column
    Check {
        /// E.g. .github/trilock.yml; the workflows and issue forms beside it are looked at too
        file: PathBuf,
        /// A workflow to compare it with, instead of those beside it; may be given several times
        #[arg(long, value_name = "FILE")]
        workflow: Vec<PathBuf>,
        /// An issue form to compare it with, instead of those beside it; may be given several times
        #[arg(long, value_name = "FILE")]
        form: Vec<PathBuf>,
    },
    /// Print a JSON Schema of the policy, for editors
    Schema,
    /// Print all keys of the policy as Markdown: docs/policy.md
    Reference,
    /// Print all commands that a comment may hold as Markdown: docs/commands.md
    Commands,
}

pub fn run(args: &PolicyArgs) -> anyhow::Result<()> {
    match &args.command {
        PolicyCommand::Check { file, workflow, form } => check(file, workflow, form),
        PolicyCommand::Schema => {
            println!("{}", serde_json::to_string_pretty(&schema())?);
            Ok(())
        }
        PolicyCommand::Reference => {
            print!("{}", reference());
            Ok(())
        }
        PolicyCommand::Commands => {
            print!("{}", commands_page());
            Ok(())
        }
    }
}

fn check(file: &Path, workflows: &[PathBuf], forms: &[PathBuf]) -> anyhow::Result<()> {
    let sources = sources(file, workflows, forms)?;
    let examined = examine(&sources);
    if !sources.complete && workflows.is_empty() {
        println!(
            "No workflow was looked at: name them with --workflow, or keep the file in a .github folder."
        );
    }
    let tell = |kind, list: &[FileError]| list.iter().for_each(|error| eprintln!("{}", as_line(kind, error)));
    tell("error", &examined.report.errors);
    tell("warning", &examined.report.warnings);
    let Some(catalogue) = examined.catalogue else {
        bail!("{} has {} mistake(s)", file.display(), examined.report.errors.len());
    };
    for unused in workflows.iter().filter(|path| !is_used(&catalogue, path)) {
        println!("No build starts {}.", unused.display());
    }
    let builds: Vec<&str> = catalogue.policy.builds.keys().map(String::as_str).collect();
    println!("{} is good. Build types: {}", file.display(), builds.join(", "));
    Ok(())
}

fn is_used(catalogue: &Catalogue, workflow: &Path) -> bool {
    let name = workflow.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| catalogue.workflows.contains_key(name))
}

/// The files that are named, else those of the `.github` folder that the policy lies in.
fn sources(file: &Path, workflows: &[PathBuf], forms: &[PathBuf]) -> anyhow::Result<Sources> {
    let policy = read(file)?;
    let beside = folder(file).filter(|_| workflows.is_empty() && forms.is_empty());
    let complete = beside.is_some();
    let all = |named: &[PathBuf], name| match &beside {
        Some(folder) => files(&folder.join(name)),
        None => Ok(named.to_vec()),
    };
    let read_all = |paths: Vec<PathBuf>| paths.iter().map(|path| read(path)).collect::<anyhow::Result<_>>();
    let workflows = read_all(all(workflows, "workflows")?)?;
    let forms = read_all(all(forms, "ISSUE_TEMPLATE")?)?;
    Ok(Sources { policy, workflows, forms, complete })
}

/// The folder of a file, if it is a repository's `.github`.
fn folder(file: &Path) -> Option<PathBuf> {
    let whole = file.canonicalize().ok()?;
    let is_github = whole.parent()?.file_name()? == ".github";
    is_github.then(|| file.parent().map(Path::to_path_buf)).flatten()
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.is_file()
            && path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Source { path: path.display().to_string(), text })
}

/// As compilers write it, so that editors find the place.
fn as_line(kind: &str, error: &FileError) -> String {
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}:{}:{}: {kind}: {}{help}", error.path, error.line, error.column, error.message)
}
