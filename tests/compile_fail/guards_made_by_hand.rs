//! Guards come from a transaction that holds the locks; nobody makes one.

use trilock::{
    queue::LockKey,
    store::{BuildLock, IssueLock, Locked, QueueLock},
};

fn issue(locked: &Locked, key: LockKey) {
    let _ = IssueLock { locked, key };
}

fn queue<'a>(issue: &'a IssueLock<'a>, key: LockKey) {
    let _ = QueueLock { issue, key };
}

fn build<'a>(issue: &'a IssueLock<'a>, key: LockKey) {
    let _ = BuildLock { issue, key };
}

fn main() {}
