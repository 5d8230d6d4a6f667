//! Issue forms: what GitHub makes of them, matched through the repository's form files.

use insta::assert_snapshot;

use super::all_types;
use crate::harness::Trilock;

const ENGLISH: &str = "name: A build
description: Ask for a build
labels: [build]
body:
  - type: markdown
    attributes: { value: Thank you for asking. }
  - type: input
    id: tag
    attributes: { label: Which version? }
    validations: { required: true }
  - type: dropdown
    id: channel
    attributes: { label: Release channel, options: [stable, beta] }
  - type: checkboxes
    id: platforms
    attributes:
      label: Platforms
      options: [{ label: windows }, { label: linux }, { label: macos }]
  - type: checkboxes
    id: signed
    attributes:
      label: Signing
      options: [{ label: Sign it }]
  - type: textarea
    id: docs
    attributes: { label: Where are its documents?, render: text }
";

const CHINESE: &str = "name: 构建
description: 申请构建
labels: [build]
body:
  - type: input
    id: tag
    attributes: { label: 版本号 }
    validations: { required: true }
  - type: dropdown
    id: channel
    attributes: { label: 渠道, options: [stable, beta] }
";

async fn two_forms() -> Trilock {
    let t = all_types().await;
    t.file(".github/ISSUE_TEMPLATE/build.yml", ENGLISH).await;
    t.file(".github/ISSUE_TEMPLATE/build-zh.yml", CHINESE).await;
    t
}

#[tokio::test(flavor = "multi_thread")]
async fn all_fields_of_a_form_are_understood() {
    let t = two_forms().await;
    let body = "### Which version?\r\n\r\nv1.4.0\r\n\r\n### Release channel\r\n\r\nbeta\r\n\r\n### Platforms\r\n\r\n\
                - [X] windows\r\n- [ ] linux\r\n- [x] macos\r\n\r\n### Signing\r\n\r\n- [x] Sign it\r\n\r\n\
                ### Where are its documents?\r\n\r\n```text\r\nhttps://docs.example/v1\r\n```\r\n";
    let issue = t.request("ben", body).await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `beta` · Platforms `windows, macos` · Signing `true` · Documents `https://docs.example/v1`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    let inputs = &t.runs()[0].inputs;
    let got = ["tag", "channel", "platforms", "signed", "docs"].map(|name| inputs[name].as_str());
    assert_eq!(got, ["v1.4.0", "beta", "windows, macos", "true", "https://docs.example/v1"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_empty_is_not_given() {
    let t = two_forms().await;
    let body = "### Which version?\n\nv1.4.0\n\n### Release channel\n\nNone\n\n### Platforms\n\n- [ ] windows\n- [ ] linux\n\n\
                ### Signing\n\n- [ ] Sign it\n\n### Where are its documents?\n\n_No response_";
    let issue = t.request("ben", body).await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `stable` · Signing `false`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    let inputs = &t.runs()[0].inputs;
    assert_eq!((inputs["channel"].as_str(), inputs["signed"].as_str()), ("stable", "false"));
    assert!(!inputs.contains_key("docs") && !inputs.contains_key("platforms"), "{inputs:?}");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_in_another_language_feeds_the_same_build() {
    let t = two_forms().await;
    let issue = t.request("ben", "### 版本号\n\nv1.4.0\n\n### 渠道\n\nbeta").await;
    t.is_built(issue, 1).await;
    assert_eq!(t.runs()[0].inputs["channel"], "beta");
    let wrong = t.request("ben", "### 版本号\n\n1.4.0\n\n### 渠道\n\nnightly").await;
    assert_snapshot!(t.status(wrong).await, @"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4.0` | must begin with v | `v1.4.0` |
    | Channel | `nightly` | not one of stable, beta | `stable` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_which_nothing_was_answered_says_what_is_missing() {
    let t = two_forms().await;
    let issue =
        t.request("ben", "### Which version?\n\n_No response_\n\n### Release channel\n\n_No response_").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | – | is required | `v1.4.0` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    let prose = t.request("ben", "Could I have the newest one, please?").await;
    assert_snapshot!(t.status(prose).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | – | is required | `v1.4.0` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.end().await;
}
