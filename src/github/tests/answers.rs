//! What the calls make of GitHub's answers.

use crate::queue::Role;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{CancelAnswer, Content, DispatchedRun, GitHubError},
    server::{client, reply, reply_with, repo, serve},
};

#[tokio::test]
async fn an_unchanged_file_is_known_by_its_etag() {
    let server = serve(|seen| match seen.header("if-none-match") {
        "W/\"abc\"" => reply_with(304, &[("etag", "W/\"abc\"")], Value::Null),
        _ => {
            let file = json!({ "type": "file", "encoding": "base64", "content": "dmVyc2lv\nbjogMQo=\n" });
            reply_with(200, &[("etag", "W/\"abc\"")], file)
        }
    })
    .await;
    let github = client(&server.url);
    let first = github.contents(&repo(), ".github/trilock.yml", Some("a/b"), None).await.unwrap();
    let etag = Some("W/\"abc\"".to_owned());
    assert_eq!(first, Content::File { etag: etag.clone(), text: "version: 1\n".into() });
    let again = github.contents(&repo(), ".github/trilock.yml", None, etag.as_deref()).await.unwrap();
    assert_eq!(again, Content::NotModified);
    assert_eq!(server.calls()[0].uri, "/repos/octo/tools/contents/.github/trilock.yml?ref=a%2Fb");
}

#[tokio::test]
async fn what_is_no_readable_file_is_told_apart() {
    let cases = [
        (200, json!([{ "type": "file", "name": "x" }]), Ok(Content::Missing)),
        (200, json!({ "type": "submodule", "name": "x" }), Ok(Content::Missing)),
        (404, json!({ "message": "This repository is empty." }), Ok(Content::Missing)),
        (200, json!({ "type": "file", "encoding": "none", "content": "" }), Err(())),
        (200, json!({ "type": "file", "encoding": "base64", "content": "/w==" }), Err(())),
    ];
    for (status, body, expected) in cases {
        let answer = body.clone();
        let server = serve(move |_| reply(status, answer.clone())).await;
        let content = client(&server.url).contents(&repo(), "x", None, None).await;
        match expected {
            Ok(expected) => assert_eq!(content, Ok(expected), "{body}"),
            Err(()) => assert!(matches!(content, Err(GitHubError::Unreadable(_))), "{body}: {content:?}"),
        }
    }
}

#[tokio::test]
async fn a_path_that_would_leave_its_place_is_never_sent() {
    let server = serve(|_| reply(200, json!([]))).await;
    let github = client(&server.url);
    for path in ["../../../installation", ".github/./x", "a//b", "/a", ""] {
        assert_eq!(github.contents(&repo(), path, None, None).await, Ok(Content::Missing), "{path}");
    }
    let dispatched = github.dispatch(&repo(), "..", "main", &BTreeMap::new()).await;
    assert_eq!(dispatched, Err(GitHubError::NotFound));
    assert!(server.all().is_empty());
}

#[tokio::test]
async fn a_folder_lists_its_files() {
    let entries = json!([{ "type": "file", "name": "build.yml" }, { "type": "dir", "name": "old" }]);
    let server = serve(move |seen| match seen.uri.ends_with("ISSUE_TEMPLATE") {
        true => reply(200, entries.clone()),
        false => reply(404, Value::Null),
    })
    .await;
    let github = client(&server.url);
    assert_eq!(github.list_dir(&repo(), ".github/ISSUE_TEMPLATE", None).await.unwrap(), ["build.yml"]);
    assert!(github.list_dir(&repo(), "elsewhere", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn roles_are_read_from_the_role_name_if_it_is_a_standard_one() {
    let cases = [
        (200, json!({ "permission": "write", "role_name": "maintain" }), Role::Maintain),
        (200, json!({ "permission": "read", "role_name": "triage" }), Role::Triage),
        (200, json!({ "permission": "write", "role_name": "release-manager" }), Role::Write),
        (200, json!({ "permission": "admin" }), Role::Admin),
        (200, json!({ "permission": "none", "role_name": "" }), Role::None),
        (404, json!({ "message": "ghost is not a user" }), Role::None),
    ];
    for (status, body, expected) in cases {
        let answer = body.clone();
        let server = serve(move |_| reply(status, answer.clone())).await;
        let role = client(&server.url).permission(&repo(), "dependabot[bot]").await;
        assert_eq!(role, Ok(expected), "{body}");
        assert_eq!(server.calls()[0].uri, "/repos/octo/tools/collaborators/dependabot%5Bbot%5D/permission");
    }
    let order = [Role::None, Role::Read, Role::Triage, Role::Write, Role::Maintain, Role::Admin];
    assert!(order.is_sorted());
    let names = ["none", "read", "triage", "write", "maintain", "admin"];
    assert_eq!(names.map(|name| Role::from_name(name).unwrap()), order);
}

#[tokio::test]
async fn a_dispatch_names_its_run_where_the_server_can() {
    let details = json!({ "workflow_run_id": 99, "run_url": "u", "html_url": "https://github.test/runs/99" });
    let server = serve(move |seen| match seen.uri.contains("old.yml") {
        true => reply(204, Value::Null),
        false => reply(200, details.clone()),
    })
    .await;
    let github = client(&server.url);
    let inputs = BTreeMap::from([("tag".to_owned(), "v1".to_owned())]);
    let run = DispatchedRun { id: 99, html_url: "https://github.test/runs/99".into() };
    assert_eq!(github.dispatch(&repo(), "new.yml", "main", &inputs).await, Ok(Some(run)));
    assert_eq!(github.dispatch(&repo(), "old.yml", "main", &inputs).await, Ok(None));
}

#[tokio::test]
async fn a_cancel_knows_a_finished_run_from_one_that_is_not_there_yet() {
    let server = serve(|seen| match seen.uri.split('/').nth(6) {
        Some("1") => reply(202, json!({})),
        Some("2") => reply(409, json!({ "message": "Cannot cancel a workflow run that is completed." })),
        Some("3") => {
            reply(409, json!({ "message": "Cannot cancel a workflow re-run that has not yet queued." }))
        }
        _ => reply(404, Value::Null),
    })
    .await;
    let github = client(&server.url);
    assert_eq!(github.cancel(&repo(), 1).await, Ok(CancelAnswer::Accepted));
    assert_eq!(github.force_cancel(&repo(), 2).await, Ok(CancelAnswer::AlreadyCompleted));
    let early = github.cancel(&repo(), 3).await;
    assert!(matches!(early, Err(GitHubError::RetryLater { .. })), "{early:?}");
    assert_eq!(github.cancel(&repo(), 4).await, Err(GitHubError::NotFound));
}

#[tokio::test]
async fn an_unknown_ref_is_not_found() {
    let server = serve(|_| reply(422, json!({ "message": "No commit found for SHA: gone" }))).await;
    let sha = client(&server.url).commit_sha(&repo(), "gone").await;
    assert_eq!(sha, Err(GitHubError::NotFound));
}
