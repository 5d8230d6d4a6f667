//! What the servers wrote into their logs since they were last looked at.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// Words that a healthy server never says.
const NEVER_SAID: [&str; 2] = ["panicked", "guarded write refused"];

/// How far each log was read, in bytes.
#[derive(Debug, Default)]
pub struct Logs(BTreeMap<PathBuf, u64>);

impl Logs {
    /// New lines in this folder's logs that no healthy server writes.
    pub fn unwell(&mut self, folder: &Path) -> Vec<String> {
        let logs = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|log| log.path());
        let logs = logs.filter(|path| path.extension().is_some_and(|it| it == "log"));
        let mut said = Vec::new();
        for log in logs {
            let text = self.new_lines(log).expect("a log can be read");
            let bad = text.lines().filter(|line| NEVER_SAID.iter().any(|words| line.contains(words)));
            said.extend(bad.filter(|line| !is_late_withdrawal(line)).map(str::to_owned));
        }
        said
    }

    /// Whole lines: what is still being written is read the next time.
    fn new_lines(&mut self, log: PathBuf) -> std::io::Result<String> {
        let mut file = File::open(&log)?;
        let from = self.0.entry(log).or_default();
        file.seek(SeekFrom::Start(*from))?;
        let mut new = Vec::new();
        file.read_to_end(&mut new)?;
        new.truncate(new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        *from += new.len() as u64;
        Ok(String::from_utf8_lossy(&new).into_owned())
    }
}

/// A dispatch may be tried in the very moment in which it is taken back: then the write is refused, and done anew.
fn is_late_withdrawal(line: &str) -> bool {
    let withdrawn = regex::Regex::new(r"withdrawn: \d+").expect("a pattern");
    let line = withdrawn.replace_all(line, "");
    let mut counts = line.split("Expected { ").skip(1).filter_map(|rest| rest.split(" }").next());
    matches!((counts.next(), counts.next()), (Some(expected), Some(found)) if expected == found)
}
