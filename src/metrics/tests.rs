use super::*;
use crate::store::Stand;

#[test]
fn without_a_database_the_process_s_own_numbers_are_still_there() {
    ownership_violation();
    let text = render(None).unwrap();
    assert!(text.contains("\ntrilock_database_up 0\n"), "{text}");
    assert!(!text.contains("trilock_builds{"), "{text}");
    let count = text.lines().find_map(|line| line.strip_prefix("trilock_ownership_violations_total "));
    assert!(count.unwrap().parse::<u64>().unwrap() >= 1, "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn the_databases_numbers_are_shown_with_every_state() {
    let stand = Stand { rows: 3, oldest_seconds: 1.5 };
    let gauges = Gauges {
        inbox: [("ready".to_owned(), stand), ("dead".to_owned(), stand)].into(),
        leases: [("quarantined".to_owned(), 2)].into(),
        oldest_xmin: 77,
        ..Gauges::default()
    };
    let text = render(Some(&gauges)).unwrap();
    for line in [
        "trilock_database_up 1",
        "trilock_inbox_events{state=\"ready\"} 3",
        "trilock_inbox_events{state=\"parked\"} 0",
        "trilock_inbox_oldest_seconds{state=\"ready\"} 1.5",
        "trilock_dead_letters{kind=\"event\"} 3",
        "trilock_dead_letters{kind=\"effect\"} 0",
        "trilock_leases{state=\"held\"} 0",
        "trilock_leases{state=\"quarantined\"} 2",
        "trilock_oldest_xmin_transactions 77",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is missing in\n{text}");
    }
}
