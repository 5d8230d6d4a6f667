//! Random stories: what people, GitHub, the workers and time do, in any order.

use std::fmt;

use proptest::{collection::vec, prelude::*};

use super::super::{Access, Gone, Step};
use super::hub::Fate;
use super::people::{DORA, approve, build, reject, retry, wrong};
use crate::request::Asked;

/// One thing that happens. Numbers pick among what is there.
#[derive(Clone, Debug)]
pub enum Op {
    Comment {
        issue: i64,
        who: i64,
        backwards: bool,
        steps: Vec<Step>,
    },
    Text {
        issue: i64,
        who: i64,
        revision: u8,
        step: Box<Step>,
    },
    Close {
        issue: i64,
    },
    IssueGone {
        issue: i64,
        why: Gone,
    },
    Webhook {
        pick: usize,
        again: bool,
    },
    DropRunWebhook {
        pick: usize,
    },
    Apply {
        batch: usize,
    },
    Crash {
        batch: usize,
    },
    Deliver {
        pick: usize,
        fate: Fate,
    },
    Progress {
        pick: usize,
        conclusion: &'static str,
    },
    StartByHand {
        workflow: &'static str,
    },
    StrayRun,
    Rerun {
        pick: usize,
    },
    Gone {
        pick: usize,
    },
    Monitor,
    Look,
    Pass {
        minutes: i64,
    },
    /// The branch moves; in the middle of the next dispatch, if so.
    Push {
        at_dispatch: bool,
    },
    Policy {
        concurrency: u32,
        gpu: u32,
        limit: u32,
    },
    Access {
        access: Access,
    },
    Lift {
        pick: usize,
    },
}

/// What happens, one after the other, and under which conditions.
#[derive(Clone)]
pub struct Story {
    pub ops: Vec<Op>,
    /// What happens then, and is applied in one batch.
    pub batch: Vec<Op>,
    /// How many heads of the queue a turn may see; `None`: as many as the store loads.
    pub heads: Option<usize>,
    /// Plans are made from nothing, as if everything had changed since.
    pub stale_glance: bool,
}

fn wish() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec!["desktop", "model", "traced"]);
    prop_oneof![
        8 => (kind.clone(), 1..3).prop_map(|(kind, tag)| build(kind, &format!("v{tag}"))),
        1 => kind.prop_map(wrong),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => wish(),
        3 => Just(Step::Cancel),
        1 => Just(Step::Status),
        5 => Just(approve()),
        1 => Just(reject()),
        2 => Just(retry()),
    ]
}

fn by_people() -> impl Strategy<Value = Op> {
    let why = prop::sample::select(vec![Gone::Deleted, Gone::Transferred]);
    let workflow = prop::sample::select(vec!["desktop.yml", "model.yml", "traced.yml", "lint.yml"]);
    prop_oneof![
        16 => (1..9_i64, 1..5_i64, any::<bool>(), vec(step(), 1..3))
            .prop_map(|(issue, who, backwards, steps)| Op::Comment { issue, who, backwards, steps }),
        6 => (1..9_i64, 1..5_i64, 0..3_u8, wish())
            .prop_map(|(issue, who, revision, step)| Op::Text { issue, who, revision, step: Box::new(step) }),
        2 => (1..9_i64).prop_map(|issue| Op::Close { issue }),
        1 => (1..9_i64, why).prop_map(|(issue, why)| Op::IssueGone { issue, why }),
        4 => workflow.prop_map(|workflow| Op::StartByHand { workflow }),
        4 => (0..8_usize).prop_map(|pick| Op::Rerun { pick }),
        2 => (1..4_u32, 1..3_u32, 1..6_u32)
            .prop_map(|(concurrency, gpu, limit)| Op::Policy { concurrency, gpu, limit }),
        2 => (0..8_usize).prop_map(|pick| Op::Lift { pick }),
        // A maintainer goes through what waits.
        6 => (1..9_i64).prop_map(|issue| Op::Comment { issue, who: DORA, backwards: false, steps: vec![approve()] }),
        3 => any::<bool>().prop_map(|at_dispatch| Op::Push { at_dispatch }),
    ]
}

fn by_github() -> impl Strategy<Value = Op> {
    let conclusion = prop::sample::select(vec!["success", "failure", "timed_out"]);
    let pick = 0..8_usize;
    let access = prop_oneof![
        12 => Just(Access::Active),
        4 => prop::sample::select(vec![Access::Suspended, Access::Archived, Access::Removed]),
        1 => prop::sample::select(vec![Access::Deleted, Access::Transferred]),
    ];
    prop_oneof![
        20 => (pick.clone(), prop::bool::weighted(0.3)).prop_map(|(pick, again)| Op::Webhook { pick, again }),
        2 => pick.clone().prop_map(|pick| Op::DropRunWebhook { pick }),
        14 => (pick.clone(), conclusion).prop_map(|(pick, conclusion)| Op::Progress { pick, conclusion }),
        1 => Just(Op::StrayRun),
        2 => pick.prop_map(|pick| Op::Gone { pick }),
        1 => access.prop_map(|access| Op::Access { access }),
    ]
}

fn by_workers() -> impl Strategy<Value = Op> {
    let fate = prop_oneof![
        6 => Just(Fate::Answered),
        3 => Just(Fate::Unanswered),
        1 => Just(Fate::Vanished),
        1 => Just(Fate::Refused),
    ];
    prop_oneof![
        20 => (1..6_usize).prop_map(|batch| Op::Apply { batch }),
        2 => (1..6_usize).prop_map(|batch| Op::Crash { batch }),
        16 => (0..8_usize, fate).prop_map(|(pick, fate)| Op::Deliver { pick, fate }),
        4 => Just(Op::Monitor),
        1 => Just(Op::Look),
        6 => prop::sample::select(vec![0, 1, 3, 6, 130, 3000]).prop_map(|minutes| Op::Pass { minutes }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![46 => by_people(), 40 => by_github(), 49 => by_workers()]
}

pub fn story() -> impl Strategy<Value = Story> {
    (vec(op(), 1..150), prop::option::of(1..3_usize), any::<bool>())
        .prop_map(|(ops, heads, stale_glance)| Story { ops, batch: Vec::new(), heads, stale_glance })
}

/// One that ends with a batch.
pub fn story_with_batch() -> impl Strategy<Value = Story> {
    (vec(op(), 1..60), vec(op(), 1..12)).prop_map(|(ops, batch)| Story {
        ops,
        batch,
        heads: None,
        stale_glance: false,
    })
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment { issue, who, backwards, steps } => {
                let late = if *backwards { ", written earlier than it is sent" } else { "" };
                write!(f, "person {who} comments in issue {issue}{late}: {}", words(steps))
            }
            Self::Text { issue, who, revision, step } => {
                let step = words(std::slice::from_ref(step.as_ref()));
                write!(f, "person {who} writes revision {revision} of issue {issue}: {step}")
            }
            Self::Close { issue } => write!(f, "issue {issue} is closed"),
            Self::IssueGone { issue, why } => write!(f, "issue {issue} is gone: {why:?}"),
            Self::Webhook { pick, again } => {
                write!(f, "webhook {pick} arrives{}", if *again { ", and will again" } else { "" })
            }
            Self::DropRunWebhook { pick } => write!(f, "webhook {pick} of a run is lost"),
            Self::Apply { batch } => write!(f, "up to {batch} events are applied"),
            Self::Crash { batch } => write!(f, "up to {batch} events are decided, and not committed"),
            Self::Deliver { pick, fate } => write!(f, "effect {pick} is carried out: {fate:?}"),
            Self::Progress { pick, conclusion } => {
                write!(f, "run {pick} goes on, to {conclusion} if it ends")
            }
            Self::StartByHand { workflow } => write!(f, "somebody starts {workflow}"),
            Self::StrayRun => write!(f, "a run of our bot appears that no build asked for"),
            Self::Rerun { pick } => write!(f, "somebody runs run {pick} again"),
            Self::Gone { pick } => write!(f, "run {pick} is deleted"),
            Self::Monitor => write!(f, "the monitor asks GitHub, and looks"),
            Self::Look => write!(f, "the monitor looks, and GitHub is away"),
            Self::Pass { minutes } => write!(f, "{minutes} min pass"),
            Self::Push { at_dispatch } => {
                write!(
                    f,
                    "the branch moves{}",
                    if *at_dispatch { " in the middle of the next dispatch" } else { "" }
                )
            }
            Self::Policy { concurrency, gpu, limit } => {
                write!(f, "the policy: {concurrency} at a time, {gpu} GPUs, {limit} may wait")
            }
            Self::Access { access } => write!(f, "access: {access:?}"),
            Self::Lift { pick } => write!(f, "an operator lifts slot {pick}"),
        }
    }
}

pub fn words(steps: &[Step]) -> String {
    let word = |step: &Step| match step {
        Step::Ask { asked: Asked::Valid(request), .. } => {
            format!("/build {} tag={}", request.build_type, request.inputs["tag"])
        }
        Step::Ask { .. } => "/build, with a mistake".to_owned(),
        Step::Cancel => "/cancel".to_owned(),
        Step::Approve { .. } => "/approve".to_owned(),
        Step::Reject { .. } => "/reject".to_owned(),
        Step::Retry { .. } => "/retry".to_owned(),
        _ => "/status".to_owned(),
    };
    steps.iter().map(word).collect::<Vec<_>>().join(" and ")
}

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.heads.map_or("all".to_owned(), |heads| heads.to_string());
        writeln!(
            f,
            "Heads of the queue that a turn sees: {seen}. Plans made from nothing: {}.",
            self.stale_glance
        )?;
        for (number, op) in self.ops.iter().enumerate() {
            writeln!(f, "{:3}. {op}", number + 1)?;
        }
        for op in &self.batch {
            writeln!(f, "in one batch: {op}")?;
        }
        Ok(())
    }
}
