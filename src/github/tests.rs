//! The calls against a small server that plays GitHub and remembers what arrived.

mod answers;
mod deliveries;
mod fate;
mod pages;
mod server;
mod shapes;
mod tokens;
