//! Two versions side by side on one database, and several servers of one version.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use nix::sys::signal::Signal;
use sqlx::ConnectOptions as _;
use tokio::process::Command;
use trilock::sandbox::{AutoRuns, Fails, Sandbox, World};

use super::{
    child::{Serving, output, text, trilock, trilock_at},
    survives::{ask, open_folder, sandbox, sandbox_with, until},
};
use crate::harness::{REPO, empty_database, fresh_database};

const SECRET_KEY: &str = "22";

async fn git(arguments: &[&str]) -> String {
    let output = output(Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"))).await;
    assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// The binary of the last commit that had other migrations, built in a work tree of its own. What both versions depend
/// on is built once: the folder for intermediate files is shared.
async fn previous_version() -> PathBuf {
    let changed =
        git(&["log", "-1", "--first-parent", "--diff-filter=A", "--format=%H", "--", "migrations"]).await;
    let before = git(&["rev-parse", &format!("{changed}^")]).await;
    let target =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..").canonicalize().expect("the target folder");
    let (sources, built) = (target.join("previous/src"), target.join("previous"));
    let path = sources.to_str().expect("a path in UTF-8");
    if sources.exists() {
        git(&["worktree", "remove", "--force", path]).await;
    }
    git(&["worktree", "prune"]).await;
    git(&["worktree", "add", "--detach", path, &before]).await;
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--locked", "--quiet", "--bin", "trilock"]).current_dir(&sources);
    build.env("CARGO_TARGET_DIR", &built).env("CARGO_BUILD_BUILD_DIR", &target);
    let status = build.status().await.expect("cargo runs");
    assert!(status.success(), "the version of {before} does not build");
    git(&["worktree", "remove", "--force", path]).await;
    built.join("debug/trilock")
}

fn runs_by_themselves(sandbox: &Sandbox) {
    sandbox.world().set_auto(Some(AutoRuns {
        queue_delay: Duration::from_millis(100),
        duration: (Duration::from_millis(500), Duration::from_secs(1)),
        durations: BTreeMap::new(),
        fails: Fails::Never,
    }));
}

fn ready(world: &World, issues: &[u64]) -> bool {
    issues.iter().all(|issue| {
        world.comments(REPO, *issue).iter().any(|comment| comment.body.contains("Your build is ready"))
    })
}

/// Each request became one run, one status comment and one outcome comment.
async fn all_ready_once(sandbox: &Sandbox, issues: &[u64]) {
    until(sandbox, "all are ready", |world| ready(world, issues)).await;
    sandbox.settled().await;
    let world = sandbox.world();
    assert_eq!(world.runs(REPO).len(), issues.len());
    for issue in issues {
        assert_eq!(
            world.comments(REPO, *issue).iter().filter(|comment| comment.author == "trilock[bot]").count(),
            2
        );
    }
    assert_eq!(world.violations(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the repository's history"]
async fn the_version_before_goes_on_beside_this_one_and_starts_again_on_the_newer_schema() {
    let previous = previous_version().await;
    // What the version before sent is not held against the table any more.
    let (sandbox, folder) = (sandbox_with(None).await, open_folder());
    runs_by_themselves(&sandbox);
    let key_file = folder.path().join("app.pem");
    let url = empty_database().await.to_url_lossy().to_string();
    let database = [("DATABASE_URL", url.as_str()), ("TRILOCK_SECRET_KEY", &SECRET_KEY.repeat(32))];

    let old = Serving::start_as(trilock_at(&previous), &sandbox, &key_file, &database).await;
    let mut issues = vec![ask(&sandbox, "v1.0")];
    until(&sandbox, "the old one builds", |world| ready(world, &issues)).await;

    // The schema moves on under the running server, by a command of its own.
    let migrate = output(trilock().arg("migrate").envs(database)).await;
    assert!(migrate.status.success(), "{}", text(&migrate.stderr));
    issues.push(ask(&sandbox, "v1.1"));
    until(&sandbox, "the old one goes on", |world| ready(world, &issues)).await;

    let new = Serving::start(&sandbox, &key_file, &database).await;
    for n in 2..6 {
        sandbox.set_webhook_url(if n % 2 == 0 { old.webhook_url() } else { new.webhook_url() });
        issues.push(ask(&sandbox, &format!("v1.{n}")));
        sandbox.settled().await;
    }
    until(&sandbox, "both build", |world| ready(world, &issues)).await;
    old.signal(Signal::SIGKILL);
    old.end().await;
    sandbox.set_webhook_url(new.webhook_url());
    issues.push(ask(&sandbox, "v1.6"));

    // Somebody starts the old version again, e.g. to go back.
    let old = Serving::start_as(trilock_at(&previous), &sandbox, &key_file, &database).await;
    issues.push(ask(&sandbox, "v1.7"));
    until(&sandbox, "both build again", |world| ready(world, &issues)).await;
    new.signal(Signal::SIGTERM);
    let (said, well) = new.end().await;
    assert!(well, "{said}");
    issues.push(ask(&sandbox, "v1.8"));
    all_ready_once(&sandbox, &issues).await;
    drop(old);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_on_one_database_need_no_leader() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    runs_by_themselves(&sandbox);
    let key_file = folder.path().join("app.pem");
    let url = fresh_database().await.to_url_lossy().to_string();
    let database = [("DATABASE_URL", url.as_str()), ("TRILOCK_SECRET_KEY", &SECRET_KEY.repeat(32))];
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(Serving::start(&sandbox, &key_file, &database).await);
    }
    let mut issues = Vec::new();
    for n in 0..9 {
        sandbox.set_webhook_url(servers[n % 3].webhook_url());
        issues.push(ask(&sandbox, &format!("v2.{n}")));
        sandbox.settled().await;
    }
    // One leaves as it should, one does not.
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let server = servers.remove(0);
        server.signal(signal);
        server.end().await;
    }
    sandbox.set_webhook_url(servers[0].webhook_url());
    all_ready_once(&sandbox, &issues).await;
}
