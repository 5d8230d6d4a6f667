//! The pages and their JSON through the real router: who sees what, and in which form.

mod metrics;
pub mod pages;
mod ready;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use trilock::web::{DemoPanel, Options};

use crate::harness::{POLICY, REPO, Trilock, WORKFLOW};
use pages::{Answer, Pages};

const TOKEN: &str = "the-operator's-token";
const SECRET_REPO: &str = "octo/secret";
const HOSTILE: &str = "v1.0<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// A world with a private repository too, both known to the server.
async fn two_repositories() -> Trilock {
    let t = Trilock::backdrop().await;
    {
        let mut world = t.github.world();
        world.add_repo(SECRET_REPO, true).unwrap();
        world.set_role(SECRET_REPO, "ben", serde_json::from_value("write".into()).unwrap()).unwrap();
        world.put_file(SECRET_REPO, ".github/workflows/build-desktop.yml", WORKFLOW).unwrap();
        world.put_file(SECRET_REPO, ".github/trilock.yml", POLICY).unwrap();
    }
    for repo in [SECRET_REPO, REPO] {
        ask(&t, repo, "ben", "/build tag=v1.4.0 channel=beta").await;
        t.until("a run", |world| world.runs(repo).len() == 1).await;
        let run = t.github.world().runs(repo)[0].id;
        t.github.world().start_run(run).unwrap();
        says(&t, repo, 1, "Building").await;
    }
    t
}

async fn ask(t: &Trilock, repo: &str, login: &str, command: &str) -> u64 {
    let issue = t.github.world().open_issue(repo, login, "Please", "I need one.", &[]).unwrap();
    t.github.world().comment(repo, issue, login, command).unwrap();
    issue
}

async fn says(t: &Trilock, repo: &str, issue: u64, words: &str) {
    let said = |world: &trilock::sandbox::World| {
        world.comments(repo, issue).iter().any(|comment| comment.body.contains(words))
    };
    t.until(words, said).await;
}

fn names(overview: &Value) -> Vec<&str> {
    let repositories = overview["repositories"].as_array().unwrap();
    repositories.iter().map(|repository| repository["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn private_repositories_are_for_operators() {
    let t = two_repositories().await;
    let pages = Pages::of(&t);
    let bearer = format!("Bearer {TOKEN}");

    let public = pages.get("/api/overview").await;
    assert_eq!(names(&public.json()), [REPO]);
    assert!(!public.body.contains("secret"), "{}", public.body);
    assert_eq!(public.json()["dead"], Value::Null);

    let all = pages.get_with("/api/overview", header::AUTHORIZATION, &bearer).await.json();
    let mut all_names = names(&all);
    all_names.sort_unstable();
    assert_eq!(all_names, [REPO, SECRET_REPO]);
    assert_eq!(all["dead"], serde_json::json!([]));

    for path in ["/api/queue/octo/secret", "/q/octo/secret"] {
        let unknown = pages.get(&path.replace("secret", "unknown")).await;
        let private = pages.get(path).await;
        assert_eq!(private.status, StatusCode::NOT_FOUND);
        let parts = |answer: &Answer| (answer.status, answer.headers.clone(), answer.body.clone());
        assert_eq!(parts(&private), parts(&unknown), "the same answer for both");
        let operator = pages.get_with(path, header::AUTHORIZATION, &bearer).await;
        assert_eq!(operator.status, StatusCode::OK);
    }
    assert_eq!(pages.get("/q/Octo/App").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_token_opens_by_header_and_by_cookie() {
    let t = Trilock::backdrop().await;
    let pages = Pages::of(&t);
    for wrong in ["Bearer no", "Bearer ", "Basic the-operator's-token", "nonsense"] {
        let refused = pages.get_with("/api/overview", header::AUTHORIZATION, wrong).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(refused.json()["error"].as_str().unwrap().contains("operator token"));
    }
    let refused = pages.post("token=no").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.body.contains("That is not the operator token"));
    assert_eq!(refused.header(header::SET_COOKIE), "");

    let signed_in = pages.post("token=the-operator%27s-token").await;
    assert_eq!((signed_in.status, signed_in.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    let set = signed_in.header(header::SET_COOKIE);
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("Secure"), "{set}");
    assert!(!set.contains(TOKEN), "the browser does not keep the token itself");
    let cookie = format!("other=1; {}", set.split(';').next().unwrap());
    let seen = pages.get_with("/api/overview", header::COOKIE, &cookie).await;
    assert_eq!(seen.json()["operator"], true);
    let stale = pages.get_with("/api/overview", header::COOKIE, "trilock_operator=00").await;
    assert_eq!((stale.status, &stale.json()["operator"]), (StatusCode::OK, &Value::Bool(false)));

    let signed_out = pages.post("").await;
    assert!(signed_out.header(header::SET_COOKIE).starts_with("trilock_operator=; Path=/; Max-Age=0;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_is_secure_and_without_a_token_nobody_is_an_operator() {
    let t = Trilock::backdrop().await;
    let token = TOKEN.to_owned();
    let public_url = "https://ci.example".to_owned();
    let tls = Pages::with(&t, Options { operator_token: token, public_url, ..Options::default() });
    let set = tls.post("token=the-operator%27s-token").await;
    assert!(set.header(header::SET_COOKIE).ends_with("; Secure"), "{:?}", set.headers);

    let closed = Pages::with(&t, Options::default());
    for form in ["token=", "token=anything"] {
        assert_eq!(closed.post(form).await.status, StatusCode::UNAUTHORIZED, "{form}");
    }
    let empty_bearer = closed.get_with("/api/overview", header::AUTHORIZATION, "Bearer ").await;
    assert_eq!(empty_bearer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_started_by_hand_is_shown_as_that() {
    let t = two_repositories().await;
    let run = t.by_hand("eve", "v9.0.0").await;
    let page = Pages::of(&t).get("/api/queue/octo/app").await.json();
    let repository = &page["repositories"][0];
    let running = repository["running"].as_array().unwrap();
    let by_hand = running.iter().find(|build| build["run_id"] == run).expect("the run");
    assert_eq!((&by_hand["by_hand"], &by_hand["outside"]), (&true.into(), &true.into()));
    assert_eq!((&by_hand["issue"], &by_hand["asked_by"]), (&Value::Null, &"eve".into()));
    let other = running.iter().find(|build| build["run_id"] != run).expect("the build");
    assert_eq!((&other["by_hand"], &other["outside"]), (&false.into(), &false.into()));
    // A turn takes those of all holders; which of them last, their keys decide.
    let locks = repository["locks"]["issue"].as_array().unwrap();
    let lock = locks.iter().find(|lock| lock["name"] == format!("run:{run}")).expect("its lock");
    assert_eq!(lock["url"], format!("https://github.com/octo/app/actions/runs/{run}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_tells_what_runs_and_what_waits() {
    let t = two_repositories().await;
    let second = ask(&t, REPO, "eve", "/build tag=v1.5.0").await;
    says(&t, REPO, second, "Queued").await;
    let pages = Pages::of(&t);
    let page = pages.get("/api/queue/octo/app").await.json();
    let repository = &page["repositories"][0];

    let running = &repository["running"][0];
    assert_eq!(running["status"], "running");
    assert_eq!(running["build_type"], "desktop");
    assert_eq!(running["issue_url"], "https://github.com/octo/app/issues/1");
    assert_eq!(running["asked_by"], "ben");
    assert!(running["run_url"].as_str().unwrap().contains("/actions/runs/"));
    assert!(running["running_at"].is_string());
    let answers = serde_json::json!([
        { "label": "Version tag", "value": "v1.4.0" }, { "label": "Channel", "value": "beta" }
    ]);
    assert_eq!(running["answers"], answers);

    let waiting = &repository["waiting"][0];
    assert_eq!((&waiting["status"], &waiting["position"]), (&"queued".into(), &1.into()));
    assert_eq!((&waiting["issue"], &waiting["asked_by"]), (&second.into(), &"eve".into()));

    let locks = &repository["locks"];
    let slot = &locks["build"][0]["slots"][0];
    assert_eq!((&slot["state"], &slot["token"], &slot["issue"]), (&"held".into(), &1.into(), &1.into()));
    assert_eq!(locks["queue"][0]["name"], "default");
    assert!(locks["queue"][0]["version"].as_i64().unwrap() >= 2);
    assert_eq!(locks["queue"][0]["holder"], "apply", "the process is for operators");
    let issues: Vec<&str> =
        locks["issue"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert!(issues.contains(&"1") && issues.contains(&"2"), "{issues:?}");
    assert_eq!(repository["begin"][0]["comment"], "/build desktop tag=v1.4.0 channel=stable");
    for internal in ["build_id", "tenant_id", "repo_id", "asker_id", "installation", "inputs"] {
        assert!(!page.to_string().contains(internal), "{internal}: {page:#}");
    }

    let run = t.github.world().runs(REPO)[0].id;
    t.github.world().finish_run(run, "failure", None).unwrap();
    t.until("the next run", |world| world.runs(REPO).len() == 2).await;
    let page = pages.get("/api/queue/octo/app").await.json();
    let ended = &page["repositories"][0]["ended"][0];
    assert_eq!((&ended["status"], &ended["conclusion"]), (&"failed".into(), &"failure".into()));
    assert!(ended["waited_seconds"].is_i64() && ended["ran_seconds"].is_i64(), "{ended}");
    assert_eq!(page["repositories"][0]["locks"]["build"][0]["slots"][0]["token"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_typed_is_never_part_of_a_page() {
    let t = Trilock::backdrop().await;
    let issue = t.github.world().open_issue(REPO, "ben", HOSTILE, HOSTILE, &[]).unwrap();
    let command = format!("/build tag='{}'", HOSTILE.replace('\'', "")); // quotes would end the value
    t.github.world().comment(REPO, issue, "ben", &command).unwrap();
    t.until("a run", |world| world.runs(REPO).len() == 1).await;
    let pages = Pages::of(&t);
    assert!(pages.get("/api/overview").await.body.contains("onerror"), "the JSON has the value, as a value");
    let html = pages.get("/").await;
    assert_eq!(html.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert!(!html.body.contains("onerror") && !html.body.contains("v1.0"));
    assert_eq!(html.body, pages.get("/q/octo/app").await.body, "one static page for all");
    let lost = pages.get("/q/octo/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(!lost.body.contains("<script>"), "{}", lost.body);
    for script in ["page.js", "parts.js", "demo.js"] {
        let source = pages.get(&format!("/assets/{script}")).await;
        assert!(source.header(header::CONTENT_TYPE).starts_with("text/javascript"));
        for way_in in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!source.body.contains(way_in), "{script} uses {way_in}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_headers_and_its_form() {
    let t = Trilock::backdrop().await;
    let pages = Pages::of(&t);
    for path in ["/", "/q/no/thing", "/nowhere", "/assets/page.css", "/api/overview", "/api/nothing"] {
        let answer = pages.get(path).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}: {policy}"
        );
        assert!(policy.contains("connect-src 'self'; form-action 'self'"), "{path}: {policy}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{path}");
    }
    assert!(pages.get("/api/nothing").await.json()["error"].is_string());
    assert!(pages.get("/nowhere").await.body.starts_with("<!doctype html>"));
    let wrong_method = pages.send(Request::put("/api/overview").body(Body::empty()).unwrap()).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong_method.json()["error"].is_string() && wrong_method.header(header::ALLOW).contains("GET"));
    assert_eq!(pages.get("/healthz").await.body, "ok\n");

    let demo = DemoPanel {
        sandbox_url: "http://127.0.0.1:9".into(),
        people: vec!["ada".into()],
        repositories: vec![REPO.into()],
    };
    let with_panel = Pages::with(&t, Options { demo: Some(demo), ..Options::default() });
    let answer = with_panel.get("/api/overview").await;
    assert!(
        answer.header(header::CONTENT_SECURITY_POLICY).contains("connect-src 'self' http://127.0.0.1:9;")
    );
    assert_eq!(answer.json()["demo"]["people"][0], "ada");

    t.store.close().await;
    let away = pages.get("/api/overview").await;
    assert_eq!((away.status, away.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert!(away.json()["error"].as_str().unwrap().starts_with("The database is away"));
}
