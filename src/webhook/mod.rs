//! Deliveries: signature, size, the raw body to an [`Event`](crate::queue::Event), and the inbox row before the 2xx.
//!
//! GitHub never tries a failed delivery again by itself, and its lists of events and actions grow: what is well signed
//! and unknown is acknowledged and ignored.

mod body;
mod lifecycle;
mod parse;
mod payload;
mod route;
mod signature;
#[cfg(test)]
mod tests;

pub use body::MAX_BODY;
pub use lifecycle::Lifecycle;
pub use parse::{Parsed, parse, reads};
pub use route::{Intake, router};
pub use signature::WebhookSecrets;
