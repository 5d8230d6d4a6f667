//! The server as a whole: routes and loops over one database. `serve`, `demo` and the tests start the same one.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use http::StatusCode;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower_http::{timeout::TimeoutLayer, trace::TraceLayer};

use crate::{
    clock::Clock,
    github::GitHub,
    store::Store,
    web,
    webhook::{self, Intake, WebhookSecrets},
    workers::{self, Context},
};

/// A request, its body included, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What a server is made of.
pub struct Parts {
    pub store: Store,
    pub github: GitHub,
    pub clock: Clock,
    pub secrets: WebhookSecrets,
    pub allowed_owners: Vec<String>,
    /// What people open, without a slash at its end. Empty: the address that is listened on.
    pub public_url: String,
    /// GitHub is asked about a run at least this often.
    pub check_runs_every: Duration,
    /// GitHub's list of deliveries is looked through this often.
    pub reconcile_every: Duration,
    /// The operator's token, the demo's panel. Its public address is set from the above.
    pub web: web::Options,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    context: Context,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens, and starts the loops.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(listen: SocketAddr, parts: Parts) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let public_url = match parts.public_url.trim_end_matches('/') {
            "" => format!("http://{address}"),
            url => url.to_owned(),
        };
        let pages = web::Options { public_url: public_url.clone(), ..parts.web };
        let clock = parts.clock.clone();
        let context = Context::new(
            parts.store,
            parts.github,
            parts.clock,
            public_url,
            parts.check_runs_every,
            parts.reconcile_every,
        );
        let intake =
            Intake { context: context.clone(), secrets: parts.secrets, allowed_owners: parts.allowed_owners };
        let routes = webhook::router(intake)
            .merge(web::router(context.clone(), pages))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_WITHIN))
            .layer(TraceLayer::new_for_http());
        let stop = CancellationToken::new();
        let http = tokio::spawn(web::serve(listener, routes, clock, stop.clone()));
        let loops = tokio::spawn(workers::run(context.clone(), stop.clone()));
        Ok(Self { address, context, stop, tasks: vec![http, loops] })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Takes nothing new, finishes what is in flight, and closes the database's connections.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended badly");
            }
        }
        self.context.store().close().await;
    }

    /// Ends at once, as a crash would: nothing in flight is finished.
    pub fn kill(self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
