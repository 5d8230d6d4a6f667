//! `trilock dead`, as an operator types it.

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use trilock::{
    queue::Event,
    store::{Delivery, LockBounds},
};

use super::child::{output, text, trilock};
use crate::harness::{fresh_database, store_on};

/// A database with two events that were set aside; their ids.
async fn two_dead(options: &PgConnectOptions) -> Vec<String> {
    let store = store_on(options.clone(), LockBounds::default());
    for id in ["one", "two"] {
        let event = Event::Look;
        let delivery = Delivery {
            tenant_id: 1,
            repo_id: Some(2),
            repository: None,
            id,
            name: "ping",
            raw: Some(b"{}"),
            event: Some(&event),
            seen: None,
        };
        store.accept(delivery).await.unwrap();
    }
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let set_aside = "UPDATE inbox SET state = 'dead', last_error = 'it was broken', attempts = 5";
    sqlx::query(set_aside).execute(&mut connection).await.unwrap();
    let dead = store.dead().await.unwrap();
    dead.iter().map(|dead| dead.id.to_string()).collect()
}

/// What a command says, and whether it went well.
async fn said(options: &PgConnectOptions, args: &[&str]) -> (bool, String) {
    let mut command = trilock();
    command.arg("dead").args(args);
    command.env("DATABASE_URL", options.to_url_lossy().as_str()).env("TRILOCK_SECRET_KEY", "11".repeat(32));
    let out = output(&mut command).await;
    (out.status.success(), text(&out.stdout) + &text(&out.stderr))
}

#[tokio::test]
async fn the_dead_are_listed_retried_and_dropped() {
    let options = fresh_database().await;
    let ids = two_dead(&options).await;
    let (well, list) = said(&options, &[]).await;
    assert!(well && ids.iter().all(|id| list.contains(id)), "{list}");
    assert!(list.contains("event look") && list.contains("it was broken"), "{list}");
    let (_, list) = said(&options, &["--json"]).await;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let first = &list["dead"][0];
    assert_eq!((&first["kind"], &first["attempts"]), (&"event".into(), &5.into()), "{list}");

    let (well, why) = said(&options, &["drop", &ids[0]]).await;
    assert!(!well && why.contains("--reason"), "{why}");
    let (well, done) = said(&options, &["drop", &ids[0], "--reason", "nobody asks"]).await;
    assert!(well && done.contains("Given up: event look"), "{done}");
    let (well, why) = said(&options, &["retry", &ids[0]]).await;
    assert!(!well && why.contains("`trilock dead` shows what is"), "{why}");
    assert!(!said(&options, &["retry"]).await.0, "one or all");
    let (well, done) = said(&options, &["retry", "--all"]).await;
    assert!(well && done.contains("It is due again"), "{done}");
    assert_eq!(said(&options, &[]).await.1.trim(), "Nothing was set aside.");
}

#[tokio::test]
async fn a_replay_takes_the_place_of_what_was_set_aside() {
    let options = fresh_database().await;
    let ids = two_dead(&options).await;
    let mut command = trilock();
    command.args(["replay", "one"]).env("TRILOCK_SECRET_KEY", "11".repeat(32));
    let out = output(command.env("DATABASE_URL", options.to_url_lossy().as_str())).await;
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).starts_with("Accepted as replay-"));
    let (_, left) = said(&options, &[]).await;
    assert!(!left.contains(&ids[0]) && left.contains(&ids[1]), "{left}");
}
