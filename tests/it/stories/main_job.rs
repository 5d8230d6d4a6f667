use crate::harness::{REPO, Trilock};

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_becomes_a_build_and_ends_well() {
    let t = Trilock::start().await;
    let issue = t.github.world().open_issue(REPO, "ben", "Please", "I need one.", &[]).unwrap();
    t.github.world().comment(REPO, issue, "ben", "/build tag=v1.4.0 channel=beta").unwrap();
    t.until("a run", |world| world.runs(REPO).len() == 1).await;
    let run = t.github.world().runs(REPO)[0].id;
    t.github.world().start_run(run).unwrap();
    t.until("running", |world| world.comments(REPO, issue).iter().any(|c| c.body.contains("Building"))).await;
    t.github.world().finish_run(run, "success", None).unwrap();
    t.until("an outcome", |world| world.comments(REPO, issue).iter().any(|c| c.body.contains("ready"))).await;
    for comment in t.github.world().comments(REPO, issue) {
        println!("--- {} {:?}\n{}", comment.author, comment.reactions, comment.body);
    }
}
