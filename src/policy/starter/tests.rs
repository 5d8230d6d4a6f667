use super::*;
use crate::policy::{parse_form, parse_workflow};

const DESKTOP: &str = "on: { workflow_dispatch: { inputs: { tag: { description: 'The tag, e.g. v1.4.0', required: true }, \
                       channel: { type: choice, options: [stable, beta] }, trilock_build: {} } } }";
const FORM: &str = "name: Build\nlabels: [build me, \"true\"]\nbody:\n  - { type: input, id: tag, attributes: { label: Tag } }\n  - { \
                    type: dropdown, id: channel, attributes: { label: Channel, options: [stable] } }\n";

fn made(workflows: &[(&str, &str)], forms: &[&str]) -> Option<String> {
    let workflows: BTreeMap<_, _> = workflows
        .iter()
        .map(|(file, text)| ((*file).to_owned(), parse_workflow(file, text).unwrap()))
        .collect();
    let forms: Vec<_> = forms.iter().map(|text| parse_form("f.yml", text).unwrap()).collect();
    let text = starter(&workflows, &forms)?;
    let catalogue =
        Catalogue { policy: parse_policy("p", &text).unwrap(), workflows: workflows.clone(), forms };
    let known: Vec<_> = workflows.keys().map(String::as_str).collect();
    let findings = check(&catalogue, Some(&known));
    assert!(findings.iter().all(|finding| !finding.error), "{text}{findings:?}");
    Some(text)
}

#[test]
fn workflows_and_a_form_make_a_policy() {
    let workflows = [
        ("Build Desktop.yml", DESKTOP),
        ("pages.yaml", "on: workflow_dispatch"),
        ("test.yml", "on: push"),
        (
            "trilock.yml",
            "on: { workflow_dispatch: { inputs: { version: { default: '1.0', description: 'Such as v2.0' } } } }",
        ),
    ];
    insta::assert_snapshot!(made(&workflows, &[FORM]).unwrap(), @r#"
    version: 1
    builds:
      build-desktop:
        workflow: "Build Desktop.yml"
        triggers: { issue: { labels: ["build me", "true"] } }
        inputs:
          tag: { pattern: '^v\d+\.\d+', example: v1.4.0 }
      pages:
        workflow: pages.yaml
      trilock:
        workflow: trilock.yml
        inputs:
          version: { example: v2.0 }
    "#);
}

#[test]
fn without_a_workflow_that_can_be_started_there_is_none() {
    assert_eq!(made(&[("test.yml", "on: push")], &[FORM]), None);
    assert_eq!(made(&[], &[]), None);
}

#[test]
fn a_form_that_disagrees_gives_no_labels() {
    for form in [
        FORM.replace("[stable]", "[nightly]"),
        FORM.replace("id: tag", "id: other"),
        FORM.replace("labels", "x"),
    ] {
        let text = made(&[("build.yml", DESKTOP)], &[&form]).unwrap();
        assert!(!text.contains("triggers"), "{text}");
    }
    let text = made(&[("build.yml", DESKTOP), ("other.yml", DESKTOP)], &[FORM]).unwrap();
    assert_eq!(text.matches("triggers").count(), 1, "{text}");
}

#[test]
fn names_are_no_danger() {
    let odd = "on: { workflow_dispatch: { inputs: { \"a: {b\": { description: \"e.g. x'y\" }, '\"': { description: e.g. 12 }, \
               'on': { description: e.g. no } } } }";
    let workflows = [
        ("\"'.yml", odd),
        ("1.yml", odd),
        ("ci.build.yml", odd),
        ("CI-build.yml", odd),
        ("构建.yml", odd),
        ("x```y.yml", odd),
        ("z.yml", odd),
    ];
    let text = made(&workflows, &[]).unwrap();
    assert_eq!(text.matches("workflow:").count(), MAX_BUILDS);
    assert!(!text.contains("```"), "{text}");
}
