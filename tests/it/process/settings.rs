//! A flag beats the environment, the environment beats the file; what the file says wrong is said.

use super::child::{output, text, trilock};

/// The first of the settings that `migrate` trips over shows which one was taken.
async fn complaint(flag: Option<&str>, env: Option<&str>, file: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trilock.toml");
    let mut command = trilock();
    command.arg("migrate").env("TRILOCK_SECRET_KEY", "11".repeat(32));
    if let Some(file) = file {
        std::fs::write(&path, file).unwrap();
        command.env("TRILOCK_CONFIG", &path);
    }
    if let Some(env) = env {
        command.env("DATABASE_URL", env);
    }
    if let Some(flag) = flag {
        command.args(["--database-url", flag]);
    }
    let out = output(&mut command).await;
    assert!(!out.status.success());
    text(&out.stderr)
}

#[tokio::test]
async fn a_flag_beats_the_environment_beats_the_file() {
    let (good, bad) = ("postgres://u@127.0.0.1:1/x", "not a url");
    let file = |url: &str| format!("database_url = \"{url}\"\n");
    let unreadable = "DATABASE_URL cannot be read";
    assert!(complaint(None, None, Some(&file(bad))).await.contains(unreadable));
    assert!(!complaint(None, Some(good), Some(&file(bad))).await.contains(unreadable));
    assert!(complaint(None, Some(bad), Some(&file(good))).await.contains(unreadable));
    assert!(!complaint(Some(good), Some(bad), Some(&file(bad))).await.contains(unreadable));
    assert!(complaint(Some(bad), Some(good), Some(&file(good))).await.contains(unreadable));
}

#[tokio::test]
async fn an_unknown_setting_in_the_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trilock.toml");
    std::fs::write(&path, "listn = \"127.0.0.1:1\"\n").unwrap();
    let out = output(trilock().args(["serve", "--config"]).arg(&path)).await;
    let said = text(&out.stderr);
    assert!(!out.status.success());
    assert!(said.contains("trilock.toml") && said.contains("unknown field `listn`"), "{said}");
}
