//! The heart against a store and a GitHub that live in memory.

mod approvals;
mod check;
mod hub;
mod people;
mod play;
mod properties;
mod read;
mod shrink;
mod stories;
mod story;
mod world;
mod write;
