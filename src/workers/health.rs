//! Are the loops alive? Each tells when it has ended a step, and when it will look again at the latest.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::POLL;
use crate::{clock::Clock, metrics};

/// How many of its longest rests a loop may be silent.
const RESTS: u32 = 5;

/// How long one step may take beside, in real time: a queue lock alone may be waited for that long.
const STEP: Duration = Duration::from_secs(300);

/// A loop that panics this often in a row does nothing any more.
const PANICS: u32 = 3;

/// What is known of each loop of this process.
pub struct Health {
    /// Real time, whatever rate the server's clock has: a loop that hangs does so for people who wait.
    clock: Clock,
    rate: f64,
    loops: Mutex<Vec<Watched>>,
}

struct Watched {
    name: String,
    seen: DateTime<Utc>,
    rest: Duration,
    panics: u32,
}

/// One loop.
#[derive(Clone, Copy, Debug)]
pub struct Pulse(usize);

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Done,
    /// With an error, such as a database that is away: the loop is alive.
    Failed,
    Panicked,
}

impl Health {
    /// `clock` runs in real time; the loops' clock at `rate`.
    pub fn new(clock: Clock, rate: f64) -> Self {
        Self { clock, rate, loops: Mutex::default() }
    }

    /// The clock that silence is measured with.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// From now on this loop must show that it is alive.
    pub fn watch(&self, name: &str) -> Pulse {
        let mut loops = self.loops();
        let (name, seen) = (name.to_owned(), self.clock.now());
        loops.push(Watched { name, seen, rest: POLL, panics: 0 });
        Pulse(loops.len() - 1)
    }

    /// A step ended; the next one begins within `rest`, by the loops' clock.
    pub fn ended(&self, pulse: Pulse, step: Step, rest: Duration) {
        let now = self.clock.now();
        let mut loops = self.loops();
        let Some(own) = loops.get_mut(pulse.0) else { return };
        own.seen = now;
        own.rest = rest.max(POLL);
        own.panics = if step == Step::Panicked { own.panics + 1 } else { 0 };
        metrics::worker_step(&own.name, step.as_str(), now);
    }

    /// A long step goes on: it does one thing after the other.
    pub fn goes_on(&self, name: &str) {
        let now = self.clock.now();
        self.loops().iter_mut().filter(|own| own.name == name).for_each(|own| own.seen = now);
    }

    /// The loops that hang or only panic; "none" while no loop runs.
    pub fn unwell(&self) -> Vec<String> {
        let now = self.clock.now();
        let loops = self.loops();
        if loops.is_empty() {
            return vec!["none".to_owned()];
        }
        let silent = |own: &Watched| {
            let limit = own.rest.div_f64(self.rate) * RESTS + STEP;
            (now - own.seen).to_std().is_ok_and(|silence| silence > limit)
        };
        let unwell = loops.iter().filter(|own| own.panics >= PANICS || silent(own));
        unwell.map(|own| own.name.clone()).collect()
    }

    fn loops(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
        }
    }
}

#[cfg(test)]
mod tests;
