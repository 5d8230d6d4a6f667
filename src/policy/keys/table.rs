use super::Absent::{Required, Words, Yaml};
use super::Section::{Approval, Build, Input, Issue, Permissions, Policy, Queue, Resource, Triggers, When};
use super::Takes::{Boolean, Count, Duration, Fixed, Named, Regex, Shaped, Text, Texts, Word};
use super::{Absent, Key, Section, Takes};

const ROLES: Takes = Word(&["read", "triage", "write", "maintain", "admin"]);
const APPROVERS: Takes = Word(&["triage", "write", "maintain", "admin"]);
const EXEMPT: Takes = Word(&["read", "triage", "write", "maintain", "admin", "anyone", "nobody"]);
const INPUT_TYPES: Takes = Word(&["string", "number", "boolean", "email", "url", "host"]);

const WORKFLOW: Takes = Shaped(r"^[^/]+\.ya?ml$", "the name of a file in `.github/workflows/`");
const GIT_REF: Takes = Shaped(r"^[^\s~^:?*\[\\]+$", "the name of a branch or tag");

const BUILDS: Takes =
    Named { pattern: "^[a-z0-9_-]{1,64}$", what: "a build type", section: Build, most: 200 };
const INPUTS: Takes = Named { pattern: "", what: "an input", section: Input, most: 100 };
const RESOURCES: Takes =
    Named { pattern: "^[A-Za-z0-9._:/-]{1,100}$", what: "a resource", section: Resource, most: 200 };

/// Keys that people look for in one place and that stand in another, and what to tell them.
pub(in crate::policy) const MOVED: [(Section, &str, &str); 2] = [
    (Permissions, "approve", "say who approves by a build's `approval: { by: … }`"),
    (Permissions, "reject", "who may approve may reject: say it by a build's `approval: { by: … }`"),
];

#[rustfmt::skip]
pub(in crate::policy) const KEYS: &[Key] = &[
    key(Policy, "version", Word(&["1"]), Required, "1",
        "The version of the policy's schema."),
    key(Policy, "builds", BUILDS, Required, "{ other: { workflow: other.yml } }",
        "The build types, by name."),
    key(Policy, "queue", Fixed(Queue), Yaml("{}"), "{ limit: 5 }",
        "Limits of the queue."),
    key(Policy, "named_resources", RESOURCES, Yaml("{}"), "{ \"gpu:0\": {} }",
        "Scarce things that builds hold while they run."),
    key(Policy, "commands", Word(&["both", "long"]), Yaml("both"), "long",
        "How commands are written: `both` takes `/build` and `/trilock build`, `long` only the latter."),
    key(Policy, "permissions", Fixed(Permissions), Yaml("{}"), "{ queue: triage }",
        "Which role a command needs."),
    key(Policy, "manual", Word(&["observe"]), Yaml("observe"), "observe",
        "What becomes of runs that somebody starts on the Actions page: they are let run, and nothing else is started \
         until they end."),

    key(Build, "workflow", WORKFLOW, Required, "build-desktop.yml",
        "The workflow to start. It must have `workflow_dispatch` in its `on:`."),
    key(Build, "ref", GIT_REF, Words("the default branch"), "release",
        "The branch or tag to build."),
    key(Build, "triggers", Fixed(Triggers), Yaml("{}"), "{ comment: false }",
        "How it is asked for."),
    key(Build, "inputs", INPUTS, Yaml("{}"), "{ tag: { label: Version tag } }",
        "What the policy adds to the workflow's inputs, by input name."),
    key(Build, "approval", Fixed(Approval), Yaml("{}"), "{ by: admin }",
        "When a maintainer must approve it."),
    key(Build, "resources", Texts, Yaml("[]"), "[gpu:0]",
        "The `named_resources` that a build holds while it runs, all or none."),
    key(Build, "timeout", Duration(35), Yaml("2h"), "1h 30m",
        "How long a build may hold its locks. After that its run is cancelled."),

    key(Triggers, "issue", Fixed(Issue), Words("no issue asks"), "{ labels: [build] }",
        "Issues that ask for it as soon as they are opened."),
    key(Triggers, "comment", Boolean, Yaml("true"), "false",
        "Whether `/build` in a comment asks for it."),
    key(Triggers, "pull_request", Boolean, Yaml("false"), "true",
        "Whether comments on pull requests count too. They build the same branch as others do, never the pull \
         request's."),

    key(Issue, "labels", Texts, Yaml("[]"), "[build]",
        "The issue has all these labels."),
    key(Issue, "title_prefix", Text, Words("any title"), "\"[build]\"",
        "The issue's title begins so, in upper or lower case."),

    key(Input, "label", Text, Words("the form's label, or the input's name"), "Version tag",
        "What people know it by, in comments and as a heading in issues."),
    key(Input, "type", INPUT_TYPES, Words("the workflow's type"), "email",
        "What the workflow's own type does not say. `host` is a name or address, with or without scheme and port."),
    key(Input, "required", Boolean, Words("as in the workflow"), "true",
        "Whether it must be answered. What the workflow requires stays required."),
    key(Input, "default", Text, Words("as in the workflow"), "v1.0.0",
        "What counts where nothing was answered and the workflow has no default. Not for `private` and `secret` inputs."),
    key(Input, "pattern", Regex, Words("anything matches"), r"'^v\d+\.\d+'",
        "A regular expression ([syntax](https://docs.rs/regex/latest/regex/#syntax)) that the answer must match, \
         anchored only where it says so: `^` and `$` are yours to write."),
    key(Input, "max_length", Count(65_535), Words("GitHub's limit"), "40",
        "The most characters that an answer may have."),
    key(Input, "example", Text, Words("none"), "v1.4.0",
        "A right answer, shown to people whose own was not."),
    key(Input, "private", Boolean, Yaml("false"), "true",
        "Nobody else's to see: masked in every comment and page, encrypted at rest, never sent as an input of the \
         workflow. Runs cannot fetch such values yet, so it cannot be `required`."),
    key(Input, "secret", Boolean, Yaml("false"), "true",
        "Like `private`, and refused in issues and comments, which everybody reads."),

    key(Approval, "unless", EXEMPT, Yaml("write"), "maintain",
        "Who has this role needs no approval. `anyone`: nobody needs one; `nobody`: everybody does."),
    key(Approval, "by", APPROVERS, Yaml("maintain"), "admin",
        "The role that approves and rejects."),
    key(Approval, "expires", Duration(90), Yaml("3d"), "12h",
        "For how long an approval is waited for."),
    key(Approval, "pin", Word(&["ref", "commit"]), Yaml("ref"), "commit",
        "What an approval is bound to beside the answers: the name of the branch or tag, or the commit that it stood \
         for. With `commit`, every push to it voids the approval."),
    key(Approval, "own", Boolean, Yaml("false"), "true",
        "Whether people may approve what they asked for themselves."),
    key(Approval, "when", Fixed(When), Words("whatever the answers"), "{ input: channel, is: beta }",
        "Only these answers need an approval."),

    key(When, "input", Text, Required, "channel",
        "The name of an input of the workflow or of this build's `inputs`."),
    key(When, "is", Texts, Required, "[stable, beta]",
        "The answer, or several of them. `public` and `private` say what kind of host is named, and need an input of \
         `type: host` or `type: url`; private are loopback, link-local, RFC 1918 and unique local addresses."),

    key(Resource, "capacity", Count(10_000), Yaml("1"), "3",
        "How many builds may hold it at a time."),

    key(Queue, "limit", Count(10_000), Yaml("50"), "5",
        "Builds that may wait at a time."),
    key(Queue, "concurrency", Count(10_000), Yaml("1"), "2",
        "Builds that may run at a time."),

    key(Permissions, "build", ROLES, Words("anyone"), "triage",
        "`/build`, and asking by an issue. Whether the build then needs an approval is the build's `approval`."),
    key(Permissions, "cancel", ROLES, Words("`write`"), "triage",
        "`/cancel`. Whoever asked for a build may always cancel it."),
    key(Permissions, "retry", ROLES, Words("`write`"), "triage",
        "`/retry` of what somebody else asked for."),
    key(Permissions, "status", ROLES, Words("anyone"), "triage", "`/status`."),
    key(Permissions, "queue", ROLES, Words("anyone"), "triage", "`/queue`."),
    key(Permissions, "help", ROLES, Words("anyone"), "triage", "`/help`."),
    key(Permissions, "unlock", ROLES, Words("`admin`"), "maintain",
        "`/unlock`, which frees what a lost build holds."),
];

const fn key(
    section: Section,
    name: &'static str,
    takes: Takes,
    absent: Absent,
    example: &'static str,
    about: &'static str,
) -> Key {
    Key { section, name, takes, absent, example, about }
}
