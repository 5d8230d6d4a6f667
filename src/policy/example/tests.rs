use super::*;
use crate::policy::{parse_policy, parse_workflow};

fn examples(inputs: &str) -> Vec<(String, Option<String>)> {
    let policy = format!("version: 1\nbuilds: {{ a: {{ workflow: w.yml, inputs: {{ {inputs} }} }} }}\n");
    let workflow = "on: { workflow_dispatch: { inputs: { tag: { required: true }, channel: { type: choice, options: [stable, \
                    beta] }, note: {}, trilock_build: {} } } }";
    let catalogue = Catalogue {
        policy: parse_policy("p", &policy).unwrap(),
        workflows: [("w.yml".to_owned(), parse_workflow("w", workflow).unwrap())].into(),
        forms: vec![],
    };
    let examples = catalogue.examples(&catalogue.policy.builds["a"]);
    examples.into_iter().map(|example| (example.name, example.value)).collect()
}

#[test]
fn what_must_be_answered_or_has_an_example_is_shown() {
    let shown = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let channel = shown("channel", Some("stable"));
    assert_eq!(examples(""), [shown("tag", None), channel.clone()]);
    assert_eq!(
        examples("tag: { example: v1.4.0 }, note: { default: none }"),
        [shown("tag", Some("v1.4.0")), channel, shown("note", Some("none"))]
    );
}

#[test]
fn what_is_nobody_elses_to_see_is_shown_only_where_it_must_be_given() {
    let names = |inputs| examples(inputs).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("channel: { private: true }, mail: { private: true, example: a@b.example }"), ["tag"]);
    assert_eq!(names("mail: { private: true, required: true }"), ["tag", "channel", "mail"]);
}
