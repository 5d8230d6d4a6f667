use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{HookFault, HookTrouble},
    desk::{Desk, names, received},
};

#[tokio::test]
async fn deliveries_are_listed_newest_first_with_a_lag_and_forgotten_after_three_days() {
    let desk = Desk::new(|o| o.delivery_lag = Duration::from_secs(60)).await;
    let mut hooks = desk.receive().await;
    desk.sandbox.world().fault_hook(HookFault::once("issues", "opened", HookTrouble::Vanish));
    desk.sandbox.world().open_issue("ann/app", "bob", "Build", "", &["build"]).unwrap();
    desk.sandbox.settled().await;
    assert_eq!(names(&received(&mut hooks)), ["issues labeled"]);
    let list = async || desk.as_app("GET", "/app/hook/deliveries", Value::Null).await.body;
    assert_eq!(list().await, json!([]));
    desk.clock.advance(Duration::from_secs(61));
    let first = list().await[0].clone();
    assert_eq!((&first["action"], &first["redelivery"]), (&json!("labeled"), &json!(false)));

    let again = format!("/app/hook/deliveries/{}/attempts", first["id"]);
    assert_eq!(desk.as_app("POST", &again, Value::Null).await.status, 202);
    desk.sandbox.settled().await;
    desk.clock.advance(Duration::from_secs(61));
    let both = list().await;
    assert_eq!((&both[0]["redelivery"], &both[0]["guid"]), (&json!(true), &first["guid"]));
    assert_eq!((&both[1], both[0]["id"] == first["id"]), (&first, false));

    desk.clock.advance(Duration::from_secs(3 * 24 * 3600));
    assert_eq!(list().await, json!([]));
    assert_eq!(desk.as_app("POST", &again, Value::Null).await.status, 404);
}

#[tokio::test]
async fn several_addresses_get_webhooks_in_turn_and_what_is_answered_is_noted() {
    let desk = Desk::new(|options| options.hooks_at_once = 4).await;
    let (one, mut of_one) = desk.listen().await;
    let (two, mut of_two) = desk.listen().await;
    desk.sandbox.world().set_webhook_urls(vec![one, two, "http://127.0.0.1:9/nobody".to_owned()]);
    for text in ["first", "second", "third"] {
        desk.sandbox.world().open_issue("ann/app", "ann", "Please", text, &[]).unwrap();
    }
    desk.sandbox.settled().await;
    assert_eq!((received(&mut of_one).len(), received(&mut of_two).len()), (1, 1));
    let mut noted: Vec<String> =
        desk.sandbox.world().record().acknowledged.iter().map(|it| it.text.clone()).collect();
    noted.sort();
    assert_eq!(noted, ["first", "second"]);
}
