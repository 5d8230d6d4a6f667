use super::*;
use crate::policy::{parse_policy, parse_workflow};

const WORKFLOW: &str = r#"on: { workflow_dispatch: { inputs: { tag: {}, channel: { type: choice, options: [a] }, count: {}, trilock_build: {} } } }
env: { run: "${{ inputs.tag }}" }
jobs:
  build:
    steps:
      - run: echo ${{ inputs.channel }} ${{ inputs.trilock_build }} $TAG
        env: { TAG: "${{ inputs.tag }}" }
      - run: echo "版本 ${{ inputs.tag }}" ${{ github.event.inputs.count }}
      - name: Several
        run: |
          set -e
          make ${{ inputs.tag }} \
            ${{ format('{0}', Inputs['Tag']) }} ${{ inputs.tags }} ${{ steps.inputs.tag }}
      - run: "a\tb ${{
            inputs.tag }}"
"#;

fn warnings(keys: &str) -> Vec<FileError> {
    let policy = format!("version: 1\nbuilds:\n  a: {{ workflow: w.yml, {keys} }}\n");
    let catalogue = Catalogue {
        policy: parse_policy("p", &policy).unwrap(),
        workflows: [("w.yml".to_owned(), parse_workflow("w.yml", WORKFLOW).unwrap())].into(),
        forms: vec![],
    };
    scripts(&catalogue, "w.yml", "x/w.yml", WORKFLOW)
}

#[test]
fn free_text_in_a_script_is_found_where_it_stands() {
    let places: Vec<_> = warnings("").iter().map(|warning| (warning.line, warning.column)).collect();
    assert_eq!(places, [(8, 23), (8, 42), (12, 16), (13, 13), (14, 14)]);
    assert_eq!(
        warnings("")[1].to_string(),
        "x/w.yml:8:42: whatever somebody answers for `count` becomes a part of this script, and can run commands (pass \
         it by the environment: `env: { COUNT: \"${{ inputs.count }}\" }` beside `run:`, and `\"$COUNT\"` in the script)"
    );
}

#[test]
fn what_can_only_be_a_number_or_is_never_sent_is_no_danger() {
    assert_eq!(warnings("inputs: { count: { type: number } }").len(), 4);
    assert_eq!(warnings("inputs: { tag: { private: true } }").len(), 1);
    assert_eq!(warnings("inputs: { tag: { type: host } }").len(), 5);
}

#[test]
fn lines_end_as_they_do_in_yaml() {
    for (text, expected) in [("ab", (1, 3)), ("a\nb", (2, 2)), ("a\r\nb", (2, 2)), ("a\rb\n\n版", (4, 2))] {
        assert_eq!(place(text, text.len()), expected, "{text:?}");
    }
}
