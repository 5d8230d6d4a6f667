//! Connections within bounds: how many there may be, and how long one may take over its headers.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, server::conn::http1::Builder, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::clock::Clock;

/// Connections that may be open at once; further ones wait in the kernel's line.
const MOST: usize = 4096;
/// Of the process' file descriptors these stay for the database, GitHub and files.
const KEPT_BACK: u64 = 200;
/// For a request's headers, and between two requests of a connection.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Larger headers are refused with 431. GitHub's are about 1 kB.
const BUFFER: usize = 64 * 1024;
/// What is in flight when the server is told to stop may take this long.
const LAST_ANSWERS: Duration = Duration::from_secs(30);
/// After an error that is not one connection's own, such as no file descriptor left.
const PAUSE: Duration = Duration::from_millis(500);

/// How many connections this process can hold, once its limit of open files is raised as far as it may be.
fn most_connections() -> usize {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = hard.min(MOST as u64 + KEPT_BACK).max(soft);
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map(|()| wanted)
    });
    let files = raised.unwrap_or(1024);
    usize::try_from(files.saturating_sub(KEPT_BACK)).unwrap_or(MOST).clamp(16, MOST)
}

/// Serves until `stop`; then takes nothing new and finishes what is in flight. Dropped, it ends all at once.
pub async fn serve(listener: TcpListener, routes: Router, clock: Clock, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(most_connections()));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let accept = async || {
        let place = Arc::clone(&places).acquire_owned().await;
        (place, listener.accept().await)
    };
    while let Some((place, accepted)) = stop.run_until_cancelled(accept()).await {
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let connection = serve_connection(stream, routes.clone(), graceful.watcher());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                clock.sleep(PAUSE.mul_f64(clock.rate())).await;
            }
        }
    }
    drop(listener);
    if timeout(LAST_ANSWERS, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections that did not end in time are cut");
    }
}

async fn serve_connection(stream: TcpStream, routes: Router, watcher: Watcher) {
    // Without it answers could wait for the other side's acknowledgements; failing to set it costs nothing more.
    _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let answer: Result<Response<Body>, Infallible> = routes.oneshot(request.map(Body::new)).await;
            answer
        }
    });
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended");
    }
}
