//! What an error says about the request: surely not sent, or perhaps carried out; and that nothing is sent twice.

use std::{collections::BTreeMap, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Response;
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    super::{GitHub, GitHubError, Settings, TimeOuts},
    server::{Reply, client, impatient_client, reply, repo, serve, serve_all, settings, token},
};

async fn dispatch(url: &str) -> GitHubError {
    impatient_client(url).dispatch(&repo(), "build.yml", "main", &BTreeMap::new()).await.unwrap_err()
}

#[tokio::test]
async fn a_502_on_a_dispatch_is_unknown_and_not_sent_again() {
    let server = serve(|_| reply(502, Value::Null)).await;
    let error = dispatch(&server.url).await;
    assert!(matches!(&error, GitHubError::Unknown(detail) if detail.contains("502")), "{error:?}");
    assert!(error.is_unknown() && error.is_transient());
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn a_server_that_never_answers_leaves_it_unknown() {
    let server = serve_all(|seen| match seen.mints_token() {
        true => Reply::Now(reply(201, token("ghs_1"))),
        false => Reply::Never,
    })
    .await;
    assert!(matches!(dispatch(&server.url).await, GitHubError::Unknown(_)));
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn the_total_bound_tells_a_sent_call_from_one_without_token() {
    let total = Duration::from_millis(150);
    for (mints, expected) in [(true, "GitHub did not answer"), (false, "GitHub could not be reached")] {
        let server = serve_all(move |seen| match seen.mints_token() && mints {
            true => Reply::Now(reply(201, token("ghs_1"))),
            false => Reply::Never,
        })
        .await;
        let time_outs = TimeOuts { total, ..TimeOuts::default() };
        let github = GitHub::new(Settings { time_outs, ..settings(&server.url) }).unwrap();
        let error = github.cancel(&repo(), 1).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{error:?}");
        assert_eq!(server.calls().len(), usize::from(mints));
    }
}

#[tokio::test]
async fn an_answer_that_stops_leaves_it_unknown() {
    let server = serve(|_| {
        let beginning = stream::iter([Ok::<_, std::io::Error>(Bytes::from("{\"workflow_run_id\": 1"))]);
        Response::new(Body::from_stream(beginning.chain(stream::pending())))
    })
    .await;
    let error = dispatch(&server.url).await;
    assert!(matches!(&error, GitHubError::Unknown(detail) if detail.contains("stopped")), "{error:?}");
}

#[tokio::test]
async fn no_token_in_time_means_that_nothing_was_sent() {
    let server = serve_all(|_| Reply::Never).await;
    assert!(matches!(dispatch(&server.url).await, GitHubError::NotSent(_)));
    assert_eq!((server.minted(), server.calls().len()), (1, 0));
}

#[tokio::test]
async fn a_hung_minting_does_not_hold_the_others_for_ever() {
    let server = serve_all(|_| Reply::Never).await;
    let github = impatient_client(&server.url);
    let repo = repo();
    let both = async { tokio::join!(github.run(&repo, 1), github.run(&repo, 2)) };
    let (one, two) = timeout(Duration::from_secs(5), both).await.unwrap();
    assert!(matches!(one, Err(GitHubError::NotSent(_))), "{one:?}");
    assert!(matches!(two, Err(GitHubError::NotSent(_))), "{two:?}");
}

/// A port whose queue of connections is full: the kernel drops who else knocks. The connections that fill it come along.
async fn silent_port() -> (String, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        filling.push(connected.unwrap());
    }
    (format!("http://{address}"), listener, filling)
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_in_time_means_that_nothing_was_sent() {
    let (url, _listener, _filling) = silent_port().await;
    let github = GitHub::new(Settings { time_outs: patient(), ..settings(&url) }).unwrap();
    let error = timeout(Duration::from_secs(30), github.app()).await.expect("the bound holds").unwrap_err();
    assert!(matches!(error, GitHubError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_silence_longer_than_the_read_bound_ends_the_call() {
    let server = serve_all(|_| Reply::Never).await;
    let time_outs = TimeOuts { read: Duration::from_millis(150), ..patient() };
    let github = GitHub::new(Settings { time_outs, ..settings(&server.url) }).unwrap();
    let error = timeout(Duration::from_secs(30), github.app()).await.expect("the bound holds").unwrap_err();
    assert!(matches!(error, GitHubError::Unknown(_)), "{error:?}");
}

/// Of the bounds only that for connecting is one that a test lives to see.
fn patient() -> TimeOuts {
    TimeOuts {
        connect: Duration::from_millis(150),
        read: Duration::from_secs(600),
        total: Duration::from_secs(600),
    }
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).app().await.unwrap_err();
    assert!(matches!(&error, GitHubError::NotSent(detail) if detail.contains("refused")), "{error:?}");
    assert!(error.is_transient() && !error.is_unknown());
}

#[tokio::test]
async fn an_unknown_host_means_that_nothing_was_sent() {
    let error = client("http://nowhere.invalid").app().await.unwrap_err();
    assert!(matches!(error, GitHubError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_means_that_nothing_was_sent() {
    let server = serve(|_| reply(200, Value::Null)).await;
    let error = client(&server.url.replace("http", "https")).app().await.unwrap_err();
    assert!(matches!(error, GitHubError::NotSent(_)), "{error:?}");
    assert!(server.all().is_empty());
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_leaves_it_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let read = socket.read(&mut [0; 4096]).await.unwrap();
        drop(socket);
        let again = timeout(Duration::from_millis(100), listener.accept()).await;
        (read > 0, again.is_ok())
    });
    let error = client(&url).app().await.unwrap_err();
    assert!(matches!(error, GitHubError::Unknown(_)), "{error:?}");
    assert_eq!(server.await.unwrap(), (true, false), "(something arrived, a second connection)");
}

#[tokio::test]
async fn refusals_keep_githubs_words_out_of_display() {
    for status in [400, 403, 409, 410, 422, 451] {
        let body = json!({ "message": "Validation Failed", "errors": [{ "code": "custom" }] });
        let server = serve(move |_| reply(status, body.clone())).await;
        let error = client(&server.url).create_comment(&repo(), 1, "x").await.unwrap_err();
        let message = "Validation Failed [{\"code\":\"custom\"}]".to_owned();
        assert_eq!(error, GitHubError::Refused { status, message });
        assert!(!error.is_transient() && !error.is_unknown());
        assert_eq!(error.to_string(), format!("GitHub refused this (HTTP {status})"));
    }
}

#[tokio::test]
async fn a_success_that_is_not_understood_was_still_a_success() {
    let server = serve(|_| reply(200, json!({ "unheard": "of" }))).await;
    let error = dispatch(&server.url).await;
    assert!(matches!(error, GitHubError::Unreadable(_)), "{error:?}");
    assert!(error.is_unknown() && !error.is_transient());
}
