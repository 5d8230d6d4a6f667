//! The sandbox over HTTP: the App's calls under `/`, the control API under `/_sandbox/`.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::{ConnectInfo, Path, Query, State, connect_info::Connected},
    response::{IntoResponse, Response},
    routing::any,
    serve::{IncomingStream, Listener},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::{
    io::{self, AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{
    Shared,
    api::{Answer, Call},
    faults::ApiTrouble,
};

pub(super) fn router(shared: Arc<Shared>, api_path: &str) -> Router {
    let calls = Router::new().route("/{*path}", any(api));
    let calls = if api_path.is_empty() { calls } else { Router::new().nest(api_path, calls) };
    Router::new().route("/_sandbox/{command}", any(control)).merge(calls).with_state(shared)
}

async fn control(
    State(shared): State<Arc<Shared>>,
    Path(command): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let origin = headers.get("origin").and_then(|o| o.to_str().ok()).map(str::to_owned);
    if origin.as_deref().is_some_and(|o| !is_local(o)) {
        return Answer::error(403, "only pages of this machine may steer the sandbox").into_response();
    }
    let mut answer = match (method, read_json(&body)) {
        (Method::OPTIONS, _) => Answer::empty(204),
        (_, None) => Answer::error(400, "Problems parsing JSON"),
        (_, Some(arguments)) => shared.perform(&command, arguments).await.unwrap_or_else(Answer::from),
    };
    if let Some(origin) = origin {
        answer.headers.push(("access-control-allow-origin", origin));
        answer.headers.push(("access-control-allow-headers", "content-type".to_owned()));
    }
    answer.into_response()
}

fn is_local(origin: &str) -> bool {
    let uri = origin.parse::<Uri>().ok();
    uri.and_then(|u| u.host().map(|h| ["localhost", "127.0.0.1", "[::1]"].contains(&h))).unwrap_or(false)
}

async fn api(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(path): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    (method, uri, headers): (Method, Uri, HeaderMap),
    body: Bytes,
) -> Response {
    let Some(body) = read_json(&body) else {
        return Answer::error(400, "Problems parsing JSON").into_response();
    };
    let by_name = shared.peek().by_name(&path);
    let raw_path = by_name.as_ref().map_or_else(|| uri.path().to_owned(), |path| format!("/{path}"));
    let call = Call {
        method: method.to_string(),
        raw_path,
        path: by_name.unwrap_or(path),
        raw_query: uri.query().unwrap_or_default().to_owned(),
        query,
        headers,
        body,
    };
    let (checked, trouble) = {
        let mut world = shared.world();
        *world.record.calls.entry(format!("{} {}", call.method, call.raw_path)).or_default() += 1;
        (world.check_call(&call), world.api_trouble(&call.method, &call.raw_path))
    };
    if let Err(why) = checked {
        tracing::warn!(why, "sandbox: a request that is not in GitHub's description");
        return Answer::error(418, &why).into_response();
    }
    let answer = match trouble {
        Some(ApiTrouble::FailBefore(status)) => Answer::error(status, "Server Error"),
        Some(ApiTrouble::RetryAfter(seconds)) => {
            let mut answer = Answer::error(403, "You have exceeded a secondary rate limit.");
            answer.headers.push(("retry-after", seconds.to_string()));
            answer
        }
        Some(ApiTrouble::DropBefore) => line.cut(),
        Some(ApiTrouble::DropAfter) => {
            shared.world().answer(&call);
            line.cut()
        }
        Some(ApiTrouble::FailAfter(status)) => {
            shared.world().answer(&call);
            Answer::error(status, "Server Error")
        }
        Some(ApiTrouble::Delay(ms)) => {
            shared.sleep(ms).await;
            shared.world().answer(&call)
        }
        Some(ApiTrouble::AnswerLate(ms)) => {
            let answer = shared.world().answer(&call);
            shared.sleep(ms).await;
            answer
        }
        None => shared.world().answer(&call),
    };
    answer.into_response()
}

/// Nothing reads as null.
fn read_json(body: &[u8]) -> Option<Value> {
    if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = axum::response::AppendHeaders(self.headers);
        match self.body {
            Some(body) => (status, headers, axum::Json(body)).into_response(),
            None => (status, headers).into_response(),
        }
    }
}

/// A connection that can be cut: from then on every write fails, so that the caller gets no answer.
#[derive(Clone)]
pub(super) struct Line(Arc<AtomicBool>);

impl Line {
    fn cut(&self) -> Answer {
        self.0.store(true, Ordering::SeqCst);
        Answer::empty(500)
    }
}

impl Connected<IncomingStream<'_, Switchboard>> for Line {
    fn connect_info(stream: IncomingStream<'_, Switchboard>) -> Self {
        Self(stream.io().cut.clone())
    }
}

/// Accepts connections that can be cut.
pub(super) struct Switchboard(pub TcpListener);

impl Listener for Switchboard {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Connection { stream, cut: Arc::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub(super) struct Connection {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
