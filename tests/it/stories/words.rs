//! Questions, and mistakes in commands.

use insta::assert_snapshot;

use crate::harness::Trilock;

#[tokio::test(flavor = "multi_thread")]
async fn status_and_help_are_answered() {
    let t = Trilock::start().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/status").await;
    assert_snapshot!(t.replies(issue).await, @r"
    ### 💤 No build in this issue
    To see what can be asked for, write a comment with only `/help`. What else is going on: [live queue](https://ci.example/q/octo/app)
    ");
    let asked = t.comment("sam", issue, "/help").await;
    assert_snapshot!(t.replies(issue).await, @r#"
    ### 💡 What you can write here
    Write a comment with only one of these:

    - `/build [type] key=value…` asks for a build; a value with blanks needs quotes: `key="two words"`; with `--dry-run` it only tells what would happen
    - `/approve [type]` lets this issue's builds into the queue (maintainers)
    - `/reject reason` turns them down (maintainers)
    - `/cancel` takes this issue's builds out of the queue, or stops them (people with write access, or who asked)
    - `/retry [type]` asks again for this issue's last build, with the same answers (people with write access, or who asked)
    - `/status` says how this issue's builds stand
    - `/queue` says how many builds run and wait
    - `/unlock RESOURCE reason` frees what was kept because nobody knew whether it is in use (admins)
    - `/help` shows this text

    What can be built, each with a line to copy:

    - **desktop**: `/build desktop tag=v1.4.0 channel=stable`

    What is going on now: [live queue](https://ci.example/q/octo/app)
    "#);
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_of_the_build() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.begin(t.run(1).await).await;
    t.says(issue, "🔨 Building").await;
    t.comment("sam", issue, "/status").await;
    assert_snapshot!(t.replies(issue).await, @r"
    ### 🔨 Building since 13:58 UTC ([run](http://github/octo/app/actions/runs/run-1))
    **desktop** · Version tag `v1.4.0` · Channel `stable` · commit `1a2b3c4`

    To stop, write a comment with only `/cancel`.
    ");
    t.finish(t.run(1).await, "success").await;
    t.ended_well(issue).await;
    t.comment("sam", issue, "/status").await;
    assert_snapshot!(t.replies(issue).await, @r"### ✅ Succeeded: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_gets_reason_place_and_the_corrected_line() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let asked = t.comment("ben", issue, "Good morning!\n\n/biuld tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 3 of your comment needs a correction
    `/biuld tag=v1.4.0`, at `/biuld`: is not a command; did you mean `/build`?

    Write a new comment with only: `/build tag=v1.4.0`. This line changed nothing.
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "confused"]);
    t.comment("ben", issue, "/build tag=v1.4.0 please").await;
    assert_snapshot!(t.replies(issue).await, @r#"
    ### ✏️ Line 1 of your comment needs a correction
    `/build tag=v1.4.0 please`, at `please`: is not `key=value`; a value with blanks needs quotes: `key="two words"`

    Write a new comment with only: `/build tag="v1.4.0 please"`. This line changed nothing.
    "#);
    t.comment("ben", issue, "/build tga=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | tga | `v1.4.0` | is not an input; did you mean tag? | `tag` |

    Write a new comment with only: `/build tag=v1.4.0`. Nothing has been started.
    ");
    t.comment("ben", issue, "/build laptop tag=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | build type | `laptop` | not one of desktop | `desktop` |

    Write a new comment with only: `/build desktop tag=v1.4.0`. Nothing has been started.

    ---

    ### ✏️ One answer needs a correction
    **desktop**

    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | tga | `v1.4.0` | is not an input; did you mean tag? | `tag` |

    Write a new comment with only: `/build tag=v1.4.0`. Nothing has been started.
    ");
    t.comment("ben", issue, "/cancel now").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/cancel now`, at `now`: `/cancel` takes nothing after it

    Write a new comment with only: `/cancel`. This line changed nothing.
    ");
    assert!(t.runs().is_empty());
    // What was wrong is not told any more once it is put right.
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_commands_in_one_comment_are_carried_out_in_order() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let asked = t.comment("ben", issue, "/build tag=v1.4.0\n/cancel\n/cancel").await;
    assert_snapshot!(t.outcome(issue).await, @r"
    ### 🚫 Cancelled by you
    Nothing was built. To ask again: `/build desktop tag=v1.4.0 channel=stable`
    ");
    assert_snapshot!(t.replies(issue).await, @r"
    ### 💤 Nothing to cancel
    No build of this issue is queued or running. You need to do nothing.
    ");
    assert_snapshot!(t.status(issue).await, @r"### 🚫 Cancelled: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    assert_eq!(t.reactions(issue, asked), ["eyes", "confused"]);
    assert!(t.runs().is_empty());
    t.end().await;
}
