//! Policies that say one thing more than they must.

use super::{Key, Section};

/// A policy with this key at this value, and with the keys that its mapping needs beside it.
pub fn with(key: &Key, value: &str) -> String {
    written(key.section, key.name, Some(format!("{}: {value}", key.name)))
}

/// The same policy without the key.
pub fn without(key: &Key) -> String {
    written(key.section, key.name, None)
}

/// A policy with a key that there is not.
pub fn with_unknown(section: Section) -> String {
    written(section, "", Some("zzzzzz: 1".to_owned()))
}

fn written(section: Section, key: &str, entry: Option<String>) -> String {
    let build = |entries: &str| format!("builds: {{ a: {{ workflow: b.yml, {entries} }} }}");
    let needed: &[(&str, &str)] = match section {
        Section::Policy => &[
            ("version", "1"),
            ("builds", "{ a: { workflow: b.yml } }"),
            ("named_resources", "{ \"gpu:0\": { capacity: 2 } }"),
        ],
        Section::Build => &[("workflow", "b.yml")],
        Section::Issue if key == "title_prefix" => &[("labels", "[other]")],
        Section::Issue => &[("title_prefix", "x")],
        Section::When => &[("input", "x"), ("is", "y")],
        _ => &[],
    };
    let needed = needed.iter().filter(|(name, _)| *name != key);
    let entries: Vec<_> = needed.map(|(name, value)| format!("{name}: {value}")).chain(entry).collect();
    let inner = entries.join(", ");
    let outer = match section {
        Section::Policy => return entries.join("\n") + "\n",
        Section::Build => format!("builds: {{ a: {{ {inner} }} }}"),
        Section::Triggers => build(&format!("triggers: {{ {inner} }}")),
        Section::Issue => build(&format!("triggers: {{ issue: {{ {inner} }} }}")),
        Section::Input => build(&format!("inputs: {{ tag: {{ {inner} }} }}")),
        Section::Approval => build(&format!("approval: {{ {inner} }}")),
        Section::When => build(&format!("approval: {{ when: {{ {inner} }} }}")),
        Section::Queue => format!("{}\nqueue: {{ {inner} }}", build("")),
        Section::Permissions => format!("{}\npermissions: {{ {inner} }}", build("")),
        Section::Resource => {
            return format!("version: 1\n{}\nnamed_resources: {{ other: {{ {inner} }} }}\n", build(""));
        }
    };
    format!("version: 1\n{outer}\nnamed_resources: {{ \"gpu:0\": {{ capacity: 2 }} }}\n")
}
