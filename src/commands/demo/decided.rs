//! What only the audit knows of the requests.

use serde::Serialize;

use crate::{queue::Status, store::AuditRow};

/// What people, and time, made of requests, by the audit. Most are told of their end by the counts above, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Approvals that were granted.
    pub approved: usize,
    pub rejected: usize,
    /// Approvals that nobody granted in time.
    pub expired: usize,
    /// Builds that were asked for by `/retry`.
    pub retried: usize,
}

impl Decided {
    pub fn of(audit: &[AuditRow]) -> Self {
        let count = |wanted: &dyn Fn(&AuditRow) -> bool| audit.iter().filter(|row| wanted(row)).count();
        let became =
            |row: &AuditRow, what: &str, after: &str| row.what == what && row.after.as_deref() == Some(after);
        let retry = |row: &AuditRow| row.why.as_deref().is_some_and(|why| why.starts_with("retry of "));
        Self {
            approved: count(&|row| became(row, "approval", "granted")),
            rejected: count(&|row| became(row, "status", Status::Rejected.as_str())),
            expired: count(&|row| became(row, "status", Status::ApprovalExpired.as_str())),
            retried: count(&|row| row.what == "request" && retry(row)),
        }
    }
}
