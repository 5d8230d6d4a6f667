//! The postmaster: started, adopted, watched, stopped.

use std::{
    fs::{self, File},
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    ClusterError, SOCKET_PORT,
    account::{Account, command},
    find::Installation,
};

const TICK: Duration = Duration::from_millis(10);
/// Crash recovery may take long, and a postmaster that recovers is not to be killed for it.
const READY_WITHIN: Duration = Duration::from_secs(600);
/// How long each signal gets. Fast shutdown (INT) ends sessions and writes a checkpoint, immediate (QUIT) does not.
const STOPPING: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(10)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// All that is needed to start the postmaster, again and again.
#[derive(Debug)]
pub(super) struct Launcher {
    pub installation: Installation,
    pub account: Option<Account>,
    pub data: PathBuf,
    pub fsync: bool,
    pub max_connections: u32,
}

/// A postmaster of which we are the owner.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    data: PathBuf,
    /// `None`: adopted, started by an owner that was killed.
    child: Option<Child>,
}

/// The lines of `postmaster.pid` that matter. Its format: `src/include/utils/pidfile.h` of PostgreSQL.
#[derive(Debug)]
struct PidFile {
    pid: Pid,
    ready: bool,
}

impl PidFile {
    fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse::<i32>().ok().filter(|pid| *pid > 1)?;
        Some(Self {
            pid: Pid::from_raw(pid),
            ready: text.lines().nth(7).is_some_and(|s| s.trim() == "ready"),
        })
    }
}

/// The postmaster of `data`, if it runs and takes connections.
pub(super) fn running(data: &Path) -> Option<Pid> {
    PidFile::read(data).filter(|file| file.ready && is_postmaster(file.pid, data)).map(|file| file.pid)
}

/// Stops whatever postmaster runs in `data`. For clusters whose owner is gone.
pub(super) fn stop_orphan(data: &Path) {
    if let Some(mut postmaster) = Postmaster::adopt(data) {
        postmaster.stop();
    }
}

impl Launcher {
    /// Adopts the postmaster that runs in the data folder, else starts one; returns when it takes connections.
    pub fn launch(&self) -> Result<Postmaster, ClusterError> {
        if let Some(mut postmaster) = Postmaster::adopt(&self.data)
            && self.wait_ready(&mut postmaster).is_ok()
        {
            tracing::info!(pid = postmaster.pid.as_raw(), "running PostgreSQL adopted");
            return Ok(postmaster);
        }
        disown_stale_pid_file(&self.data)?;
        let child = self.spawn()?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let mut postmaster = Postmaster { pid, data: self.data.clone(), child: Some(child) };
        if let Err(reason) = self.wait_ready(&mut postmaster) {
            postmaster.stop();
            return Err(ClusterError::Start { data: self.data.clone(), log: self.log(), reason });
        }
        tracing::info!(pid = pid.as_raw(), data = %self.data.display(), "PostgreSQL started");
        Ok(postmaster)
    }

    fn spawn(&self) -> Result<Child, ClusterError> {
        let log = self.log();
        let opened = File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = opened.map_err(ClusterError::io("write the log", log))?;
        let mut postgres = command(&self.installation.bin.join("postgres"), self.account.as_ref());
        postgres.arg("-D").arg(&self.data).stdout(out).stderr(err);
        for setting in self.settings() {
            postgres.arg("-c").arg(setting);
        }
        postgres.spawn().map_err(ClusterError::io("run postgres from", &self.installation.bin))
    }

    fn settings(&self) -> Vec<String> {
        // The setting is a list of folders; quotes keep a comma or a space in the name.
        let socket_dir = self.data.display().to_string().replace('"', "\"\"");
        let mut settings = vec![
            "listen_addresses=".into(),
            format!("port={SOCKET_PORT}"),
            format!("unix_socket_directories=\"{socket_dir}\""),
            "unix_socket_permissions=0700".into(),
            format!("max_connections={}", self.max_connections),
            // A failed statement is told to its client; here it would only spread what people typed, and grow.
            "log_min_messages=log".into(),
            "log_checkpoints=off".into(),
        ];
        if !self.fsync {
            settings.extend(["fsync=off".into(), "full_page_writes=off".into()]);
        }
        settings
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// Waits as `pg_ctl --wait` does, by the status in `postmaster.pid`.
    fn wait_ready(&self, postmaster: &mut Postmaster) -> Result<(), String> {
        for _ in 0..ticks(READY_WITHIN) {
            if PidFile::read(&self.data).is_some_and(|file| file.ready && file.pid == postmaster.pid) {
                return Ok(());
            }
            if let Some(end) = postmaster.ended() {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                return Err(format!("{end}: {}", last.into_iter().rev().collect::<Vec<_>>().join(" | ")));
            }
            thread::sleep(TICK);
        }
        Err(format!("not ready after {} s", READY_WITHIN.as_secs()))
    }
}

impl Postmaster {
    fn adopt(data: &Path) -> Option<Self> {
        let pid = PidFile::read(data)?.pid;
        is_postmaster(pid, data).then(|| Self { pid, data: data.into(), child: None })
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        match &mut self.child {
            Some(child) => match child.try_wait() {
                Ok(None) => None,
                Ok(Some(status)) => Some(match status.signal() {
                    Some(signal) => format!("killed by signal {signal}"),
                    None => format!("ended with code {}", status.code().unwrap_or_default()),
                }),
                Err(error) => Some(format!("lost: {error}")),
            },
            None => (!is_postmaster(self.pid, &self.data)).then(|| "gone".into()),
        }
    }

    /// Stops it, harder each time that it does not obey.
    pub fn stop(&mut self) {
        for (signal, patience) in STOPPING {
            for tick in 0..ticks(patience) {
                if self.ended().is_some() {
                    return;
                }
                if tick == 0 && kill(self.pid, signal).is_err() {
                    break;
                }
                thread::sleep(TICK);
            }
            tracing::warn!(pid = self.pid.as_raw(), %signal, "PostgreSQL does not stop at this signal");
        }
    }
}

fn ticks(duration: Duration) -> u128 {
    duration.as_millis() / TICK.as_millis()
}

/// Whether `pid` is alive and was started for `data`. A number alone proves nothing: it may be a zombie, or, above all
/// in a container, by now another program's.
fn is_postmaster(pid: Pid, data: &Path) -> bool {
    let line = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => line,
        Err(_) if Path::new("/proc/self/cmdline").exists() => return false,
        // No /proc on macOS.
        Err(_) => match Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output() {
            Ok(output) => output.stdout,
            Err(_) => return false,
        },
    };
    String::from_utf8_lossy(&line).contains(&*data.to_string_lossy())
}

/// PostgreSQL refuses to start while the pid in its lock files is alive, whoever that is, except its own parent. So a pid
/// that is no postmaster's is replaced by ours. The rest of the file stays: by it PostgreSQL sees whether orphaned
/// sessions still use the shared memory, and then rightly refuses.
fn disown_stale_pid_file(data: &Path) -> Result<(), ClusterError> {
    let path = data.join("postmaster.pid");
    let Some(stale) = PidFile::read(data) else { return Ok(()) };
    if kill(stale.pid, None).is_err() {
        return Ok(());
    }
    let text = fs::read_to_string(&path).map_err(ClusterError::io("read", &path))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&path, format!("{}\n{rest}", std::process::id())).map_err(ClusterError::io("write", &path))?;
    let socket_lock = data.join(format!(".s.PGSQL.{SOCKET_PORT}.lock"));
    match fs::remove_file(&socket_lock) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ClusterError::io("remove", socket_lock)(error))
        }
        _ => Ok(()),
    }
}
