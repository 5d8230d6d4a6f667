use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{ApiFault, ApiTrouble, HookFault, HookTrouble},
    desk::{Desk, names, received},
};

#[tokio::test]
async fn calls_go_wrong_on_demand() {
    let desk = Desk::new(|_| {}).await;
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &[]).unwrap();
    let path = "/repos/ann/app/issues/1/comments";
    let count = || desk.sandbox.world().comments("ann/app", 1).len();
    for (trouble, status, comments) in [
        (ApiTrouble::FailBefore(502), Some(502), 0),
        (ApiTrouble::FailAfter(502), Some(502), 1),
        (ApiTrouble::DropBefore, None, 1),
        (ApiTrouble::DropAfter, None, 2),
        (ApiTrouble::RetryAfter(60), Some(403), 2),
    ] {
        desk.sandbox.world().fault_api(ApiFault::once("POST", "/comments$", trouble)).unwrap();
        let got = desk.call("POST", path, json!({ "body": "a" })).await.ok().map(|g| g.status);
        assert_eq!((got, count()), (status, comments), "{trouble:?}");
    }
    let late = ApiFault::once("POST", "/comments$", ApiTrouble::AnswerLate(60_000));
    desk.sandbox.world().fault_api(late).unwrap();
    let done = async {
        assert!(desk.sandbox.until(|w| w.comments("ann/app", 1).len() == 3).await);
        desk.clock.advance(Duration::from_secs(61));
    };
    let (got, ()) = tokio::join!(desk.post(path, json!({ "body": "a" })), done);
    assert_eq!(got.status, 201);
}

#[tokio::test]
async fn webhooks_go_wrong_on_demand_and_can_be_redelivered() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    let fault = |action, trouble| desk.sandbox.world().fault_hook(HookFault::once("issues", action, trouble));
    fault("opened", HookTrouble::Drop);
    fault("labeled", HookTrouble::Double);
    fault("edited", HookTrouble::Reorder);
    fault("closed", HookTrouble::Delay(60_000));
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &["build"]).unwrap();
    desk.sandbox.world().edit_issue("ann/app", 1, "bob", Some("Built"), None).unwrap();
    desk.sandbox.world().close_issue("ann/app", 1, "bob").unwrap();
    desk.sandbox.world().set_open("ann/app", 1, "bob", true).unwrap();
    assert!(desk.sandbox.until(|w| w.deliveries().len() == 5).await);
    assert!(!desk.sandbox.world().is_settled());
    desk.clock.advance(Duration::from_secs(61));
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    let order = ["issues labeled", "issues labeled", "issues edited", "issues reopened", "issues closed"];
    assert_eq!(names(&told), order);
    assert_eq!(told[0].0["x-github-delivery"], told[1].0["x-github-delivery"]);

    let failed = desk.as_app("GET", "/app/hook/deliveries?status=failure", Value::Null).await.body;
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["action"]), (1, &json!("opened")));
    let again = format!("/app/hook/deliveries/{}/attempts", failed[0]["id"]);
    assert_eq!(desk.as_app("POST", &again, Value::Null).await.status, 202);
    desk.sandbox.settled().await;
    let told = received(&mut hooks);
    assert_eq!(told[0].0["x-github-delivery"].to_str().unwrap(), failed[0]["guid"]);
    let page = desk.as_app("GET", "/app/hook/deliveries?per_page=4", Value::Null).await;
    assert!(page.header("link").contains("cursor=v1_") && page.header("link").ends_with("rel=\"next\""));
}

#[tokio::test]
async fn each_fault_has_its_own_chance_wherever_it_stands() {
    let desk = Desk::new(|_| {}).await;
    for trouble in [ApiTrouble::FailBefore(500), ApiTrouble::FailBefore(502)] {
        let fault = ApiFault { method: None, path: String::new(), times: None, chance: 0.5, trouble };
        desk.sandbox.world().fault_api(fault).unwrap();
    }
    for _ in 0..40 {
        assert_ne!(desk.get("/repos/ann/app").await.status, 200, "one of the two strikes");
    }
    let world = desk.sandbox.world();
    let counts = world.fault_counts();
    assert!(counts["500 before the work"] > 5 && counts["502 before the work"] > 5, "{counts:?}");
}
