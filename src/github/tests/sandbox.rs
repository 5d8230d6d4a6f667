//! The calls against the simulated GitHub: what it answers is what they understand.

use super::{
    super::{GitHub, GitHubError, Repo, Settings, TimeOuts},
    checks::{annotation, check},
};
use crate::{
    clock::Clock,
    sandbox::{Options, Sandbox},
};

async fn start() -> (Sandbox, GitHub, Repo) {
    let clock = Clock::system();
    let table = std::env::var_os("TRILOCK_API_REQUESTS").map(Into::into);
    let sandbox =
        Sandbox::start(Options { api_requests: table, ..Options::new(clock.clone()) }).await.unwrap();
    sandbox.world().add_repo("octo/tools", false).unwrap();
    let github = GitHub::new(Settings {
        api_url: sandbox.api_url().to_owned(),
        app_id: "1".into(),
        private_key_pem: sandbox.private_key_pem(),
        clock,
        time_outs: TimeOuts::default(),
    });
    let github = github.unwrap();
    let installation = github.repo_installation("octo", "tools").await.unwrap().id;
    (sandbox, github, Repo { owner: "octo".into(), name: "tools".into(), installation })
}

#[tokio::test]
async fn branches_tags_and_commits_stand_for_a_commit() {
    let (sandbox, github, repo) = start().await;
    let main = sandbox.world().head("octo/tools").unwrap();
    let topic = sandbox.world().set_ref("octo/tools", "heads/topic/one").unwrap();
    let tag = sandbox.world().set_ref("octo/tools", "tags/v1").unwrap();
    for (name, commit) in [
        ("main", &main),
        ("heads/main", &main),
        ("topic/one", &topic),
        ("heads/topic/one", &topic),
        ("v1", &tag),
        ("tags/v1", &tag),
        (&tag, &tag),
    ] {
        assert_eq!(github.commit_sha(&repo, name).await.as_ref(), Ok(commit), "{name}");
    }
    let moved = sandbox.world().force_push("octo/tools", "main").unwrap();
    assert_eq!(github.commit_sha(&repo, "main").await, Ok(moved));
    assert_eq!(github.commit_sha(&repo, &main).await, Ok(main), "it is still there");
    for name in ["nowhere", "heads/v1", "tags/main"] {
        assert_eq!(github.commit_sha(&repo, name).await, Err(GitHubError::NotFound), "{name}");
    }
    assert!(sandbox.world().violations().is_empty());
}

#[tokio::test]
async fn workflow_files_are_listed_in_order() {
    let (sandbox, github, repo) = start().await;
    assert!(github.workflow_files(&repo).await.unwrap().is_empty());
    for file in ["test.yaml", "build.yml", "README.md"] {
        sandbox.world().put_file("octo/tools", &format!(".github/workflows/{file}"), "on: push\n").unwrap();
    }
    assert_eq!(github.workflow_files(&repo).await.unwrap(), ["build.yml", "test.yaml"]);
    assert!(sandbox.world().violations().is_empty());
}

#[tokio::test]
async fn a_check_run_arrives_where_it_is_permitted() {
    let (sandbox, github, repo) = start().await;
    let head = sandbox.world().head("octo/tools").unwrap();
    let annotations = [annotation((3, 3)), annotation((4, 6))];
    github.create_check(&repo, &check(&head, &annotations)).await.unwrap();
    let seen = sandbox.world().checks("octo/tools");
    assert_eq!(
        (seen.len(), seen[0].head_sha.as_str(), seen[0].status.as_str()),
        (1, head.as_str(), "completed")
    );
    assert_eq!(seen[0].output.as_ref().unwrap().annotations.len(), 2);

    let unknown = github.create_check(&repo, &check("acb5", &[])).await;
    assert!(matches!(unknown, Err(GitHubError::Refused { status: 422, .. })), "{unknown:?}");
    sandbox.world().set_permission("octo", "checks", None).unwrap();
    let refused = github.create_check(&repo, &check(&head, &[])).await.unwrap_err();
    assert!(refused.lacks_permission(), "{refused:?}");
    // Granted later, it works with the next call: the token is made anew.
    sandbox.world().set_permission("octo", "checks", Some("write")).unwrap();
    github.create_check(&repo, &check(&head, &[])).await.unwrap();
    assert!(sandbox.world().violations().is_empty());
}
