//! What operators get of the real binary: a log whose lines say what they are about and give nothing away, readiness,
//! metrics, the audit.

use nix::sys::signal::Signal;
use serde_json::{Map, Value};
use sqlx::ConnectOptions;
use trilock::sandbox::{ApiFault, ApiTrouble, Sandbox};

use super::{
    child::{SECRET, Serving, output, text, trilock},
    survives::{ask, open_folder, sandbox, shows, until},
};
use crate::harness::{POLICY, POLICY_PATH, REPO, fresh_database};

type Line = Map<String, Value>;

/// A build from its request to its end, with a call that fails on the way.
async fn a_build(sandbox: &Sandbox, tag: &str) {
    let fault = ApiFault::once("POST", "/issues/[0-9]+/comments$", ApiTrouble::FailBefore(500));
    sandbox.world().fault_api(fault).unwrap();
    let runs = sandbox.world().runs(REPO).len();
    let issue = ask(sandbox, tag);
    until(sandbox, "a run", |world| world.runs(REPO).len() == runs + 1).await;
    let run = sandbox.world().runs(REPO).iter().map(|run| run.id).max().unwrap();
    sandbox.world().start_run(run).unwrap();
    sandbox.world().finish_run(run, "success", None).unwrap();
    until(sandbox, "it is ready", |world| shows(world, issue, "Your build is ready")).await;
}

fn lines(log: &str) -> Vec<Line> {
    let line = |line: &str| {
        let value: Line = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in value.keys().filter(|key| key.len() > 3) {
            assert_eq!(line.matches(&format!("\"{key}\":")).count(), 1, "{key} stands twice in {line}");
        }
        value
    };
    log.lines().map(line).collect()
}

fn with<'a>(lines: &'a [Line], message: &str) -> Vec<&'a Line> {
    let found: Vec<&Line> = lines.iter().filter(|line| line["message"] == message).collect();
    assert!(!found.is_empty(), "no line says: {message}");
    found
}

fn has(line: &Line, fields: &[&str]) {
    for field in fields {
        assert!(line.get(*field).is_some_and(|value| !value.is_null()), "{field} is missing in {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_say_what_they_are_about_and_an_operator_finds_the_rest() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let url = fresh_database().await.to_url_lossy().to_string();
    let database = [("DATABASE_URL", url.as_str()), ("TRILOCK_SECRET_KEY", &"22".repeat(32))];
    let server = Serving::start(&sandbox, &folder.path().join("app.pem"), &database).await;
    a_build(&sandbox, "v1.1").await;

    let ready = server.get("/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.contains("\"ready\":true"), "{ready}");
    let metrics = server.get("/metrics").await;
    let transition = "trilock_transitions_total{from=\"queued\",to=\"starting\"} 1\n";
    assert!(metrics.contains(transition), "{metrics}");
    assert!(metrics.contains("trilock_effects_total{kind=\"dispatch\",outcome=\"done\"} 1\n"), "{metrics}");
    server.signal(Signal::SIGTERM);
    let (log, well) = server.end().await;
    assert!(well, "{log}");

    let lines = lines(&log);
    for line in with(&lines, "a delivery was taken in") {
        has(line, &["delivery", "event", "outcome", "tenant"]);
    }
    for line in with(&lines, "changed") {
        has(line, &["tenant", "repo", "actor", "what", "after", "source"]);
        assert!(line["what"] == "policy" || line.contains_key("build"), "{line:?}");
        let source = line["source"].as_str().unwrap();
        assert_eq!(
            source.strip_prefix("delivery "),
            line.get("delivery").and_then(Value::as_str),
            "{line:?}"
        );
    }
    let failed = with(&lines, "GitHub call failed");
    assert_eq!(failed.len(), 1, "a failure is one line: {failed:?}");
    has(failed[0], &["tenant", "repo", "issue", "worker", "method", "path", "status"]);
    let loud = lines.iter().filter(|line| line["level"] != "INFO");
    assert_eq!(loud.collect::<Vec<_>>(), failed, "nothing else went wrong");

    let mut audit = trilock();
    audit.args(["audit", "--repo", REPO, "--since", "1h", "--json"]).envs(database);
    let out = output(&mut audit).await;
    let rows: Vec<Value> =
        text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&rows[0]["what"], &rows[0]["after"]), (&"lease".into(), &"free".into()), "the newest first");
    let request = rows.iter().find(|row| row["what"] == "request").expect("the request");
    assert_eq!((&request["actor"], &request["repository"]), (&"ben".into(), &REPO.into()));
    let build = request["build_id"].as_str().unwrap();
    let out = output(trilock().args(["audit", "--build", build, "--limit", "2"]).envs(database)).await;
    let table = text(&out.stdout);
    assert!(
        table.starts_with("AT (UTC)") && table.lines().count() == 3 && table.contains("concluded: success"),
        "{table}"
    );
    let delivery = request["source"].as_str().unwrap().strip_prefix("delivery ").unwrap();
    let out = output(trilock().args(["replay", delivery]).envs(database)).await;
    assert!(out.status.success(), "{}", text(&out.stderr));
    let out = output(trilock().args(["audit", "--limit", "1", "--json"]).envs(database)).await;
    let row: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&row["what"], &row["source"]), (&"replay".into(), &"operator".into()));
    assert_eq!(row["before"], format!("delivery {delivery}"));
    assert!(row["actor"].as_str().unwrap().starts_with("operator "), "{row}");

    let out = output(trilock().args(["audit", "--since", "soon"]).envs(database)).await;
    assert!(text(&out.stderr).contains("a duration such as 2h"), "{}", text(&out.stderr));
    let out =
        output(trilock().args(["audit", "--since", "2100-01-01T00:00:00Z", "--json"]).envs(database)).await;
    assert!(out.status.success() && out.stdout.is_empty());
}

/// With all that this and other libraries have to say.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_log() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let url = fresh_database().await.to_url_lossy().to_string();
    let secret_key = "2b".repeat(32);
    let database = [
        ("DATABASE_URL", url.as_str()),
        ("TRILOCK_SECRET_KEY", &secret_key),
        ("RUST_LOG", "trace,trilock=trace"),
    ];
    let server = Serving::start(&sandbox, &folder.path().join("app.pem"), &database).await;
    a_build(&sandbox, "v1.1").await;
    server.signal(Signal::SIGTERM);
    let (log, _) = server.end().await;
    let all = ["\"level\":\"TRACE\"", "\"target\":\"sqlx"].iter().all(|part| log.contains(part));
    assert!(all, "other libraries are in it");

    let token = output(trilock().arg("token").envs(database).env("RUST_LOG", "off")).await;
    let token = text(&token.stdout).trim().to_owned();
    assert_eq!(token.len(), 48, "{token}");
    let pem = sandbox.private_key_pem();
    let key_lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let planted = [SECRET, &secret_key, &token, "ghs_", "eyJ"].into_iter().chain(key_lines);
    for secret in planted {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in {}", line.unwrap_or_default());
    }
}

/// Whoever wrote it, and whatever goes wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn no_private_answer_is_in_a_log() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let url = fresh_database().await.to_url_lossy().to_string();
    let database = [
        ("DATABASE_URL", url.as_str()),
        ("TRILOCK_SECRET_KEY", &"2b".repeat(32)),
        ("RUST_LOG", "trace,trilock=trace"),
    ];
    let policy = format!("{POLICY}      email: {{ type: email, private: true }}\n");
    sandbox.world().put_file(REPO, POLICY_PATH, &policy).unwrap();
    let server = Serving::start(&sandbox, &folder.path().join("app.pem"), &database).await;
    let fault = ApiFault::once("GET", "/permission$", ApiTrouble::FailBefore(500));
    sandbox.world().fault_api(fault).unwrap();
    let wrong =
        ["/build tag=1 email=PLANTED", "/build tag=v1.0 emial=PLANTED", "/build tag=v1.0 email = PLANTED"];
    for line in wrong.into_iter().chain(["/build tag=v1.0 email=PLANTED"]) {
        let mut world = sandbox.world();
        let issue = world.open_issue(REPO, "ben", "Please", "I need one.", &[]).unwrap();
        world.comment(REPO, issue, "ben", &line.replace("PLANTED", "planted@private.example")).unwrap();
        drop(world);
        until(&sandbox, "an answer", |world| shows(world, issue, "### ")).await;
    }
    server.signal(Signal::SIGTERM);
    let (log, _) = server.end().await;
    assert!(log.contains("\"level\":\"TRACE\""));
    let line = log.lines().find(|line| line.contains("planted"));
    assert!(line.is_none(), "{}", line.unwrap_or_default());
}
