//! The commands that people may write: the one table from which the parser, its suggestions, `/help` and the documents are
//! made.

use super::arguments::{self, Rest};
use super::command::{Command, CommandError};
use crate::policy::Role;

#[cfg(test)]
mod tests;

/// One command.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    pub name: &'static str,
    /// As `/help` shows them.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub does: &'static str,
    /// Who may, unless the policy says otherwise.
    pub role: Role,
    /// Who asked for the build may, too.
    pub own: bool,
    /// Reads what follows the name.
    pub(super) read: Read,
}

type Read = fn(&Rest<'_>) -> Result<Command, CommandError>;

/// All of them, in the order in which they are shown.
pub fn commands() -> &'static [CommandSpec] {
    &COMMANDS
}

/// The command of that name.
pub fn command_spec(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS.iter().find(|spec| spec.name == name)
}

const fn spec(
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    role: Role,
    own: bool,
    read: Read,
) -> CommandSpec {
    CommandSpec { name, arguments, does, role, own, read }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    COMMANDS.iter().map(|spec| spec.name)
}

static COMMANDS: [CommandSpec; 9] = [
    spec(
        "build",
        "[type] key=value…",
        "asks for a build; a value with blanks needs quotes: `key=\"two words\"`; with `--dry-run` it only tells what would happen",
        Role::Read,
        false,
        arguments::build,
    ),
    // In fact whoever the build type's `approval.by` names, here and for `/reject`.
    spec("approve", "[type]", "lets this issue's builds into the queue", Role::Maintain, false, |rest| {
        rest.build_type().map(|build_type| Command::Approve { build_type })
    }),
    spec("reject", "reason", "turns them down", Role::Maintain, false, arguments::reject),
    spec(
        "cancel",
        "",
        "takes this issue's builds out of the queue, or stops them",
        Role::Write,
        true,
        |rest| rest.nothing(Command::Cancel),
    ),
    spec(
        "retry",
        "[type]",
        "asks again for this issue's last build, with the same answers",
        Role::Write,
        true,
        arguments::retry,
    ),
    spec("status", "", "says how this issue's builds stand", Role::Read, false, |rest| {
        rest.nothing(Command::Status)
    }),
    spec("queue", "", "says how many builds run and wait", Role::Read, false, |rest| {
        rest.nothing(Command::Queue)
    }),
    spec(
        "unlock",
        "RESOURCE reason",
        "frees what was kept because nobody knew whether it is in use",
        Role::Admin,
        false,
        arguments::unlock,
    ),
    spec("help", "", "shows this text", Role::None, false, |rest| rest.nothing(Command::Help)),
];
