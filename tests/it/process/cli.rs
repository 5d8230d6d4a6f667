use super::child::{output, text, trilock};
use crate::harness::{POLICY, Trilock};

#[tokio::test]
async fn serve_says_all_that_is_missing_and_the_way_out() {
    let out = output(trilock().arg("serve")).await;
    assert!(!out.status.success());
    insta::assert_snapshot!(text(&out.stderr).trim(), @"trilock: missing: TRILOCK_APP_ID (the App's id); TRILOCK_PRIVATE_KEY_FILE (the App's private key, a .pem file); TRILOCK_WEBHOOK_SECRET (the secret that the App signs its webhooks with). All three are on the App's settings page on GitHub; README.md says how to make an App. To look around without one: trilock demo");
}

#[tokio::test]
async fn a_given_database_needs_a_given_key() {
    let out =
        output(trilock().args(["migrate"]).env("DATABASE_URL", "postgres://nobody@localhost:1/none")).await;
    assert!(!out.status.success());
    insta::assert_snapshot!(text(&out.stderr).trim(), @"trilock: TRILOCK_SECRET_KEY is required with DATABASE_URL. `openssl rand -hex 32` makes one; keep it.");
}

#[tokio::test]
async fn a_policys_mistake_has_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trilock.yml");
    std::fs::write(&file, "version: 1\nbuilds:\n  desktop:\n    workflow: a.yml\n    timout: 1h\n").unwrap();
    let out = output(trilock().args(["policy", "check"]).arg(&file)).await;
    assert!(!out.status.success());
    let said = text(&out.stderr);
    assert!(said.contains("trilock.yml:5:5: "), "{said}");
    assert!(said.contains("timeout"), "{said}");

    std::fs::write(&file, "version: 1\nbuilds:\n  desktop:\n    workflow: a.yml\n").unwrap();
    let out = output(trilock().args(["policy", "check"]).arg(&file)).await;
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).ends_with("trilock.yml is good. Build types: desktop\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_shows_runs_that_were_started_by_hand() {
    let t = Trilock::backdrop().await;
    t.policy(POLICY).await;
    let run = t.by_hand("eve", "v9.0.0").await;
    let environment = [("DATABASE_URL", t.database_url()), ("TRILOCK_SECRET_KEY", "11".repeat(32))];
    let queue = output(trilock().arg("queue").envs(environment.clone())).await;
    let line = |said: &[u8]| {
        let said = text(said);
        said.lines().find(|line| line.contains("by hand")).expect("a run by hand").to_owned()
    };
    let first = line(&queue.stdout);
    assert!(first.starts_with("starting  started by hand  desktop  eve"), "{first}");
    t.finish(run, "failure").await;
    t.again("ada", run).await;
    t.begin(run).await;
    let second = line(&output(trilock().arg("queue").envs(environment)).await.stdout);
    assert!(second.starts_with("running  run again by hand  desktop  ada"), "{second}");
}
