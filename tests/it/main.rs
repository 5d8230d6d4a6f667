//! Stories against a real Postgres and the simulated GitHub over HTTP, through the real router with signed payloads.
//! One binary, one Postgres, a database per test.

mod harness;
mod process;

mod docs;
mod intake;
mod locks;
mod migrations;
mod payloads;
mod sql;
mod stories;
mod web;
