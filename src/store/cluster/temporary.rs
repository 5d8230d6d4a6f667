//! A state folder for one run: outside `/root`, gone with its owner, however that one goes.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::unistd::geteuid;

use super::{ClusterError, SOCKET_PORT, account::Account, initialise, owner::OwnerLock, process};

/// Bytes of a socket's path: macOS has room for 104 (`sun_path`), its closing zero included; Linux for 108.
pub(super) const SOCKET_PATH_LIMIT: usize = 103;

const PREFIX: &str = "trilock-pg-";

/// Sleeps until our end of its standard input is closed, by us or by our death; then stops the cluster and removes its
/// folder ($1). It looks at the command line before it kills, since the pid may have been given to another program.
const WATCHER: &str = r#"
trap '' HUP INT TERM QUIT
read -r _
for file in "$1"/pg-*/postmaster.pid; do
    pid=$(head -n 1 "$file" 2>/dev/null) || continue
    ours() { { tr '\0' ' ' <"/proc/$pid/cmdline" || ps -o command= -p "$pid"; } 2>/dev/null | grep -qF -- "$1"; }
    for signal in INT QUIT KILL; do
        ours "$1" && kill -$signal "$pid"
        n=0
        while [ $n -lt 50 ] && ours "$1"; do sleep 0.1; n=$((n + 1)); done
    done
done
rm -rf -- "$1"
"#;

/// A fresh state folder; dropping it removes it, with the cluster in it.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    pub path: PathBuf,
    watcher: Child,
}

impl TemporaryFolder {
    pub fn make(account: Option<&Account>) -> Result<Self, ClusterError> {
        let base = base(account)?;
        clear_left_overs(&base);
        let failed = || ClusterError::io("make a folder in", &base);
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&base).map_err(failed())?;
        // The account passes through; the data folder inside stays closed.
        fs::set_permissions(path.path(), fs::Permissions::from_mode(0o711)).map_err(failed())?;
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "sh"])
            .arg(path.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(ClusterError::io("run", "/bin/sh"))?;
        Ok(Self { path: path.keep(), watcher })
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        if let Err(error) = self.watcher.wait() {
            tracing::warn!(folder = %self.path.display(), %error, "temporary cluster may be left");
        }
    }
}

/// Fails if the socket in `data` would have too long a path.
pub(super) fn check_socket_path(data: &Path) -> Result<(), ClusterError> {
    let socket = data.join(format!(".s.PGSQL.{SOCKET_PORT}"));
    if socket.as_os_str().len() > SOCKET_PATH_LIMIT { Err(ClusterError::PathTooLong(socket)) } else { Ok(()) }
}

/// The first folder for temporary files that the account can reach and whose name is short enough.
fn base(account: Option<&Account>) -> Result<PathBuf, ClusterError> {
    let fits = |folder: &Path| -> Result<PathBuf, ClusterError> {
        let folder = folder.canonicalize().map_err(ClusterError::io("find the folder", folder))?;
        check_socket_path(&folder.join(PREFIX).join("123456/pg-00"))?;
        account.map_or(Ok(()), |account| account.check_reach(&folder))?;
        Ok(folder)
    };
    fits(&std::env::temp_dir()).or_else(|_| fits(Path::new("/var/tmp"))).or_else(|_| fits(Path::new("/tmp")))
}

/// Stops and removes our own clusters whose owner, and its watcher with it, was killed.
fn clear_left_overs(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if !ours || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Some(_lock) = OwnerLock::try_inherit(&path) else { continue };
        if let Ok(Some((data, _))) = initialise::existing(&path) {
            process::stop_orphan(&data);
        }
        match fs::remove_dir_all(&path) {
            Ok(()) => tracing::info!(folder = %path.display(), "left-over temporary cluster removed"),
            Err(error) => tracing::debug!(folder = %path.display(), %error, "left-over not removed"),
        }
    }
}
