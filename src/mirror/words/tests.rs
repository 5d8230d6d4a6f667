use super::*;
use crate::mirror::sample::at;

#[test]
fn a_clock_time_has_its_day_only_when_it_is_another_one() {
    assert_eq!(clock(at(13, 58), at(0, 0)), "13:58 UTC");
    assert_eq!(clock(at(13, 58) + TimeDelta::days(1), at(23, 59)), "23 Nov 13:58 UTC");
    assert_eq!(clock(at(0, 5) - TimeDelta::days(20), at(0, 0)), "2 Nov 00:05 UTC");
    assert_eq!(day(at(1, 1)), "22 Nov 2026");
}

#[test]
fn durations_are_read_easily() {
    let cases = [
        (0, "0 s", "0 seconds"),
        (-5, "0 s", "0 seconds"),
        (59, "59 s", "59 seconds"),
        (60, "1 min", "1 minute"),
        (119, "1 min", "1 minute 59 seconds"),
        (7200, "2 h", "2 hours"),
        (5400, "1 h 30 min", "1 hour 30 minutes"),
        (90_000, "25 h", "25 hours"),
    ];
    for (seconds, as_short, as_long) in cases {
        assert_eq!(short(TimeDelta::seconds(seconds)), as_short);
        assert_eq!(long(TimeDelta::seconds(seconds)), as_long);
    }
}

#[test]
fn sizes_have_the_unit_that_suits() {
    let cases = [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (1449, "1.4 KB"),
        (84_000_000, "84 MB"),
        (83_499_999, "83 MB"),
        (999_960, "1 MB"),
        (9_960_000, "10 MB"),
        (999_960_000, "1 GB"),
        (1_400_000_000, "1.4 GB"),
        (u64::MAX, "18446744 TB"),
    ];
    for (bytes, shown) in cases {
        assert_eq!(size(bytes), shown, "{bytes}");
    }
}

#[test]
fn small_numbers_are_words() {
    assert_eq!([1, 2, 10, 11].map(count), ["One", "Two", "Ten", "11"]);
}
