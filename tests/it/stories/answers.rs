//! Answers that need a correction, and asking again while a build is open.

use insta::assert_snapshot;

use crate::harness::Trilock;

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_corrected_by_editing_builds() {
    let t = Trilock::start().await;
    let issue = t.request("ben", "### Version tag\n\n1.4\n\n### Channel\n\nnightly").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |
    | Channel | `nightly` | not one of stable, beta | `stable` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    t.edit("ben", issue, "### Version tag\n\nv1.4\n\n### Channel\n\nnightly").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Channel | `nightly` | not one of stable, beta | `stable` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    assert!(t.runs().is_empty());
    t.edit("ben", issue, "### Version tag\n\nv1.4\n\n### Channel\n\nbeta").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4` · Channel `beta`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_comment_gets_the_line_to_copy() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let asked = t.comment("ben", issue, "/build tag=1.4.0 channel=beta").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4.0` | must begin with v | `v1.4.0` |

    Write a new comment with only: `/build tag=v1.4.0 channel=beta`. Nothing has been started.
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "confused"]);
    t.comment("ben", issue, "/build desktop tag=v1.4.0 channel=beta").await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_for_the_same_changes_nothing() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let again = t.comment("ben", issue, "/build tag=v1.4.0").await;
    assert_eq!(t.reactions(issue, again), ["eyes", "+1"]);
    t.begin(t.run(1).await).await;
    t.says(issue, "🔨 Building").await;
    t.comment("eve", issue, "/build desktop tag=v1.4.0").await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(issue).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    // Once it has ended the same may be asked for anew.
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(2).await).await;
    assert_eq!(t.tags(), ["v1.4.0", "v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_answers_while_a_build_is_open_are_refused_with_the_way_out() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let other = t.comment("ben", issue, "/build tag=v1.5.0").await;
    assert_snapshot!(t.replies(issue).await, @r"
    ### 🚫 Not queued: this issue's desktop build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, one with only `/build desktop tag=v1.5.0 channel=stable`.
    ");
    assert_eq!(t.reactions(issue, other), ["eyes", "confused"]);
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}
