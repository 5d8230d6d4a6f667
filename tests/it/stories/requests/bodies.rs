//! JSON, and `/build` in an issue's text.

use insta::assert_snapshot;

use super::all_types;
use crate::harness::{Issue, REPO, Trilock};

/// An issue without the label that asks for a build.
async fn opens(t: &Trilock, login: &str, body: &str) -> Issue {
    let number = t.happens(|world| world.open_issue(REPO, login, "Please", body, &[])).await;
    Issue { repo: REPO, number }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_a_request_as_a_whole_and_in_a_block() {
    let t = all_types().await;
    let bodies = [
        r#"{ "tag": "v1.0.0", "channel": "beta", "signed": true, "parallel": 4, "docs": null }"#,
        "Nightly.\n\n```json\n{ \"tag\": \"v2.0.0\", \"signed\": \"true\" }\n```\n\nThanks!",
    ];
    for (n, body) in bodies.into_iter().enumerate() {
        let issue = t.request("ben", body).await;
        t.says(issue, "🔨 Starting").await;
        t.carried_out(issue, t.run(n + 1).await).await;
        assert_eq!(t.runs()[n].inputs["signed"], "true");
    }
    assert_eq!(t.runs()[0].inputs["parallel"], "4");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_with_mistakes_is_answered_with_their_places() {
    let t = all_types().await;
    let broken = t.request("ben", "```json\n{ \"tag\": \"v1.0.0\",\n  \"channel\": beta }\n```").await;
    assert_snapshot!(t.status(broken).await, @r#"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | JSON | – | is not an object: line 2, column 14 | `{ "name": "value" }` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    "#);
    let wrong = t.request("ben", r#"{ "tga": "v1.0.0", "channel": ["beta"], "parallel": "many" }"#).await;
    assert_snapshot!(t.status(wrong).await, @r#"
    ### ✏️ Three answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Channel | `["beta"]` | must be one value, not a list or object | `stable` |
    | parallel | `many` | is not a number | – |
    | tga | `v1.0.0` | is not an input; did you mean tag? | `tag` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    "#);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_line_in_a_new_issue_is_a_request() {
    let t = all_types().await;
    let issue = opens(&t, "ben", "Hello!\n\n/build tag=v1.4.0 channel=beta\n").await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `beta` · signed `false`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_line_in_a_new_issue_is_corrected_by_an_edit() {
    let t = all_types().await;
    let issue = opens(&t, "ben", "/build tag=1.4.0 chanel=beta").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4.0` | must begin with v | `v1.4.0` |
    | chanel | `beta` | is not an input; did you mean channel? | `channel` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.edit("ben", issue, "/build tag=v1.4.0 chanel=beta").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | chanel | `beta` | is not an input; did you mean channel? | `channel` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.edit("ben", issue, "/build tag=v1.4.0 channel=beta").await;
    t.is_built(issue, 1).await;
    t.edit("ben", issue, "/build tag=v1.4.0 channel=beta\n\nIt works.").await;
    t.says(issue, "✅ Succeeded").await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

/// Edits are never commands: only what asked for something may be corrected.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_line_edited_into_an_issue_asks_for_nothing() {
    let t = all_types().await;
    let issue = opens(&t, "ben", "I have a question.").await;
    t.edit("ben", issue, "/build tag=v1.4.0").await;
    assert_eq!(t.status(issue).await, "(none)");
    let other =
        opens(&t, "ben", "/cancel\n/help\n/approve\n> /build tag=v1.4.0\n\n    /build tag=v1.4.0\n").await;
    assert_eq!(t.status(other).await, "(none)");
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn build_lines_that_contradict_each_other_or_cannot_be_read_are_told() {
    let t = all_types().await;
    let two = opens(&t, "ben", "/build tag=v1.4.0\n\n/build tag=v1.5.0").await;
    assert_snapshot!(t.status(two).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | build type | `desktop` | is asked for in more than one way; keep one `/build` line for it | – |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    let unclear = opens(&t, "ben", "/build tag=\"v1.4.0").await;
    assert_snapshot!(t.status(unclear).await, @r#"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | line 1 | `/build tag="v1.4.0` | this quote has no end | `/build tag="v1.4.0"` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    "#);
    let dry = opens(&t, "ben", "/build --dry-run tag=v1.4.0").await;
    assert_snapshot!(t.status(dry).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | line 1 | `/build --dry-run tag=v1.4.0` | `--dry-run` is answered in comments only | – |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    assert!(t.runs().is_empty());
    t.end().await;
}
