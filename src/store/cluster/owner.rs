//! The file lock that names the owner of a state folder. Only the owner starts and stops its cluster.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use super::ClusterError;

/// Held until dropped, or until the process is gone, however it went.
#[derive(Debug)]
pub(super) struct OwnerLock {
    _held: Flock<File>,
}

impl OwnerLock {
    /// `None` when another process, or another `Cluster` of this one, is the owner.
    pub fn try_take(state: &Path) -> Result<Option<Self>, ClusterError> {
        let path = path(state);
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(ClusterError::io("open the lock", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut held) => {
                sign(&mut held).map_err(ClusterError::io("write the lock", path))?;
                Ok(Some(Self { _held: held }))
            }
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(ClusterError::io("take the lock", path)(errno.into())),
        }
    }

    /// Takes the lock of a folder whose owner is gone; `None` when there is one, or never was.
    pub fn try_inherit(state: &Path) -> Option<Self> {
        let file = File::open(path(state)).ok()?;
        let held = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
        (!owner(state).is_empty()).then_some(Self { _held: held })
    }
}

/// Pid and command of the last owner; empty if there never was one.
pub(super) fn owner(state: &Path) -> String {
    std::fs::read_to_string(path(state)).unwrap_or_default().trim().to_owned()
}

fn path(state: &Path) -> PathBuf {
    state.join("owner.lock")
}

/// Writes the program and its subcommand, but not what follows: flags may carry secrets.
fn sign(file: &mut File) -> std::io::Result<()> {
    let command: Vec<String> =
        std::env::args_os().take(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {}", std::process::id(), command.join(" "))
}
