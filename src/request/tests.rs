use serde_json::{Value, json};

use super::*;
use crate::policy::{Catalogue, InputPolicy, parse_policy, parse_workflow};

mod approval;
mod hostile;
mod kinds;
mod private;
mod said;

const ONE: &str = r#"version: 1
builds:
  desktop:
    workflow: build.yml
    ref: main
    inputs:
      tag: { label: "Version tag", pattern: '^v\d+\.\d+(\.\d+)?$', example: v1.4.0 }
      mail: { pattern: '^\S+@\S+$', required: true, example: a@example.org }
    resources: [gpu]
    timeout: 30m
named_resources: { gpu: }
"#;

const SEVERAL: &str = "version: 1\nbuilds:\n  desktop: { workflow: build.yml }\n  mobile: { workflow: build.yml }\n  \
                       docs: { workflow: build.yml, triggers: { comment: false } }\n";

const WORKFLOW: &str = r"run-name: ${{ inputs.trilock_build }}
on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      channel: { type: choice, options: [stable, Beta], default: stable }
      sign: { type: boolean }
      jobs: { type: number }
      mail: {}
      trilock_build: {}
";

fn catalogue(policy: &str) -> Catalogue {
    Catalogue {
        policy: parse_policy("p", policy).unwrap(),
        workflows: [("build.yml".to_owned(), parse_workflow("w", WORKFLOW).unwrap())].into(),
        forms: vec![],
    }
}

/// What a `/build` line asks for.
fn ask(policy: &str, line: &str) -> Asked {
    ask_of(&catalogue(policy), line)
}

fn ask_of(catalogue: &Catalogue, line: &str) -> Asked {
    let Ok(Command::Build { build_type, inputs, .. }) = &parse_comment(line)[0].parsed else {
        panic!("{line}")
    };
    from_command(catalogue, build_type.as_deref(), inputs)
}

fn valid(asked: Asked) -> Request {
    match asked {
        Asked::Valid(request) => request,
        Asked::Invalid(invalid) => panic!("{invalid:?}"),
    }
}

/// Adds to what the policy says of one input of `desktop`.
fn set(catalogue: &mut Catalogue, input: &str, policy: Value) {
    let policy: InputPolicy = serde_json::from_value(policy).unwrap();
    catalogue.policy.builds.get_mut("desktop").unwrap().inputs.insert(input.to_owned(), policy);
}

fn invalid(policy: &str, line: &str) -> Invalid {
    match ask(policy, line) {
        Asked::Invalid(invalid) => invalid,
        Asked::Valid(request) => panic!("{line}: {request:?}"),
    }
}

#[test]
fn a_valid_command_is_a_whole_request() {
    let asked = ask(ONE, "/build TAG=v1.4 channel=beta sign=True mail=x@y.z jobs=2");
    let Asked::Valid(request) = &asked else { panic!("{asked:?}") };
    let inputs: Vec<_> = request.inputs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        inputs,
        [("channel", "Beta"), ("jobs", "2"), ("mail", "x@y.z"), ("sign", "true"), ("tag", "v1.4")]
    );
    let shown: Vec<_> = request.shown.iter().map(|s| (s.label.as_str(), s.value.as_str())).collect();
    assert_eq!(
        shown,
        [("Version tag", "v1.4"), ("channel", "Beta"), ("sign", "true"), ("jobs", "2"), ("mail", "x@y.z")]
    );
    assert_eq!(request.build_type, "desktop");
    assert_eq!(request.workflow, "build.yml");
    assert_eq!(request.git_ref.as_deref(), Some("main"));
    assert_eq!(request.resources, ["gpu"]);
    assert_eq!(request.timeout_seconds, 1800);
    // The workflow on `ref` may be another than the one that was read.
    assert!(!request.correlates);
    let Asked::Valid(on_default) = ask(&ONE.replace("    ref: main\n", ""), "/build tag=v1.4 mail=x@y.z")
    else {
        panic!()
    };
    assert!(on_default.correlates && on_default.git_ref.is_none());
    let json = serde_json::to_string(&asked).unwrap();
    assert_eq!(serde_json::from_str::<Asked>(&json).unwrap(), asked);
}

#[test]
fn each_problem_says_what_why_and_what_would_be_right() {
    let given = "mail=a@b.c";
    for (words, field, now, why, right, corrected) in [
        (
            "tag=1.5",
            "Version tag",
            Some("1.5"),
            "must begin with v",
            Some("v1.4.0"),
            Some("mail=a@b.c tag=v1.5"),
        ),
        (
            "tag=vx",
            "Version tag",
            Some("vx"),
            "does not match `^v\\d+\\.\\d+(\\.\\d+)?$`",
            Some("v1.4.0"),
            Some("mail=a@b.c tag=v1.4.0"),
        ),
        ("", "Version tag", None, "is required", Some("v1.4.0"), Some("mail=a@b.c tag=v1.4.0")),
        ("tag=", "Version tag", None, "is required", Some("v1.4.0"), Some("mail=a@b.c tag=v1.4.0")),
        (
            "tag=v1.5 channel=btea",
            "channel",
            Some("btea"),
            "not one of stable, Beta",
            Some("Beta"),
            Some("mail=a@b.c tag=v1.5 channel=Beta"),
        ),
        (
            "tag=v1.5 sign=yes",
            "sign",
            Some("yes"),
            "must be true or false",
            Some("true"),
            Some("mail=a@b.c tag=v1.5 sign=true"),
        ),
        ("tag=v1.5 sign=maybe", "sign", Some("maybe"), "must be true or false", None, None),
        ("tag=v1.5 jobs=inf", "jobs", Some("inf"), "is not a number", None, None),
        (
            "tga=v1.5",
            "tga",
            Some("v1.5"),
            "is not an input; did you mean tag?",
            Some("tag"),
            Some("mail=a@b.c tag=v1.5"),
        ),
        (
            "tag=v1.5 colour=red",
            "colour",
            Some("red"),
            "is not an input; there are tag, channel, sign, jobs, mail",
            None,
            Some("mail=a@b.c tag=v1.5"),
        ),
        (
            "tag=v1.5 Trilock_Build=7",
            "Trilock_Build",
            Some("7"),
            "is filled in by Trilock itself",
            None,
            Some("mail=a@b.c tag=v1.5"),
        ),
        ("tag=v1.5 TAG=v2", "Version tag", Some("v2"), "is given twice", None, Some("mail=a@b.c tag=v1.5")),
        (
            "tag=v1.\u{7}5",
            "Version tag",
            Some("v1.\u{fffd}5"),
            "contains a control character",
            Some("v1.4.0"),
            Some("mail=a@b.c tag=v1.5"),
        ),
    ] {
        let invalid = invalid(ONE, &format!("/build {given} {words}"));
        let expected = Problem {
            field: field.to_owned(),
            now: now.map(str::to_owned),
            why: why.to_owned(),
            right: right.map(str::to_owned),
        };
        assert_eq!(invalid.problems, [expected], "{words}");
        assert_eq!(invalid.corrected, corrected.map(|rest| format!("/build {rest}")), "{words}");
        if let Some(line) = &invalid.corrected {
            assert!(matches!(ask(ONE, line), Asked::Valid(_)), "{line} is valid itself");
        }
    }
}

#[test]
fn the_policy_may_require_more() {
    let invalid = invalid(ONE, "/build tag=v1.4");
    assert_eq!(invalid.problems[0].field, "mail");
    assert_eq!(invalid.corrected.as_deref(), Some("/build tag=v1.4 mail=a@example.org"));
}

#[test]
fn the_build_type_is_named_where_there_is_a_choice() {
    for (line, why, right, corrected) in [
        ("/build tag=v1", "say which one: desktop, mobile", None, None),
        ("/build moblie tag=v1", "not one of desktop, mobile", Some("mobile"), Some("/build mobile tag=v1")),
        ("/build tv tag=v1", "not one of desktop, mobile", None, None),
        ("/build docs tag=v1", "cannot be asked for by comment", None, None),
    ] {
        let invalid = invalid(SEVERAL, line);
        assert_eq!(invalid.build_type, None);
        let problem = &invalid.problems[0];
        assert_eq!((problem.field.as_str(), problem.why.as_str()), ("build type", why), "{line}");
        assert_eq!(problem.right.as_deref(), right, "{line}");
        assert_eq!(invalid.corrected.as_deref(), corrected, "{line}");
    }
    assert!(
        matches!(ask(SEVERAL, "/build Mobile tag=v1"), Asked::Valid(request) if request.build_type == "mobile")
    );
    let closed = "version: 1\nbuilds: { a: { workflow: build.yml, triggers: { comment: false } } }\n";
    assert_eq!(invalid(closed, "/build").problems[0].why, "no build here can be asked for by comment");
    assert_eq!(invalid(closed, "/build a").problems[0].why, "no build here can be asked for by comment");
}

#[test]
fn a_policy_that_the_workflows_do_not_bear_out_is_the_maintainers_to_mend() {
    let other = "version: 1\nbuilds: { a: { workflow: other.yml } }\n";
    let problem = &invalid(other, "/build").problems[0];
    assert_eq!((problem.field.as_str(), problem.now.as_deref()), ("workflow", Some("other.yml")));
    let mut catalogue = catalogue(other);
    catalogue.workflows.insert("other.yml".to_owned(), parse_workflow("w", "on: push").unwrap());
    let asked = from_command(&catalogue, None, &[]);
    let Asked::Invalid(invalid) = asked else { panic!("{asked:?}") };
    assert_eq!(invalid.problems[0].why, "has no workflow_dispatch trigger; a maintainer must add it");
}

#[test]
fn more_than_github_takes_is_refused() {
    let long = "x".repeat(70_000);
    let inputs = [("tag".to_owned(), long)];
    let asked = from_command(&catalogue(SEVERAL), Some("desktop"), &inputs);
    let Asked::Invalid(invalid) = asked else { panic!("too long") };
    assert_eq!(invalid.problems[0].why, "are longer than the 65535 characters that GitHub takes");

    let declared: String = (0..26).map(|n| format!("i{n}: {{ default: x }}, ")).collect();
    let text = format!("on: {{ workflow_dispatch: {{ inputs: {{ {declared} }} }} }}");
    let mut catalogue = catalogue(SEVERAL);
    catalogue.workflows.insert("build.yml".to_owned(), parse_workflow("w", &text).unwrap());
    let asked = from_command(&catalogue, Some("desktop"), &[]);
    let Asked::Invalid(invalid) = asked else { panic!("too many") };
    assert_eq!(invalid.problems[0].why, "GitHub takes at most 25 inputs, these are 26");
}

#[test]
fn the_long_form_is_suggested_where_the_short_one_does_not_count() {
    let mut catalogue = catalogue(ONE);
    catalogue.policy.commands = crate::policy::CommandForms::Long;
    let Asked::Invalid(invalid) = ask_of(&catalogue, "/trilock build tag=1.4 mail=a@b.c") else { panic!() };
    assert_eq!(invalid.corrected.as_deref(), Some("/trilock build tag=v1.4 mail=a@b.c"));
    let counted = |text: &str| counts(&parse_comment(text)[0], Some(&catalogue.policy));
    assert!(counted("/trilock build") && counted("/trilok build") && counted("/trilock biuld"));
    assert!(!counted("/build") && !counted("/biuld"));
    assert!(counts(&parse_comment("/build")[0], None));
}

#[test]
fn a_dry_run_is_corrected_to_a_dry_run() {
    let Asked::Invalid(invalid) = ask(ONE, "/build tag=1.4 mail=a@b.c --dry-run").dry() else { panic!() };
    let line = invalid.corrected.unwrap();
    assert_eq!(line, "/build --dry-run tag=v1.4 mail=a@b.c");
    let parsed = parse_comment(&line).remove(0).parsed;
    assert!(matches!(parsed, Ok(Command::Build { dry_run: true, .. })));
}
