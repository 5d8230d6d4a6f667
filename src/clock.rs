//! The only module that reads the system clock (`clippy.toml` forbids it elsewhere).
//!
//! Everything that decides uses the database's clock (`store::now`). This one paces timers and the sandbox. Tests
//! and the demo give it an offset and a rate, which the database stores too: time is sped up, durations are not shortened.

#![allow(clippy::disallowed_methods, reason = "this is the one place")]

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::watch, time::Instant};

/// A clock that may run faster than the wall and may be moved forward. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<watch::Sender<Anchor>>);

#[derive(Clone, Copy, Debug)]
struct Anchor {
    real: Instant,
    shown: DateTime<Utc>,
    rate: f64,
}

impl Anchor {
    fn now(&self) -> DateTime<Utc> {
        self.shown + delta(self.real.elapsed().mul_f64(self.rate))
    }
}

impl Clock {
    /// The wall clock, at rate 1.
    pub fn system() -> Self {
        Self::starting_at(Utc::now(), 1.0)
    }

    /// A clock that shows `start` now and then runs `rate` times as fast as the wall (`rate` > 0).
    pub fn starting_at(start: DateTime<Utc>, rate: f64) -> Self {
        let anchor = Anchor { real: Instant::now(), shown: start, rate };
        Self(Arc::new(watch::Sender::new(anchor)))
    }

    /// A clock that showed `shown` when the wall's showed `real`, as a database stores it.
    pub fn anchored(real: DateTime<Utc>, shown: DateTime<Utc>, rate: f64) -> Self {
        let passed = (Utc::now() - real).to_std().unwrap_or_default();
        Self::starting_at(shown + delta(passed.mul_f64(rate)), rate)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.0.borrow().now()
    }

    pub fn rate(&self) -> f64 {
        self.0.borrow().rate
    }

    /// Moves the clock forward; whoever sleeps on it looks again.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|anchor| anchor.shown += delta(by));
    }

    /// Sets the clock: it shows `shown` now and runs at `rate`; whoever sleeps on it looks again.
    pub fn set(&self, shown: DateTime<Utc>, rate: f64) {
        self.0.send_replace(Anchor { real: Instant::now(), shown, rate });
    }

    /// Sleeps for `duration` of this clock's time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + delta(duration)).await;
    }

    /// Sleeps until this clock shows `deadline`, be it that time passes or that the clock is moved.
    pub async fn sleep_until(&self, deadline: DateTime<Utc>) {
        let mut moved = self.0.subscribe();
        loop {
            let anchor = *moved.borrow_and_update();
            let Ok(left) = (deadline - anchor.now()).to_std() else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.div_f64(anchor.rate)) => {}
                // The sender lives in self, so this only ever means that the clock was moved.
                _ = moved.changed() => {}
            }
        }
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
