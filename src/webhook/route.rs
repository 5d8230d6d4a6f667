use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};

use super::{Parsed, WebhookSecrets, parse};
use crate::{
    queue::{Effect, Event, OutboxEffect, Reaction, ReactionTarget},
    store::{Accepted, Delivery, StoreError},
    workers::Context,
};

/// GitHub's own limit on payloads.
pub const MAX_BODY: usize = 25 * 1024 * 1024;

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
    Router::new()
        .route("/webhooks/github", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(intake)
}

async fn receive(State(intake): State<Intake>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = text("x-hub-signature-256").is_some_and(|header| intake.secrets.verify(header, &body));
    if !signed {
        return answer(StatusCode::UNAUTHORIZED, "the signature is missing or wrong");
    }
    let Some((id, name)) = text("x-github-delivery").zip(text("x-github-event")) else {
        return answer(StatusCode::BAD_REQUEST, "X-GitHub-Delivery or X-GitHub-Event is missing");
    };
    let parsed = match parse(name, &body) {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::warn!(delivery = id, event = name, %error, "a signed delivery cannot be read");
            return answer(StatusCode::BAD_REQUEST, "the body is not a payload that GitHub documents");
        }
    };
    match accept(&intake, id, name, &body, parsed).await {
        Ok(accepted) => {
            let said = if accepted == Accepted::Repeated { "already accepted" } else { "accepted" };
            if accepted == Accepted::Recovered {
                tracing::info!(
                    recovered = "delivery",
                    delivery = id,
                    event = name,
                    "recovered a missed event"
                );
            }
            answer(StatusCode::ACCEPTED, said)
        }
        Err(error) => {
            tracing::error!(delivery = id, event = name, %error, "a delivery could not be stored");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], "try again later\n")
                .into_response()
        }
    }
}

async fn accept(
    intake: &Intake,
    id: &str,
    name: &str,
    body: &[u8],
    parsed: Parsed,
) -> Result<Accepted, StoreError> {
    let store = intake.context.store();
    let owner = parsed.owner.unwrap_or_default();
    let allowed = intake.allowed_owners.is_empty()
        || intake.allowed_owners.iter().any(|allowed| allowed.eq_ignore_ascii_case(&owner));
    let event = parsed.event.filter(|_| allowed);
    let repository = parsed.repository.as_ref();
    let repo = repository.map(|repository| repository.key);
    let seen = match (&event, repo) {
        (Some(Event::Comment(comment)), Some(repo)) => {
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
    Ok(accepted)
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, format!("{text}\n")).into_response()
}
