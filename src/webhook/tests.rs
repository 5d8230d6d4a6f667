use serde_json::{Value, json};

use super::{WebhookSecrets, parse};
use crate::queue::{Event, Phase};

mod lifecycle;

fn payload(action: &str) -> Value {
    json!({
        "action": action,
        "repository": { "id": 42, "name": "app", "private": true, "default_branch": "trunk",
                        "owner": { "id": 7, "login": "octo" } },
        "installation": { "id": 1 },
        "sender": { "id": 1001, "login": "ben", "type": "User" },
        "issue": { "number": 3, "title": "Please", "body": null, "labels": [{ "name": "build" }],
                   "updated_at": "2026-11-20T13:58:07Z",
                   "user": { "id": 1001, "login": "ben", "type": "User" } },
    })
}

fn event(name: &str, payload: &Value) -> Option<Event> {
    parse(name, payload.to_string().as_bytes()).expect("a payload").event
}

fn with(mut payload: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    payload.pointer_mut(parent).expect("a parent")[key] = value;
    payload
}

#[test]
fn what_a_payload_says_of_its_repository() {
    let parsed = parse("issues", payload("opened").to_string().as_bytes()).unwrap();
    let repository = parsed.repository.unwrap();
    assert_eq!((parsed.tenant_id, parsed.owner.as_deref()), (7, Some("octo")));
    assert_eq!((repository.key.repo_id, repository.full_name()), (42, "octo/app".into()));
    assert_eq!((repository.private, repository.default_branch.as_str()), (true, "trunk"));
    assert_eq!(repository.installation_id, 1);

    let installed = json!({ "installation": { "id": 1, "account": { "id": 9, "login": "solo" } } });
    let parsed = parse("installation", installed.to_string().as_bytes()).unwrap();
    assert_eq!((parsed.tenant_id, parsed.owner.as_deref()), (9, Some("solo")));
    assert!(parsed.repository.is_none() && parsed.event.is_none());
}

#[test]
fn without_an_installation_there_is_nothing_to_answer_with() {
    let mut other = payload("opened");
    other.as_object_mut().unwrap().remove("installation");
    assert_eq!(event("issues", &other), None);
}

#[test]
fn issues_that_open_change_or_close() {
    for action in ["opened", "edited", "labeled", "reopened"] {
        let Some(Event::Issue(issue)) = event("issues", &payload(action)) else { panic!("{action}") };
        assert_eq!((issue.issue, issue.author.login.as_str()), (3, "ben"));
        assert_eq!((issue.text.title.as_str(), issue.text.body.as_str()), ("Please", ""));
        assert_eq!(issue.text.labels, ["build"]);
        assert_eq!(issue.opened, action == "opened");
        assert_eq!(issue.at, "2026-11-20T13:58:07Z".parse().ok());
    }
    let Some(Event::Issue(issue)) = event("issues", &with(payload("edited"), "/issue/updated_at", json!(7)))
    else {
        panic!("a time that is none is absent")
    };
    assert_eq!(issue.at, None);
    assert!(matches!(event("issues", &payload("closed")), Some(Event::IssueClosed { issue: 3, .. })));
    for action in ["assigned", "locked", "an action to come"] {
        assert_eq!(event("issues", &payload(action)), None, "{action}");
    }
    assert_eq!(event("issues", &with(payload("opened"), "/issue/user/type", "Bot".into())), None);
    assert_eq!(event("issues", &with(payload("opened"), "/issue/pull_request", json!({}))), None);
}

#[test]
fn only_new_comments_of_people_with_commands_count() {
    let user = json!({ "id": 1001, "login": "ben", "type": "User" });
    let said = |text: &str| {
        with(
            payload("created"),
            "/comment",
            json!({ "id": 31, "body": text, "user": user.clone(),
                                                         "created_at": "2026-11-20T13:59:00Z" }),
        )
    };
    let Some(Event::Comment(comment)) = event("issue_comment", &said("/build tag=v1\nthank you\n/status"))
    else {
        panic!("a comment with commands")
    };
    assert_eq!((comment.issue, comment.comment_id, comment.commands.len()), (3, 31, 2));
    assert_eq!((comment.at, comment.pull_request), ("2026-11-20T13:59:00Z".parse().ok(), false));
    assert_eq!(event("issue_comment", &said("> /build")), None);
    for action in ["edited", "deleted"] {
        assert_eq!(event("issue_comment", &with(said("/build"), "/action", action.into())), None);
    }
    assert_eq!(event("issue_comment", &with(said("/build"), "/comment/user/type", "Bot".into())), None);
    let Some(Event::Comment(comment)) =
        event("issue_comment", &with(said("/build"), "/issue/pull_request", json!({})))
    else {
        panic!("a comment at a pull request")
    };
    assert!(comment.pull_request, "what to make of it, the policy says");
    let Some(Event::Comment(comment)) = event("issue_comment", &said(&"/status\n".repeat(50))) else {
        panic!("a comment with commands")
    };
    assert_eq!(comment.commands.len(), 10, "nobody needs more");
}

#[test]
fn runs_move_forward() {
    let run = |action: &str| {
        let run = json!({ "id": 900, "run_attempt": 2, "conclusion": "success", "path": ".github/workflows/b.yml@trunk",
                          "event": "workflow_dispatch", "created_at": "2026-11-20T13:58:00Z",
                          "actor": { "login": "trilock[bot]", "type": "Bot" },
                          "triggering_actor": { "login": "ben", "type": "User" } });
        event("workflow_run", &with(payload(action), "/workflow_run", run))
    };
    for (action, phase, conclusion) in [
        ("requested", Phase::Requested, None),
        ("in_progress", Phase::InProgress, None),
        ("completed", Phase::Completed, Some("success")),
    ] {
        let Some(Event::Run(report)) = run(action) else { panic!("{action}") };
        assert_eq!((report.run_id, report.attempt, report.phase), (900, 2, phase));
        assert_eq!(report.conclusion.as_deref(), conclusion, "{action}");
        assert_eq!((report.workflow.as_str(), report.actor.as_str()), ("b.yml", "trilock[bot]"));
        assert_eq!(report.started_by, "ben");
    }
    assert_eq!(run("an action to come"), None);
}

#[test]
fn pushes_count_when_they_touch_what_a_catalogue_is_made_of() {
    let push = |branch: &str, path: &str| {
        let mut push = with(payload("unused"), "/ref", format!("refs/heads/{branch}").into());
        push["commits"] = json!([{ "added": [], "modified": [path], "removed": [] }]);
        push["after"] = json!("acb5");
        push
    };
    let changed = |commit: Option<&str>| Some(Event::FilesChanged { commit: commit.map(str::to_owned) });
    let forced = with(push("trunk", "README.md"), "/forced", true.into());
    assert_eq!(event("push", &forced), changed(Some("acb5")), "what it took away is not listed");
    let created = with(push("trunk", "README.md"), "/created", true.into());
    assert_eq!(event("push", &created), changed(Some("acb5")));
    let deleted = with(push("trunk", ".github/trilock.yml"), "/after", "0".repeat(40).into());
    assert_eq!(event("push", &deleted), changed(None));
    let push = |branch, path| event("push", &push(branch, path));
    assert_eq!(push("trunk", ".github/trilock.yml"), changed(Some("acb5")));
    assert_eq!(push("trunk", ".github/workflows/b.yml"), changed(Some("acb5")));
    assert_eq!(push("trunk", "README.md"), None);
    assert_eq!(push("topic", ".github/trilock.yml"), None);
    let mut huge = with(payload("unused"), "/ref", "refs/heads/trunk".into());
    huge["commits"] = vec![json!({}); 2048].into();
    assert_eq!(event("push", &huge), changed(None), "not all of it is listed");
}

/// The example of <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.
#[test]
fn the_signature_is_the_one_that_github_documents() {
    let secrets = WebhookSecrets::parse("It's a Secret to Everybody").unwrap();
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert!(secrets.verify(signature, b"Hello, World!"));
    assert!(!secrets.verify(signature, b"Hello, World?"));
    assert_eq!(secrets.sign(b"Hello, World!").as_deref(), Some(signature));
    assert!(WebhookSecrets::parse(" , ").is_none(), "no secret at all");
}
