use super::*;
use crate::policy::{CommandForms, parse_policy, parse_workflow};
use crate::request::{Request, from_issue};

const POLICY: &str = "version: 1
builds:
  desktop: { workflow: build.yml, triggers: { issue: { labels: [build] } } }
  docs: { workflow: build.yml, triggers: { issue: { labels: [docs] }, comment: false } }
  mobile: { workflow: build.yml }
";
const WORKFLOW: &str = "on: { workflow_dispatch: { inputs: { tag: { required: true }, note: {} } } }";

fn catalogue() -> Catalogue {
    Catalogue {
        policy: parse_policy("p", POLICY).unwrap(),
        workflows: [("build.yml".to_owned(), parse_workflow("w", WORKFLOW).unwrap())].into(),
        forms: vec![],
    }
}

fn issue(body: &str) -> IssueText {
    IssueText { title: "t".to_owned(), body: body.to_owned(), labels: vec!["build".to_owned()] }
}

fn asked(body: &str) -> Vec<Asked> {
    from_body_commands(&catalogue(), &issue(body))
}

fn valid(asked: &Asked) -> &Request {
    match asked {
        Asked::Valid(request) => request,
        Asked::Invalid(invalid) => panic!("{invalid:?}"),
    }
}

/// Field, now and why.
type Row<'a> = (&'a str, Option<&'a str>, &'a str);

/// The build type, and its problems.
fn invalid(asked: &Asked) -> (Option<&str>, Vec<Row<'_>>) {
    let Asked::Invalid(invalid) = asked else { panic!("{asked:?}") };
    assert_eq!(invalid.corrected, None, "an issue is corrected by editing it");
    let problems = invalid.problems.iter().map(|p| (p.field.as_str(), p.now.as_deref(), p.why.as_str()));
    (invalid.build_type.as_deref(), problems.collect())
}

#[test]
fn lines_for_several_builds_are_read_in_order() {
    let body = "Please!\r\n\r\n/build mobile tag=v1\r\n/trilock build desktop tag=v2 note=\"a b\"\r\n/cancel\r\n/cancle\r\n";
    let asked = asked(body);
    let found: Vec<_> =
        asked.iter().map(|a| (valid(a).build_type.as_str(), valid(a).inputs["tag"].as_str())).collect();
    assert_eq!(found, [("mobile", "v1"), ("desktop", "v2")]);
    assert!(
        super::asked_in_body(&catalogue(), "> /build mobile tag=v1\n\n```\n/build mobile tag=v1\n```")
            .is_empty()
    );
}

#[test]
fn the_form_is_not_looked_at_for_a_build_that_a_line_asks_for() {
    let form = "### tag\n\nv0\n\n";
    assert_eq!(valid(&from_issue(&catalogue(), &issue(form))[0]).inputs["tag"], "v0");
    let both = format!("{form}/build desktop tag=v1\n");
    assert!(from_issue(&catalogue(), &issue(&both)).is_empty());
    assert_eq!(valid(&asked(&both)[0]).inputs["tag"], "v1");
    let broken = format!("{form}/build desktop tag = v1\n");
    assert!(from_issue(&catalogue(), &issue(&broken)).is_empty());
    let other = format!("{form}\n### note\n\n/build mobile tag=v1\n");
    assert_eq!(valid(&from_issue(&catalogue(), &issue(&other))[0]).build_type, "desktop");
    assert_eq!(valid(&asked(&other)[0]).build_type, "mobile");
}

#[test]
fn what_is_wrong_is_told_as_for_the_rest_of_the_issue() {
    let found = asked("/build mobile\n");
    assert_eq!(invalid(&found[0]), (Some("mobile"), vec![("tag", None, "is required")]));
    let found = asked("x\n/build mobile tag = v1\n");
    let pair = "is not `key=value`; a value with blanks needs quotes: `key=\"two words\"`";
    assert_eq!(invalid(&found[0]), (Some("mobile"), vec![("line 2", Some("/build mobile tag = v1"), pair)]));
    let found = asked("/build tag=v1\n/build docs tag=v1\n/biuld\n");
    let problems = vec![
        ("build type", None, "say which one: desktop, mobile"),
        ("build type", Some("docs"), "cannot be asked for by comment"),
        ("line 3", Some("/biuld"), "is not a command; did you mean `/build`?"),
    ];
    assert_eq!((found.len(), invalid(&found[0])), (1, (None, problems)));
    let found = asked("/build mobile --dry-run tag=v1");
    let dry =
        vec![("line 1", Some("/build mobile --dry-run tag=v1"), "`--dry-run` is answered in comments only")];
    assert_eq!(invalid(&found[0]), (Some("mobile"), dry));
}

#[test]
fn a_build_is_asked_for_in_one_way() {
    let twice = asked("/build mobile tag=v1\n/build mobile tag=v1\n");
    assert_eq!(valid(&twice[0]).inputs["tag"], "v1");
    assert_eq!(twice.len(), 1);
    let why = "is asked for in more than one way; keep one `/build` line for it";
    for (body, more) in [
        ("/build mobile tag=v1\n/build mobile tag=v2\n", None),
        ("/build mobile tag=v1\n/build mobile\n", Some(("tag", None, "is required"))),
        ("/build mobile\n/build mobile tag=v1\n", Some(("tag", None, "is required"))),
    ] {
        let problems: Vec<_> = [("build type", Some("mobile"), why)].into_iter().chain(more).collect();
        let found = asked(body);
        assert_eq!((found.len(), invalid(&found[0])), (1, (Some("mobile"), problems)), "{body}");
    }
}

#[test]
fn where_short_forms_or_comments_do_not_count_lines_do_not_either() {
    let mut catalogue = catalogue();
    catalogue.policy.commands = CommandForms::Long;
    let body = issue("/build mobile tag=v1\n/trilock build desktop tag=v1\n");
    let found = from_body_commands(&catalogue, &body);
    assert_eq!((found.len(), valid(&found[0]).build_type.as_str()), (1, "desktop"));
    for build in catalogue.policy.builds.values_mut() {
        build.triggers.comment = false;
    }
    assert!(from_body_commands(&catalogue, &body).is_empty());
}
