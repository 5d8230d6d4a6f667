use std::fmt;

use serde::{Deserialize, Serialize};

/// One mistake in one file, with its place. Line and column count from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileError {
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub message: String,
    /// The way out, if there is one to name: the nearest known key, the allowed values.
    pub help: Option<String>,
}

/// What is wrong with a repository's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// With any of these the policy is not in force.
    pub errors: Vec<FileError>,
    /// What works and is likely not meant, or not safe.
    pub warnings: Vec<FileError>,
}

impl FileError {
    /// `message` and `help` may quote the file: a text of several lines there is one line here.
    pub(super) fn new(path: &str, place: (u32, u32), message: &str, help: Option<&str>) -> Self {
        let one_line = |text: &str| text.replace("\r\n", " ").replace(['\n', '\r'], " ");
        let (line, column) = place;
        Self { path: path.to_owned(), line, column, message: one_line(message), help: help.map(one_line) }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}
