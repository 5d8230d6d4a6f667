//! The real binary, started and killed as an operator's machine would.

mod child;
mod cli;
mod dead;
mod demo;
mod settings;
mod survives;
