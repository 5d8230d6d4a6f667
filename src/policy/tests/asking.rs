//! Who may ask for what, and who must approve it.

use std::time::Duration;

use super::{build_errors, errors};
use crate::policy::*;

#[test]
fn approval_says_who_and_when() {
    let approval = |text: &str| {
        let keys = "inputs: { host: { type: host }, channel: {} }";
        let text =
            format!("version: 1\nbuilds:\n  a:\n    workflow: b.yml\n    {keys}\n    approval: {text}\n");
        parse_policy("trilock.yml", &text).unwrap().builds["a"].approval.clone()
    };
    assert_eq!(approval(""), ApprovalPolicy::default());
    assert_eq!(approval("{ unless: anyone }").unless, Some(Role::None));
    assert_eq!(approval("{ unless: nobody }").unless, None);
    let full = "{ unless: triage, by: admin, expires: 6h, pin: commit, own: true, when: { input: host, is: public } }";
    assert_eq!(
        approval(full),
        ApprovalPolicy {
            unless: Some(Role::Triage),
            by: Role::Admin,
            expires: Duration::from_secs(6 * 3600),
            pin: Pin::Commit,
            own: true,
            when: Some(Condition { input: "host".to_owned(), is: vec!["public".to_owned()] }),
        }
    );
    let when = approval("{ when: { input: channel, is: [beta, nightly] } }").when.unwrap();
    assert_eq!(when.is, ["beta", "nightly"]);
}

#[test]
fn mistakes_about_approval_have_their_place() {
    for (keys, expected) in [
        (
            "approval: { by: read }",
            "trilock.yml:5:21: `by` cannot be `read` (known here: `triage`, `write`, `maintain`, `admin`)",
        ),
        (
            "approval: { unless: anyon }",
            "trilock.yml:5:25: `unless` cannot be `anyon` (did you mean `anyone`?)",
        ),
        (
            "approval: { when: { input: host, is: public } }",
            "trilock.yml:5:42: `public` is said of hosts, and `host` is none (give it a type: `inputs: { host: { type: \
             host } }`)",
        ),
        (
            "approval: { when: { input: host } }",
            "trilock.yml:5:23: `when` needs the key `is` (write for example `when: { input: host, is: public }`)",
        ),
        (
            "approval: { when: { input: host, is: [] } }",
            "trilock.yml:5:42: `is` names no answer (write for example `when: { input: host, is: public }`)",
        ),
    ] {
        assert_eq!(build_errors(keys), [expected], "{keys}");
    }
}

#[test]
fn mistakes_about_inputs_have_their_place() {
    for (keys, expected) in [
        (
            "inputs: { key: { private: true, secret: true } }",
            "trilock.yml:5:45: an input is `private` or `secret`, not both (leave `private` out: `secret` is the \
             stricter)",
        ),
        (
            "inputs: { mail: { private: true, default: a@b.example } }",
            "trilock.yml:5:47: a private or secret input has no default: everybody could read it here (leave `default` \
             out)",
        ),
        (
            "inputs: { n: { max_length: 2, example: 版本号 } }",
            "trilock.yml:5:44: the example `版本号` is longer than `max_length: 2`",
        ),
        (
            "inputs: { n: { type: number, default: one } }",
            "trilock.yml:5:43: the default `one` is not a number",
        ),
        (
            "inputs: { n: { type: emial } }",
            "trilock.yml:5:26: `type` cannot be `emial` (did you mean `email`?)",
        ),
    ] {
        assert_eq!(build_errors(keys), [expected], "{keys}");
    }
    let keys = "inputs: { mail: { type: email, private: true, example: a@b.example } }";
    let text = format!("version: 1\nbuilds:\n  a:\n    workflow: b.yml\n    {keys}\n");
    let mail = &parse_policy("trilock.yml", &text).unwrap().builds["a"].inputs["mail"];
    assert!(mail.is_hidden() && mail.kind == Some(InputType::Email));
}

#[test]
fn commands_have_forms_and_permissions() {
    let text = "version: 1\nbuilds: { a: { workflow: b.yml } }\n";
    let policy =
        parse_policy("p", &format!("{text}commands: long\npermissions: {{ build: triage, queue: read }}\n"));
    let policy = policy.unwrap();
    assert_eq!(policy.commands, CommandForms::Long);
    let permissions = [("build".to_owned(), Role::Triage), ("queue".to_owned(), Role::Read)];
    assert_eq!(policy.permissions, permissions.into());
    for (keys, expected) in [
        (
            "{ approve: write }",
            "3:16: unknown key `approve` in `permissions` (say who approves by a build's `approval: { by: … }`)",
        ),
        (
            "{ build: anyone }",
            "3:23: `build` cannot be `anyone` (known here: `read`, `triage`, `write`, `maintain`, `admin`)",
        ),
        (
            "{ pause: write }",
            "3:16: unknown key `pause` in `permissions` (known here: `build`, `cancel`, `retry`, `status`, `queue`, `help`, `unlock`)",
        ),
    ] {
        let told = errors(&format!("{text}permissions: {keys}\n"));
        assert_eq!(told, [format!("trilock.yml:{expected}")], "{keys}");
    }
}
