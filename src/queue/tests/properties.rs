//! Any order, repetition and loss of events: nothing is forgotten, doubled, overtaken or given away.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
};

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestError, TestRng, TestRunner},
};
use uuid::Uuid;

use super::super::{Build, Ending, LockClass, Status};
use super::hub::Run;
use super::play::{play, to_the_end};
use super::story::{Op, Story, story, story_with_batch};
use super::world::World;

/// Events that a run of the simulation applies at least.
const STEPS: u64 = 100_000;

/// What a reader would see of a build, without ids.
fn seen(build: &Build) -> (Option<i64>, String, String, Status, Option<Ending>, Option<i64>, bool) {
    let dispatched = build.starting_at.is_some();
    let tag = format!("{:?}", build.inputs);
    (
        build.issue,
        build.request_key.clone() + &build.build_type,
        tag,
        build.status,
        build.ending.clone(),
        build.ticket,
        dispatched,
    )
}

fn picture(world: &World) -> impl PartialEq + std::fmt::Debug {
    let mut builds: Vec<_> = world.open.values().chain(world.history.values()).map(seen).collect();
    builds.sort_by_key(|build| format!("{build:?}"));
    let held = world.leases.values().map(|lease| {
        let holder = world.open.get(&lease.build_id).or_else(|| world.history.get(&lease.build_id)).map(seen);
        (lease.resource.clone(), lease.slot, lease.token, lease.state, holder)
    });
    let counters =
        world.counters.iter().filter(|(key, counter)| **counter > 0 && key.class != LockClass::Issue);
    let counters: Vec<_> = counters.map(|(key, counter)| (key.clone(), *counter)).collect();
    (builds, held.collect::<Vec<_>>(), world.requests.clone(), counters)
}

thread_local! {
    /// While a failing story is made smaller, its many failures are not worth a word.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                loud(panic)
            }
        }));
    });
    QUIET.set(true);
}

/// Tries many random stories, and makes the first one that fails as short as can be. `TRILOCK_SEED` repeats a run.
fn simulate(
    cases: u32,
    stories: impl Strategy<Value = Story>,
    test: impl Fn(&Story) -> Result<(), TestCaseError>,
) {
    let given = std::env::var("TRILOCK_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| Uuid::now_v7().as_u64_pair().1);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    be_quiet();
    let result = runner.run(&stories, |story| test(&story));
    let fails = |story: &Story| {
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| test(story)));
        !ended.is_ok_and(|result| result.is_ok())
    };
    let result = result.map_err(|error| match error {
        TestError::Fail(why, story) => TestError::Fail(why, story.minimal(fails)),
        abort => abort,
    });
    QUIET.set(false);
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, story)) => panic!("{why}\nTRILOCK_SEED={seed}\n{story:?}"),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}

#[test]
fn every_request_ends() {
    let (steps, seen) = (AtomicU64::new(0), RefCell::new(BTreeMap::new()));
    simulate(2300, story(), |story| {
        let world = to_the_end(story);
        steps.fetch_add(world.steps, Ordering::Relaxed);
        for what in world.builds().flat_map(|build| features(&world, build)) {
            *seen.borrow_mut().entry(what).or_insert(0_u64) += 1;
        }
        prop_assert!(world.parked.is_empty(), "still parked: {:?}", world.parked);
        // Of a lifted build's run an operator said that it is over.
        let ours =
            |run: &&Run| run.is_alive() && run.build.is_some_and(|build| !world.lifted.contains(&build));
        let alive: Vec<&Run> = world.hub.runs.values().filter(ours).collect();
        prop_assert!(alive.is_empty(), "nobody waits for {alive:?}");
        for build in world.builds() {
            prop_assert!(ended_as_its_run(&world, build), "not as its run: {build:?}");
        }
        Ok(())
    });
    let steps = steps.into_inner();
    let seen = seen.into_inner();
    println!("{steps} events were applied; builds: {seen:?}");
    assert!(
        FEATURES.iter().all(|what| seen.contains_key(what)),
        "a simulation without some of {FEATURES:?}: {seen:?}"
    );
    assert!(steps >= STEPS, "{steps} are too few");
}

/// What stories must have in them, or they prove little.
const FEATURES: [&str; 15] = [
    "taken by hand",
    "outside the lock",
    "run again",
    "succeeded",
    "timed out",
    "never confirmed",
    "run gone",
    "repository gone",
    "lifted",
    "approved",
    "rejected",
    "not approved in time",
    "answers edited",
    "another commit",
    "approved again after a move",
];

fn features(world: &World, build: &Build) -> Vec<&'static str> {
    let mut has = Vec::new();
    if build.is_manual() {
        has.push(if world.taken.contains(&build.build_id) { "taken by hand" } else { "outside the lock" });
    }
    if build.attempt() > 1 {
        has.push("run again");
    }
    if build.is_approved() {
        has.push("approved");
        has.extend(world.hub.moved.contains_key(&build.build_id).then_some("approved again after a move"));
    }
    has.extend(match build.ending {
        Some(Ending::TimedOut) => Some("timed out"),
        Some(Ending::NeverConfirmed) => Some("never confirmed"),
        Some(Ending::RunGone) => Some("run gone"),
        Some(Ending::RepositoryGone) => Some("repository gone"),
        Some(Ending::Lifted { .. }) => Some("lifted"),
        Some(Ending::Rejected { .. }) => Some("rejected"),
        Some(Ending::ApprovalExpired) => Some("not approved in time"),
        Some(Ending::Replaced) => Some("answers edited"),
        Some(Ending::OtherCommit) => Some("another commit"),
        _ if build.status == Status::Succeeded => Some("succeeded"),
        _ => None,
    });
    has
}

/// A build is told to have ended as its own attempt of its run did.
fn ended_as_its_run(world: &World, build: &Build) -> bool {
    let (Some(run_id), Some(Ending::Concluded { conclusion })) = (build.run_id, &build.ending) else {
        return true;
    };
    let attempt = world.hub.runs[&run_id].attempt(build.attempt());
    attempt.conclusion == Some(conclusion.as_str())
}

#[test]
fn a_batch_decides_as_its_events_one_by_one() {
    simulate(1200, story_with_batch(), |story| {
        let mut batched = World::new();
        for op in &story.ops {
            play(&mut batched, op);
        }
        batched.drain(5);
        for op in story.batch.iter().filter(|op| !matches!(op, Op::Apply { .. } | Op::Policy { .. })) {
            play(&mut batched, op);
        }
        batched.inbox.append(&mut batched.hub.webhooks.clone());
        // Runs that are parked and found in the same batch come after its other events.
        let mut single = batched.clone();
        let events = std::mem::take(&mut batched.inbox);
        batched.turn(&events);
        batched.drain(100);
        single.drain(1);
        prop_assert_eq!(picture(&batched), picture(&single));
        Ok(())
    });
}
