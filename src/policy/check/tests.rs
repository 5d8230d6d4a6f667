use super::*;
use crate::policy::{parse_policy, parse_workflow};

const POLICY: &str = "version: 1\nbuilds:\n  a:\n    workflow: buidl.yml\n  b:\n    workflow: push.yml\n  c:\n    \
                      workflow: build.yml\n    inputs: { tga: { label: Tag }, channel: {} }\n";

fn findings() -> Vec<Finding> {
    let workflow = |text| parse_workflow("w", text).unwrap();
    let inputs = "on: { workflow_dispatch: { inputs: { tag: {}, channel: {} } } }";
    check(&Catalogue {
        policy: parse_policy("trilock.yml", POLICY).unwrap(),
        workflows: [
            ("build.yml".to_owned(), workflow(inputs)),
            ("push.yml".to_owned(), workflow("on: push")),
        ]
        .into(),
        forms: vec![],
    })
}

#[test]
fn what_the_workflows_do_not_have_is_found() {
    let findings: Vec<_> = findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "builds.a.workflow: there is no workflow `buidl.yml` in .github/workflows/ of the default branch (did \
             you mean `build.yml`?)",
            "builds.b.workflow: `push.yml` has no `workflow_dispatch` trigger, so it cannot be started (add \
             `workflow_dispatch:` to its `on:`)",
            "builds.c.inputs.tga: `build.yml` declares no input `tga` (did you mean `tag`?)",
        ]
    );
}

#[test]
fn a_finding_has_its_place_in_the_file() {
    let places: Vec<_> = findings().iter().map(|finding| finding.in_file("trilock.yml", POLICY)).collect();
    let places: Vec<_> = places.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(4, 15), (6, 15), (9, 20)]);
    assert_eq!(findings()[0].in_file("trilock.yml", "version: 1").line, 1);
}
