//! A slot is granted and given back under its build lock.

use trilock::{
    queue::{EndedLease, Lease},
    store::{IssueLock, WriteSet},
};

fn grant(write: &mut WriteSet, issue: &IssueLock<'_>, lease: Lease) {
    let _ = write.grant(issue, lease);
}

fn release(write: &mut WriteSet, issue: &IssueLock<'_>, ended: &EndedLease) {
    let _ = write.release(issue, ended);
}

fn main() {}
