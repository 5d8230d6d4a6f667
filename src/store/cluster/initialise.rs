//! The data folder: found, or made so that it is either whole or not there.

use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{
    ClusterError,
    account::{Account, command},
    find::Installation,
};

/// The state folder's cluster and its major; of several, the newest.
pub(super) fn existing(state: &Path) -> Result<Option<(PathBuf, u32)>, ClusterError> {
    let entries = fs::read_dir(state).map_err(ClusterError::io("list the folder", state))?;
    let clusters = entries.flatten().filter_map(|entry| {
        entry.file_name().to_str()?.strip_prefix("pg-")?.parse::<u32>().ok()?;
        let major = fs::read_to_string(entry.path().join("PG_VERSION")).ok()?.trim().parse().ok()?;
        Some((entry.path(), major))
    });
    Ok(clusters.max_by_key(|(_, major)| *major))
}

/// Makes the state folder, and lets `account` pass through it.
pub(super) fn make_state_folder(state: &Path, account: Option<&Account>) -> Result<(), ClusterError> {
    let failed = || ClusterError::io("make the folder", state);
    DirBuilder::new().recursive(true).mode(0o755).create(state).map_err(failed())?;
    let Some(account) = account else { return Ok(()) };
    let mode = fs::metadata(state).map_err(failed())?.permissions().mode();
    if mode & 0o001 == 0 {
        fs::set_permissions(state, fs::Permissions::from_mode(mode | 0o001)).map_err(failed())?;
    }
    account.check_reach(state)
}

/// Makes a cluster in `state`/pg-major. initdb works in a folder of another name, which gets the real one at the end:
/// what a killed initdb leaves is never taken for a cluster, and is cleared away here.
pub(super) fn make(
    state: &Path,
    installation: &Installation,
    account: Option<&Account>,
    fsync: bool,
) -> Result<PathBuf, ClusterError> {
    let data = state.join(format!("pg-{}", installation.major));
    if fs::read_dir(&data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ClusterError::NotACluster(data));
    }
    clear_half_made(state);
    // Named after us, so that an initdb that outlived its killed starter writes elsewhere.
    let new = state.join(format!("pg-{}.new-{}", installation.major, std::process::id()));
    DirBuilder::new().mode(0o700).create(&new).map_err(ClusterError::io("make the folder", &new))?;
    if let Some(account) = account {
        account.give(&new)?;
    }
    let mut initdb = command(&installation.bin.join("initdb"), account);
    initdb.arg("-D").arg(&new).args(["--auth=trust", "-U", "trilock", "-E", "UTF8", "--no-locale"]);
    if !fsync {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(ClusterError::io("run initdb from", &installation.bin))?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ClusterError::Initialise { data: new, output });
    }
    fs::rename(&new, &data).map_err(ClusterError::io("name the new cluster", &data))?;
    File::open(state).and_then(|folder| folder.sync_all()).map_err(ClusterError::io("sync", state))?;
    Ok(data)
}

fn clear_half_made(state: &Path) {
    for entry in fs::read_dir(state).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("pg-") && name.to_string_lossy().contains(".new-") {
            match fs::remove_dir_all(entry.path()) {
                Ok(()) => tracing::info!(folder = %entry.path().display(), "half-made cluster removed"),
                Err(error) => {
                    tracing::warn!(folder = %entry.path().display(), %error, "half-made cluster not removed");
                }
            }
        }
    }
}
