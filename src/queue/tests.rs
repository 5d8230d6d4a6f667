//! The heart against a store and a GitHub that live in memory.

mod check;
mod hub;
mod people;
mod play;
mod properties;
mod stories;
mod story;
mod world;
mod write;
