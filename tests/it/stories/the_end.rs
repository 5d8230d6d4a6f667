//! The end of every story looks at everything: it fails where something was overlooked.

use crate::harness::Trilock;

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "nobody looked at this in issue 1:\n### 💡 What you can write here")]
async fn a_comment_that_nobody_looked_at_fails_the_story() {
    let t = Trilock::start().await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/help").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "nobody looked at this in issue 1:\n### 🔨 Building")]
async fn an_edit_that_nobody_looked_at_fails_the_story() {
    let t = Trilock::start().await;
    t.asked("ben", "/build tag=v1.4.0").await;
    t.begin(t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "build desktop of issue 1 starting")]
async fn a_build_that_goes_on_fails_the_story() {
    let t = Trilock::start().await;
    t.asked("ben", "/build tag=v1.4.0").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "issue 1 has 2 comments with <!-- trilock:status -->")]
async fn a_second_status_comment_fails_the_story() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let bot = t.github.world().bot();
    t.comment(&bot, issue, "### Once more\n\n<!-- trilock:status -->").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "a story closes with")]
async fn a_story_without_an_end_fails() {
    Trilock::start().await;
}
