use std::{cell::Cell, future::pending, time::Duration};

use super::*;

fn clock() -> Clock {
    Clock::starting_at(DateTime::UNIX_EPOCH, 1.0)
}

#[tokio::test]
async fn work_within_its_time_is_done() {
    let budget = Budget::of(clock(), TimeDelta::minutes(1));
    assert_eq!(budget.spend(async { 7 }).await, Some(7));
}

#[tokio::test]
async fn work_that_hangs_is_dropped_when_its_time_is_up() {
    let clock = clock();
    let budget = Budget::of(clock.clone(), TimeDelta::minutes(1));
    let later = async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(61));
        pending::<()>().await;
    };
    tokio::select! {
        done = budget.spend(pending::<()>()) => assert_eq!(done, None),
        () = later => {}
    }
}

/// As after a pause of the whole process: the next step was ready all along.
#[tokio::test]
async fn a_step_that_is_ready_is_not_taken_after_the_time_is_up() {
    let clock = clock();
    let (sent, budget) = (Cell::new(false), Budget::of(clock.clone(), TimeDelta::minutes(1)));
    let work = async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(61));
        tokio::task::yield_now().await;
        sent.set(true);
    };
    assert_eq!(budget.spend(work).await, None);
    assert!(!sent.get());
}
