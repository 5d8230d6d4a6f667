//! The three locks under load, and when things go wrong.

mod bench;
mod guards;
mod stress;
