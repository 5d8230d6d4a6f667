use super::*;

/// Why an answer to the input `mail`, as the policy has it, cannot stand, and which would be right.
fn fault(policy: &Value, value: &str) -> Option<(String, Option<String>)> {
    let mut catalogue = catalogue(SEVERAL);
    set(&mut catalogue, "mail", policy.clone());
    let inputs = [("tag".to_owned(), "x".to_owned()), ("mail".to_owned(), value.to_owned())];
    match from_command(&catalogue, Some("desktop"), &inputs) {
        Asked::Valid(_) => None,
        Asked::Invalid(Invalid { mut problems, .. }) => {
            assert_eq!(problems.len(), 1);
            let problem = problems.remove(0);
            Some((problem.why, problem.right))
        }
    }
}

#[test]
fn each_type_knows_its_values() {
    let email = "is not an email address";
    let url = "is not a web address that begins with https:// or http://";
    let host = "is not the name or address of a host";
    for (kind, value, why) in [
        ("email", "a@example.org", None),
        ("email", "first.last+tag@sub.example.org", None),
        ("email", " a@example.org ", None),
        ("email", "", None),
        ("email", "a@example", Some(email)),
        ("email", "example.org", Some(email)),
        ("email", "a@@example.org", Some(email)),
        ("email", "A <a@example.org>", Some(email)),
        ("email", "a@[127.0.0.1]", Some(email)),
        ("email", "a@example.org\nBcc: b@example.org", Some(email)),
        ("url", "https://example.org/x?y#z", None),
        ("url", "http://10.0.0.1:8080", None),
        ("url", "ftp://example.org", Some(url)),
        ("url", "javascript:alert(1)", Some(url)),
        ("url", "https://", Some(url)),
        ("url", "https://$(id)/", Some(url)),
        ("host", "example.org:22", None),
        ("host", "[::1]", None),
        ("host", "example.org/x", Some(host)),
        ("host", "a b", Some(host)),
        ("number", "1.5", None),
        ("number", "1,5", Some("is not a number")),
        ("number", "NaN", Some("is not a number")),
        ("boolean", "TRUE", None),
        ("boolean", "yes", Some("must be true or false")),
        ("string", "any thing", None),
    ] {
        let found = fault(&json!({ "type": kind }), value).map(|(why, _)| why);
        assert_eq!(found.as_deref(), why, "{kind} {value}");
    }
    let (_, right) = fault(&json!({ "type": "url" }), "example.org/x").unwrap();
    assert_eq!(right.as_deref(), Some("https://example.org/x"));
}

#[test]
fn the_value_is_dispatched_without_blanks_around_it() {
    let mut catalogue = catalogue(SEVERAL);
    set(&mut catalogue, "mail", json!({ "type": "boolean" }));
    let request = valid(ask_of(&catalogue, "/build desktop tag=x mail=\" True \""));
    assert_eq!(request.inputs["mail"], "true");
}

#[test]
fn length_pattern_and_type_all_hold() {
    let policy = json!({ "type": "host", "max_length": 11, "pattern": "[.]org$", "example": "a.org" });
    assert_eq!(fault(&policy, "example.org"), None);
    let example = Some("a.org".to_owned());
    for (value, why) in [
        ("example2.org", "is longer than 11 characters"),
        ("example.com", "does not match `[.]org$`"),
        ("/.org", "is not the name or address of a host"),
        ("…", "needs a value of your own in place of …"),
        ("a\u{200b}.org", "contains a character that cannot be seen"),
        ("a\u{202e}.org", "contains a character that cannot be seen"),
        ("a\u{0}.org", "contains a control character"),
    ] {
        assert_eq!(fault(&policy, value), Some((why.to_owned(), example.clone())), "{value}");
    }
    let characters = json!({ "max_length": 2 });
    assert_eq!(fault(&characters, "版本"), None);
}

#[test]
fn the_policys_default_serves_where_the_workflow_has_none() {
    let mut catalogue = catalogue(SEVERAL);
    set(&mut catalogue, "mail", json!({ "type": "email", "default": "a@example.org", "required": true }));
    set(&mut catalogue, "channel", json!({ "default": "Beta" }));
    let request = valid(ask_of(&catalogue, "/build desktop tag=x"));
    assert_eq!(request.inputs["mail"], "a@example.org");
    assert_eq!(request.inputs["channel"], "stable");
}
