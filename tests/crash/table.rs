//! What is counted on the way, and the table at the end.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

/// Clones count together.
#[derive(Clone, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

impl Counts {
    pub fn add(&self, what: &str) {
        self.add_many(what, 1);
    }

    pub fn add_many(&self, what: &str, many: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(what.to_owned()).or_default() += many;
    }

    pub fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Sections of lines, each a name and a number.
#[derive(Default)]
pub struct Table(String);

impl Table {
    pub fn section(&mut self, title: &str, lines: impl IntoIterator<Item = (String, u64)>) {
        _ = writeln!(self.0, "  {title}");
        for (name, number) in lines {
            _ = writeln!(self.0, "    {name:<44}{number:>7}");
        }
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// To the terminal, whether the test passes or not: its harness only keeps what is printed by macros.
pub fn say(text: &str) {
    _ = writeln!(std::io::stderr(), "{text}");
}
