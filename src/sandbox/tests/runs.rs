use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{AutoRuns, Fails, Plant, RunStatus, World, world},
    desk::{DISPATCH, Desk, names, received},
};

#[tokio::test]
async fn a_dispatch_becomes_a_run_that_is_told_by_signed_webhooks_in_order() {
    let desk = Desk::new(|_| {}).await;
    let mut hooks = desk.receive().await;
    for (body, why) in [
        (json!({ "ref": "nowhere", "inputs": { "tag": "v1" } }), "No ref found for: nowhere"),
        (json!({ "ref": "main" }), "Required input 'tag' not provided"),
        (
            json!({ "ref": "main", "inputs": { "tag": "v1", "x": "1" } }),
            "Unexpected inputs provided: [\"x\"]",
        ),
    ] {
        let refused = desk.post(DISPATCH, body).await;
        assert_eq!((refused.status, refused.body["message"].as_str()), (422, Some(why)));
    }
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" }, "return_run_details": true });
    let made = desk.post(DISPATCH, body).await;
    assert_eq!(made.status, 200);
    let id = made.body["workflow_run_id"].as_u64().unwrap();
    desk.sandbox.world().start_run(id).unwrap();
    desk.sandbox.world().finish_run(id, "success", None).unwrap();
    desk.sandbox.settled().await;

    let hooks = received(&mut hooks);
    assert_eq!(
        names(&hooks),
        [
            "workflow_run requested",
            "workflow_job queued",
            "workflow_job in_progress",
            "workflow_run in_progress",
            "workflow_job completed",
            "workflow_run completed",
        ]
    );
    for (headers, body) in &hooks {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret");
        let signature = headers["x-hub-signature-256"].to_str().unwrap().strip_prefix("sha256=").unwrap();
        aws_lc_rs::hmac::verify(&key, body, &hex::decode(signature).unwrap()).unwrap();
    }
    let run = desk.get(&format!("/repos/ann/app/actions/runs/{id}")).await.body;
    assert_eq!(run["display_title"], "Build v1 (stable)");
    assert_eq!((&run["status"], &run["conclusion"]), (&json!("completed"), &json!("success")));
    assert_eq!(run["actor"]["login"], "trilock[bot]");
    let jobs = desk.get(&format!("/repos/ann/app/actions/runs/{id}/jobs")).await.body;
    assert_eq!(jobs["jobs"][0]["steps"][1]["name"], "Compile");
    let artifacts = desk.get(&format!("/repos/ann/app/actions/runs/{id}/artifacts")).await.body;
    assert_eq!(artifacts["artifacts"][0]["name"], "desktop");
    let deliveries = desk.sandbox.world().deliveries();
    assert_eq!((deliveries.len(), deliveries[0].status_code), (6, 202));
}

#[tokio::test]
async fn a_cancel_takes_its_time_unless_forced() {
    let deaf = Desk::new(|o| o.cancel_takes = Duration::MAX).await;
    let inputs = json!({ "tag": "v1" });
    let run = deaf.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    deaf.sandbox.world().cancel_run(run, false).unwrap();
    assert!(deaf.sandbox.world().run(run).unwrap().cancel_asked);

    let desk = Desk::new(|o| o.return_run_details = false).await;
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" }, "return_run_details": true });
    assert_eq!(desk.post(DISPATCH, body.clone()).await.status, 204);
    assert_eq!(desk.post(DISPATCH, body).await.status, 204);
    let runs: Vec<u64> = desk.sandbox.world().runs("ann/app").iter().map(|r| r.id).collect();
    let path = |run: u64, what: &str| format!("/repos/ann/app/actions/runs/{run}/{what}");
    assert_eq!(desk.post(&path(runs[0], "cancel"), Value::Null).await.status, 202);
    assert_eq!(desk.post(&path(runs[1], "force-cancel"), Value::Null).await.status, 202);
    let status = |run: u64| desk.sandbox.world().run(run).unwrap().status;
    assert_eq!((status(runs[0]), status(runs[1])), (RunStatus::Queued, RunStatus::Completed));
    desk.clock.advance(Duration::from_secs(6));
    assert!(desk.sandbox.until(|w| w.run(runs[0]).unwrap().conclusion.as_deref() == Some("cancelled")).await);
    assert_eq!(desk.post(&path(runs[0], "cancel"), Value::Null).await.status, 409);
    assert_eq!(desk.sandbox.world().record().cancels.len(), 2);
}

#[tokio::test]
async fn each_attempt_of_a_run_is_remembered() {
    let desk = Desk::new(|_| {}).await;
    let run = desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "ann", &json!({ "tag": "v1" }));
    let run = run.unwrap();
    desk.sandbox.world().finish_run(run, "failure", None).unwrap();
    desk.sandbox.world().rerun(run, "zoe").unwrap();
    let shown = async |path: String| {
        let run = desk.get(&path).await.body;
        let starter = run["triggering_actor"]["login"].clone();
        json!([run["run_attempt"], run["status"], run["conclusion"], run["actor"]["login"], starter])
    };
    let path = format!("/repos/ann/app/actions/runs/{run}");
    assert_eq!(shown(format!("{path}/attempts/1")).await, json!([1, "completed", "failure", "ann", "ann"]));
    assert_eq!(shown(format!("{path}/attempts/2")).await, json!([2, "queued", null, "ann", "zoe"]));
    assert_eq!(shown(path.clone()).await, shown(format!("{path}/attempts/2")).await);
    assert_eq!(desk.call("GET", &format!("{path}/attempts/3"), Value::Null).await.unwrap().status, 404);
}

#[tokio::test]
async fn listings_lag_filter_and_go_in_pages() {
    let desk = Desk::new(|o| o.list_lag = Duration::from_secs(30)).await;
    let since = world::iso(desk.clock.now());
    for tag in ["v1", "v2", "v3"] {
        let inputs = json!({ "tag": tag });
        desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    }
    let list = "/repos/ann/app/actions/workflows/build.yml/runs";
    assert_eq!(desk.get(list).await.body["total_count"], 0);
    desk.clock.advance(Duration::from_secs(31));
    let path = format!("{list}?created=%3E%3D{since}&actor=bob&per_page=2");
    let first = desk.get(&path).await;
    assert_eq!(
        (&first.body["total_count"], first.body["workflow_runs"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let next = format!("<{}{path}&page=2>; rel=\"next\"", desk.sandbox.base_url());
    assert!(first.header("link").contains(&next), "{}", first.header("link"));
    let second = desk.get(&format!("{path}&page=2")).await;
    assert_eq!(second.body["workflow_runs"][0]["display_title"], "Build v1 (stable)");
    assert_eq!(desk.get(&format!("{list}?status=completed")).await.body["total_count"], 0);
}

#[tokio::test]
async fn runs_progress_by_themselves_and_planted_breaches_stand_in_the_record() {
    let auto = AutoRuns {
        queue_delay: Duration::from_secs(5),
        duration: (Duration::from_secs(60), Duration::from_secs(60)),
        durations: Default::default(),
        fails: Fails::Input { name: "tag".to_owned(), value: "v2".to_owned() },
    };
    let desk = Desk::new(|o| {
        o.auto = Some(auto);
        o.plant = Some(Plant::DoubleDispatch);
    })
    .await;
    desk.post(DISPATCH, json!({ "ref": "main", "inputs": { "tag": "v2" } })).await;
    let all = |status| move |w: &World| w.runs("ann/app").iter().all(|r| r.status == status);
    desk.clock.advance(Duration::from_secs(6));
    assert!(desk.sandbox.until(all(RunStatus::InProgress)).await);
    desk.clock.advance(Duration::from_secs(61));
    assert!(desk.sandbox.until(all(RunStatus::Completed)).await);
    let record = desk.sandbox.world().record().clone();
    assert_eq!((record.dispatches[0].runs.len(), record.runs.len()), (2, 2));
    assert_eq!(record.runs[0].conclusion.as_deref(), Some("failure"));

    let desk = Desk::new(|o| o.plant = Some(Plant::EarlyRelease)).await;
    let inputs = json!({ "tag": "v1" });
    let id = desk.sandbox.world().start_run_by_hand("ann/app", "build.yml", "bob", &inputs).unwrap();
    desk.sandbox.world().start_run(id).unwrap();
    desk.sandbox.world().finish_run(id, "success", None).unwrap();
    assert!(desk.sandbox.world().record().runs[0].completed_at.unwrap() > desk.clock.now());
}
