use super::*;

const WORKFLOW: &str = "on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      channel: { type: choice, options: [stable, beta] }
      sign: { type: boolean }
      host: { default: localhost }
      trilock_build: {}
";

const FORM: &str = "name: Build
title: '[build] '
labels: [build]
body:
  - { type: input, id: tag, attributes: { label: Tag } }
  - type: dropdown
    id: channel
    attributes:
      label: Channel
      options:
        - Stable
        - beta
";

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// A policy with one build type that has these keys too.
fn policy(keys: &str) -> String {
    format!("version: 1\nbuilds:\n  a:\n    workflow: w.yml\n    {keys}\n")
}

fn told(policy: &str, workflows: &[(&str, &str)], forms: &[(&str, &str)], complete: bool) -> Vec<String> {
    let examined = examine(&Sources {
        policy: source("p.yml", policy),
        workflows: workflows.iter().map(|(path, text)| source(path, text)).collect(),
        forms: forms.iter().map(|(path, text)| source(path, text)).collect(),
        complete,
    });
    let Report { errors, warnings } = examined.report;
    assert_eq!(examined.catalogue.is_some(), errors.is_empty());
    let kind = |kind: &'static str| move |error: &FileError| format!("{kind} {error}");
    errors.iter().map(kind("error")).chain(warnings.iter().map(kind("warning"))).collect()
}

/// What is told of a policy with these keys, this workflow and this form.
fn compared(keys: &str, workflow: &str, form: &str) -> Vec<String> {
    told(&policy(keys), &[("x/w.yml", workflow)], &[("f.yml", form)], true)
}

const NOTHING: [&str; 0] = [];
const ISSUE: &str = "triggers: { issue: { labels: [build], title_prefix: '[build]' } }";

#[test]
fn what_is_right_is_told_nothing_of() {
    assert_eq!(compared(ISSUE, WORKFLOW, FORM), NOTHING);
    let keys =
        "approval: { when: { input: host, is: [public, 10.0.0.1] } }\n    inputs: { host: { type: url } }";
    assert_eq!(compared(keys, WORKFLOW, FORM), NOTHING);
}

#[test]
fn what_is_missing_is_told_if_all_is_there() {
    let text = "version: 1\nbuilds:\n  a:\n    workflow: buidl.yml\n  b:\n    workflow: push.yml\n  c:\n    workflow: \
                broken.yml\n";
    let workflows = [
        ("x/build.yml", WORKFLOW),
        ("x/push.yml", "on: push"),
        ("x/broken.yml", "on: ["),
        ("x/unused.yml", "["),
    ];
    let dispatch = "error p.yml:6:15: `push.yml` has no `workflow_dispatch` trigger, so it cannot be started (add \
                    `workflow_dispatch:` to its `on:`)";
    let all = told(text, &workflows, &[], true);
    assert_eq!(
        all[..2],
        [
            "error p.yml:4:15: there is no workflow `buidl.yml` in .github/workflows/ of the default branch (did you \
             mean `build.yml`?)",
            dispatch,
        ]
    );
    assert!(all[2].starts_with("error x/broken.yml:1:"), "{all:?}");
    assert_eq!(all.len(), 3);
    assert_eq!(told(text, &workflows[1..2], &[], false), [dispatch]);
}

#[test]
fn inputs_are_compared() {
    for (keys, expected) in [
        ("inputs: { tga: {} }", "error p.yml:5:20: `w.yml` declares no input `tga` (did you mean `tag`?)"),
        (
            "inputs: { sign: { type: email } }",
            "error p.yml:5:29: `sign` is a boolean in `w.yml`, so it cannot be `email` (leave `type` out, or make it a \
             string in the workflow)",
        ),
        (
            "inputs: { channel: { example: btea } }",
            "error p.yml:5:35: the example `btea` is no option of `channel` in `w.yml` (did you mean `beta`?)",
        ),
        (
            "inputs: { sign: { default: maybe } }",
            "error p.yml:5:32: the default `maybe` is no option of `sign` in `w.yml` (known here: `true`, `false`)",
        ),
        (
            "inputs: { host: { default: other } }",
            "warning p.yml:5:32: `w.yml` has its own default for `host`, so this one never counts (leave it out)",
        ),
        (
            "approval: { when: { input: chanel, is: beta } }",
            "error p.yml:5:32: neither `w.yml` nor this build's `inputs` has an input `chanel` (did you mean `channel`?)",
        ),
        (
            "approval: { when: { input: trilock_build, is: beta } }",
            "error p.yml:5:32: neither `w.yml` nor this build's `inputs` has an input `trilock_build` (known here: \
             `tag`, `channel`, `sign`, `host`)",
        ),
        (
            "approval: { when: { input: channel, is: [beta, nightly] } }",
            "error p.yml:5:45: `nightly` is no option of `channel` in `w.yml` (known here: `stable`, `beta`)",
        ),
    ] {
        assert_eq!(compared(keys, WORKFLOW, ""), [expected], "{keys}");
    }
}

#[test]
fn what_is_hidden_is_never_sent() {
    assert_eq!(
        compared("inputs: { email: { private: true }, key: { secret: true } }", WORKFLOW, ""),
        NOTHING
    );
    for (keys, expected) in [
        (
            "inputs: { email: { private: true, required: true } }",
            "error p.yml:5:49: the private input `email` is required, and runs cannot fetch such values yet: the build \
             cannot be started (make it optional: `required: false`)",
        ),
        (
            "inputs: { host: { secret: true } }",
            "warning p.yml:5:31: `w.yml` declares the input `host`, but what is secret is never sent as an input: the \
             run gets none (take the input out of the workflow)",
        ),
        (
            "inputs: { tag: { private: true } }",
            "error p.yml:5:31: `w.yml` requires the input `tag`, and what is private is never sent as an input: GitHub \
             would refuse to start the build (take the input out of the workflow)",
        ),
    ] {
        assert_eq!(compared(keys, WORKFLOW, ""), [expected], "{keys}");
    }
}

#[test]
fn forms_are_compared_with_the_builds_that_they_feed() {
    let with = |from: &str, to: &str| FORM.replace(from, to);
    for (form, expected) in [
        (
            with("- Stable", "- nightly"),
            "error f.yml:11:11: `nightly` is no option of `channel` in `w.yml` (known here: `stable`, `beta`)",
        ),
        (
            with("id: tag", "id: tga"),
            "warning f.yml:5:24: `tga` is no input of the build `a`: its answers go nowhere (did you mean `tag`?)",
        ),
        (
            with("id: tag", "id: trilock_build"),
            "warning f.yml:5:24: `trilock_build` is filled in by Trilock itself (take the field out of the form)",
        ),
        (
            with("labels: [build]", "labels: [bug]"),
            "warning f.yml:3:9: issues from this form do not get the label `build`, so they do not ask for `a` (add it: \
             `labels: [build]`)",
        ),
        (
            with("'[build] '", "'[bug] '"),
            "warning f.yml:2:8: issues from this form do not begin with `[build]`, so they do not ask for `a` (add it: \
             `title: \"[build] \"`)",
        ),
        ("name: [".to_owned(), "warning f.yml:1:7: this form cannot be read: unclosed bracket '['"),
    ] {
        assert_eq!(compared(ISSUE, WORKFLOW, &form), [expected], "{form}");
    }
    let other = with("labels: [build]", "labels: [bug]").replace("id: ", "id: other_");
    assert_eq!(compared(ISSUE, WORKFLOW, &other), NOTHING);
    let secret = format!("{ISSUE}\n    inputs: {{ key: {{ secret: true }} }}");
    assert_eq!(
        compared(&secret, WORKFLOW, &with("id: tag", "id: key")),
        [
            "warning f.yml:5:24: `key` is secret in `a`, but whatever is answered here everybody can read (take the \
             field out of the form)"
        ]
    );
}

#[test]
fn a_report_ends_somewhere() {
    let builds = (0..200).map(|number| format!("  b{number}: {{ workflow: none{number}.yml }}\n"));
    let text = format!("version: 1\nbuilds:\n{}", builds.collect::<String>());
    let told_of = told(&text, &[], &[], true);
    assert_eq!(told_of.len(), 100);
    assert!(
        told_of[99].ends_with("from here on there is more; correct the first 99 and look again"),
        "{}",
        told_of[99]
    );
    let keys = (0..500).map(|number| format!("k{number}: 1\n")).collect::<String>();
    assert_eq!(told(&format!("version: 1\n{keys}"), &[], &[], true).len(), 100);
}
