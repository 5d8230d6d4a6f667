//! Trilock turns issues into builds, one at a time, and never loses one.
//!
//! Each folder is one room, named after what happens in it, in the order of a webhook's way:
//!
//! | room | does |
//! |---|---|
//! | [`webhook`] | a delivery's signature, size and body; the inbox row before the 2xx |
//! | [`request`] | text to a typed request: slash commands, issue forms, JSON |
//! | [`policy`] | the repository's file, with line and column in every error |
//! | [`queue`] | **the heart**, pure: statuses, order, lock rules, what happens next |
//! | [`store`] | Postgres, and the only place with SQL: locks, inbox, outbox, builds, leases |
//! | [`github`] | octocrab as transport; each effect made idempotent |
//! | [`mirror`] | pure: state to the Markdown that people read |
//! | [`workers`] | the loops: prepare, apply, deliver, monitor, reconcile, retention |
//! | [`web`] | the page, the JSON behind it, health, metrics |
//! | [`commands`] | what an operator types |
//! | [`sandbox`] | a simulated GitHub, for the demo and the tests |
//!
//! [`clock`] and [`metrics`] stand beside the rooms.

pub mod clock;
pub mod commands;
pub mod github;
pub mod metrics;
pub mod mirror;
pub mod policy;
pub mod queue;
pub mod request;
pub mod sandbox;
pub mod store;
pub mod web;
pub mod webhook;
pub mod workers;
