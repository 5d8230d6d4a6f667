//! Any order, repetition and loss of events: nothing is forgotten, doubled, overtaken or given away.

use proptest::{collection::vec, prelude::*};

use super::super::{Build, Ending, Event, LeaseState, LockClass, Phase, Resource, Status, Step, Stored};
use super::hub::Fate;
use super::people::{build, person, wrong};
use super::world::World;

/// One thing that happens. Numbers pick among what is there.
#[derive(Clone, Debug)]
enum Op {
    Comment { issue: i64, who: i64, backwards: bool, steps: Vec<Step> },
    Text { issue: i64, who: i64, revision: u8, step: Step },
    Close { issue: i64 },
    Webhook { pick: usize, again: bool },
    DropRunWebhook { pick: usize },
    Apply { batch: usize },
    Deliver { pick: usize, fate: Fate },
    Progress { pick: usize, conclusion: &'static str },
    Rerun { pick: usize },
    Gone { pick: usize },
    Monitor,
    Pass { minutes: i64 },
    Policy { concurrency: u32, gpu: u32, limit: u32 },
    Lift { pick: usize },
}

fn wish() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec!["desktop", "model", "traced"]);
    prop_oneof![
        8 => (kind.clone(), 1..3).prop_map(|(kind, tag)| build(kind, &format!("v{tag}"))),
        1 => kind.prop_map(wrong),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![6 => wish(), 3 => Just(Step::Cancel), 1 => Just(Step::Status)]
}

fn op() -> impl Strategy<Value = Op> {
    let fate = prop_oneof![
        6 => Just(Fate::Answered),
        3 => Just(Fate::Unanswered),
        1 => Just(Fate::Vanished),
        1 => Just(Fate::Refused),
    ];
    let conclusion = prop::sample::select(vec!["success", "failure", "timed_out"]);
    let pick = 0..8_usize;
    prop_oneof![
        8 => (1..9_i64, 1..4_i64, any::<bool>(), vec(step(), 1..3))
            .prop_map(|(issue, who, backwards, steps)| Op::Comment { issue, who, backwards, steps }),
        3 => (1..9_i64, 1..4_i64, 0..3_u8, wish())
            .prop_map(|(issue, who, revision, step)| Op::Text { issue, who, revision, step }),
        1 => (1..9_i64).prop_map(|issue| Op::Close { issue }),
        10 => (pick.clone(), prop::bool::weighted(0.3)).prop_map(|(pick, again)| Op::Webhook { pick, again }),
        1 => pick.clone().prop_map(|pick| Op::DropRunWebhook { pick }),
        10 => (1..6_usize).prop_map(|batch| Op::Apply { batch }),
        8 => (pick.clone(), fate).prop_map(|(pick, fate)| Op::Deliver { pick, fate }),
        7 => (pick.clone(), conclusion).prop_map(|(pick, conclusion)| Op::Progress { pick, conclusion }),
        1 => pick.clone().prop_map(|pick| Op::Rerun { pick }),
        1 => pick.clone().prop_map(|pick| Op::Gone { pick }),
        2 => Just(Op::Monitor),
        3 => prop::sample::select(vec![0, 1, 3, 6, 130]).prop_map(|minutes| Op::Pass { minutes }),
        1 => (1..4_u32, 1..3_u32, 1..6_u32)
            .prop_map(|(concurrency, gpu, limit)| Op::Policy { concurrency, gpu, limit }),
        1 => pick.prop_map(|pick| Op::Lift { pick }),
    ]
}

fn pick_of<T: Clone>(all: impl IntoIterator<Item = T>, pick: usize) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    all.get(pick % all.len().max(1)).cloned()
}

/// Comment ids grow, but some are written down as earlier ones that arrive late.
fn comment_id(world: &World, backwards: bool) -> i64 {
    let made = i64::try_from(world.made).expect("few") * 10;
    if backwards { made - 45 } else { made }
}

fn play(world: &mut World, op: &Op) {
    match op {
        Op::Comment { issue, who, backwards, steps } => {
            let stored = world.comment(*issue, comment_id(world, *backwards), *who, steps.clone());
            world.hub.webhooks.push(stored);
        }
        Op::Text { issue, who, revision, step } => {
            let stored = world.text(*issue, *who, &revision.to_string(), step.clone());
            world.hub.webhooks.push(stored);
        }
        Op::Close { issue } => {
            let stored = world.stored(Event::IssueClosed { issue: *issue, by: person(1) }, None);
            world.hub.webhooks.push(stored);
        }
        Op::Webhook { pick, again } => {
            if let Some(index) = pick_of(0..world.hub.webhooks.len(), *pick) {
                let stored = world.hub.webhooks[index].clone();
                world.inbox.push(stored);
                if !again {
                    world.hub.webhooks.remove(index);
                }
            }
        }
        Op::DropRunWebhook { pick } => {
            let runs = |(_, stored): &(usize, &Stored)| matches!(stored.event, Event::Run(_));
            let of_runs = world.hub.webhooks.iter().enumerate().filter(runs).map(|(index, _)| index);
            if let Some(index) = pick_of(of_runs.collect::<Vec<_>>(), *pick) {
                world.hub.webhooks.remove(index);
            }
        }
        Op::Apply { batch } => {
            if world.inbox.is_empty() {
                let arrive = (*batch).min(world.hub.webhooks.len());
                world.inbox.extend(world.hub.webhooks.drain(..arrive));
            }
            let events: Vec<Stored> = world.inbox.drain(..(*batch).min(world.inbox.len())).collect();
            if !events.is_empty() {
                world.turn(&events);
            }
        }
        Op::Deliver { pick, fate } => {
            if let Some(key) = pick_of(world.outbox.keys().cloned().collect::<Vec<_>>(), *pick) {
                world.deliver(&key, *fate);
            }
        }
        Op::Progress { pick, conclusion } => {
            if let Some(run) = pick_of(world.hub.runs.keys().copied().collect::<Vec<_>>(), *pick) {
                world.progress(run, conclusion);
            }
        }
        Op::Rerun { pick } => {
            if let Some(run) = pick_of(world.hub.runs.keys().copied().collect::<Vec<_>>(), *pick) {
                world.rerun(run);
            }
        }
        Op::Gone { pick } => {
            if let Some(run) = pick_of(world.hub.runs.keys().copied().collect::<Vec<_>>(), *pick) {
                world.hub.runs.get_mut(&run).expect("a run").gone = true;
            }
        }
        Op::Monitor => world.monitor(),
        Op::Pass { minutes } => world.pass(*minutes),
        Op::Policy { concurrency, gpu, limit } => {
            (world.concurrency, world.gpu, world.limit) = (*concurrency, *gpu, *limit);
            world.happens(Event::FilesChanged);
        }
        Op::Lift { pick } => {
            if let Some((resource, slot)) = pick_of(world.leases.keys().cloned().collect::<Vec<_>>(), *pick) {
                lift(world, resource, slot);
            }
        }
    }
}

fn lift(world: &mut World, resource: Resource, slot: i32) {
    world.receive(Event::Lift { resource, slot, reason: "looked".into(), by: "operator".into() });
}

/// No more trouble: the workers and the monitor get their turns, runs go on, an operator looks after what is lost.
/// Webhooks of runs are all lost, which the monitor must make good.
fn calm_down(world: &mut World) {
    for _ in 0..400 {
        world.hub.webhooks.retain(|stored| !matches!(stored.event, Event::Run(_)));
        world.drain(5);
        let done = world.open.is_empty() && world.outbox.is_empty() && world.leases.is_empty();
        if done && world.hub.webhooks.is_empty() {
            return;
        }
        world.calm();
        for run in world.hub.runs.keys().copied().collect::<Vec<_>>() {
            world.progress(run, "success");
        }
        let over = |id| world.hub.runs.values().all(|run| run.build != id || !run.is_alive());
        let quarantined = world.leases.values().filter(|lease| lease.state == LeaseState::Quarantined);
        let lost =
            quarantined.filter(|lease| world.history.contains_key(&lease.build_id) && over(lease.build_id));
        for (resource, slot) in lost.map(|lease| (lease.resource.clone(), lease.slot)).collect::<Vec<_>>() {
            lift(world, resource, slot);
        }
        world.monitor();
        world.pass(3);
    }
    panic!("not all ended: {:#?}\n{:#?}", world.open, world.outbox);
}

/// What a reader would see of a build, without ids.
fn seen(build: &Build) -> (i64, String, String, Status, Option<Ending>, Option<i64>, bool) {
    let issue = build.issue.expect("an issue");
    let dispatched = build.starting_at.is_some();
    let tag = format!("{:?}", build.inputs);
    (
        issue,
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

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_request_ends(
        ops in vec(op(), 1..150), heads in prop::option::of(1..3_usize), stale_glance in any::<bool>(),
    ) {
        let mut world = World::new();
        (world.heads, world.stale_glance) = (heads, stale_glance);
        for op in &ops {
            play(&mut world, op);
        }
        calm_down(&mut world);
        prop_assert!(world.parked.is_empty(), "still parked: {:?}", world.parked);
        // A re-run of a run whose build has ended is nobody's here.
        for run in world.hub.runs.values().filter(|run| run.attempt == 1) {
            prop_assert!(run.phase == Phase::Completed || run.gone);
        }
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_batch_decides_as_its_events_one_by_one(ops in vec(op(), 1..60), waiting in vec(op(), 1..12)) {
        let mut batched = World::new();
        for op in &ops {
            play(&mut batched, op);
        }
        batched.drain(5);
        for op in waiting.iter().filter(|op| !matches!(op, Op::Apply { .. } | Op::Policy { .. })) {
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
    }
}
