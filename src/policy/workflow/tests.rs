use super::*;

const FULL: &str = r#"
name: Desktop
run-name: Build ${{ inputs.tag }} [${{ inputs.trilock_build }}]
on:
  push: { branches: [main] }
  workflow_dispatch:
    inputs:
      tag: { description: Version tag, required: true }
      channel: { type: choice, options: [stable, beta, 1.10], default: beta }
      sign: { type: boolean, default: false }
      jobs: { type: number, default: 1.50 }
      where: { type: environment }
      trilock_build: { type: string }
jobs:
  build: { runs-on: ubuntu-latest, steps: [{ run: "echo ${{ inputs.tag }}" }] }
"#;

fn parse(text: &str) -> Workflow {
    parse_workflow("w.yml", text).unwrap()
}

#[test]
fn inputs_keep_their_order_kind_and_spelling() {
    let workflow = parse(FULL);
    assert_eq!(workflow.name.as_deref(), Some("Desktop"));
    assert!(workflow.correlates());
    let inputs = workflow.inputs.unwrap();
    let read: Vec<_> =
        inputs.iter().map(|i| (i.name.as_str(), i.required, i.default.as_deref(), i.kind.clone())).collect();
    let options = ["stable", "beta", "1.10"].map(str::to_owned).to_vec();
    assert_eq!(
        read,
        [
            ("tag", true, None, InputKind::Text),
            ("channel", false, Some("beta"), InputKind::Choice(options)),
            ("sign", false, Some("false"), InputKind::Boolean),
            ("jobs", false, Some("1.50"), InputKind::Number),
            ("where", false, None, InputKind::Environment),
            ("trilock_build", false, None, InputKind::Text),
        ]
    );
    assert_eq!(inputs[0].description.as_deref(), Some("Version tag"));
}

#[test]
fn on_is_a_key_and_takes_three_forms() {
    for text in [
        "on: workflow_dispatch",
        "on: [push, workflow_dispatch]",
        "on:\n  - workflow_dispatch",
        "on:\n  workflow_dispatch:",
        "\"on\": { workflow_dispatch: { inputs: } }",
        "'on': { workflow_dispatch: {} }",
    ] {
        assert_eq!(parse(text).inputs, Some(vec![]), "{text}");
    }
    for text in ["on: push", "on: [push]", "on: { push: }", "jobs: {}"] {
        assert_eq!(parse(text).inputs, None, "{text}");
    }
}

#[test]
fn a_run_correlates_only_if_it_declares_the_input_and_shows_it() {
    let declared = "on: { workflow_dispatch: { inputs: { trilock_build: } } }\n";
    for (text, expected) in [
        (declared.to_owned(), false),
        (format!("run-name: ${{{{ inputs.trilock_build }}}}\n{declared}"), true),
        (format!("run-name: ${{{{ github.event.inputs.trilock_build }}}}\n{declared}"), true),
        (format!("run-name: ${{{{ inputs.trilock_builder }}}}\n{declared}"), false),
        ("run-name: ${{ inputs.trilock_build }}\non: workflow_dispatch\n".to_owned(), false),
    ] {
        assert_eq!(parse(&text).correlates(), expected, "{text}");
    }
}

#[test]
fn mistakes_that_matter_have_a_place() {
    let inputs = |inputs: &str| format!("on:\n  workflow_dispatch:\n    inputs:\n      {inputs}\n");
    for (text, expected) in [
        (
            inputs("a: { type: chioce }"),
            "w.yml:4:18: input `a` has the unknown type `chioce` (did you mean `choice`?)",
        ),
        (inputs("a: { type: choice }"), "w.yml:4:18: input `a` is a choice without `options`"),
        (inputs("- a"), "w.yml:4:7: `inputs` must be a mapping (`key: value`)"),
        ("just text".to_owned(), "w.yml:1:1: a workflow must be a mapping (`key: value`)"),
    ] {
        let errors = parse_workflow("w.yml", &text).unwrap_err();
        assert_eq!(errors[0].to_string(), expected);
    }
}
