//! Nothing private leaves in what is shown.

use proptest::prelude::*;

use super::*;

/// Stands for somebody's private answer; it must be found nowhere.
const PLANTED: &str = "planted-7f3a@example.org";

fn hiding() -> Catalogue {
    let mut catalogue = catalogue(&ONE.replace("required: true, ", ""));
    set(
        &mut catalogue,
        "mail",
        json!({ "label": "Your address", "type": "email", "private": true, "required": true }),
    );
    set(&mut catalogue, "token", json!({ "secret": true, "required": true }));
    catalogue
}

/// All of an answer that is stored or shown.
fn texts(asked: &Asked) -> String {
    let json = serde_json::to_string(asked).unwrap();
    match asked {
        Asked::Valid(request) => format!("{json} {}", line_of(&request.build_type, &request.shown)),
        Asked::Invalid(_) => json,
    }
}

fn invalid_of(line: &str) -> Invalid {
    match ask_of(&hiding(), line) {
        Asked::Invalid(invalid) => invalid,
        Asked::Valid(request) => panic!("{line}: {request:?}"),
    }
}

#[test]
fn a_private_answer_goes_its_own_way() {
    let asked = ask_of(&hiding(), &format!("/build tag=v1.4 mail={PLANTED}"));
    assert!(!texts(&asked).contains(PLANTED));
    let request = valid(asked);
    assert_eq!(request.private.into_iter().collect::<Vec<_>>(), [("mail".to_owned(), PLANTED.to_owned())]);
    assert!(!request.inputs.contains_key("mail"));
    let shown = Shown {
        name: "mail".to_owned(),
        label: "Your address".to_owned(),
        value: String::new(),
        private: true,
    };
    assert_eq!(request.shown.last(), Some(&shown));
    assert_eq!(line_of("desktop", &request.shown), "/build desktop tag=v1.4 channel=stable mail=…");
}

#[test]
fn what_the_workflow_does_not_know_is_asked_after_what_it_does() {
    let mut catalogue = hiding();
    set(&mut catalogue, "address", json!({ "private": true }));
    let request = valid(ask_of(&catalogue, "/build jobs=2 address=a mail=a@b.org tag=v1.4"));
    let names: Vec<_> = request.shown.iter().map(|shown| shown.name.as_str()).collect();
    assert_eq!(names, ["tag", "channel", "jobs", "mail", "address"]);
    let Asked::Invalid(invalid) = ask_of(&catalogue, "/build x=1 mail=a@b.org tag=v1.4") else { panic!() };
    assert_eq!(
        invalid.problems[0].why,
        "is not an input; there are tag, channel, sign, jobs, mail, address, token"
    );
}

#[test]
fn its_problems_say_all_but_the_value() {
    for (words, field, why, corrected) in [
        ("mail=planted", "Your address", "is not an email address", "/build tag=v1.4 mail=…"),
        ("", "Your address", "is required", "/build tag=v1.4 mail=…"),
        ("mail=…", "Your address", "needs a value of your own in place of …", "/build tag=v1.4 mail=…"),
        (
            "mail=a@b.org mail2=planted",
            "mail2",
            "is not an input; did you mean mail?",
            "/build tag=v1.4 mail=…",
        ),
        ("mial=planted", "mial", "is not an input; did you mean mail?", "/build tag=v1.4 mail=…"),
        ("mail=a@b.org MAIL=planted", "Your address", "is given twice", "/build tag=v1.4 mail=…"),
        ("mail=a@b.org colour=planted", "colour", "is not an input; there are", "/build tag=v1.4 mail=…"),
        (
            "mail=a@b.org chanel=planted",
            "channel",
            "not one of stable, Beta",
            "/build tag=v1.4 mail=… channel=…",
        ),
    ] {
        let invalid = invalid_of(&format!("/build tag=v1.4 {words}"));
        let found = invalid.problems.iter().find(|p| p.field == field && p.why.starts_with(&why[..9]));
        let found = found.unwrap_or_else(|| panic!("{words}: {invalid:?}"));
        assert_eq!(found.now, None, "{words}");
        assert_eq!(invalid.corrected.as_deref(), Some(corrected), "{words}");
        assert!(!texts(&Asked::Invalid(invalid)).contains("planted"), "{words}");
    }
}

#[test]
fn other_answers_are_still_shown() {
    let invalid = invalid_of(&format!("/build tag=1.4 mail={PLANTED}"));
    assert_eq!(invalid.problems[0].now.as_deref(), Some("1.4"));
    assert_eq!(invalid.corrected.as_deref(), Some("/build tag=v1.4 mail=…"));
}

#[test]
fn a_secret_is_refused_wherever_it_is_given() {
    let expected = "is a secret, and what stands in an issue is public at once";
    let invalid = invalid_of(&format!("/build tag=v1.4 token={PLANTED} mail=a@b.org"));
    let [problem] = invalid.problems.as_slice() else { panic!("{invalid:?}") };
    assert_eq!((problem.field.as_str(), &problem.now, &problem.right), ("token", &None, &None));
    assert!(problem.why.starts_with(expected));
    assert_eq!(invalid.corrected.as_deref(), Some("/build tag=v1.4 mail=…"));

    let mut catalogue = hiding();
    let trigger = crate::policy::IssueTrigger { labels: vec!["build".to_owned()], title_prefix: None };
    catalogue.policy.builds.get_mut("desktop").unwrap().triggers.issue = Some(trigger);
    for body in [
        format!("### tag\n\nv1.4\n\n### Your address\n\na@b.org\n\n### token\n\n{PLANTED}\n"),
        format!("{{ \"tag\": \"v1.4\", \"mail\": \"a@b.org\", \"token\": \"{PLANTED}\" }}"),
        format!("{{ \"tag\": \"v1.4\", \"mail\": [\"{PLANTED}\"], \"token\": \"{PLANTED}\" }}"),
        format!("{{ \"tag\": \"v1.4\", \"{PLANTED}\": {{ \"a\": \"{PLANTED}\" }}, \"token\": \"x\" }}"),
        format!("/build tag=v1.4 mail=a@b.org token={PLANTED}"),
    ] {
        let issue = IssueText { title: String::new(), body: body.clone(), labels: vec!["build".to_owned()] };
        let asked: Vec<_> = from_issue(&catalogue, &issue)
            .into_iter()
            .chain(from_body_commands(&catalogue, &issue))
            .collect();
        let [Asked::Invalid(invalid)] = asked.as_slice() else { panic!("{body}: {asked:?}") };
        assert!(invalid.problems.iter().any(|problem| problem.why.starts_with(expected)), "{body}");
        assert!(!texts(&asked[0]).contains(PLANTED), "{body}: {invalid:?}");
    }
}

#[test]
fn a_line_is_repeated_only_where_nothing_private_can_stand_in_it() {
    let catalogue = hiding();
    for (text, shown) in [
        ("/build", true),
        ("/cancel", true),
        ("/biuld", true),
        ("/trilock build", true),
        ("/build x", false),
        ("/biuld x", false),
        ("/cancel x", false),
        ("/trilock build x", false),
        ("/trilock x", false),
        ("/trilok x", false),
        ("/reject x", false),
    ] {
        let line = parse_comment(text).remove(0);
        assert_eq!(shown_line(&line, Some(&catalogue.policy)).is_some(), shown, "{text}");
        assert_eq!(shown_line(&line, None).as_deref(), Some(text));
        assert_eq!(shown_line(&line, Some(&self::catalogue(ONE).policy)).as_deref(), Some(text));
    }
}

#[test]
fn a_wrong_build_type_brings_nothing_to_light() {
    let mut catalogue = catalogue(SEVERAL);
    set(&mut catalogue, "mail", json!({ "private": true }));
    for (line, corrected) in [
        ("/build planted", None),
        ("/build desktpo mail=planted tag=v1", Some("/build desktop mail=… tag=v1")),
        ("/build desktpo mial=planted tag=v1", None),
        ("/build mobiel tag=v1", Some("/build mobile tag=v1")),
    ] {
        let Asked::Invalid(invalid) = ask_of(&catalogue, line) else { panic!("{line}") };
        assert_eq!(invalid.problems[0].now, None, "{line}");
        assert_eq!(invalid.corrected.as_deref(), corrected, "{line}");
        assert!(!texts(&Asked::Invalid(invalid)).contains("planted"), "{line}");
    }
}

proptest! {
    /// However a line is mangled, what is said about it does not repeat what may be private.
    #[test]
    fn no_slip_of_the_pen_brings_it_to_light(
        name in "mail|mial|MAIL|Mail|e-mail|token|tokn|tag2|--mail|mail:|colour|m",
        equals in "=| = |= | =|:|＝|=\"|='",
        before in "|tag=v1.4 |tag=1.4 |desktop |dekstop |jobs=x |--dry-run ",
        after in "| tag=v1.4|\"|'| x| mail=a@b.org",
        word in "build|biuld|trilock build|trilock biuld|trilok build|reject|cancel",
    ) {
        let catalogue = hiding();
        let line = format!("/{word} {before}{name}{equals}{PLANTED}{after}");
        for command in parse_comment(&line) {
            prop_assert_eq!(shown_line(&command, Some(&catalogue.policy)), None);
            match &command.parsed {
                Ok(Command::Build { build_type, inputs, .. }) => {
                    let asked = from_command(&catalogue, build_type.as_deref(), inputs);
                    prop_assert!(!texts(&asked).contains("planted"), "{}: {:?}", line, asked);
                }
                Ok(_) => {}
                Err(error) => prop_assert!(!error.why.contains("planted"), "{:?}", error),
            }
        }
        let issue = IssueText { title: String::new(), body: line.clone(), labels: Vec::new() };
        for asked in from_body_commands(&catalogue, &issue) {
            prop_assert!(!texts(&asked).contains("planted"), "{}: {:?}", line, asked);
        }
    }
}
