//! Nothing touches a queue or a build lock without an issue lock.

use trilock::{queue::LockKey, store::Locked};

fn queue(locked: &Locked, key: &LockKey) {
    let _ = locked.queue(key);
}

fn build(locked: &Locked, key: &LockKey) {
    let _ = locked.build(key);
}

fn main() {}
