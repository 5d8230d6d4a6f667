use std::time::Duration;

use crate::policy::parse_policy;

#[test]
fn broken_yaml_has_a_place() {
    for (text, line) in [
        ("version: 1\nbuilds: [\n", 2),
        ("version: 1\nversion: 1\n", 2),
        ("a: b: c\n", 1),
        ("a: *nowhere\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
    ] {
        let errors = parse_policy("trilock.yml", text).unwrap_err();
        assert_eq!(errors.len(), 1, "{text}");
        assert_eq!(errors[0].line, line, "{text}: {}", errors[0]);
    }
}

#[test]
fn aliases_work_but_bombs_do_not() {
    let shared =
        "version: 1\nbuilds:\n  a: &a { workflow: b.yml, timeout: 1h }\n  b: { <<: *a, timeout: 3h }\n";
    let policy = parse_policy("trilock.yml", shared).unwrap();
    assert_eq!(policy.builds["b"].workflow, "b.yml");
    assert_eq!(policy.builds["b"].timeout, Duration::from_secs(3 * 3600));

    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        let aliases = [alias.as_str(); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(parse_policy("trilock.yml", &bomb).unwrap_err()[0].message.contains("limit"));

    let long = "\\u0041".repeat(9_000);
    let aliases = vec!["*t"; 190].join(", ");
    let copies = format!("a: &t \"{long}\"\nb: &b [{aliases}]\nc: [*b, *b, *b]\n");
    assert_eq!(parse_policy("trilock.yml", &copies).unwrap_err().len(), 1);

    let deep = "[".repeat(5_000);
    assert_eq!(parse_policy("trilock.yml", &deep).unwrap_err().len(), 1);
    let large = format!("# {}\n", "x".repeat(600_000));
    let errors = parse_policy("trilock.yml", &large).unwrap_err();
    assert_eq!(errors[0].to_string(), "trilock.yml:1:1: the file is larger than 512 KiB");
}
