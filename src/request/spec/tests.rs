use super::*;
use crate::request::parse_comment;

/// Every command, as somebody types it.
const TYPED: [&str; 9] = [
    "/build",
    "/approve",
    "/reject reason",
    "/cancel",
    "/retry",
    "/status",
    "/queue",
    "/unlock gpu reason",
    "/help",
];

#[test]
fn each_row_is_read_as_its_own_command() {
    let typed = TYPED.map(|line| parse_comment(line).remove(0).parsed.unwrap().name());
    assert_eq!(names().collect::<Vec<_>>(), typed);
    for spec in commands() {
        assert_eq!(command_spec(spec.name).map(|found| found.name), Some(spec.name));
        assert!(spec.name.chars().all(|c| c.is_ascii_lowercase()));
        assert!(!spec.does.is_empty() && !spec.does.contains(['\n', '|']), "{}", spec.does);
    }
}

#[test]
fn who_may_do_what() {
    let table: Vec<_> = commands().iter().map(|spec| (spec.name, spec.role, spec.own)).collect();
    assert_eq!(
        table,
        [
            ("build", Role::Read, false),
            ("approve", Role::Maintain, false),
            ("reject", Role::Maintain, false),
            ("cancel", Role::Write, true),
            ("retry", Role::Write, true),
            ("status", Role::Read, false),
            ("queue", Role::Read, false),
            ("unlock", Role::Admin, false),
            ("help", Role::None, false),
        ]
    );
}

#[test]
fn what_is_one_slip_away_is_a_near_miss_and_no_command_is_one_of_another() {
    for spec in commands() {
        let missing = &spec.name[..spec.name.len() - 1];
        let line = parse_comment(&format!("/{missing}")).remove(0);
        let error = line.parsed.unwrap_err();
        assert_eq!(error.why, format!("is not a command; did you mean `/{}`?", spec.name));
    }
}
