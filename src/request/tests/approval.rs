use super::*;
use crate::policy::{ApprovalPolicy, Condition, Pin, Role};

fn when(input: &str, is: &[&str]) -> ApprovalPolicy {
    let is = is.iter().map(|is| (*is).to_owned()).collect();
    ApprovalPolicy { when: Some(Condition { input: input.to_owned(), is }), ..ApprovalPolicy::default() }
}

fn catalogue_with(approval: ApprovalPolicy) -> Catalogue {
    let mut catalogue = catalogue(&ONE.replace("required: true, ", ""));
    set(&mut catalogue, "mail", json!({ "type": "host" }));
    catalogue.policy.builds.get_mut("desktop").unwrap().approval = approval;
    catalogue
}

fn terms(approval: ApprovalPolicy, line: &str) -> Option<ApprovalTerms> {
    valid(ask_of(&catalogue_with(approval), line)).approval
}

#[test]
fn the_policys_rule_is_what_a_request_is_held_to() {
    let expected = ApprovalTerms {
        unless: Some(Role::Write),
        by: Role::Maintain,
        expires_seconds: 3 * 24 * 3600,
        pin: Pin::Ref,
        own: false,
        takes_commit: false,
    };
    assert_eq!(terms(ApprovalPolicy::default(), "/build tag=v1.4"), Some(expected.clone()));
    let mut catalogue =
        catalogue_with(ApprovalPolicy { unless: None, pin: Pin::Commit, ..ApprovalPolicy::default() });
    let workflow =
        WORKFLOW.replace("      trilock_build: {}", "      trilock_build: {}\n      trilock_commit: {}");
    catalogue.workflows.insert("build.yml".to_owned(), parse_workflow("w", &workflow).unwrap());
    let asked = valid(ask_of(&catalogue, "/build tag=v1.4"));
    let expected = ApprovalTerms { unless: None, pin: Pin::Commit, takes_commit: true, ..expected };
    assert_eq!(asked.approval, Some(expected));
    assert!(!asked.inputs.contains_key("trilock_commit"));
}

#[test]
fn only_some_answers_need_approval() {
    for (input, is, line, needed) in [
        ("channel", "beta", "channel=beta", true),
        ("channel", "BETA", "channel=Beta", true),
        ("channel", "beta", "channel=stable", false),
        // The default counts, an answer that is not there does not.
        ("channel", "stable", "", true),
        ("jobs", "2", "", false),
        ("jobs", "2", "jobs=2", true),
        ("mail", "public", "", false),
        ("mail", "public", "mail=", false),
        ("mail", "public", "mail=example.org", true),
        ("mail", "public", "mail=10.0.0.1:80", false),
        ("mail", "private", "mail=[fd00::1]", true),
        ("mail", "private", "mail=example.org", false),
        ("mail", "example.org", "mail=Example.org", true),
        // Of text nobody says whether it is public.
        ("tag", "public", "", false),
        // A rule about nothing must not open the door.
        ("gone", "x", "", true),
    ] {
        let terms = terms(when(input, &[is]), &format!("/build tag=v1.4 {line}"));
        assert_eq!(terms.is_some(), needed, "{input} {is} {line}");
    }
    assert!(terms(when("channel", &["x", "beta"]), "/build tag=v1.4 channel=beta").is_some());
}

#[test]
fn a_private_answer_decides_too() {
    let mut catalogue = catalogue_with(when("server", &["public"]));
    set(&mut catalogue, "server", json!({ "type": "url", "private": true }));
    let needs = |line: &str| valid(ask_of(&catalogue, line)).approval.is_some();
    assert!(needs("/build tag=v1.4 server=https://example.org/"));
    assert!(!needs("/build tag=v1.4 server=https://nas.lan/"));
}
