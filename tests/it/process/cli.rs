use super::child::{output, text, trilock};

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
