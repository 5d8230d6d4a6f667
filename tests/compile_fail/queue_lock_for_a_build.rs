//! A build is written under the lock of the issue that asked for it.

use trilock::{
    queue::Build,
    store::{QueueLock, WriteSet},
};

fn write(write: &mut WriteSet, queue: &QueueLock<'_>, build: Build) {
    let _ = write.build(queue, build);
}

fn main() {}
