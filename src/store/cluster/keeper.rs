//! The thread behind a [`Cluster`](super::Cluster). A thread and not a task: it outlives the runtime of a single test, and
//! a blocking drop can wait for it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use super::{
    ClusterError, ClusterOptions, Home,
    account::Account,
    find::Search,
    initialise,
    owner::{self, OwnerLock},
    process::{self, Launcher, Postmaster},
    temporary::{TemporaryFolder, check_socket_path},
};

const LOOK_EVERY: Duration = Duration::from_millis(100);
const RETRY_AT_MOST: Duration = Duration::from_secs(10);
/// How long a guest waits for the owner to bring up the cluster.
const OWNER_WITHIN: Duration = Duration::from_secs(60);

/// One state folder and our part in it.
#[derive(Debug)]
pub(super) struct Keeper {
    options: ClusterOptions,
    account: Option<Account>,
    state: PathBuf,
    pub data: PathBuf,
    // In this order: the cluster is stopped, the lock given back, the folder removed.
    owned: Option<Owned>,
    _temporary: Option<TemporaryFolder>,
}

#[derive(Debug)]
struct Owned {
    launcher: Launcher,
    postmaster: Postmaster,
    _lock: OwnerLock,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.postmaster.stop();
    }
}

impl Keeper {
    /// Becomes the owner of a running cluster, or the guest of one. Blocks.
    pub fn open(options: ClusterOptions) -> Result<Self, ClusterError> {
        let account = Account::to_drop_to()?;
        let (state, temporary) = match &options.home {
            Home::Kept(state) => {
                initialise::make_state_folder(state, account.as_ref())?;
                (state.clone(), None)
            }
            Home::Temporary => {
                let folder = TemporaryFolder::make(account.as_ref())?;
                (folder.path.clone(), Some(folder))
            }
        };
        // One spelling: by it a running postmaster is known again.
        let state = state.canonicalize().map_err(ClusterError::io("find the folder", &state))?;
        let mut keeper =
            Self { options, account, state, data: PathBuf::new(), owned: None, _temporary: temporary };
        for _ in 0..OWNER_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
            if keeper.try_own()? || keeper.try_join()? {
                return Ok(keeper);
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(ClusterError::OwnerSilent { owner: owner::owner(&keeper.state), state: keeper.state.clone() })
    }

    pub fn is_owner(&self) -> bool {
        self.owned.is_some()
    }

    /// `false` if somebody else is the owner.
    fn try_own(&mut self) -> Result<bool, ClusterError> {
        let Some(lock) = OwnerLock::try_take(&self.state)? else { return Ok(false) };
        let search = Search::this_machine(self.options.bin_dir.clone());
        let account = self.account.clone();
        let (installation, data) = match initialise::existing(&self.state)? {
            Some((data, major)) => (search.of_major(major, &data)?, data),
            None => {
                let installation = search.newest()?;
                check_socket_path(&self.state.join(format!("pg-{}", installation.major)))?;
                let data =
                    initialise::make(&self.state, &installation, account.as_ref(), self.options.fsync)?;
                (installation, data)
            }
        };
        check_socket_path(&data)?;
        let ClusterOptions { fsync, max_connections, .. } = self.options;
        self.data.clone_from(&data);
        let launcher = Launcher { installation, account, data, fsync, max_connections };
        self.owned = Some(Owned { postmaster: launcher.launch()?, launcher, _lock: lock });
        Ok(true)
    }

    /// `false` if the owner's cluster does not run (yet).
    fn try_join(&mut self) -> Result<bool, ClusterError> {
        let running = initialise::existing(&self.state)?.filter(|(data, _)| process::running(data).is_some());
        let joined = running.is_some();
        if let Some((data, _)) = running {
            self.data = data;
        }
        Ok(joined)
    }

    /// Keeps the cluster up until the other end of `stop` is dropped. The owner starts it again when it died alone; a
    /// guest whose owner left (a command that ended, say) takes over. `owns` tells which of the two we are.
    pub fn keep(mut self, stop: &Receiver<()>, owns: &Arc<AtomicBool>) {
        let mut pause = LOOK_EVERY;
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(pause) {
            pause = match self.look_after() {
                Ok(()) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(%error, "private PostgreSQL is down; trying again");
                    (pause * 2).min(RETRY_AT_MOST)
                }
            };
            owns.store(self.is_owner(), Ordering::Release);
        }
    }

    fn look_after(&mut self) -> Result<(), ClusterError> {
        let Some(owned) = &mut self.owned else {
            if self.try_own()? {
                tracing::info!(data = %self.data.display(), "the owner left; private PostgreSQL taken over");
            }
            return Ok(());
        };
        if let Some(end) = owned.postmaster.ended() {
            tracing::warn!(%end, data = %self.data.display(), "private PostgreSQL died; starting it again");
            owned.postmaster = owned.launcher.launch()?;
        }
        Ok(())
    }
}
