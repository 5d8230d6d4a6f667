//! (room)

pub mod cluster;
