//! What an operator types.

pub mod server;
