use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};

use tracing::Instrument as _;

use super::{
    Parsed, WebhookSecrets,
    body::{Bodies, Unread},
    parse,
};
use crate::{
    metrics,
    queue::{Effect, Event, OutboxEffect, Reaction, ReactionTarget},
    store::{Accepted, Delivery, StoreError},
    workers::Context,
};

/// Seconds after which a sender may try again when the database is away.
const RETRY_AFTER: &str = "5";

/// What the route needs.
#[derive(Clone)]
pub struct Intake {
    pub context: Context,
    pub secrets: WebhookSecrets,
    /// Accounts that may use this server; empty: all that install the App.
    pub allowed_owners: Vec<String>,
}

/// `POST /webhooks/github`.
pub fn router(intake: Intake) -> Router {
    Router::new().route("/webhooks/github", post(receive)).with_state((intake, Bodies::new()))
}

async fn receive(State((intake, bodies)): State<(Intake, Bodies)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(signature) = text("x-hub-signature-256") else {
        // Nothing of a body is read for somebody who does not even claim to be GitHub.
        return unsigned();
    };
    match bodies.read(body).await {
        Ok(body) if intake.secrets.verify(signature, &body.bytes) => {
            take(&intake, &parts.headers, &body.bytes).await
        }
        Ok(_) => unsigned(),
        Err(unread) => {
            metrics::delivery("unread");
            match unread {
                Unread::NoRoom => later(unread.words()),
                _ => answer(unread.status(), unread.words()),
            }
        }
    }
}

/// A delivery whose signature is right.
async fn take(intake: &Intake, headers: &HeaderMap, body: &[u8]) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some((id, name)) = text("x-github-delivery").zip(text("x-github-event")) else {
        return answer(StatusCode::BAD_REQUEST, "X-GitHub-Delivery or X-GitHub-Event is missing");
    };
    let span = tracing::error_span!(
        "delivery",
        delivery = id,
        event = name,
        tenant = tracing::field::Empty,
        repo = tracing::field::Empty
    );
    take_in(intake, id, name, body).instrument(span).await
}

async fn take_in(intake: &Intake, id: &str, name: &str, body: &[u8]) -> Response {
    let parsed = match parse(name, body) {
        Ok(parsed) => parsed,
        Err(error) => {
            metrics::delivery("unreadable");
            tracing::warn!(%error, "a signed delivery cannot be read");
            return answer(StatusCode::BAD_REQUEST, "the body is not a payload that GitHub documents");
        }
    };
    let span = tracing::Span::current();
    span.record("tenant", parsed.tenant_id);
    span.record("repo", parsed.repository.as_ref().map(|repository| repository.key.repo_id));
    match accept(intake, id, name, body, parsed).await {
        Ok(outcome) => {
            metrics::delivery(outcome);
            tracing::info!(outcome, "a delivery was taken in");
            let said = if outcome == "repeated" { "already accepted" } else { "accepted" };
            answer(StatusCode::ACCEPTED, said)
        }
        Err(error) => {
            metrics::delivery("unstored");
            tracing::error!(%error, "a delivery could not be stored");
            later("try again later")
        }
    }
}

/// Says what became of it: `accepted`, `ignored` or `repeated`.
async fn accept(
    intake: &Intake,
    id: &str,
    name: &str,
    body: &[u8],
    parsed: Parsed,
) -> Result<&'static str, StoreError> {
    let store = intake.context.store();
    let owner = parsed.owner.unwrap_or_default();
    let allowed = intake.allowed_owners.is_empty()
        || intake.allowed_owners.iter().any(|allowed| allowed.eq_ignore_ascii_case(&owner));
    let event = parsed.event.filter(|_| allowed);
    let repository = parsed.repository.as_ref();
    let repo = repository.map(|repository| repository.key);
    let seen = match (&event, repo) {
        // At pull requests most repositories want no commands, which only the policy tells.
        (Some(Event::Comment(comment)), Some(repo)) if !comment.pull_request => {
            let target = ReactionTarget::Comment { id: comment.comment_id };
            let effect = Effect::React { target, reaction: Reaction::Seen };
            Some(OutboxEffect::new(repo, uuid::Uuid::now_v7(), effect))
        }
        _ => None,
    };
    if let Some(lifecycle) = parsed.lifecycle.filter(|_| allowed) {
        lifecycle.write(store, repo, id).await?;
        intake.context.wake_all();
    }
    if allowed && !parsed.installed.is_empty() {
        store.installed(&parsed.installed, id).await?;
        intake.context.wake_all();
    }
    if let (Some(event @ Event::Run(_)), Some(repo)) = (&event, repo) {
        // Runs of a transferred repository are heard of under its new owner, and may be those of the old one's builds.
        for former in store.former_owners(repo).await? {
            store.add_event(former, "delivery", event).await?;
        }
    }
    let accepted = store
        .accept(Delivery {
            tenant_id: parsed.tenant_id,
            repo_id: repo.map(|repo| repo.repo_id),
            repository: repository.filter(|_| allowed),
            id,
            name,
            raw: event.is_some().then_some(body),
            event: event.as_ref(),
            seen,
        })
        .await?;
    if event.is_some() {
        intake.context.wake_intake();
    }
    Ok(match (accepted, event) {
        (Accepted::Repeated, _) => "repeated",
        (Accepted::Recovered, _) => {
            metrics::recovered("delivery");
            tracing::info!("recovered a missed event");
            "recovered"
        }
        (Accepted::New, Some(_)) => "accepted",
        (Accepted::New, None) => "ignored",
    })
}

fn unsigned() -> Response {
    metrics::delivery("unsigned");
    answer(StatusCode::UNAUTHORIZED, "the signature is missing or wrong")
}

fn later(text: &'static str) -> Response {
    let mut answer = answer(StatusCode::SERVICE_UNAVAILABLE, text);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    answer
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, format!("{text}\n")).into_response()
}
