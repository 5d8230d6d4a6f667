mod any_text;
mod asking;

use std::time::Duration;

use super::*;

const SMALLEST: &str = r"version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [build] } }
    inputs: { tag: { pattern: '^v\d+\.\d+' } }
";

const FULLER: &str = r#"version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    ref: main
    triggers:
      issue: { labels: [build], title_prefix: "[build]" }
      comment: false
    inputs:
      tag: { label: "Version tag", pattern: '^v\d+\.\d+(\.\d+)?$', example: v1.4.0, required: true }
    resources: [gpu:0]
    timeout: 1h 30m
queue: { limit: 5, concurrency: 2 }
named_resources: { "gpu:0": { capacity: 3 } }
"#;

fn errors(text: &str) -> Vec<String> {
    let errors = parse_policy("trilock.yml", text).expect_err("the policy is broken");
    errors.iter().map(ToString::to_string).collect()
}

/// The errors of a policy with one build whose keys are these.
fn build_errors(keys: &str) -> Vec<String> {
    errors(&format!("version: 1\nbuilds:\n  a:\n    workflow: b.yml\n    {keys}\n"))
}

#[test]
fn the_smallest_policy_has_the_defaults() {
    let policy = parse_policy("trilock.yml", SMALLEST).unwrap();
    let build = &policy.builds["desktop"];
    assert_eq!(build.workflow, "build-desktop.yml");
    assert_eq!(build.git_ref, None);
    assert_eq!(build.timeout, Duration::from_secs(7200));
    assert!(build.triggers.comment);
    assert_eq!(build.triggers.issue.as_ref().unwrap().labels, ["build"]);
    assert!(build.inputs["tag"].pattern.as_ref().unwrap().matches("v1.4.0"));
    assert_eq!(policy.queue, QueuePolicy { limit: 50, concurrency: 1 });
    assert!(policy.named_resources.is_empty());
}

#[test]
fn a_fuller_policy_keeps_all_that_it_says() {
    let policy = parse_policy("trilock.yml", FULLER).unwrap();
    let build = &policy.builds["desktop"];
    assert_eq!(build.git_ref.as_deref(), Some("main"));
    assert_eq!(build.timeout, Duration::from_secs(5400));
    assert!(!build.triggers.comment);
    assert_eq!(build.triggers.issue.as_ref().unwrap().title_prefix.as_deref(), Some("[build]"));
    assert_eq!(build.resources, ["gpu:0"]);
    let tag = &build.inputs["tag"];
    assert_eq!(tag.label.as_deref(), Some("Version tag"));
    assert_eq!(tag.example.as_deref(), Some("v1.4.0"));
    assert_eq!(tag.required, Some(true));
    assert_eq!(policy.queue, QueuePolicy { limit: 5, concurrency: 2 });
    assert_eq!(policy.named_resources["gpu:0"].capacity, 3);
}

#[test]
fn a_catalogue_survives_being_stored() {
    let catalogue = Catalogue {
        policy: parse_policy("trilock.yml", FULLER).unwrap(),
        workflows: [("build-desktop.yml".to_owned(), parse_workflow("w", "on: workflow_dispatch").unwrap())]
            .into(),
        forms: vec![],
    };
    let json = serde_json::to_string(&catalogue).unwrap();
    assert_eq!(serde_json::from_str::<Catalogue>(&json).unwrap(), catalogue);
}

#[test]
fn every_mistake_has_its_place_and_a_way_out() {
    let cases = [
        ("timout: 2h", "trilock.yml:5:5: unknown key `timout` in build `a` (did you mean `timeout`?)"),
        (
            "start_timeout: 10m",
            "trilock.yml:5:5: unknown key `start_timeout` in build `a` (known here: `workflow`, `ref`, `triggers`, \
             `inputs`, `approval`, `resources`, `timeout`)",
        ),
        (
            "timeout: soon",
            "trilock.yml:5:14: `timeout` is not a duration: `soon` (write for example `45m`, `2h` or `1h 30m`)",
        ),
        (
            "timeout: 36d",
            "trilock.yml:5:14: `timeout` must be from 1s to 35d, not `36d` (write for example \
             `45m`, `2h` or `1h 30m`)",
        ),
        ("timeout: [2h]", "trilock.yml:5:14: `timeout` must be one value, not a list or mapping"),
        (
            "triggers: { comment: yes }",
            "trilock.yml:5:26: `comment` must be true or false, not `yes` (write `true` or `false`)",
        ),
        (
            "triggers: { issue: {} }",
            "trilock.yml:5:24: `issue` does not say which issues ask for a build (give `labels`, `title_prefix` or \
             both, or every issue would ask)",
        ),
        ("triggers: [issue]", "trilock.yml:5:15: `triggers` must be a mapping (`key: value`)"),
        (
            "inputs: { tag: { patern: x } }",
            "trilock.yml:5:22: unknown key `patern` in input `tag` (did you mean `pattern`?)",
        ),
        (
            "inputs: { tag: { pattern: '^v\\d+$', example: '1.4' } }",
            "trilock.yml:5:50: the example `1.4` does not match the pattern `^v\\d+$`",
        ),
        (
            "inputs: { trilock_build: {} }",
            "trilock.yml:5:15: `trilock_build` is filled in by Trilock itself (declare it in the workflow only)",
        ),
        (
            "resources: [gpu]",
            "trilock.yml:5:17: resource `gpu` is not one of `named_resources` (declare it: `named_resources: { \
             \"gpu\": { capacity: 1 } }`)",
        ),
        ("ref: my branch", "trilock.yml:5:10: `my branch` cannot be the name of a branch or tag"),
        ("ref: ''", "trilock.yml:5:10: `ref` is empty"),
    ];
    for (keys, expected) in cases {
        assert_eq!(build_errors(keys), [expected], "{keys}");
    }
}

#[test]
fn a_pattern_that_is_none_says_why() {
    let errors = build_errors("inputs: { tag: { pattern: '(?=v)1' } }");
    assert_eq!(errors.len(), 1);
    let expected = "trilock.yml:5:31: `pattern` is not a regular expression: look-around";
    assert!(errors[0].starts_with(expected), "{}", errors[0]);
}

#[test]
fn mistakes_outside_the_builds_have_their_place_too() {
    let builds = "builds: { a: { workflow: b.yml } }";
    let cases = [
        (format!("{builds}\n"), "trilock.yml:1:1: the policy needs the key `version` (write `version: 1`)"),
        (
            format!("version: 1\n{builds}\nmanual: requeue\n"),
            "trilock.yml:3:9: `manual: requeue` is not there yet (write `manual: observe`, or leave it out)",
        ),
        (
            format!("version: 1\n{builds}\nmanual: ignore\n"),
            "trilock.yml:3:9: `manual` cannot be `ignore` (write `manual: observe`, or leave it out)",
        ),
        (
            format!("version: 2\n{builds}\n"),
            "trilock.yml:1:10: version `2` is not known (write `version: 1`)",
        ),
        (
            "version: 1\n".to_owned(),
            "trilock.yml:1:1: the policy needs the key `builds` (name at least one build type and its workflow)",
        ),
        (
            "version: 1\nbuilds: {}\n".to_owned(),
            "trilock.yml:2:9: `builds` is empty (name at least one build type and its workflow)",
        ),
        (
            format!("version: 1\n{builds}\nque: {{}}\n"),
            "trilock.yml:3:1: unknown key `que` in the policy (known here: `version`, `builds`, `queue`, \
             `named_resources`, `commands`, `permissions`, `manual`)",
        ),
        (
            format!("version: 1\n{builds}\nqueue: {{ limit: 0 }}\n"),
            "trilock.yml:3:17: `limit` must be a whole number from 1 to 10000, not `0`",
        ),
        (
            format!("version: 1\n{builds}\nqueue: {{ concurrency: two }}\n"),
            "trilock.yml:3:23: `concurrency` must be a whole number from 1 to 10000, not `two`",
        ),
        (
            format!("version: 1\n{builds}\nnamed_resources: {{ gpu: {{ capacity: -1 }} }}\n"),
            "trilock.yml:3:37: `capacity` must be a whole number from 1 to 10000, not `-1`",
        ),
        (
            "version: 1\nbuilds: { My Build: { workflow: b.yml } }\n".to_owned(),
            "trilock.yml:2:11: `My Build` cannot name a build type (use a-z, 0-9, `-` and `_`, at most 64 \
             characters)",
        ),
        (
            "version: 1\nbuilds: { a: { workflow: .github/workflows/b.yml } }\n".to_owned(),
            "trilock.yml:2:26: `.github/workflows/b.yml` is not the name of a workflow file (write only the name of \
             the file in .github/workflows/: `b.yml`)",
        ),
        ("- a\n".to_owned(), "trilock.yml:1:1: the policy must be a mapping (`key: value`)"),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(&text)[0], expected, "{text}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "version: 1\nbuilds:\n  a: { workflow: b.yml, timout: 2h }\n  b: { ref: main }\nqueue: { limit: x }\n";
    let places: Vec<_> = errors(text).iter().map(|error| error[..16].to_owned()).collect();
    assert_eq!(places, ["trilock.yml:3:25", "trilock.yml:4:6:", "trilock.yml:5:17"]);
}

#[test]
fn runs_started_by_hand_are_observed() {
    let text = "version: 1\nbuilds: { a: { workflow: b.yml } }\n";
    let observed = format!("{text}manual: observe\n");
    assert_eq!(parse_policy("trilock.yml", &observed), parse_policy("trilock.yml", text));
}
