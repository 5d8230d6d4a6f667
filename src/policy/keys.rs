//! The keys of the policy, in one table: what the parser knows, `trilock policy schema` and docs/policy.md are made
//! from it.

mod table;

#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;

pub(super) use table::{KEYS, MOVED};

/// A mapping with fixed keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Policy,
    Build,
    Triggers,
    Issue,
    Input,
    Approval,
    When,
    Queue,
    Permissions,
    Resource,
}

/// What a key's value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Word(&'static [&'static str]),
    Boolean,
    /// From 1 to this.
    Count(u32),
    /// From a second to this many days.
    Duration(u64),
    Text,
    /// A text that matches this pattern; what it is, in words.
    Shaped(&'static str, &'static str),
    Regex,
    /// One text, or a list of them.
    Texts,
    Fixed(Section),
    /// A mapping with names of the author's choosing that match the pattern; what they name, and at most how many.
    Named {
        pattern: &'static str,
        what: &'static str,
        section: Section,
        most: usize,
    },
}

/// What counts where the key is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// It may not be left out.
    Required,
    /// As if this were written, in YAML.
    Yaml(&'static str),
    /// In words.
    Words(&'static str),
}

#[derive(Debug)]
pub(super) struct Key {
    pub section: Section,
    pub name: &'static str,
    pub takes: Takes,
    pub absent: Absent,
    /// A value other than the default if there is any other, in YAML.
    pub example: &'static str,
    /// One line of Markdown.
    pub about: &'static str,
}

impl Section {
    pub const ALL: [Self; 10] = [
        Self::Policy,
        Self::Build,
        Self::Triggers,
        Self::Issue,
        Self::Input,
        Self::Approval,
        Self::When,
        Self::Resource,
        Self::Queue,
        Self::Permissions,
    ];

    pub fn keys(self) -> impl Iterator<Item = &'static Key> + Clone {
        KEYS.iter().filter(move |key| key.section == self)
    }

    pub fn key(self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }

    /// Where it stands in the file.
    pub fn path(self) -> &'static str {
        match self {
            Self::Policy => "",
            Self::Build => "builds.NAME",
            Self::Triggers => "builds.NAME.triggers",
            Self::Issue => "builds.NAME.triggers.issue",
            Self::Input => "builds.NAME.inputs.INPUT",
            Self::Approval => "builds.NAME.approval",
            Self::When => "builds.NAME.approval.when",
            Self::Queue => "queue",
            Self::Permissions => "permissions",
            Self::Resource => "named_resources.NAME",
        }
    }

    /// What it is for: a paragraph of Markdown.
    pub fn about(self) -> &'static str {
        match self {
            Self::Policy => "The top of the file.",
            Self::Build => {
                "One build type: a workflow, who may ask for it and how. Its name is what people write after `/build`."
            }
            Self::Triggers => {
                "How a build is asked for. Each way is an alternative to the others; a build without an issue trigger \
                 is asked for by comments."
            }
            Self::Issue => {
                "Which issues ask for a build. All that is given here must match; give at least one."
            }
            Self::Input => {
                "What the policy adds to one input of the workflow. Inputs with their type, default, options and \
                 description are the workflow's own (`on: workflow_dispatch: inputs:`), and the policy need not repeat \
                 them. `private` and `secret` inputs stand in the policy alone: they are never inputs of the workflow."
            }
            Self::Approval => {
                "When a maintainer must approve a build before it is queued. An approval counts for the answers that \
                 were approved, and for nothing else: an edit voids it."
            }
            Self::When => {
                "Limits the need of an approval to certain answers, e.g. to hosts that are public: \
                 `when: { input: host, is: public }`."
            }
            Self::Queue => "The repository's queue.",
            Self::Permissions => {
                "Which role in the repository a command needs, where that is not its usual one. Whoever lacks it is \
                 refused. `read` is everybody who can see the repository. Who may approve and reject is said by a \
                 build's `approval: { by: … }`."
            }
            Self::Resource => {
                "Something scarce that builds share beside the repository's own queue, such as a GPU. A build asks \
                 for it with `resources`."
            }
        }
    }
}

/// Where a key belongs that people look for elsewhere.
pub(super) fn moved(section: Section, name: &str) -> Option<&'static str> {
    MOVED.iter().find(|(place, known, _)| *place == section && *known == name).map(|(_, _, help)| *help)
}
