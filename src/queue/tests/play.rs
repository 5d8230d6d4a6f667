//! Stories played in a world, to the end.

use super::super::{Access, Build, Event, LeaseState, Resource, Status, Stored};
use super::people::{DORA, approve, person};
use super::story::{Op, Story, words};
use super::world::{BOT, World};

fn pick_of<T: Clone>(all: impl IntoIterator<Item = T>, pick: usize) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    all.get(pick % all.len().max(1)).cloned()
}

/// Comment ids grow, but some are written down as earlier ones that arrive late.
fn comment_id(world: &World, backwards: bool) -> i64 {
    let made = i64::try_from(world.made).expect("few") * 10;
    if backwards { made - 45 } else { made }
}

pub fn play(world: &mut World, op: &Op) {
    match op {
        Op::Comment { issue, who, backwards, steps } => {
            let stored = world.comment(*issue, comment_id(world, *backwards), *who, steps.clone());
            world.hub.webhooks.push(stored);
        }
        Op::Text { issue, who, revision, step } => {
            // Other answers are another text.
            let text = format!("{revision}: {}", words(std::slice::from_ref(step.as_ref())));
            let stored = world.text(*issue, *who, &text, step.as_ref().clone());
            world.hub.webhooks.push(stored);
        }
        Op::Close { issue } => {
            let stored = world.stored(Event::IssueClosed { issue: *issue, by: person(1) }, None);
            world.hub.webhooks.push(stored);
        }
        Op::IssueGone { issue, why } => {
            let stored = world.stored(Event::IssueGone { issue: *issue, why: *why }, None);
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
        Op::Crash { batch } => {
            let events = world.inbox[..(*batch).min(world.inbox.len())].to_vec();
            if !events.is_empty() {
                world.crash(&events);
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
        Op::StartByHand { workflow } => {
            world.start_by_hand("user9", workflow);
        }
        // Of a workflow whose runs show their build: else nobody could say that it is not a lost build's.
        Op::StrayRun => {
            world.start_by_hand(BOT, "traced.yml");
        }
        Op::Access { access } => world.changes_access(*access),
        Op::Look => world.receive(Event::Look),
        Op::Monitor => world.monitor(),
        Op::Pass { minutes } => world.pass(*minutes),
        Op::Push { at_dispatch: true } => world.hub.moves_at_dispatch = true,
        Op::Push { at_dispatch: false } => world.push(),
        Op::Policy { concurrency, gpu, limit } => {
            (world.concurrency, world.gpu, world.limit) = (*concurrency, *gpu, *limit);
            world.happens(Event::FilesChanged { commit: None });
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

/// Dora looks at everything that waits for her.
fn approve_all(world: &mut World) {
    let awaits = |build: &&Build| build.status == Status::AwaitingApproval;
    let issues: Vec<i64> = world.open.values().filter(awaits).filter_map(|build| build.issue).collect();
    for issue in issues {
        let stored = world.comment(issue, comment_id(world, false), DORA, vec![approve()]);
        world.inbox.push(stored);
    }
}

/// No more trouble: the workers and the monitor get their turns, runs go on, an operator looks after what is lost.
/// Webhooks of runs are all lost, which the monitor must make good.
pub fn calm_down(world: &mut World) {
    if !matches!(world.access, Access::Deleted | Access::Transferred) {
        world.changes_access(Access::Active);
    }
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
        let over = |id| world.hub.runs.values().all(|run| run.build != Some(id) || !run.is_alive());
        let quarantined = world.leases.values().filter(|lease| lease.state == LeaseState::Quarantined);
        let lost =
            quarantined.filter(|lease| world.history.contains_key(&lease.build_id) && over(lease.build_id));
        for (resource, slot) in lost.map(|lease| (lease.resource.clone(), lease.slot)).collect::<Vec<_>>() {
            lift(world, resource, slot);
        }
        approve_all(world);
        world.monitor();
        world.pass(3);
    }
    panic!("not all ended: {:#?}\n{:#?}", world.open, world.outbox);
}

/// Plays a story until everything has ended.
pub fn to_the_end(story: &Story) -> World {
    let mut world = World::new();
    (world.heads, world.stale_glance) = (story.heads, story.stale_glance);
    for op in &story.ops {
        play(&mut world, op);
    }
    calm_down(&mut world);
    world
}
