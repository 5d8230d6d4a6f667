use proptest::prelude::*;

use super::*;
use crate::policy::{parse_form, parse_policy, parse_workflow};
use crate::request::{Invalid, Request};

const POLICY: &str = r#"version: 1
builds:
  desktop:
    workflow: build.yml
    triggers: { issue: { labels: [build], title_prefix: "[Build]" } }
    inputs: { tag: { pattern: '^v\d+\.\d+', example: v1.4.0 }, note: { label: Remark } }
  mobile:
    workflow: build.yml
    triggers: { issue: { labels: [Build, mobile] } }
"#;

const WORKFLOW: &str = r"on:
  workflow_dispatch:
    inputs:
      tag: { required: true }
      channel: { type: choice, options: [stable, beta], default: stable }
      note: {}
      sign: { type: boolean }
";

fn catalogue() -> Catalogue {
    let form = |path, labels: [&str; 2]| {
        let [tag, channel] = labels;
        let text = format!(
            "body:\n- {{ id: tag, attributes: {{ label: {tag} }} }}\n- {{ id: channel, attributes: {{ label: {channel} }} }}\n"
        );
        parse_form(path, &text).unwrap()
    };
    Catalogue {
        policy: parse_policy("p", POLICY).unwrap(),
        workflows: [("build.yml".to_owned(), parse_workflow("w", WORKFLOW).unwrap())].into(),
        forms: vec![form("en.yml", ["Version tag", "Channel"]), form("zh.yml", ["版本号", "渠道"])],
    }
}

fn issue(body: &str) -> IssueText {
    IssueText {
        title: "[build] please".to_owned(),
        body: body.to_owned(),
        labels: vec!["BUILD".to_owned(), "x".to_owned()],
    }
}

fn asked(body: &str) -> Asked {
    let mut asked = from_issue(&catalogue(), &issue(body));
    assert_eq!(asked.len(), 1);
    asked.remove(0)
}

fn valid(body: &str) -> Request {
    match asked(body) {
        Asked::Valid(request) => request,
        Asked::Invalid(invalid) => panic!("{invalid:?}"),
    }
}

fn invalid(body: &str) -> Invalid {
    match asked(body) {
        Asked::Invalid(invalid) => invalid,
        Asked::Valid(request) => panic!("{request:?}"),
    }
}

fn inputs(body: &str) -> Vec<(String, String)> {
    valid(body).inputs.into_iter().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_form_is_read_by_its_labels_in_either_language() {
    let english = "### Version tag\r\n\r\nv1.4.0\r\n\r\n### Channel\r\n\r\nbeta\r\n\r\n### Else\r\n\r\nx";
    let chinese = "### 版本号\n\nv1.4.0\n\n### 渠道\n\nbeta\n";
    for body in [english, chinese] {
        assert_eq!(inputs(body), pairs(&[("channel", "beta"), ("tag", "v1.4.0")]));
    }
    let request = valid(chinese);
    let shown: Vec<[&str; 3]> = request.shown.iter().map(|s| [&*s.name, &*s.label, &*s.value]).collect();
    assert_eq!(shown, [["tag", "版本号", "v1.4.0"], ["channel", "渠道", "beta"]]);
}

#[test]
fn labels_and_names_serve_where_no_form_does() {
    let body =
        "### tag\n\nv1.4\n\n### REMARK\n\n```text\ntwo\n\n### not a heading\n```\n\n### sign\n\n- [X] yes\n";
    let expected =
        [("channel", "stable"), ("note", "two\n\n### not a heading"), ("sign", "true"), ("tag", "v1.4")];
    assert_eq!(inputs(body), pairs(&expected));
}

#[test]
fn what_was_not_answered_is_not_given() {
    let body =
        "### Version tag\n\nv1.4\n\n### Channel\n\n_No response_\n\n### Remark\n\n\n### sign\n\n- [ ] yes";
    assert_eq!(inputs(body), pairs(&[("channel", "stable"), ("sign", "false"), ("tag", "v1.4")]));
}

#[test]
fn json_serves_where_no_heading_does() {
    let plain = "{ \"tag\": \"v1.4\", \"sign\": true, \"note\": 5, \"channel\": null }";
    let fenced = format!("### Something\n\nPlease build:\n\n```json\n{plain}\n```\n");
    for body in [plain, fenced.as_str()] {
        let expected = [("channel", "stable"), ("note", "5"), ("sign", "true"), ("tag", "v1.4")];
        assert_eq!(inputs(body), pairs(&expected));
    }
    assert_eq!(invalid("```json\n{ \"tag\": \n```").problems[0].why, "is not an object: line 2, column 0");
    assert_eq!(invalid("{ \"tag\": [1] }").problems[0].field, "Version tag");
    assert_eq!(invalid("{ \"tag\": \"v1\\u0000.4\" }").problems[0].now.as_deref(), Some("v1\u{fffd}.4"));
}

#[test]
fn all_that_is_wrong_with_json_is_told_at_once() {
    let found = invalid("{ \"tag\": [\"v1.4\"], \"channel\": \"nightly\", \"x\": { \"a\": \"\\u0000\" } }");
    let rows: Vec<_> =
        found.problems.iter().map(|p| (p.field.as_str(), p.now.as_deref(), p.why.as_str())).collect();
    assert_eq!(
        rows,
        [
            ("Version tag", Some("[\"v1.4\"]"), "must be one value, not a list or object"),
            ("Channel", Some("nightly"), "not one of stable, beta"),
            ("x", Some("{\"a\":\"\\u0000\"}"), "is not an input; there are tag, channel, note, sign"),
        ]
    );
}

#[test]
fn lists_and_boxes_of_a_form_are_answers() {
    let ticked =
        "### tag\n\nv1.4\n\n### Remark\n\n- [X] arm64\n- [ ] x86\n- [x] riscv, too\n\n### Channel\n\n";
    let of = |channel: &str| inputs(&format!("{ticked}{channel}\n"));
    let with = |channel| pairs(&[("channel", channel), ("note", "arm64, riscv, too"), ("tag", "v1.4")]);
    assert_eq!(of("beta"), with("beta"));
    assert_eq!(of("None"), with("stable"));
    assert_eq!(of("- [ ] stable\n- [x] beta"), with("beta"));
    assert_eq!(of("- [ ] stable\n- [ ] beta"), with("stable"));
    let several = invalid("### tag\n\nv1.4\n\n### Channel\n\nstable, beta");
    assert_eq!(several.problems[0].why, "not one of stable, beta");
    assert_eq!(inputs("### tag\n\nv1.4\n\n### Remark\n\nNone")[1], ("note".to_owned(), "None".to_owned()));
}

#[test]
fn answers_that_need_correction_say_so_as_in_the_form() {
    let Invalid { build_type, problems, corrected } =
        invalid("### Version tag\n\n1.4\n\n### Channel\n\nnightly\n");
    assert_eq!(build_type.as_deref(), Some("desktop"));
    assert_eq!(corrected, None);
    let rows: Vec<_> = problems
        .iter()
        .map(|p| (p.field.as_str(), p.now.as_deref(), p.why.as_str(), p.right.as_deref()))
        .collect();
    assert_eq!(
        rows,
        [
            ("Version tag", Some("1.4"), "must begin with v", Some("v1.4.0")),
            ("Channel", Some("nightly"), "not one of stable, beta", Some("stable")),
        ]
    );
    let missing = invalid("Please!").problems;
    assert_eq!((missing[0].why.as_str(), missing[0].now.as_deref()), ("is required", None));
}

#[test]
fn an_issue_asks_only_where_all_of_a_trigger_matches() {
    let types = |title: &str, labels: &[&str]| -> Vec<String> {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let issue = IssueText { title: title.to_owned(), body: "{\"tag\":\"v1.0\"}".to_owned(), labels };
        let asked = from_issue(&catalogue(), &issue);
        let name = |asked| match asked {
            Asked::Valid(request) => request.build_type,
            Asked::Invalid(invalid) => invalid.build_type.unwrap(),
        };
        asked.into_iter().map(name).collect()
    };
    assert_eq!(types("[build] x", &["build"]), ["desktop"]);
    assert_eq!(types("[build] x", &["build", "Mobile"]), ["desktop", "mobile"]);
    assert_eq!(types("x", &["build", "mobile"]), ["mobile"]);
    assert!(types("x", &["build"]).is_empty());
    assert!(types("[build] x", &[]).is_empty());
}

#[test]
fn a_revision_follows_title_and_body_alone() {
    let first = issue("a\nb");
    let same = IssueText { labels: vec![], body: "a\r\nb".to_owned(), ..first.clone() };
    assert_eq!(revision(&first), revision(&same));
    assert_eq!(revision(&first).len(), 16);
    let moved = IssueText { title: format!("{}a", first.title), body: "\nb".to_owned(), ..first.clone() };
    assert_ne!(revision(&first), revision(&moved));
    assert_ne!(revision(&first), revision(&issue("a\nb ")));
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(
        pieces in proptest::collection::vec("### (tag|sign|x)\n|```(json)?\n|\n|\\{|\\}|\"tag\": |- \\[.\\]|\\PC{0,5}|[`#\t \r\n]", 0..30),
    ) {
        from_issue(&catalogue(), &issue(&pieces.concat()));
    }
}
