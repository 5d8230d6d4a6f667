//! The heart: what happens next, decided without I/O and without a clock of its own.
//!
//! A worker collects the events that wait in one repository's lane, takes all locks that they may need ([`LockPlan`]),
//! reads a [`State`], and lets a [`Turn`] apply the events to it in order. The turn ends with [`Changes`]: rows to
//! write and effects to carry out, which the store commits together. If a turn needs a key that is not in the plan it
//! says so ([`NotPlanned`]) and the worker starts again with it.
//!
//! Every way of changing state (webhook, monitor, command line) is an [`Event`] and goes through here.

mod build;
mod changes;
mod effect;
mod event;
mod ids;
mod lease;
mod plan;
mod report;
mod state;
#[cfg(test)]
mod tests;
mod turn;

pub use crate::policy::Role;
pub use build::{Approval, ApprovalGrant, Build, By, Ending, Gone, Priority, Status, Trigger, Voided};
pub use changes::{AuditEntry, Changes, EndedLease, ReleaseOutcome};
pub use effect::{Effect, Mistake, OutboxEffect, Reaction, ReactionTarget, Refusal, Reply};
pub use event::{
    Access, Attempted, CommentEvent, DispatchAnswer, Event, Facts, IssueEvent, Person, PolicyState, Step,
    Stored,
};
pub use ids::{BuildId, Ids, RepoKey};
pub use lease::{GrantKind, Lease, LeaseState, Resource, Resources};
pub use plan::{Glance, LockClass, LockKey, LockPlan, NotPlanned};
pub use report::{Phase, RunReport};
pub use state::{CancelMark, Locks, QueueSettings, State, Use};
pub use turn::{Turn, Verdict};

/// The one queue that a repository has.
pub const QUEUE: &str = "default";
