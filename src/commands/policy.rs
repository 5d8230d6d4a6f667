//! `trilock policy check`: a policy file's mistakes, with line and column.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::policy::parse_policy;

#[derive(Args, Debug)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say what is wrong with a policy file, with line and column
    Check {
        /// E.g. .github/trilock.yml
        file: PathBuf,
    },
}

pub fn run(args: &PolicyArgs) -> anyhow::Result<()> {
    let PolicyCommand::Check { file } = &args.command;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    match parse_policy(&file.display().to_string(), &text) {
        Ok(policy) => {
            let builds: Vec<&str> = policy.builds.keys().map(String::as_str).collect();
            println!("{} is good. Build types: {}", file.display(), builds.join(", "));
            Ok(())
        }
        Err(errors) => {
            for error in &errors {
                eprintln!("{error}");
            }
            bail!("{} has {} mistake(s)", file.display(), errors.len())
        }
    }
}
