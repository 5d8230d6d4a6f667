//! Whatever a file says: no panic, and every place lies in it.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::policy::reference::EXAMPLES;
use crate::policy::{FileError, Source, Sources, examine, parse_form, parse_policy, parse_workflow};

/// The reference's, with a pattern that is quick to compile.
static POLICY: LazyLock<String> = LazyLock::new(|| EXAMPLES[1].replace(r"\d", "[0-9]"));

const WORKFLOW: &str = "name: Desktop
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, description: 'e.g. v1.4.0' }
      host: { type: string }
      channel: { type: choice, options: [stable, beta] }
jobs:
  build:
    steps:
      - run: |
          make ${{ inputs.tag }}
      - { run: \"echo ${{ github.event.inputs.host }}\" }
";

const FORM: &str = "name: Build
title: '[build] '
labels: [build]
body:
  - { type: input, id: tag, attributes: { label: Tag } }
  - { type: dropdown, id: channel, attributes: { label: Channel, options: [stable, nightly] } }
";

fn any_text() -> impl Strategy<Value = String> {
    "\\PC*|[-a-z0-9:{}\\[\\]&*!|>'\"#%@` \n\r\t<,?\u{feff}\u{85}\u{2028}]{0,200}"
}

/// A good file with something put in, or something taken out.
fn edited(file: &'static str) -> impl Strategy<Value = String> {
    let with = "\\PC{0,3}|[\n\r:{}\\[\\]'\"&*$-]{1,3}|tag|版|[0-9]{1,3}";
    (0..=file.len(), 0..20_usize, with).prop_map(|(at, out, with)| {
        let mut text = file.to_owned();
        let end = text.len().min(at + out);
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &with);
        }
        text
    })
}

fn lies_in(error: &FileError, text: &str) -> Result<(), TestCaseError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let line = error.line.checked_sub(1).and_then(|line| text.split('\n').nth(line as usize));
    let characters = line.map(|line| line.chars().count());
    let inside = characters.is_some_and(|most| error.column >= 1 && error.column as usize <= most + 1);
    prop_assert!(inside, "{error} in {text:?}");
    prop_assert!(!error.to_string().contains(['\n', '\r']), "{error:?}");
    Ok(())
}

#[test]
fn a_mistake_that_quotes_several_lines_is_one_line() {
    let errors = parse_policy("p", "version: 1\r\n\n  2\nbuilds: { a: { workflow: b.yml } }\n").unwrap_err();
    assert_eq!(errors[0].to_string(), "p:1:10: version `1 2` is not known (write `version: 1`)");
}

fn all_lie_in(policy: &str, workflow: &str, form: &str) -> Result<(), TestCaseError> {
    for (read, text) in [
        (parse_policy("p", policy).map(drop), policy),
        (parse_workflow("w", workflow).map(drop), workflow),
        (parse_form("f", form).map(drop), form),
    ] {
        for error in read.err().unwrap_or_default() {
            lies_in(&error, text)?;
        }
    }
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let report = examine(&Sources {
        policy: source("p", policy),
        workflows: vec![source("build-desktop.yml", workflow)],
        forms: vec![source("f", form)],
        complete: true,
    })
    .report;
    for error in report.errors.iter().chain(&report.warnings) {
        let text = match error.path.as_str() {
            "p" => policy,
            "f" => form,
            _ => workflow,
        };
        lies_in(error, text)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(policy in any_text(), other in any_text()) {
        all_lie_in(&policy, &other, &other)?;
        all_lie_in(&POLICY, &other, &other)?;
    }

    #[test]
    fn any_edit_of_a_good_file_is_read(policy in edited(&POLICY), workflow in edited(WORKFLOW), form in edited(FORM)) {
        all_lie_in(&policy, &workflow, &form)?;
        all_lie_in(&POLICY, &workflow, &form)?;
    }
}
