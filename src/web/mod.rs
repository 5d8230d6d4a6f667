//! What people and machines look at: health, and (in `pages`) the live page and the JSON behind it.

mod health;

use axum::Router;

use crate::workers::Context;

/// Everything but the webhooks.
pub fn router(context: Context) -> Router {
    health::router(context)
}
