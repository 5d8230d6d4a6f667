//! Against the installed binaries.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::PgConnection;

use super::*;
use crate::clock::Clock;

fn options(home: Home) -> ClusterOptions {
    ClusterOptions { home, bin_dir: None, fsync: false, max_connections: 20 }
}

/// A state folder that every account may pass through.
fn state() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("state").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

async fn kept(state: &tempfile::TempDir) -> Result<Cluster, ClusterError> {
    Cluster::start(options(Home::Kept(state.path().into()))).await
}

async fn connect(cluster: &Cluster) -> PgConnection {
    cluster.options().connect().await.unwrap()
}

async fn number(cluster: &Cluster, query: &'static str) -> i32 {
    sqlx::query_scalar(query).fetch_one(&mut connect(cluster).await).await.unwrap()
}

/// Waits at most 30 s for something that another process brings about.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        Clock::system().sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within 30 s");
}

fn clusters(state: &Path) -> Vec<String> {
    let names = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("pg-")).collect()
}

fn postmaster(data: &Path) -> Pid {
    process::running(data).expect("a running postmaster")
}

#[tokio::test]
async fn a_temporary_cluster_answers_and_leaves_nothing() {
    let cluster = Cluster::start(options(Home::Temporary)).await.unwrap();
    assert!(cluster.is_owner());
    assert_eq!(number(&cluster, "SELECT 1").await, 1);
    let data = cluster.socket_dir.clone();
    assert!(!data.starts_with("/root"));
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let setting = |name: &'static str| {
        let connect = cluster.database("postgres");
        async move {
            let mut connection = connect.connect().await.unwrap();
            sqlx::query_scalar::<_, String>("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        }
    };
    assert_eq!(setting("listen_addresses").await, "");
    assert_eq!(setting("unix_socket_permissions").await, "0700");
    assert_eq!(setting("fsync").await, "off");
    assert_eq!(setting("max_connections").await, "20");
    assert_eq!(setting("server_encoding").await, "UTF8");
    let pid = postmaster(&data);
    assert_eq!(nix::unistd::getpgid(Some(pid)).unwrap(), pid);
    cluster.stop().await;
    assert!(process::running(&data).is_none());
    assert!(!data.parent().unwrap().exists());
}

#[tokio::test]
async fn a_kept_cluster_keeps_its_data_and_is_durable() {
    let state = state();
    let mut options = options(Home::Kept(state.path().join("new/state")));
    options.fsync = true;
    let first = Cluster::start(options.clone()).await.unwrap();
    assert_eq!(number(&first, "SELECT CASE current_setting('fsync') WHEN 'on' THEN 1 ELSE 0 END").await, 1);
    sqlx::query("CREATE TABLE kept AS SELECT 7 AS n").execute(&mut connect(&first).await).await.unwrap();
    drop(first);
    let second = Cluster::start(options).await.unwrap();
    assert!(second.is_owner());
    assert_eq!(number(&second, "SELECT n FROM kept").await, 7);
    second.stop().await;
}

#[tokio::test]
async fn a_postmaster_that_dies_alone_is_started_again() {
    let cluster = Cluster::start(options(Home::Temporary)).await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT 7 AS n").execute(&mut connect(&cluster).await).await.unwrap();
    let before = postmaster(&cluster.socket_dir);
    kill(before, Signal::SIGKILL).unwrap();
    let data = cluster.socket_dir.clone();
    let after =
        eventually("a new postmaster", async || process::running(&data).filter(|pid| *pid != before)).await;
    assert_ne!(before, after);
    assert_eq!(number(&cluster, "SELECT n FROM kept").await, 7);
    cluster.stop().await;
}

#[tokio::test]
async fn what_a_killed_initdb_left_is_made_anew() {
    let state = state();
    let half = state.path().join("pg-99.new-1");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "99\n").unwrap();
    let cluster = kept(&state).await.unwrap();
    assert_eq!(number(&cluster, "SELECT 1").await, 1);
    assert!(!half.exists());
    cluster.stop().await;
}

#[tokio::test]
async fn the_second_joins_and_takes_over_when_the_first_leaves() {
    let state = state();
    let (one, two) = tokio::join!(kept(&state), kept(&state));
    let (owner, guest) = match (one.unwrap(), two.unwrap()) {
        (one, two) if one.is_owner() => (one, two),
        (one, two) => (two, one),
    };
    assert!(owner.is_owner() && !guest.is_owner());
    assert_eq!(number(&guest, "SELECT 1").await, 1);
    let third = kept(&state).await.unwrap();
    third.stop().await;
    assert_eq!(number(&owner, "SELECT 1").await, 1, "a guest stops nothing");
    owner.stop().await;
    eventually("the guest as owner", async || guest.is_owner().then_some(())).await;
    assert_eq!(number(&guest, "SELECT 1").await, 1);
    guest.stop().await;
}

#[tokio::test]
async fn data_of_an_absent_major_is_left_alone() {
    let state = state();
    let data = state.path().join("pg-97");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "97\n").unwrap();
    let error = kept(&state).await.unwrap_err();
    assert!(matches!(error, ClusterError::MajorMissing { major: 97, .. }), "{error}");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
    assert_eq!(clusters(state.path()), ["pg-97"], "no empty cluster beside it");
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_alone() {
    let state = state();
    let major = find::Search::this_machine(None).newest().unwrap().major;
    let folder = state.path().join(format!("pg-{major}"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), "").unwrap();
    let error = kept(&state).await.unwrap_err();
    assert!(matches!(error, ClusterError::NotACluster(_)), "{error}");
    assert!(folder.join("thesis.txt").exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_refused() {
    let state = state();
    let long = state.path().join("x".repeat(90));
    let error = Cluster::start(options(Home::Kept(long.clone()))).await.unwrap_err();
    assert!(matches!(error, ClusterError::PathTooLong(_)), "{error}");
    assert!(clusters(&long).is_empty());
}

#[test]
fn the_longest_socket_path_has_103_bytes() {
    let data = |length: usize| PathBuf::from(format!("/{}", "x".repeat(length - "/.s.PGSQL.5432".len() - 1)));
    assert!(temporary::check_socket_path(&data(103)).is_ok());
    assert!(temporary::check_socket_path(&data(104)).is_err());
}

/// The pid of a program that has nothing to do with the cluster, as a container's restart hands it out again.
#[tokio::test]
async fn a_lock_file_with_the_pid_of_another_program_does_not_stop_the_start() {
    let state = state();
    let cluster = kept(&state).await.unwrap();
    let data = cluster.socket_dir.clone();
    cluster.stop().await;
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    let text = format!("{}\n{}\n1\n5432\n{}\n\n", stranger.id(), data.display(), data.display());
    fs::write(data.join("postmaster.pid"), &text).unwrap();
    fs::write(data.join(".s.PGSQL.5432.lock"), &text).unwrap();
    let cluster = kept(&state).await.unwrap();
    assert_eq!(number(&cluster, "SELECT 1").await, 1);
    cluster.stop().await;
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// Runs the named test once more in a process of its own, there as an owner that never ends ([`be_killed`]); kills that with
/// SIGKILL, and tells where its data was.
async fn killed_owner(test: &str, state: &Path) -> (PathBuf, Pid) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--exact").arg(format!("store::cluster::tests::{test}")).env(OWNER_STATE, state);
    let mut owner = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let data = eventually("the owner's report", async || fs::read_to_string(state.join("report")).ok()).await;
    let pid = postmaster(Path::new(&data));
    owner.kill().unwrap();
    owner.wait().unwrap();
    (data.into(), pid)
}

const OWNER_STATE: &str = "TEST_CLUSTER_OWNER_STATE";

async fn be_killed(state: &Path, home: Home) {
    let cluster = Cluster::start(options(home)).await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT 7 AS n").execute(&mut connect(&cluster).await).await.unwrap();
    fs::write(state.join("part"), cluster.socket_dir.to_str().unwrap()).unwrap();
    fs::rename(state.join("part"), state.join("report")).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_temporary_cluster_goes_with_its_killed_owner() {
    if let Some(state) = std::env::var_os(OWNER_STATE) {
        be_killed(Path::new(&state), Home::Temporary).await;
    }
    let report = state();
    let (data, _) = killed_owner("a_temporary_cluster_goes_with_its_killed_owner", report.path()).await;
    let gone = async || (process::running(&data).is_none() && !data.parent().unwrap().exists()).then_some(());
    eventually("the end of the temporary cluster", gone).await;
}

#[tokio::test]
async fn a_kept_cluster_outlives_its_killed_owner_and_is_adopted() {
    if let Some(state) = std::env::var_os(OWNER_STATE) {
        be_killed(Path::new(&state), Home::Kept(state.clone().into())).await;
    }
    let state = state();
    let (data, pid) =
        killed_owner("a_kept_cluster_outlives_its_killed_owner_and_is_adopted", state.path()).await;
    assert_eq!(postmaster(&data), pid);
    let cluster = kept(&state).await.unwrap();
    assert!(cluster.is_owner());
    assert_eq!(postmaster(&data), pid);
    assert_eq!(number(&cluster, "SELECT n FROM kept").await, 7);
    cluster.stop().await;
    assert!(process::running(&data).is_none());
}

#[tokio::test]
async fn left_overs_of_killed_runs_are_cleared_at_the_next_temporary_start() {
    let base = std::env::temp_dir();
    let left = tempfile::Builder::new().prefix("trilock-pg-").tempdir_in(&base).unwrap();
    fs::write(left.path().join("owner.lock"), "1 trilock demo\n").unwrap();
    let starting = tempfile::Builder::new().prefix("trilock-pg-").tempdir_in(&base).unwrap();
    fs::write(starting.path().join("owner.lock"), "").unwrap();
    let cluster = Cluster::start(options(Home::Temporary)).await.unwrap();
    assert!(!left.path().exists());
    assert!(starting.path().exists(), "one that is just being made is not touched");
    cluster.stop().await;
}
