//! Check runs: what is sent of them.

use serde_json::{Value, json};

use super::{
    super::{Annotation, AnnotationLevel, Check, CheckConclusion, GitHubError, MAX_ANNOTATIONS},
    server::{Seen, client, reply, repo, serve},
};

pub fn annotation(lines: (u32, u32)) -> Annotation {
    Annotation {
        path: ".github/trilock.yml".into(),
        start_line: lines.0,
        end_line: lines.1,
        columns: Some((3, 9)),
        level: AnnotationLevel::Failure,
        message: "no such key".into(),
        title: None,
    }
}

pub fn check<'a>(commit: &'a str, annotations: &'a [Annotation]) -> Check<'a> {
    Check {
        name: "Trilock",
        commit,
        conclusion: CheckConclusion::Failure,
        external_id: "7",
        title: "1 error",
        summary: "Line 3",
        annotations,
    }
}

fn body(seen: &Seen) -> &Value {
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/repos/octo/tools/check-runs"));
    &seen.body
}

#[tokio::test]
async fn a_check_run_is_completed_at_once() {
    let server = serve(|_| reply(201, json!({ "id": 1 }))).await;
    let github = client(&server.url);
    let titled = Annotation {
        title: Some("Unknown key".into()),
        columns: None,
        level: AnnotationLevel::Warning,
        ..annotation((4, 4))
    };
    let annotations = [annotation((3, 3)), annotation((3, 4)), titled];
    github.create_check(&repo(), &check("acb5", &annotations)).await.unwrap();
    for conclusion in [CheckConclusion::Success, CheckConclusion::Neutral] {
        let check = Check { conclusion, ..check("acb5", &[]) };
        github.create_check(&repo(), &check).await.unwrap();
    }

    let calls = server.calls();
    let place = |from: u32, to: u32, level: &str| {
        json!({ "path": ".github/trilock.yml", "start_line": from, "end_line": to, "annotation_level": level,
                "message": "no such key" })
    };
    let mut expected = [place(3, 3, "failure"), place(3, 4, "failure"), place(4, 4, "warning")];
    (expected[0]["start_column"], expected[0]["end_column"]) = (json!(3), json!(9));
    expected[2]["title"] = json!("Unknown key");
    let output = json!({ "title": "1 error", "summary": "Line 3", "annotations": expected });
    let sent = json!({ "name": "Trilock", "head_sha": "acb5", "status": "completed", "conclusion": "failure",
                       "external_id": "7", "output": output });
    assert_eq!(body(&calls[0]), &sent);
    assert_eq!(
        (&body(&calls[1])["conclusion"], &body(&calls[2])["conclusion"]),
        (&json!("success"), &json!("neutral"))
    );
}

#[tokio::test]
async fn no_more_annotations_are_sent_than_github_takes() {
    let server = serve(|_| reply(201, json!({ "id": 1 }))).await;
    let many: Vec<_> = (1..80).map(|line| annotation((line, line))).collect();
    client(&server.url).create_check(&repo(), &check("acb5", &many)).await.unwrap();
    let calls = server.calls();
    let sent = body(&calls[0])["output"]["annotations"].as_array().unwrap();
    assert_eq!((sent.len(), &sent[49]["start_line"]), (MAX_ANNOTATIONS, &json!(50)));
}

#[tokio::test]
async fn where_checks_were_not_granted_the_refusal_says_so() {
    let server = serve(|_| reply(403, json!({ "message": "Resource not accessible by integration" }))).await;
    let refused = client(&server.url).create_check(&repo(), &check("acb5", &[])).await.unwrap_err();
    assert!(refused.lacks_permission(), "{refused:?}");
    let server = serve(|_| reply(422, json!({ "message": "No commit found for SHA: acb5" }))).await;
    let refused = client(&server.url).create_check(&repo(), &check("acb5", &[])).await;
    assert!(matches!(refused, Err(GitHubError::Refused { status: 422, .. })), "{refused:?}");
}
