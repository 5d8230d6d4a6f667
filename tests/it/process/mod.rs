//! The real binary, started and killed as an operator's machine would.

mod child;
mod cli;
mod demo;
mod logs;
mod settings;
mod survives;
