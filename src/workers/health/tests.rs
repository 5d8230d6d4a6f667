use super::*;

fn health(rate: f64) -> (Health, Clock) {
    let clock = Clock::starting_at(DateTime::UNIX_EPOCH, 1.0);
    (Health::new(clock.clone(), rate), clock)
}

#[test]
fn a_loop_that_falls_silent_is_named_until_it_ends_a_step() {
    let (health, clock) = health(1.0);
    assert_eq!(health.unwell(), ["none"]);
    let apply = health.watch("Apply");
    let retention = health.watch("Retention");
    health.ended(apply, Step::Done, Duration::from_secs(1));
    health.ended(retention, Step::Done, Duration::from_secs(3600));
    clock.advance(Duration::from_secs(9 * 60));
    assert_eq!(health.unwell(), [] as [String; 0]);
    clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(health.unwell(), ["Apply"], "the other one rests for an hour");
    health.goes_on("Apply");
    assert_eq!(health.unwell(), [] as [String; 0]);
    clock.advance(Duration::from_secs(11 * 60));
    health.ended(apply, Step::Failed, POLL);
    assert_eq!(health.unwell(), [] as [String; 0], "a failed step is a sign of life");
    clock.advance(Duration::from_secs(6 * 3600));
    assert_eq!(health.unwell(), ["Apply", "Retention"]);
}

#[test]
fn a_rest_is_as_long_as_the_loops_clock_makes_it() {
    let (health, clock) = health(0.1);
    health.watch("Apply");
    clock.advance(Duration::from_secs(50 * 60));
    assert_eq!(health.unwell(), [] as [String; 0], "60 s of its clock are 10 min");
    clock.advance(Duration::from_secs(6 * 60));
    assert_eq!(health.unwell(), ["Apply"]);
}

#[test]
fn a_loop_that_only_panics_is_unwell() {
    let (health, _) = health(1.0);
    let words = health.watch("Words");
    for _ in 0..2 {
        health.ended(words, Step::Panicked, POLL);
        assert_eq!(health.unwell(), [] as [String; 0]);
    }
    health.ended(words, Step::Panicked, POLL);
    assert_eq!(health.unwell(), ["Words"]);
    health.ended(words, Step::Done, POLL);
    assert_eq!(health.unwell(), [] as [String; 0]);
}
