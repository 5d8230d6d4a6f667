//! How a command may be written, and what is nearly one.

use insta::assert_snapshot;

use crate::harness::{POLICY, Trilock, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn full_width_and_long_forms_are_understood() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.comment("ben", issue, "／build　desktop　tag＝v1.4.0　channel＝beta").await;
    t.is_built(issue, 1).await;
    assert_eq!(t.runs()[0].inputs["channel"], "beta");
    t.comment("ben", issue, "/trilock build tag=v1.5.0").await;
    t.is_built(issue, 2).await;
    t.comment("ben", issue, "/Trilock STATUS").await;
    assert!(t.replies(issue).await.starts_with("### ✅ Succeeded"));
    t.comment("ben", issue, "/trilock").await;
    assert!(t.replies(issue).await.starts_with("### 💡 What you can write here"));
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_commands_in_a_comment_are_done_in_their_order() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let comment = "Let us see.\n\n/build tag=v1.4.0\n\n/queue\n/cancel\n/approve\nThank you!";
    let asked = t.comment("ben", issue, comment).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 📋 0 building, 0 queued as of 13:58 UTC
    The queue of now: [live queue](https://ci.example/q/octo/app)

    =====

    ### 💤 Nothing waits for approval here
    No build of this issue, or none of the type that was named, waits for one. You need to do nothing.
    ");
    assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by you"));
    t.says(issue, "🚫 Cancelled").await;
    assert_eq!(t.reactions(issue, asked), ["eyes", "confused"], "one of them was refused");
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn near_misses_get_a_suggestion() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.comment("ben", issue, "Hello,\n/biuld tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 2 of your comment needs a correction
    `/biuld tag=v1.4.0`, at `/biuld`: is not a command; did you mean `/build`?

    Write a new comment with only: `/build tag=v1.4.0`. This line changed nothing.
    ");
    t.comment("ben", issue, "/trilock frobnicate").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/trilock frobnicate`, at `frobnicate`: is not a command; there are `build`, `approve`, `reject`, `cancel`, `retry`, `status`, `queue`, `unlock`, `help`

    Write a new comment with only: `/trilock help`. This line changed nothing.
    ");
    t.comment("ben", issue, "/triloc status").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/triloc status`, at `/triloc`: is not a command; did you mean `/trilock`?

    Write a new comment with only: `/trilock help`. This line changed nothing.
    ");
    t.comment("ben", issue, "/build desktop tag = v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @r#"
    ### ✏️ Line 1 of your comment needs a correction
    `/build desktop tag = v1.4.0`, at `tag`: is not `key=value`; a value with blanks needs quotes: `key="two words"`

    Write a new comment with only: `/build desktop tag=v1.4.0`. This line changed nothing.
    "#);
    t.comment("ben", issue, "/build tag=\"v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @r#"
    ### ✏️ Line 1 of your comment needs a correction
    `/build tag="v1.4.0`, at `"`: this quote has no end

    Write a new comment with only: `/build tag="v1.4.0"`. This line changed nothing.
    "#);
    t.comment("ben", issue, "/cancel please").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/cancel please`, at `please`: `/cancel` takes nothing after it

    Write a new comment with only: `/cancel`. This line changed nothing.
    ");
    t.comment("ben", issue, "/biuld [x](https://evil.example) @octo/team `tag`=<b>").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    ``/biuld [x](https://evil.example) @octo/team `tag`=<b>``, at `/biuld`: is not a command; did you mean `/build`?

    Write a new comment with only: ``/build [x](https://evil.example) @octo/team `tag`=<b>``. This line changed nothing.
    ");
    let other = t.comment("ben", issue, "/deploy and /assign are others'").await;
    assert!(t.reactions(issue, other).is_empty());
    assert_eq!(t.status(issue).await, "(none)");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_commands_long_the_short_forms_are_left_to_others() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}commands: long\n")).await;
    let issue = t.issue("ben").await;
    for line in ["/build tag=v1.4.0", "/biuld tag=v1.4.0", "/help", "/cancel"] {
        let comment = t.comment("ben", issue, line).await;
        assert!(t.reactions(issue, comment).iter().all(|it| it == "eyes"), "{line}");
    }
    assert_eq!(t.status(issue).await, "(none)");
    t.comment("ben", issue, "/trilock build tag=1.4").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |

    Write a new comment with only: `/trilock build tag=v1.4`. Nothing has been started.
    ");
    t.comment("ben", issue, "/trilock build tag=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/trilock cancel`.
    ");
    t.comment("ben", issue, "/trilock help").await;
    assert_snapshot!(t.replies(issue).await, @r#"
    ### 💡 What you can write here
    Write a comment with only one of these:

    - `/trilock build [type] key=value…` asks for a build; a value with blanks needs quotes: `key="two words"`; with `--dry-run` it only tells what would happen
    - `/trilock approve [type]` lets this issue's builds into the queue (maintainers)
    - `/trilock reject reason` turns them down (maintainers)
    - `/trilock cancel` takes this issue's builds out of the queue, or stops them (people with write access, or who asked)
    - `/trilock retry [type]` asks again for this issue's last build, with the same answers (people with write access, or who asked)
    - `/trilock status` says how this issue's builds stand
    - `/trilock queue` says how many builds run and wait
    - `/trilock unlock RESOURCE reason` frees what was kept because nobody knew whether it is in use (admins)
    - `/trilock help` shows this text

    What can be built, each with a line to copy:

    - **desktop**: `/trilock build desktop tag=v1.4.0 channel=stable`

    What is going on now: [live queue](https://ci.example/q/octo/app)
    "#);
    t.comment("ben", issue, "/trilock cancel").await;
    t.pass(seconds(10)).await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 🚫 Cancelled by you
    It was stopped before it finished. To ask again: `/trilock build desktop tag=v1.4.0 channel=stable`
    ");
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}
