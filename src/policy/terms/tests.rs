use super::*;
use crate::policy::{parse_policy, parse_workflow};

fn catalogue(keys: &str, inputs: &str) -> Catalogue {
    let policy = format!(
        "version: 1\nbuilds:\n  a: {{ workflow: w.yml, {keys} }}\n  b: {{ workflow: other.yml }}\nqueue: {{ limit: 5 }}\n"
    );
    let workflow = format!("on: {{ workflow_dispatch: {{ inputs: {{ {inputs} }} }} }}");
    Catalogue {
        policy: parse_policy("p", &policy).unwrap(),
        workflows: [("w.yml".to_owned(), parse_workflow("w", &workflow).unwrap())].into(),
        forms: vec![],
    }
}

#[test]
fn they_change_with_the_build_and_its_inputs_alone() {
    let own = |keys, inputs| terms(&catalogue(keys, inputs), "a").unwrap();
    let first = own("timeout: 1h", "tag: {}");
    assert_eq!(first.len(), 16);
    assert_eq!(first, own("timeout: 60m", "tag: { type: string }"));
    for other in [
        own("timeout: 2h", "tag: {}"),
        own("timeout: 1h, approval: { by: admin }", "tag: {}"),
        own("timeout: 1h, inputs: { tag: { pattern: v } }", "tag: {}"),
        own("timeout: 1h", "tag: { required: true }"),
        own("timeout: 1h", "tag: {}, more: {}"),
    ] {
        assert_ne!(first, other);
    }
    let mut catalogue = catalogue("timeout: 1h", "tag: {}");
    catalogue.policy.queue.limit = 7;
    catalogue.policy.builds.remove("b");
    assert_eq!(terms(&catalogue, "a"), Some(first));
    assert_eq!(terms(&catalogue, "b"), None);
}

#[test]
fn they_stay_the_same_from_one_version_to_the_next() {
    let catalogue = catalogue("timeout: 1h, inputs: { tag: { pattern: '^v' } }", "tag: { required: true }");
    assert_eq!(terms(&catalogue, "a").unwrap(), "1dd3e799aca97029");
}
