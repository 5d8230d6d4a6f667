//! The real binary, started and killed as an operator's machine would.

mod abuse;
mod child;
mod cli;
mod dead;
mod demo;
mod logs;
mod paused;
mod settings;
mod survives;
mod upgrade;
