use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Build, BuildId, CancelMark, Lease, LockKey, OutboxEffect};

/// What a turn decided: rows to write and effects to carry out, committed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Open builds, new (version 1) or changed.
    pub builds: Vec<Build>,
    /// Builds that ended: they move to the history.
    pub ended: Vec<Build>,
    pub granted: Vec<Lease>,
    /// Leases whose heartbeat or state changed.
    pub renewed: Vec<Lease>,
    pub released: Vec<EndedLease>,
    /// Counters on lock rows: the queue's last ticket, the resources' last fencing tokens.
    pub counters: Vec<(LockKey, i64)>,
    pub effects: Vec<OutboxEffect>,
    /// Dispatches that were never tried and are not wanted any more: (build, effect).
    pub withdrawn: Vec<(BuildId, Uuid)>,
    /// Issues whose status comment must be written again.
    pub mirrors: Vec<i64>,
    pub requests: Vec<String>,
    pub cancel_marks: Vec<CancelMark>,
    pub audit: Vec<AuditEntry>,
    /// A build's run became known, or it is clear that none will, or a run ended: parked events may now know their
    /// build, or that it is over. That includes events that this very turn parked, so they must stay ready.
    pub unpark: bool,
    /// More of the queue may be promoted than was loaded.
    pub look_again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOutcome {
    Released,
    /// A person ended a quarantine.
    Lifted,
}

/// A slot given back. The release compares owner and token.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedLease {
    pub lease: Lease,
    pub outcome: ReleaseOutcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub audit_id: Uuid,
    pub build_id: Option<BuildId>,
    pub actor: String,
    pub what: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub why: Option<String>,
    pub source: String,
}

impl AuditEntry {
    /// What was done: GitHub was asked, and said more than its webhooks had.
    pub const RECOVERED: &str = "recovered";
}
