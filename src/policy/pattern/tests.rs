use super::*;

#[test]
fn a_plain_beginning_is_told() {
    for (pattern, expected) in [
        (r"^v\d+\.\d+", Some("v")),
        (r"^release/\d", Some("release/")),
        (r"^v1\.\d", Some("v1.")),
        (r"^ab?c", Some("a")),
        (r"^ab*c", Some("a")),
        (r"^a{2}", None),
        (r"^ab+c", Some("ab")),
        (r"^v\d|^w\d", None),
        (r"^\d+", None),
        (r"^[a-z]", None),
        (r"v\d", None),
        (r"(?i)^v", None),
        ("^", None),
        (r"^版本", Some("版本")),
    ] {
        assert_eq!(Pattern::new(pattern).unwrap().prefix().as_deref(), expected, "{pattern}");
    }
}

#[test]
fn a_pattern_is_anchored_only_where_it_says_so() {
    let pattern = Pattern::new(r"^v\d+\.\d+").unwrap();
    assert!(pattern.matches("v1.4.0"));
    assert!(!pattern.matches("x v1.4"));
    assert!(!Pattern::new(r"^v\d+$").unwrap().matches("v1\n"));
}

#[test]
fn a_pattern_that_is_none_or_too_big_is_refused_in_one_line() {
    for pattern in ["(", "(?=a)", r"(a)\1", "a{1000}{1000}{1000}"] {
        let error = Pattern::new(pattern).unwrap_err();
        assert!(!error.is_empty() && !error.contains('\n'), "{error}");
    }
}
