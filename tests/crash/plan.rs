//! What happens when, made from the seed alone. What it happens to ("one of the last issues") is settled when its time
//! has come, for processes are not deterministic.

use std::time::Duration;

use fastrand::Rng;

use crate::town::{PEOPLE, REPOS};

/// One line of the schedule; `at` is real time since the start.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Duration,
    pub act: Act,
}

/// `pick` chooses among what there is by then.
#[derive(Clone, Debug)]
pub enum Act {
    Person { login: &'static str, pick: usize, does: Does },
    Chaos(Chaos),
}

#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// Opens an issue that asks by its form.
    AskByIssue {
        repo: usize,
    },
    /// Opens an issue and asks in a comment.
    AskByComment {
        repo: usize,
    },
    /// Asks once more in an issue that there is.
    AskAgain,
    Cancel,
    /// Corrects what an issue asks for.
    EditIssue,
    /// Makes a command of what was said: which it must not become.
    EditComment,
    CloseIssue,
    StartByHand,
    Rerun,
    AskForStatus,
    Mistype,
    /// A maintainer looks at what somebody who may not build asked for.
    Approve,
    Reject,
}

#[derive(Clone, Copy, Debug)]
pub enum Chaos {
    Kill {
        replica: usize,
        away: Duration,
    },
    Pause {
        replica: usize,
        lasts: Duration,
    },
    RestartPostgres,
    /// Ends this share of the servers' database sessions, in percent.
    EndSessions {
        percent: u64,
    },
    /// Webhooks come once more long after: as redeliveries of the same, or as others that say the same.
    Resend {
        many: usize,
        own_ids: bool,
    },
    Weather(Weather),
}

/// How GitHub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    Rough,
    /// It answers nothing but 503.
    Away,
}

/// The whole schedule for so much time, in order.
pub fn schedule(seed: u64, lasts: Duration) -> Vec<Entry> {
    let mut all = people(&mut Rng::with_seed(seed), lasts);
    let mut rng = Rng::with_seed(seed ^ 0xC4A5);
    let strikes = chaos(&mut rng, lasts).into_iter().map(|entry| aimed(&mut rng, &all, entry));
    let strikes: Vec<Entry> = strikes.collect();
    all.extend(strikes);
    all.sort_by_key(|entry| entry.at);
    all
}

/// Most strikes come just after somebody did something: then there is work in hand.
fn aimed(rng: &mut Rng, people: &[Entry], strike: Entry) -> Entry {
    let next = people.iter().map(|entry| entry.at).find(|at| *at >= strike.at);
    match next.filter(|_| rng.u32(..3) > 0) {
        Some(at) => Entry { at: at + millis(rng, 0, 250), ..strike },
        None => strike,
    }
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(rng.u64(from..to))
}

fn people(rng: &mut Rng, lasts: Duration) -> Vec<Entry> {
    let (mut at, mut all) = (Duration::ZERO, Vec::new());
    while at < lasts {
        // Now and then several at the same moment.
        let crowd = if rng.u32(..8) == 0 { rng.u32(2..6) } else { 1 };
        for _ in 0..crowd {
            let login = PEOPLE[rng.usize(..PEOPLE.len())].0;
            let (pick, does) = (rng.usize(..1 << 20), does(rng));
            all.push(Entry { at, act: Act::Person { login, pick, does } });
        }
        at += millis(rng, 100, 550);
    }
    all
}

fn does(rng: &mut Rng) -> Does {
    let repo = rng.usize(..REPOS.len());
    match rng.u32(..114) {
        0..18 => Does::AskByIssue { repo },
        18..40 => Does::AskByComment { repo },
        40..50 => Does::AskAgain,
        50..66 => Does::Cancel,
        66..74 => Does::EditIssue,
        74..79 => Does::EditComment,
        79..83 => Does::CloseIssue,
        83..88 => Does::StartByHand,
        88..93 => Does::Rerun,
        93..97 => Does::AskForStatus,
        97..100 => Does::Mistype,
        100..112 => Does::Approve,
        _ => Does::Reject,
    }
}

fn chaos(rng: &mut Rng, lasts: Duration) -> Vec<Entry> {
    let mut all = Vec::new();
    let mut every = |rng: &mut Rng, from: u64, to: u64, make: &mut dyn FnMut(&mut Rng) -> Chaos| {
        let mut at = millis(rng, from / 2, to / 2);
        while at < lasts {
            all.push(Entry { at, act: Act::Chaos(make(rng)) });
            at += millis(rng, from, to);
        }
    };
    every(rng, 1500, 5000, &mut |rng| Chaos::Kill { replica: rng.usize(..2), away: millis(rng, 50, 1200) });
    every(rng, 3000, 9000, &mut |rng| {
        // Some sleep past the end of whatever they had in hand.
        let lasts = if rng.bool() { millis(rng, 100, 1500) } else { millis(rng, 4000, 9000) };
        Chaos::Pause { replica: rng.usize(..2), lasts }
    });
    every(rng, 6000, 14_000, &mut |_| Chaos::RestartPostgres);
    every(rng, 1000, 4000, &mut |rng| Chaos::EndSessions { percent: rng.u64(10..60) });
    every(rng, 1500, 5000, &mut |rng| Chaos::Resend { many: rng.usize(1..40), own_ids: rng.bool() });
    every(rng, 1000, 3000, &mut |rng| {
        Chaos::Weather(match rng.u32(..10) {
            0 => Weather::Away,
            1..4 => Weather::Fair,
            _ => Weather::Rough,
        })
    });
    all
}
