//! The policy's keys as a page of Markdown: docs/policy.md.

use std::fmt::Write as _;

use super::keys::{Absent, Key, Section, Takes};

#[cfg(test)]
mod tests;

/// The smallest policy, and one with most of what there is.
pub(super) const EXAMPLES: [&str; 2] = [
    "\
version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs: { tag: { pattern: '^v\\d+\\.\\d+' } }
",
    "\
version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    ref: main
    triggers:                                   # alternatives; what stands in `issue` must all match
      issue: { labels: [build], title_prefix: \"[build]\" }
      comment: true
    inputs:
      tag:   { label: Version tag, pattern: '^v\\d+\\.\\d+(\\.\\d+)?$', example: v1.4.0, max_length: 20 }
      host:  { label: Server, type: host, example: \"https://build.example.org:8443\" }
      email: { type: email, private: true, required: false }
    approval: { unless: write, by: maintain, expires: 3d, pin: ref, when: { input: host, is: public } }
    resources: [\"gpu:0\"]
    timeout: 2h
queue: { limit: 50, concurrency: 1 }
named_resources: { \"gpu:0\": { capacity: 1 } }
permissions: { build: read, cancel: triage }
commands: both
manual: observe
",
];

/// The policy's reference.
pub fn reference() -> String {
    let [smallest, fuller] = EXAMPLES;
    let mut page = format!(
        "<!-- Made by `trilock policy reference` from src/policy/keys/table.rs; edit that. -->\n\n\
         # The policy: `.github/trilock.yml`\n\n\
         One YAML file on the default branch says which builds can be asked for, by whom and how. The smallest:\n\n\
         ```yaml\n{smallest}```\n\n\
         One with most of what there is:\n\n\
         ```yaml\n{fuller}```\n\n\
         `trilock policy check .github/trilock.yml` says what is wrong, with line and column, and compares the policy with \
         the workflows and issue forms beside it. A policy with a mistake is not in force: the last good one stays.\n\n\
         Editors complete and check the file by a schema, which `trilock policy schema > trilock.schema.json` prints. For \
         editors with the YAML language server put this into the file's first line:\n\n\
         ```yaml\n# yaml-language-server: $schema=./trilock.schema.json\n```\n\n\
         Values may stand with or without quotes: `1.10` stays `1.10`. A key with nothing after it counts as left out. \
         Durations are written as `45m`, `2h` or `1h 30m`.\n"
    );
    for section in Section::ALL {
        let title = match section.path() {
            "" => "The file".to_owned(),
            path => format!("`{path}`"),
        };
        let _ = write!(
            page,
            "\n## {title}\n\n{}\n\n| Key | Value | If left out | Meaning | For example |\n|---|---|---|---|---|\n",
            section.about()
        );
        for key in section.keys() {
            let _ = writeln!(page, "{}", row(key));
        }
    }
    page
}

fn row(key: &Key) -> String {
    let absent = match key.absent {
        Absent::Required => "**required**".to_owned(),
        Absent::Yaml("{}") if matches!(key.takes, Takes::Fixed(_)) => "the defaults below".to_owned(),
        Absent::Yaml("{}" | "[]") => "none".to_owned(),
        Absent::Yaml(text) => format!("`{text}`"),
        Absent::Words(text) => text.to_owned(),
    };
    let (name, value, about, example) = (key.name, value(key), key.about, key.example);
    format!("| `{name}` | {value} | {absent} | {about} | `{name}: {example}` |")
}

fn value(key: &Key) -> String {
    match key.takes {
        Takes::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Takes::Boolean => "`true` or `false`".to_owned(),
        Takes::Count(most) => format!("a number from 1 to {most}"),
        Takes::Duration(days) => format!("a duration, at most {days} days"),
        Takes::Text => "a text".to_owned(),
        Takes::Shaped(_, what) => what.to_owned(),
        Takes::Regex => "a regular expression".to_owned(),
        Takes::Texts => "a text or a list".to_owned(),
        Takes::Fixed(section) => format!("[its keys](#{})", anchor(section)),
        Takes::Named { what, section, most, .. } => {
            format!("[{what}](#{}) by its name; at most {most}", anchor(section))
        }
    }
}

/// What GitHub makes of a heading.
fn anchor(section: Section) -> String {
    section.path().chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_lowercase()
}
