//! What is wrong with a repository's files, told on the commit that changed them.

use insta::assert_snapshot;
use trilock::sandbox::CheckRun;

use crate::harness::{POLICY, POLICY_PATH, REPO, Trilock, WORKFLOW, WORKFLOW_PATH, minutes};

const OTHER: &str = "octo/other";

/// The newest check, as people see it: its verdict, its words, and what stands beside the lines of the files.
fn shown(check: &CheckRun) -> String {
    let output = check.output.as_ref().expect("words");
    let annotations = output.annotations.iter().map(|at| {
        let column = at.start_column.unwrap_or_default();
        format!("{} {}:{}:{column} {}", at.annotation_level, at.path, at.start_line, at.message)
    });
    let annotations: Vec<String> = annotations.collect();
    let verdict = check.conclusion.as_deref().unwrap_or_default();
    format!("{}: {verdict}\n{}\n\n{}\n{}", check.name, output.title, output.summary, annotations.join("\n"))
}

fn checks(t: &Trilock) -> Vec<CheckRun> {
    t.github.world().checks(REPO)
}

/// The newest check, which is about the newest commit.
fn newest(t: &Trilock) -> String {
    let check = checks(t).pop().expect("a check");
    assert_eq!(check.head_sha, t.github.world().head(REPO).expect("a repository"));
    shown(&check)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_fails_on_its_commit_with_the_places() {
    let t = Trilock::start().await;
    t.policy("version: 1\nbuilds:\n  desktop:\n    workflw: build-desktop.yml\n    timeout: soon\n").await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    Three mistakes in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:4:5`: unknown key `workflw` in build `desktop` (did you mean `workflow`?)
    - `.github/trilock.yml:4:5`: build `desktop` needs the key `workflow` (name a file in .github/workflows/, such as `workflow: build.yml`)
    - `.github/trilock.yml:5:14`: `timeout` is not a duration: `soon` (write for example `45m`, `2h` or `1h 30m`)

    failure .github/trilock.yml:4:5 unknown key `workflw` in build `desktop` (did you mean `workflow`?)
    failure .github/trilock.yml:4:5 build `desktop` needs the key `workflow` (name a file in .github/workflows/, such as `workflow: build.yml`)
    failure .github/trilock.yml:5:14 `timeout` is not a duration: `soon` (write for example `45m`, `2h` or `1h 30m`)
    ");
    t.policy(POLICY).await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: success
    The build policy is right

    Builds can be asked for as this commit has it.
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_pastes_answers_into_scripts_is_warned_of() {
    let t = Trilock::start().await;
    let before = checks(&t).len();
    t.file(WORKFLOW_PATH, &WORKFLOW.replace("run: make", "run: make VERSION=${{ inputs.tag }}")).await;
    assert_eq!(checks(&t).len(), before + 1);
    assert_snapshot!(newest(&t), @r#"
    Trilock policy: neutral
    The build policy is in force, with one warning

    Builds can be asked for as this commit has it.

    **Warnings**

    - `.github/workflows/build-desktop.yml:13:27`: whatever somebody answers for `tag` becomes a part of this script, and can run commands (pass it by the environment: `env: { TAG: "${{ inputs.tag }}" }` beside `run:`, and `"$TAG"` in the script)

    warning .github/workflows/build-desktop.yml:13:27 whatever somebody answers for `tag` becomes a part of this script, and can run commands (pass it by the environment: `env: { TAG: "${{ inputs.tag }}" }` beside `run:`, and `"$TAG"` in the script)
    "#);
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_do_not_agree_are_told() {
    let t = Trilock::start().await;
    t.policy(&POLICY.replace("build-desktop.yml", "build-destkop.yml")).await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    One mistake in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:4:15`: there is no workflow `build-destkop.yml` in .github/workflows/ of the default branch

    failure .github/trilock.yml:4:15 there is no workflow `build-destkop.yml` in .github/workflows/ of the default branch
    ");
    t.policy(&POLICY.replace("tag:", "tga:")).await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    One mistake in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:7:12`: `build-desktop.yml` declares no input `tga` (did you mean `tag`?)

    failure .github/trilock.yml:7:12 `build-desktop.yml` declares no input `tga` (did you mean `tag`?)
    ");
    t.policy(POLICY).await;
    t.file(WORKFLOW_PATH, "name: Desktop\non: push\njobs: {}\n").await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    One mistake in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:4:15`: `build-desktop.yml` has no `workflow_dispatch` trigger, so it cannot be started (add `workflow_dispatch:` to its `on:`)

    failure .github/trilock.yml:4:15 `build-desktop.yml` has no `workflow_dispatch` trigger, so it cannot be started (add `workflow_dispatch:` to its `on:`)
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_looked_at_when_it_changes() {
    let t = Trilock::start().await;
    let form = "name: A build
description: Ask for a build
labels: [build]
body:
  - type: input
    id: tga
    attributes: { label: Version }
  - type: dropdown
    id: channel
    attributes: { label: Channel, options: [stable, nightly] }
";
    t.file(".github/ISSUE_TEMPLATE/build.yml", form).await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    One mistake in the build policy, and one warning

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/ISSUE_TEMPLATE/build.yml:10:53`: `nightly` is no option of `channel` in `build-desktop.yml` (known here: `stable`, `beta`)

    **Warnings**

    - `.github/ISSUE_TEMPLATE/build.yml:6:9`: `tga` is no input of the build `desktop`: its answers go nowhere (did you mean `tag`?)

    failure .github/ISSUE_TEMPLATE/build.yml:10:53 `nightly` is no option of `channel` in `build-desktop.yml` (known here: `stable`, `beta`)
    warning .github/ISSUE_TEMPLATE/build.yml:6:9 `tga` is no input of the build `desktop`: its answers go nowhere (did you mean `tag`?)
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_that_is_required_is_an_error_and_is_not_started() {
    let t = Trilock::start().await;
    let private = "      email: { type: email, private: true, required: true }\n";
    t.policy(&format!("{POLICY}{private}")).await;
    assert_snapshot!(newest(&t), @"
    Trilock policy: failure
    One mistake in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:9:54`: the private input `email` is required, and runs cannot fetch such values yet: the build cannot be started (make it optional: `required: false`)

    failure .github/trilock.yml:9:54 the private input `email` is required, and runs cannot fetch such values yet: the build cannot be started (make it optional: `required: false`)
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_pushes_are_not_answered() {
    let t = Trilock::start().await;
    let before = checks(&t).len();
    t.file("src/main.c", "int main() {}\n").await;
    assert_eq!(checks(&t).len(), before);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_for_checks_all_else_goes_on() {
    let t = Trilock::start().await;
    t.happens(|world| world.set_permission("octo", "checks", None)).await;
    let before = checks(&t).len();
    t.policy("version: 1\nbuilds:\n  desktop:\n    workflw: build-desktop.yml\n").await;
    assert_eq!(checks(&t).len(), before);
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_has_all_its_repositories_read() {
    let t = Trilock::start().await;
    t.repository(OTHER);
    t.repository_without_policy("octo/third");
    t.happens(|world| world.uninstall("octo")).await;
    // GitHub tells nothing of what happens meanwhile.
    t.happens(|world| world.put_file(OTHER, POLICY_PATH, "version: 1\nbuilds: 7\n")).await;
    t.happens(|world| world.install_app("octo")).await;
    let check = t.github.world().checks(OTHER).pop().expect("a check");
    assert_eq!(check.head_sha, t.github.world().head(OTHER).expect("a repository"));
    assert_snapshot!(shown(&check), @"
    Trilock policy: failure
    One mistake in the build policy

    Until they are mended, the last good policy stays in force, if there was one.

    **Mistakes**

    - `.github/trilock.yml:2:9`: `builds` must be a mapping (`key: value`)

    failure .github/trilock.yml:2:9 `builds` must be a mapping (`key: value`)
    ");
    assert!(t.github.world().checks("octo/third").is_empty(), "without a policy there is nothing to say");
    let read = "SELECT count(*) FROM repository WHERE policy_state IN ('good', 'broken', 'none')";
    assert_eq!(t.count(read).await, 3);
    // What could not be asked while the App was away is asked once more by and by.
    t.pass(minutes(6)).await;
    t.end().await;
}
