//! A build to start from in tests.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use crate::{
    policy::Pin,
    queue::{
        Approval, ApprovalGrant, Build, BuildId, Ending, Person, Priority, QUEUE, Role, Status, Trigger,
    },
    request::{ApprovalTerms, Shown},
};

/// The day of all samples is 22 November 2026.
pub fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, hour, minute, 0).single().expect("a time of that day")
}

/// Waited for until the next day, of a commit, and given.
pub fn approval(commit: Option<String>) -> Approval {
    let pin = if commit.is_some() { Pin::Commit } else { Pin::Ref };
    let by = Person { id: 4, login: "dora".to_owned() };
    Approval {
        terms: ApprovalTerms {
            unless: Some(Role::Write),
            by: Role::Maintain,
            expires_seconds: 3 * 24 * 3600,
            pin,
            own: false,
            takes_commit: false,
        },
        asked_at: None,
        written_at: None,
        until: Some(at(13, 58) + TimeDelta::days(1)),
        stands_since: None,
        commit: commit.clone(),
        granted: Some(ApprovalGrant { by, at: at(14, 0), digest: None, commit }),
        voided: None,
    }
}

/// Version tag `v1.4.0` on channel `beta`, asked for at 13:58, started at 14:20.
pub fn build(status: Status, ending: Option<Ending>) -> Build {
    let ran = status.is_holder() || (status.is_terminal() && status != Status::Invalid);
    let shown = |name: &str, label: &str, value: &str| Shown {
        name: name.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        private: false,
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    Build {
        tenant_id: 1,
        build_id: BuildId(Uuid::from_u128(7)),
        repo_id: 2,
        version: 1,
        queue: QUEUE.to_owned(),
        asker: "41".to_owned(),
        issue: Some(41),
        comment_id: None,
        request_key: "issue:41:desktop:1".to_owned(),
        trigger: Trigger::Issue,
        asker_id: 9,
        asker_login: "mona".to_owned(),
        build_type: "desktop".to_owned(),
        workflow: "build-desktop.yml".to_owned(),
        git_ref: "main".to_owned(),
        inputs: BTreeMap::from([pair("tag", "v1.4.0"), pair("channel", "beta")]),
        shown: vec![shown("tag", "Version tag", "v1.4.0"), shown("channel", "Channel", "beta")],
        resources: Vec::new(),
        timeout_seconds: 7200,
        correlates: true,
        status,
        priority: Priority::Normal,
        ticket: Some(3),
        requested_at: at(13, 58),
        queued_at: Some(at(13, 58)),
        starting_at: ran.then(|| at(14, 20)),
        running_at: (ran && status != Status::Starting).then(|| at(14, 21)),
        stopping_at: (status == Status::Cancelling).then(|| at(14, 31)),
        forced_at: None,
        ended_at: status.is_terminal().then(|| at(14, 52)),
        run_id: ran.then_some(77),
        run_attempt: ran.then_some(1),
        run_phase: None,
        run_url: ran.then(|| "https://github.com/o/r/actions/runs/77".to_owned()),
        head_sha: ran.then(|| "1a2b3c4d5e6f".to_owned()),
        ending,
        follows: None,
        digest: None,
        terms: None,
        sealed: None,
        approval: None,
    }
}
