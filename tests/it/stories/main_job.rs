//! The main job: a request becomes a build and ends well, however it was asked for.

use insta::assert_snapshot;

use crate::harness::Trilock;

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_becomes_a_build_and_ends_well() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let asked = t.comment("ben", issue, "/build tag=v1.4.0 channel=beta").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    let run = t.run(1).await;
    t.begin(run).await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Building since 13:58 UTC ([run](http://github/octo/app/actions/runs/run-1))
    **desktop** · Version tag `v1.4.0` · Channel `beta` · commit `1a2b3c4`

    To stop, write a comment with only `/cancel`.
    ");
    t.finish(run, "success").await;
    assert_snapshot!(t.outcome(issue).await, @r"
    ### ✅ Your build is ready: desktop `v1.4.0`
    **[app-windows](http://github/octo/app/actions/runs/run-1/artifacts/A)** 1 KB
    Sign in to GitHub to download (a zip file).
    Waited 0 s, built 0 s · commit `1a2b3c4` · [run](http://github/octo/app/actions/runs/run-1)
    ");
    assert_snapshot!(t.status(issue).await, @r"### ✅ Succeeded: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.end().await;
}

/// An issue form whose labels are not the inputs' names.
const FORM: &str = "name: A build
description: Ask for a build
labels: [build]
body:
  - type: input
    id: tag
    attributes: { label: Which version? }
    validations: { required: true }
  - type: dropdown
    id: channel
    attributes: { label: Release channel, options: [stable, beta] }
";

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_form_becomes_a_build() {
    let t = Trilock::start().await;
    t.file(".github/ISSUE_TEMPLATE/build.yml", FORM).await;
    let filled_in = "### Which version?\n\nv1.4.0\n\n### Release channel\n\n_No response_";
    let issue = t.request("ben", filled_in).await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    let run = t.run(1).await;
    assert_eq!(t.runs()[0].inputs["tag"], "v1.4.0");
    assert_eq!(t.runs()[0].inputs["channel"], "stable");
    t.begin(run).await;
    t.finish(run, "success").await;
    assert_snapshot!(t.outcome(issue).await, @r"
    ### ✅ Your build is ready: desktop `v1.4.0`
    **[app-windows](http://github/octo/app/actions/runs/run-1/artifacts/A)** 1 KB
    Sign in to GitHub to download (a zip file).
    Waited 0 s, built 0 s · commit `1a2b3c4` · [run](http://github/octo/app/actions/runs/run-1)
    ");
    assert_snapshot!(t.status(issue).await, @r"### ✅ Succeeded: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_with_a_json_block_becomes_a_build() {
    let t = Trilock::start().await;
    let body = "Nightly, please.\n\n```json\n{ \"tag\": \"v2.0.1\", \"channel\": \"beta\" }\n```\n";
    let issue = t.request("ben", body).await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v2.0.1` · Channel `beta`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    let run = t.run(1).await;
    assert_eq!(t.runs()[0].inputs["channel"], "beta");
    t.carried_out(issue, run).await;
    t.end().await;
}

/// Every call of the main job is one that GitHub describes, with a body that it describes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TRILOCK_API_REQUESTS"]
async fn the_main_job_makes_only_calls_that_github_describes() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.carried_out(issue, run).await;
    let checked = t.github.world().checked();
    assert!(checked >= 10, "TRILOCK_API_REQUESTS names no table, or {checked} requests were checked only");
    t.end().await;
}
