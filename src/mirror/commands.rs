//! The commands as a page of Markdown: docs/commands.md.

use super::build::holders;
use crate::{
    queue::Role,
    request::{CommandSpec, commands},
};

#[cfg(test)]
mod tests;

/// What can be written in a comment, from the one table of commands.
pub fn commands_page() -> String {
    let rows: String = commands().iter().map(row).collect();
    format!(
        "<!-- Made by `trilock policy commands` from src/request/spec.rs; edit that. -->\n\n\
         # Commands\n\n\
         A command stands at the start of a line of a comment. `/trilock build` is the same as `/build`, and so with the \
         others; where the policy says `commands: long`, only the long form counts. Several lines are carried out in their \
         order. Quotes, code and edited comments hold no commands. [The guide](asking.md) says more.\n\n\
         | Command | What it does | Who may |\n|---|---|---|\n\
         {rows}\n\
         A policy's [`permissions`](policy.md#permissions) change who may. `/approve` and `/reject` go by the build's \
         [`approval`](policy.md#buildsnameapproval) instead: its `by` names the role, and nobody decides about what they \
         asked for themselves unless it says `own: true`.\n"
    )
}

fn row(spec: &CommandSpec) -> String {
    let written = format!("/{} {}", spec.name, spec.arguments);
    let who = match spec.role {
        Role::None => "everybody",
        role => holders(role),
    };
    let own = if spec.own { ", and who asked for the build" } else { "" };
    format!("| `{}` | {} | {who}{own} |\n", written.trim(), spec.does)
}
