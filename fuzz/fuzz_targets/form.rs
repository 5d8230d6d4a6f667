//! A form's file, and an issue's text that may come from it, to a request.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trilock::policy::{Catalogue, parse_form, parse_policy, parse_workflow};
use trilock::request::{Asked, IssueText, from_body_commands, from_issue};

const POLICY: &str = r"version: 1
builds:
  desktop:
    workflow: w.yml
    triggers: { issue: { labels: [build] } }
    inputs: { tag: { pattern: '^v\d', example: v1 }, note: { label: Remark } }
";
const WORKFLOW: &str = "on: { workflow_dispatch: { inputs: {
    tag: { required: true }, channel: { type: choice, options: [stable, beta] }, note: {},
    sign: { type: boolean }, jobs: { type: number } } } }";
const FORM: &str = "body:
- { id: tag, attributes: { label: Version tag } }
- { id: channel, attributes: { label: Channel } }";

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let policy = parse_policy("p", POLICY).expect("a policy");
    let workflow = parse_workflow("w", WORKFLOW).expect("a workflow");
    let form = parse_form("f.yml", FORM).expect("a form");
    Catalogue { policy, workflows: [("w.yml".to_owned(), workflow)].into(), forms: vec![form] }
});

fuzz_target!(|texts: (&str, &str)| {
    let (form, body) = texts;
    let mut catalogue = CATALOGUE.clone();
    match parse_form("g.yml", form) {
        Ok(form) => catalogue.forms.push(form),
        Err(errors) => assert!(!errors.is_empty()),
    }
    let issue = IssueText { title: String::new(), body: body.to_owned(), labels: vec!["build".to_owned()] };
    let asked = from_issue(&catalogue, &issue);
    let by_line = from_body_commands(&catalogue, &issue);
    let named = by_line.iter().any(|asked| asked.build_type() == "desktop");
    assert_eq!(asked.len(), usize::from(!named), "the form or a line, not both");
    let types: BTreeSet<_> = by_line.iter().map(Asked::build_type).collect();
    assert_eq!(types.len(), by_line.len(), "one answer for each build type");
    asked.iter().chain(&by_line).for_each(is_sound);
});

fn is_sound(asked: &Asked) {
    let json = serde_json::to_string(asked).expect("it can be stored");
    assert!(!json.replace("\\\\", "").contains("\\u0000"));
    match asked {
        Asked::Valid(request) => {
            assert!(request.inputs["tag"].starts_with('v'));
            for (name, value) in &request.inputs {
                let fits = match name.as_str() {
                    "channel" => ["stable", "beta"].contains(&value.as_str()),
                    "sign" => ["true", "false"].contains(&value.as_str()),
                    "jobs" => value.parse::<f64>().is_ok_and(f64::is_finite),
                    "tag" | "note" => !value.contains(|c: char| c.is_control() && !"\n\r\t".contains(c)),
                    _ => false,
                };
                assert!(fits, "{name}: {value:?}");
            }
            assert_eq!(request.inputs.len(), request.shown.len());
        }
        Asked::Invalid(invalid) => {
            assert!(!invalid.problems.is_empty());
            assert_eq!(invalid.corrected, None, "an issue is corrected by editing it");
        }
    }
}
