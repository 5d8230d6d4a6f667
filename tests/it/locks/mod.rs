//! The three locks under load, and when things go wrong.

pub mod bench;
mod claims;
mod dead;
mod guards;
mod stress;
mod waiting;
mod writes;
