use std::{collections::BTreeSet, time::Duration};

use super::*;

#[test]
fn each_failure_doubles_the_wait_up_to_256_seconds() {
    for (attempts, full) in
        [(-1, 1), (0, 1), (1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 256), (i32::MAX, 256)]
    {
        let full = TimeDelta::seconds(full);
        for _ in 0..1000 {
            let wait = back_off(attempts);
            assert!((full / 2..=full).contains(&wait), "{attempts}: {wait}");
        }
    }
}

#[test]
fn those_who_failed_together_do_not_come_back_together() {
    let waits: BTreeSet<TimeDelta> = (0..100).map(|_| back_off(9)).collect();
    assert!(waits.len() > 50, "{waits:?}");
    let waits: BTreeSet<TimeDelta> = (0..100).map(|_| after(&told(60), 1)).collect();
    assert!(waits.len() > 50, "{waits:?}");
}

#[test]
fn githubs_own_wish_is_the_least_and_nearly_the_most() {
    for seconds in [0, 1, 60, 3600] {
        let wish = TimeDelta::seconds(seconds);
        for attempts in [1, 9, 1000] {
            let wait = after(&told(seconds.unsigned_abs()), attempts);
            assert!((wish..=wish + SPREAD).contains(&wait), "{seconds}: {wait}");
            assert_eq!(after_any(&told(0).into(), attempts), TimeDelta::zero());
        }
    }
    let early = GitHubError::RetryLater { after: None, message: String::new() };
    assert!(after(&early, 3) >= TimeDelta::seconds(2));
    let other = anyhow::anyhow!("the database is away");
    assert!(after_any(&other, 3) >= TimeDelta::seconds(2));
}

#[test]
fn github_being_busy_or_out_of_reach_does_not_count_towards_giving_up() {
    let (away, unknown) = (GitHubError::NotSent(String::new()), GitHubError::Unknown(String::new()));
    let counted = |error: &GitHubError| (1..100).filter(|attempts| counts(error, *attempts)).count();
    assert_eq!((counted(&told(1)), counted(&away), counted(&unknown)), (0, 8, 99));
}

#[test]
fn a_wish_is_found_behind_what_was_added_to_the_error() {
    let error = anyhow::Error::new(told(60)).context("GitHub must be asked once who we are");
    assert!(after_any(&error, 1) >= TimeDelta::seconds(60));
}

fn told(seconds: u64) -> GitHubError {
    GitHubError::RetryLater { after: Some(Duration::from_secs(seconds)), message: String::new() }
}
