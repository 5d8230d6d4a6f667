use std::fs;

use super::*;

/// A file tree with an installation in each folder; its `postgres` holds the major.
fn tree(folders: &[(&str, u32)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (folder, major) in folders {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("postgres"), major.to_string()).unwrap();
        fs::write(folder.join("initdb"), "").unwrap();
    }
    root
}

fn search(root: &tempfile::TempDir) -> Search<'static> {
    let major_of = &|postgres: &Path| fs::read_to_string(postgres).ok()?.parse().ok();
    Search { root: root.path().canonicalize().unwrap(), setting: None, folders: vec![], major_of }
}

fn release(root: &tempfile::TempDir, text: &str) {
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/os-release"), text).unwrap();
}

#[test]
fn every_usual_folder_is_searched() {
    for folder in [
        "usr/lib/postgresql/16/bin",
        "usr/bin",
        "usr/pgsql-16/bin",
        "opt/homebrew/opt/postgresql@16/bin",
        "usr/local/opt/postgresql@16/bin",
        "home/linuxbrew/.linuxbrew/opt/postgresql@16/bin",
        "Applications/Postgres.app/Contents/Versions/16/bin",
    ] {
        let root = tree(&[(folder, 16)]);
        let search = search(&root);
        let expected = Installation { bin: search.root.join(folder), major: 16 };
        assert_eq!(search.newest().unwrap(), expected, "{folder}");
    }
}

#[test]
fn the_newest_wins_wherever_it_is_and_too_old_ones_do_not_count() {
    let root = tree(&[
        ("usr/lib/postgresql/9/bin", 9),
        ("usr/lib/postgresql/15/bin", 15),
        ("own/bin", 18),
        ("usr/bin", 17),
    ]);
    let mut search = search(&root);
    assert_eq!(search.newest().unwrap().major, 17);
    search.folders = vec![search.root.join("own/bin")];
    assert_eq!(search.newest().unwrap().major, 18);
    let old = tree(&[("usr/lib/postgresql/14/bin", 14)]);
    assert!(matches!(super::tests::search(&old).newest(), Err(ClusterError::NotInstalled { .. })));
}

#[test]
fn a_link_on_the_path_leads_to_the_folder_with_initdb() {
    let root = tree(&[("opt/pg/bin", 15)]);
    let mut search = search(&root);
    let path = search.root.join("usr/local/bin");
    fs::create_dir_all(&path).unwrap();
    std::os::unix::fs::symlink(search.root.join("opt/pg/bin/postgres"), path.join("postgres")).unwrap();
    search.folders = vec![path];
    assert_eq!(search.newest().unwrap().bin, search.root.join("opt/pg/bin"));
}

#[test]
fn a_folder_without_initdb_is_no_installation() {
    let root = tree(&[("usr/bin", 16)]);
    fs::remove_file(root.path().join("usr/bin/initdb")).unwrap();
    assert!(matches!(search(&root).newest(), Err(ClusterError::NotInstalled { .. })));
}

#[test]
fn the_setting_alone_counts_and_a_wrong_one_is_named() {
    let root = tree(&[("usr/bin", 17), ("mine", 15)]);
    let mut search = search(&root);
    search.setting = Some(root.path().join("mine"));
    assert_eq!(search.newest().unwrap().major, 15);
    search.setting = Some(root.path().join("empty"));
    let error = search.newest().unwrap_err().to_string();
    assert!(error.contains("/empty") && error.contains("TRILOCK_PG_BIN"), "{error}");
}

#[test]
fn a_cluster_gets_the_binaries_of_its_own_major_or_the_package_is_named() {
    let root = tree(&[("usr/lib/postgresql/15/bin", 15), ("usr/lib/postgresql/17/bin", 17)]);
    release(&root, "ID=ubuntu\nID_LIKE=debian\n");
    let data = Path::new("/var/lib/trilock/pg-16");
    assert_eq!(search(&root).of_major(15, data).unwrap().major, 15);
    let error = search(&root).of_major(16, data).unwrap_err().to_string();
    assert!(
        error.contains("apt-get install -y postgresql-16") && error.contains("/var/lib/trilock/pg-16"),
        "{error}"
    );
}

#[test]
fn the_command_is_that_of_the_system() {
    for (text, command) in [
        ("ID=debian\n", "apt-get install -y postgresql"),
        ("NAME=Mint\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install -y postgresql"),
        ("ID=fedora\n", "dnf install -y postgresql-server"),
        ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install -y postgresql-server"),
        ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install -y postgresql-server"),
        ("ID=alpine\n", "apk add postgresql"),
        ("ID=arch\n", "pacman -S postgresql"),
    ] {
        let root = tree(&[]);
        release(&root, text);
        assert_eq!(install_command(root.path(), None), format!("`{command}`"));
    }
    let mac = tree(&[]);
    fs::create_dir_all(mac.path().join("System/Library/CoreServices")).unwrap();
    fs::write(mac.path().join("System/Library/CoreServices/SystemVersion.plist"), "").unwrap();
    assert_eq!(install_command(mac.path(), None), "`brew install postgresql@17`");
    assert_eq!(install_command(mac.path(), Some(16)), "`brew install postgresql@16`");
}

#[test]
fn versions_are_read_as_postgres_writes_them() {
    assert_eq!(parse_major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
    assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
    assert_eq!(parse_major("psql (PostgreSQL) 15.13\n"), None);
}
