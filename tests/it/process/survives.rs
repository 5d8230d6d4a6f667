//! kill -9, SIGTERM, and the private Postgres.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use sqlx::ConnectOptions;
use tempfile::TempDir;
use trilock::{
    clock::Clock,
    sandbox::{Options, Role, Sandbox, World},
};

use super::child::{SECRET, Serving, output, text, trilock};
use crate::harness::{POLICY, REPO, WORKFLOW, fresh_database};

pub(super) async fn sandbox() -> Sandbox {
    sandbox_with(std::env::var_os("TRILOCK_API_REQUESTS").map(PathBuf::from)).await
}

/// One that holds requests against this table, if there is one.
pub(super) async fn sandbox_with(api_requests: Option<PathBuf>) -> Sandbox {
    let mut options = Options::new(Clock::system());
    options.webhook_secret = SECRET.into();
    options.api_requests = api_requests;
    let sandbox = Sandbox::start(options).await.unwrap();
    let mut world = sandbox.world();
    world.add_user("ben");
    world.add_repo(REPO, false).unwrap();
    world.set_role(REPO, "ben", Role::Write).unwrap();
    world.put_file(REPO, ".github/workflows/build-desktop.yml", WORKFLOW).unwrap();
    world.put_file(REPO, ".github/trilock.yml", POLICY).unwrap();
    drop(world);
    sandbox
}

/// A folder that another account may enter.
pub(super) fn open_folder() -> TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).unwrap();
    folder
}

pub(super) fn ask(sandbox: &Sandbox, tag: &str) -> u64 {
    let mut world = sandbox.world();
    let issue = world.open_issue(REPO, "ben", "Please", "I need one.", &[]).unwrap();
    world.comment(REPO, issue, "ben", &format!("/build tag={tag}")).unwrap();
    issue
}

pub(super) fn shows(world: &World, issue: u64, words: &str) -> bool {
    world.comments(REPO, issue).iter().any(|comment| comment.body.contains(words))
}

pub(super) async fn until(sandbox: &Sandbox, what: &str, condition: impl Fn(&World) -> bool) {
    assert!(sandbox.until(condition).await, "it never came to this: {what}");
}

/// Every call stands in GitHub's description.
fn known_calls(sandbox: &Sandbox) {
    assert_eq!(sandbox.world().violations(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_in_the_middle_of_a_queue_loses_nothing() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let key_file = folder.path().join("app.pem");
    let url = fresh_database().await.to_url_lossy().to_string();
    let database = [("DATABASE_URL", url.as_str()), ("TRILOCK_SECRET_KEY", &"22".repeat(32))];

    let server = Serving::start(&sandbox, &key_file, &database).await;
    let first = ask(&sandbox, "v1.1");
    until(&sandbox, "the first has a run", |world| world.runs(REPO).len() == 1).await;
    let run = sandbox.world().runs(REPO)[0].id;
    sandbox.world().start_run(run).unwrap();
    until(&sandbox, "the first runs", |world| shows(world, first, "Building")).await;
    let second = ask(&sandbox, "v1.2");
    until(&sandbox, "the second waits", |world| shows(world, second, "Queued")).await;
    server.signal(Signal::SIGKILL);
    server.end().await;

    // The run ends while nobody listens: its webhooks are lost.
    sandbox.set_webhook_url("http://127.0.0.1:9/nobody");
    sandbox.world().finish_run(run, "success", None).unwrap();
    sandbox.settled().await;

    let _server = Serving::start(&sandbox, &key_file, &database).await;
    until(&sandbox, "the first is ready", |world| shows(world, first, "Your build is ready")).await;
    until(&sandbox, "the second's run", |world| world.runs(REPO).len() == 2).await;
    let run = sandbox.world().runs(REPO).iter().map(|run| run.id).max().unwrap();
    sandbox.world().start_run(run).unwrap();
    sandbox.world().finish_run(run, "success", None).unwrap();
    until(&sandbox, "the second is ready", |world| shows(world, second, "Your build is ready")).await;
    assert_eq!(sandbox.world().runs(REPO).len(), 2);
    known_calls(&sandbox);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_postgres_is_kept_adopted_and_joined() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let (key_file, state) = (folder.path().join("app.pem"), folder.path().join("state"));
    let state = state.to_str().unwrap();
    let database = [("TRILOCK_STATE_DIR", state)];

    let server = Serving::start(&sandbox, &key_file, &database).await;
    let issue = ask(&sandbox, "v1.1");
    until(&sandbox, "a run", |world| world.runs(REPO).len() == 1).await;
    until(&sandbox, "the run is known", |world| shows(world, issue, "Starting")).await;

    // Another command joins the running Postgres and leaves it running.
    let locks = output(trilock().args(["locks", "--state-dir", state])).await;
    let said = text(&locks.stdout);
    assert!(
        said.contains("octo/app/queue/default") && said.contains("held"),
        "{said}{}",
        text(&locks.stderr)
    );
    let lift =
        ["locks", "lift", "octo/app/queue/default", "0", "--reason", "to try it", "--state-dir", state];
    let lift = output(trilock().args(lift)).await;
    assert!(!lift.status.success());
    assert!(
        text(&lift.stderr).contains("held by a live build and not quarantined"),
        "{}",
        text(&lift.stderr)
    );

    server.signal(Signal::SIGKILL);
    server.end().await;
    let server = Serving::start(&sandbox, &key_file, &database).await;
    let run = sandbox.world().runs(REPO)[0].id;
    sandbox.world().start_run(run).unwrap();
    sandbox.world().finish_run(run, "success", None).unwrap();
    until(&sandbox, "ready", |world| shows(world, issue, "Your build is ready")).await;

    server.signal(Signal::SIGTERM);
    let (said, well) = server.end().await;
    assert!(well, "{said}");
    let left =
        std::fs::read_dir(state).unwrap().filter_map(|entry| Some(entry.ok()?.path().join("postmaster.pid")));
    assert_eq!(left.filter(|pid| pid.exists()).count(), 0, "Postgres goes with its owner");
    known_calls(&sandbox);
}
