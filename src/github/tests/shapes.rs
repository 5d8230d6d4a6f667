//! Every call on the wire: method, address, body. And answers with GitHub's nulls and novelties in them.

use crate::queue::Role;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        Account, Reaction,
        call::{As, Call},
    },
    server::{Seen, client, reply, repo, serve, start},
};

fn user() -> Value {
    json!({ "id": 3, "login": "ada", "type": "User" })
}

fn run() -> Value {
    json!({
        "id": 30_433_642, "run_attempt": 2, "status": "completed", "conclusion": "brand_new", "name": null,
        "display_title": "Build #1", "path": ".github/workflows/build.yml@main", "event": "workflow_dispatch",
        "html_url": "https://github.test/runs/1", "head_sha": "acb5", "head_branch": null,
        "created_at": start(), "run_started_at": start(), "actor": user(), "triggering_actor": null,
    })
}

fn issue() -> Value {
    json!({
        "number": 1, "title": "Build", "body": null, "state": "open", "labels": ["a", { "name": "b" }, {}],
        "user": { "id": 4, "login": "helper[bot]", "type": "Bot" }, "html_url": "https://github.test/1",
        "created_at": start(), "updated_at": start(),
    })
}

fn answer(seen: &Seen) -> (u16, Value) {
    let path = seen.uri.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let comment = json!({ "id": 5, "html_url": "https://github.test/5" });
    let repository = json!({
        "id": 9, "full_name": "Octo/tools", "default_branch": "main", "private": true, "owner": user(),
    });
    match (seen.method.as_str(), last) {
        ("GET", "app") => (200, json!({ "slug": "trilock", "owner": user() })),
        ("GET", "installations") => (200, json!([{ "id": 7, "account": user(), "suspended_at": null }])),
        ("GET", "installation") => (200, json!({ "id": 7, "account": null })),
        ("GET", "tools") => (200, repository),
        ("GET", "runs") => (200, json!({ "total_count": 1, "workflow_runs": [run()] })),
        ("GET", "jobs") => (
            200,
            json!({ "jobs": [
            { "name": "linux", "status": "completed", "conclusion": "failure", "html_url": "https://github.test/j/1",
              "steps": [{ "name": "checkout", "conclusion": "success" }, { "name": "make", "conclusion": "failure" }] },
            { "name": "mac", "status": "queued", "conclusion": null, "html_url": null },
        ] }),
        ),
        ("GET", "artifacts") => (
            200,
            json!({ "artifacts": [
            { "id": 8, "name": "app.zip", "size_in_bytes": 1024, "expires_at": null },
        ] }),
        ),
        ("GET", "permission") => (200, json!({ "permission": "read", "role_name": "read" })),
        ("GET", "a%20b.yml") => (200, json!({ "type": "file", "encoding": "base64", "content": "" })),
        ("GET", ".github" | "workflows" | "comments") => (200, json!([])),
        ("GET", "1") if path.contains("/runs/") => (200, run()),
        ("GET", "1") => (200, issue()),
        ("GET", _) => (200, json!({ "sha": "acb5" })),
        ("DELETE", _) | ("POST", "dispatches") => (204, Value::Null),
        ("POST", "cancel" | "force-cancel") => (202, json!({})),
        ("POST", "reactions") => (200, json!({ "id": 1, "content": "eyes" })),
        _ => (201, comment),
    }
}

#[tokio::test]
async fn every_call_has_the_shape_that_github_describes() {
    let server = serve(|seen| {
        let (status, body) = answer(seen);
        reply(status, body)
    })
    .await;
    let (github, repo) = (client(&server.url), repo());
    let inputs = BTreeMap::from([("tag".to_owned(), "v1".to_owned())]);

    assert_eq!(github.app().await.unwrap().owner.unwrap().login, "ada");
    assert_eq!(github.installations().await.unwrap()[0].id, 7);
    assert_eq!(github.repo_installation("octo", "tools").await.unwrap().account, None);
    assert_eq!(github.repository(&repo).await.unwrap().owner.id, 3);
    assert_eq!(github.commit_sha(&repo, "heads/a b").await.unwrap(), "acb5");
    github.contents(&repo, ".github/a b.yml", Some("v1"), None).await.unwrap();
    github.list_dir(&repo, ".github", Some("v1")).await.unwrap();
    assert_eq!(github.permission(&repo, "ada").await.unwrap(), Role::Read);
    let issue = github.issue(&repo, 1).await.unwrap();
    assert_eq!(
        (issue.body.as_str(), issue.labels.join(" "), issue.is_pull_request),
        ("", "a b".into(), false)
    );
    assert_eq!(issue.author, Some(Account { id: 4, login: "helper[bot]".into(), is_bot: true }));
    assert_eq!(github.create_comment(&repo, 1, "x").await.unwrap().id, 5);
    github.update_comment(&repo, 5, "y").await.unwrap();
    github.delete_comment(&repo, 5).await.unwrap();
    assert!(github.list_comments(&repo, 1, None).await.unwrap().is_empty());
    github.react_to_comment(&repo, 5, Reaction::PlusOne).await.unwrap();
    github.react_to_issue(&repo, 1, Reaction::Eyes).await.unwrap();
    assert_eq!(github.dispatch(&repo, "build.yml", "main", &inputs).await.unwrap(), None);
    let run = github.run(&repo, 1).await.unwrap();
    assert!(run.is_completed() && run.attempt == 2 && run.conclusion.as_deref() == Some("brand_new"));
    assert_eq!((run.actor_login.as_deref(), run.triggering_actor_login), (Some("ada"), None));
    github.run_attempt(&repo, 1, 1).await.unwrap();
    let runs = github.workflow_runs(&repo, "build.yml", "workflow_dispatch", start()).await.unwrap();
    assert_eq!(runs[0].id, 30_433_642);
    github.cancel(&repo, 1).await.unwrap();
    github.force_cancel(&repo, 1).await.unwrap();
    let jobs = github.jobs(&repo, 1).await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| (job.failed(), job.stopped_at.is_some())).collect::<Vec<_>>(),
        [(true, true), (false, false)]
    );
    assert_eq!(github.artifacts(&repo, 1).await.unwrap()[0].size, 1024);

    assert!(github.workflow_files(&repo).await.unwrap().is_empty());

    let lines = server.all().into_iter().map(|seen| {
        let body = if seen.body.is_null() { String::new() } else { format!(" {}", seen.body) };
        format!("{} {}{body}", seen.method, seen.uri)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    GET /app
    GET /app/installations?per_page=100&page=1
    GET /repos/octo/tools/installation
    POST /app/installations/7/access_tokens
    GET /repos/octo/tools
    GET /repos/octo/tools/commits/heads/a%20b?per_page=1
    GET /repos/octo/tools/contents/.github/a%20b.yml?ref=v1
    GET /repos/octo/tools/contents/.github?ref=v1
    GET /repos/octo/tools/collaborators/ada/permission
    GET /repos/octo/tools/issues/1
    POST /repos/octo/tools/issues/1/comments {"body":"x"}
    PATCH /repos/octo/tools/issues/comments/5 {"body":"y"}
    DELETE /repos/octo/tools/issues/comments/5
    GET /repos/octo/tools/issues/1/comments?per_page=100&page=1
    POST /repos/octo/tools/issues/comments/5/reactions {"content":"+1"}
    POST /repos/octo/tools/issues/1/reactions {"content":"eyes"}
    POST /repos/octo/tools/actions/workflows/build.yml/dispatches {"inputs":{"tag":"v1"},"ref":"main","return_run_details":true}
    GET /repos/octo/tools/actions/runs/1?exclude_pull_requests=true
    GET /repos/octo/tools/actions/runs/1/attempts/1?exclude_pull_requests=true
    GET /repos/octo/tools/actions/workflows/build.yml/runs?event=workflow_dispatch&created=%3E%3D2026-03-01T12%3A00%3A00Z&exclude_pull_requests=true&per_page=100&page=1
    POST /repos/octo/tools/actions/runs/1/cancel
    POST /repos/octo/tools/actions/runs/1/force-cancel
    GET /repos/octo/tools/actions/runs/1/jobs?filter=latest&per_page=100&page=1
    GET /repos/octo/tools/actions/runs/1/artifacts?per_page=100&page=1
    GET /repos/octo/tools/contents/.github/workflows
    "#);
}

#[tokio::test]
#[ignore = "needs GitHub's description: TRILOCK_API_REQUESTS"]
#[should_panic(expected = "GET /app?colour=red: apps/get-authenticated: unknown query parameter colour")]
async fn a_call_that_github_does_not_know_fails_its_test() {
    let server = serve(|_| reply(200, json!({}))).await;
    client(&server.url).send(As::App, &Call::get("/app", &[]).query("colour", "red")).await.unwrap();
}
