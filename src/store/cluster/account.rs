//! As whom PostgreSQL runs: ourselves, or an account without rights when we are root, which it refuses to be.

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    unistd::{Gid, Uid, User, chown, geteuid},
};

use super::ClusterError;

/// The account to drop to.
#[derive(Clone, Debug)]
pub(super) struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// `None` unless we are root. initdb insists on an account that has an entry in passwd.
    pub fn to_drop_to() -> Result<Option<Self>, ClusterError> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
        let user = user.ok_or(ClusterError::NoAccount)?;
        Ok(Some(Self { name: user.name, uid: user.uid, gid: user.gid }))
    }

    /// Makes `folder` the account's.
    pub fn give(&self, folder: &Path) -> Result<(), ClusterError> {
        chown(folder, Some(self.uid), Some(self.gid)).map_err(|errno| match errno {
            Errno::EPERM => ClusterError::ChownRefused { account: self.name.clone(), folder: folder.into() },
            errno => ClusterError::io("change the folder's owner", folder)(errno.into()),
        })
    }

    /// Fails on the first folder on the way to `path` (itself included) that the account may not enter.
    pub fn check_reach(&self, path: &Path) -> Result<(), ClusterError> {
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        for folder in way {
            let found = fs::metadata(folder).map_err(ClusterError::io("look at the folder", folder))?;
            let needed = if found.uid() == self.uid.as_raw() {
                0o100
            } else if found.gid() == self.gid.as_raw() {
                0o010
            } else {
                0o001
            };
            if found.mode() & needed == 0 {
                return Err(ClusterError::Unreachable { account: self.name.clone(), folder: folder.into() });
            }
        }
        Ok(())
    }
}

/// A command for one of PostgreSQL's programs: as `account`, in a process group of its own (a Ctrl-C in the terminal is
/// for us, not for it), with nothing of the environment that would change what it does.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
    if let Some(account) = account {
        command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
    }
    command
}
