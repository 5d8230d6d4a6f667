//! The heart against a store and a GitHub that live in memory.

mod check;
mod hub;
mod people;
mod properties;
mod stories;
mod world;
