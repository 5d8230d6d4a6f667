//! `/help` where there is no policy: how to add one, with an example to copy.

use insta::assert_snapshot;

use crate::harness::Trilock;

const OTHER: &str = "octo/other";

const RELEASE: &str = "name: Release
on:
  workflow_dispatch:
    inputs:
      version: { required: true, type: string }
      dry: { type: boolean, default: false }
jobs:
  all:
    runs-on: ubuntu-latest
    steps: [{ run: make }]
";

const ASKING: &str = "name: A release
description: Ask for a release
labels: [release]
body:
  - type: input
    id: version
    attributes: { label: Which version? }
";

/// A repository without a policy, and how `/help` there begins.
async fn first_policy(t: &Trilock, files: &[(&str, &str)]) -> String {
    t.happens(|world| world.add_repo(OTHER, false)).await;
    for (path, text) in files {
        t.happens(|world| world.put_file(OTHER, path, text)).await;
    }
    let issue = t.issue_in(OTHER, "ben").await;
    t.comment("ben", issue, "/help").await;
    let help = t.replies(issue).await;
    let (_, first) = help.split_once("No build is set up").expect("how to begin");
    first.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn help_without_a_policy_has_an_example_of_the_repositorys_own() {
    let t = Trilock::start().await;
    let files = [(".github/workflows/release.yml", RELEASE), (".github/ISSUE_TEMPLATE/release.yml", ASKING)];
    assert_snapshot!(first_policy(&t, &files).await, @"
     in this repository yet. A maintainer can add the file `.github/trilock.yml`; this one fits the workflows that are here:

    ```yaml
    version: 1
    builds:
      release:
        workflow: release.yml
        triggers: { issue: { labels: [release] } }
    ```

    What is going on now: [live queue](https://ci.example/q/octo/other)
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_without_a_policy_or_forms_or_workflows_still_helps() {
    let t = Trilock::start().await;
    let first = first_policy(&t, &[(".github/workflows/release.yml", RELEASE)]).await;
    assert!(first.contains("workflow: release.yml"), "{first}");
    t.end().await;
    let t = Trilock::start().await;
    let first = first_policy(&t, &[]).await;
    assert!(first.contains("workflow: build-desktop.yml"), "{first}");
    t.end().await;
}
