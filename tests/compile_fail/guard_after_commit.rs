//! The commit gives the locks back: no guard outlives it.

use trilock::{
    queue::{LockKey, State},
    store::{Locked, StoreError, WriteSet},
};

async fn late(locked: Locked, write: WriteSet, state: &State, key: &LockKey) -> Result<(), StoreError> {
    let issue = locked.issue(key)?;
    locked.commit(write, state.now).await?;
    issue.queue(key).map(drop)
}

fn main() {}
