//! Commands that only answer, and the dry run.

use insta::assert_snapshot;

use crate::harness::{REPO, Trilock};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_ask_how_it_stands() {
    let t = Trilock::start().await;
    let issue = t.issue("tom").await;
    let asked = t.comment("tom", issue, "/queue").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 📋 0 building, 0 queued as of 13:58 UTC
    The queue of now: [live queue](https://ci.example/q/octo/app)
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    t.comment("tom", issue, "/status").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 💤 No build in this issue
    To see what can be asked for, write a comment with only `/help`. What else is going on: [live queue](https://ci.example/q/octo/app)
    ");
    t.comment("tom", issue, "/help").await;
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
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let third = t.issue("sam").await;
    t.comment("sam", third, "/build tag=v3.0.0").await;
    t.says(third, "✋ Waiting for a maintainer's approval").await;
    t.comment("tom", issue, "/queue").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 📋 1 building, 1 queued, 1 waiting for approval as of 13:58 UTC
    The queue of now: [live queue](https://ci.example/q/octo/app)
    ");
    t.comment("tom", second, "/status").await;
    assert_snapshot!(t.replies(second).await, @"
    ### ⏳ Queued
    **desktop** · Version tag `v2.0.0` · Channel `stable`

    1 build before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.comment("ada", third, "/reject Not today").await;
    t.outcome(third).await;
    t.says(third, "🚫 Not approved").await;
    t.carried_out(first, t.run(1).await).await;
    t.is_built(second, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_be_and_starts_nothing() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let asked = t.comment("ben", issue, "/build --dry-run tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🧪 This is what would be built
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    It would need no approval. Nothing before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    Nothing has been started. To ask for it, write a comment with only `/build desktop tag=v1.4.0 channel=stable`.
    ");
    assert_eq!(t.reactions(issue, asked), ["eyes", "+1"]);
    assert_eq!(t.status(issue).await, "(none)");
    let wrong = t.comment("ben", issue, "/build --dry-run tag=1.4 channel=bate").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Two answers need a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.4` | must begin with v | `v1.4.0` |
    | Channel | `bate` | not one of stable, beta | `stable` |

    Write a new comment with only: `/build --dry-run tag=v1.4 channel=stable`. Nothing has been started.
    ");
    assert_eq!(t.reactions(issue, wrong), ["eyes", "confused"]);
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    t.comment("sam", issue, "/build desktop --dry-run tag=v1.4.0 channel=beta").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🧪 This is what would be built
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    It would wait for a maintainer's approval first. 1 build before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    Nothing has been started. To ask for it, write a comment with only `/build desktop tag=v1.4.0 channel=beta`.
    ");
    t.comment("ben", issue, "/build --dryrun tag=v1.4.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/build --dryrun tag=v1.4.0`, at `--dryrun`: is not an option; did you mean `--dry-run`?

    Write a new comment with only: `/build --dry-run tag=v1.4.0`. This line changed nothing.
    ");
    assert_eq!(t.status(issue).await, "(none)");
    t.carried_out(first, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_lists_what_can_be_built() {
    let t = Trilock::start().await;
    t.policy(
        "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    inputs: { tag: { pattern: '^v', example: v1.4.0 } }
  site:
    workflow: build-desktop.yml
  by-issue-alone:
    workflow: build-desktop.yml
    triggers: { issue: { labels: [site] }, comment: false }
",
    )
    .await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/help").await;
    let help = t.replies(issue).await;
    let (_, builds) = help.split_once("What can be built").expect("a list");
    assert_snapshot!(builds, @"
    , each with a line to copy:

    - **desktop**: `/build desktop tag=v1.4.0 channel=stable`
    - **site**: `/build site tag=… channel=stable`

    Put your own value where `…` stands.

    What is going on now: [live queue](https://ci.example/q/octo/app)
    ");
    // Where one only can be asked for, its name may be left out; here it may not.
    t.comment("ben", issue, "/build tag=v1.0.0").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | build type | – | say which one: desktop, site | – |

    Write a new comment with only the corrected `/build` line; one with only `/help` shows what can be asked for. Nothing has been started.
    ");
    t.comment("ben", issue, "/build by-issue-alone tag=v1.0.0").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | build type | `by-issue-alone` | cannot be asked for by comment | – |

    Write a new comment with only the corrected `/build` line; one with only `/help` shows what can be asked for. Nothing has been started.
    ");
    assert!(t.github.world().runs(REPO).is_empty());
    t.end().await;
}
