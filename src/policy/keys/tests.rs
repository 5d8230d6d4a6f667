use super::sample::{with, with_unknown, without};
use super::*;
use crate::policy::{Policy, parse_policy};

fn parse(text: &str) -> Policy {
    parse_policy("trilock.yml", text).unwrap_or_else(|errors| panic!("{text}{errors:?}"))
}

fn refused(text: &str) -> String {
    match parse_policy("trilock.yml", text) {
        Ok(policy) => panic!("{text}{policy:?}"),
        Err(errors) => errors[0].message.clone(),
    }
}

#[test]
fn every_key_is_read() {
    // There is one version, and one thing to do with runs that were started by hand.
    let fixed = ["version", "manual"];
    for key in KEYS {
        let policy = parse(&with(key, key.example));
        if key.absent == Absent::Required {
            assert!(refused(&without(key)).contains(key.name));
        } else if !fixed.contains(&key.name) {
            assert_ne!(policy, parse(&without(key)), "{}", key.name);
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_table() {
    for key in KEYS {
        if let Absent::Yaml(default) = key.absent {
            assert_eq!(parse(&with(key, default)), parse(&without(key)), "{}", key.name);
        }
    }
}

#[test]
fn every_mapping_refuses_other_keys() {
    for section in Section::ALL {
        let message = refused(&with_unknown(section));
        assert!(message.starts_with("unknown key `zzzzzz`"), "{section:?}: {message}");
    }
    let keys: usize = Section::ALL.into_iter().map(|section| section.keys().count()).sum();
    assert_eq!(keys, KEYS.len());
}

#[test]
fn values_are_those_of_the_table() {
    for key in KEYS {
        let (good, bad): (Vec<String>, Vec<String>) = match key.takes {
            Takes::Word(words) => {
                (words.iter().map(|word| (*word).to_owned()).collect(), vec!["zzz".to_owned()])
            }
            Takes::Boolean => (vec!["true".into(), "false".into()], vec!["yes".into()]),
            Takes::Count(most) => {
                (vec!["1".into(), most.to_string()], vec!["0".into(), (most + 1).to_string()])
            }
            Takes::Duration(days) => (vec!["1s".into(), format!("{days}d")], vec![format!("{}d", days + 1)]),
            Takes::Regex => (vec!["'^a|b$'".into()], vec!["'('".into()]),
            Takes::Text | Takes::Shaped(..) => (vec![], vec!["[x]".into(), "''".into()]),
            Takes::Texts => (vec![], vec!["[[x]]".into(), "{ x: y }".into()]),
            Takes::Fixed(_) | Takes::Named { .. } => (vec![], vec!["x".into(), "[x]".into()]),
        };
        for value in good {
            parse(&with(key, &value));
        }
        for value in bad {
            refused(&with(key, &value));
        }
    }
}

#[test]
fn the_patterns_of_names_are_those_that_the_parser_keeps_to() {
    let pattern = |section: Section, key: &str| match section.key(key).unwrap().takes {
        Takes::Named { pattern, .. } | Takes::Shaped(pattern, _) => regex::Regex::new(pattern).unwrap(),
        other => panic!("{other:?}"),
    };
    let names = [
        "a",
        "A",
        "a-b_1",
        "a b",
        "a/b",
        "gpu:0",
        "a.b",
        "版",
        &"a".repeat(64),
        &"a".repeat(65),
        &"a".repeat(101),
    ];
    for name in names {
        let build = format!("version: 1\nbuilds: {{ \"{name}\": {{ workflow: b.yml }} }}\n");
        assert_eq!(
            parse_policy("p", &build).is_ok(),
            pattern(Section::Policy, "builds").is_match(name),
            "{name}"
        );
        let resource = format!(
            "version: 1\nbuilds: {{ a: {{ workflow: b.yml }} }}\nnamed_resources: {{ \"{name}\": {{}} }}\n"
        );
        let matches = pattern(Section::Policy, "named_resources").is_match(name);
        assert_eq!(parse_policy("p", &resource).is_ok(), matches, "{name}");
    }
    for (key, values) in [
        ("workflow", ["b.yml", "b.yaml", "b.json", ".github/workflows/b.yml", "b", "yml"]),
        ("ref", ["main", "v1.4", "a b", "a~1", "a:b", "a/b"]),
    ] {
        let known = Section::Build.key(key).unwrap();
        for value in values {
            let good = parse_policy("p", &with(known, &format!("'{value}'"))).is_ok();
            assert_eq!(good, pattern(Section::Build, key).is_match(value), "{value}");
        }
    }
}

#[test]
fn a_mapping_takes_so_many_names_and_no_more() {
    let builds = |count: usize| {
        let builds = (0..count).map(|number| format!("  b{number}: {{ workflow: b.yml }}\n"));
        format!("version: 1\nbuilds:\n{}", builds.collect::<String>())
    };
    assert_eq!(parse(&builds(200)).builds.len(), 200);
    assert_eq!(refused(&builds(201)), "`builds` has more than 200 entries");
}
