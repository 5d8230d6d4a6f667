use jsonschema::Validator;

use super::*;
use crate::policy::keys::KEYS;
use crate::policy::keys::sample::{with, with_unknown};
use crate::policy::reference::EXAMPLES;

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

fn read(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

#[test]
fn it_takes_what_the_parser_takes() {
    let validator = validator();
    let texts = KEYS.iter().map(|key| with(key, key.example)).chain(EXAMPLES.map(str::to_owned));
    for text in texts {
        let errors: Vec<_> = validator.iter_errors(&read(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{text}{errors:?}");
    }
}

#[test]
fn it_refuses_what_the_parser_refuses() {
    let validator = validator();
    let unknown = Section::ALL.map(with_unknown);
    let build = |keys: &str| format!("version: 1\nbuilds: {{ a: {{ workflow: b.yml, {keys} }} }}\n");
    let others = [
        "version: 2\nbuilds: { a: { workflow: b.yml } }\n".to_owned(),
        "version: 1\nbuilds: {}\n".to_owned(),
        build("timeout: soon"),
        build("triggers: { issue: {} }"),
        build("approval: { by: read }"),
        build("inputs: { a: { private: true, secret: true } }"),
        build("approval: { when: { input: a } }"),
        "version: 1\nbuilds: { A: { workflow: b.yml } }\n".to_owned(),
    ];
    for text in unknown.iter().chain(&others) {
        assert!(!validator.is_valid(&read(text)), "{text}");
        assert!(crate::policy::parse_policy("p", text).is_err(), "{text}");
    }
}

#[test]
fn every_key_is_described() {
    let schema = schema();
    for key in KEYS {
        let place = match key.section {
            Section::Policy => &schema,
            other => &schema["$defs"][name(other)],
        };
        let description = &place["properties"][key.name]["description"];
        assert!(description.as_str().is_some_and(|text| text.len() > 5), "{}", key.name);
    }
}
