//! Where the installed PostgreSQL binaries are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::ClusterError;

#[cfg(test)]
mod tests;

/// The oldest major that the schema is written for.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Where packages put the server's binaries when not on `PATH`: Debian, PGDG for Fedora, Fedora, Homebrew (Apple
/// silicon, Intel, Linux), Postgres.app. Relative to the root; `*` stands inside one component.
const USUAL_FOLDERS: &[&str] = &[
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A folder that holds `postgres` and `initdb` of one major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installation {
    pub bin: PathBuf,
    pub major: u32,
}

/// A search over a file tree (`/`, except in tests).
pub(super) struct Search<'a> {
    pub root: PathBuf,
    /// The person's own choice; when given, nothing else is looked at.
    pub setting: Option<PathBuf>,
    /// What `pg_config --bindir` says, then `PATH`.
    pub folders: Vec<PathBuf>,
    /// The major of a `postgres` binary, if it is one.
    pub major_of: &'a dyn Fn(&Path) -> Option<u32>,
}

impl Search<'static> {
    /// A search of this machine.
    pub fn this_machine(setting: Option<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = pg_config_bindir().into_iter().chain(std::env::split_paths(&path)).collect();
        Self { root: "/".into(), setting, folders, major_of: &ask_major }
    }
}

impl Search<'_> {
    /// The newest installation, for a new cluster.
    pub fn newest(&self) -> Result<Installation, ClusterError> {
        let mut found = self.all()?;
        found.sort_by_key(|installation| std::cmp::Reverse(installation.major));
        found
            .into_iter()
            .next()
            .ok_or_else(|| ClusterError::NotInstalled { install: install_command(&self.root, None) })
    }

    /// The installation that can open `data`, a cluster of `major`.
    pub fn of_major(&self, major: u32, data: &Path) -> Result<Installation, ClusterError> {
        self.all()?.into_iter().find(|installation| installation.major == major).ok_or_else(|| {
            ClusterError::MajorMissing {
                major,
                data: data.into(),
                install: install_command(&self.root, Some(major)),
            }
        })
    }

    fn all(&self) -> Result<Vec<Installation>, ClusterError> {
        if let Some(bin) = &self.setting {
            let installation = self.inspect(bin).ok_or_else(|| ClusterError::BadBinDir(bin.clone()))?;
            return Ok(vec![installation]);
        }
        let usual = USUAL_FOLDERS.iter().flat_map(|pattern| expand(&self.root, pattern));
        Ok(self.folders.iter().cloned().chain(usual).filter_map(|folder| self.inspect(&folder)).collect())
    }

    /// `folder` itself, or the folder that its `postgres` links to, since initdb wants both side by side.
    fn inspect(&self, folder: &Path) -> Option<Installation> {
        let bin = fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_path_buf();
        if !bin.join("initdb").is_file() {
            return None;
        }
        let major = (self.major_of)(&bin.join("postgres"))?;
        (major >= OLDEST_MAJOR).then_some(Installation { bin, major })
    }
}

/// The folders that match `pattern` under `root`.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    pattern.split('/').fold(vec![root.to_path_buf()], |folders, part| match part.split_once('*') {
        None => folders.into_iter().map(|folder| folder.join(part)).collect(),
        Some((before, after)) => folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten()
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                name.to_str().is_some_and(|name| name.starts_with(before) && name.ends_with(after))
            })
            .map(|entry| entry.path())
            .collect(),
    })
}

/// What installs PostgreSQL on the system under `root`: the one command, in backticks, for a certain major or the usual one.
fn install_command(root: &Path, major: Option<u32>) -> String {
    if root.join("System/Library/CoreServices/SystemVersion.plist").exists() {
        return format!("`brew install postgresql@{}`", major.unwrap_or(17));
    }
    let release = fs::read_to_string(root.join("etc/os-release")).unwrap_or_default();
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"')
    };
    let mut ids = value("ID").split_whitespace().chain(value("ID_LIKE").split_whitespace());
    match ids.find_map(|id| package_command(id, major)) {
        Some(command) => format!("`{command}`"),
        None => format!("your package manager (server, version {})", major.unwrap_or(17)),
    }
}

/// By the `ID` of os-release.
fn package_command(system: &str, major: Option<u32>) -> Option<String> {
    let number = major.map(|major| major.to_string()).unwrap_or_default();
    Some(match (system, major) {
        ("debian" | "ubuntu", Some(major)) => format!("apt-get install -y postgresql-{major}"),
        ("debian" | "ubuntu", None) => "apt-get install -y postgresql".into(),
        ("fedora" | "rhel" | "centos", _) => format!("dnf install -y postgresql{number}-server"),
        ("suse" | "opensuse", _) => format!("zypper install -y postgresql{number}-server"),
        ("alpine", _) => format!("apk add postgresql{number}"),
        ("arch", Some(_)) => "pacman -S postgresql-old-upgrade".into(),
        ("arch", None) => "pacman -S postgresql".into(),
        _ => return None,
    })
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| folder.trim().into())
}

/// Reads `postgres (PostgreSQL) 15.13 (Debian …)`.
fn ask_major(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_major(&String::from_utf8(output.stdout).ok()?)
}

/// Also takes `17beta2` and `18devel`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.strip_prefix("postgres (PostgreSQL) ")?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}
