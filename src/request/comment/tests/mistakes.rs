use super::*;

#[test]
fn no_mistake_turns_a_dry_run_into_a_build() {
    let meant = "is not an option; did you mean `--dry-run`?";
    let bare = "is not an option; inputs are written without dashes";
    let other = "is not an option; the only one is `--dry-run`";
    for (text, found, why, corrected) in [
        ("/build —dry-run tag=v1", "—dry-run", meant, "/build --dry-run tag=v1"),
        ("/build desktop --dry_run", "--dry_run", meant, "/build --dry-run desktop"),
        ("/build tag=v1 --dryrun", "--dryrun", meant, "/build --dry-run tag=v1"),
        ("/build -dry-run tag=v1", "-dry-run", meant, "/build --dry-run tag=v1"),
        ("/build --dry-run=true tag=v1", "--dry-run=true", meant, "/build --dry-run tag=v1"),
        ("/build --dry tag=v1", "--dry", meant, "/build --dry-run tag=v1"),
        ("/build --tag=v1 --dry-run", "--tag=v1", bare, "/build --dry-run tag=v1"),
        ("/build desktop --tag=v1", "--tag=v1", bare, "/build desktop tag=v1"),
        ("/build desktop --force", "--force", other, "/build desktop"),
    ] {
        let error = one(text).unwrap_err();
        let line = error.corrected.as_deref();
        assert_eq!((error.found.as_str(), error.why.as_str(), line), (found, why, Some(corrected)), "{text}");
    }
    let error = one("/build --dry-run tag = v1").unwrap_err();
    assert_eq!(error.corrected.as_deref(), Some("/build --dry-run tag=v1"));
    let error = one("/build --dry-run note=\"a b").unwrap_err();
    assert_eq!(error.corrected.as_deref(), Some("/build --dry-run note=\"a b\""));
}

const ALL: &str = "is not a command; there are `build`, `approve`, `reject`, `cancel`, `retry`, `status`, `queue`, \
                   `unlock`, `help`";
const ONE_TYPE: &str = "`/approve` takes at most the name of a build type after it";

#[test]
fn a_mistake_has_reason_place_and_the_line_to_copy() {
    let pair = "is not `key=value`; a value with blanks needs quotes: `key=\"two words\"`";
    for (text, column, found, why, corrected) in [
        ("/buid tag=v1", 1, "/buid", "is not a command; did you mean `/build`?", Some("/build tag=v1")),
        ("/cancle", 1, "/cancle", "is not a command; did you mean `/cancel`?", Some("/cancel")),
        ("/cancel。", 1, "/cancel。", "is not a command; did you mean `/cancel`?", Some("/cancel")),
        ("/trilok build", 1, "/trilok", "is not a command; did you mean `/trilock`?", Some("/trilock help")),
        (
            "/trilock biuld a=b",
            10,
            "biuld",
            "is not a command; did you mean `build`?",
            Some("/trilock build a=b"),
        ),
        ("/trilock deploy", 10, "deploy", ALL, Some("/trilock help")),
        ("/trilock cancel it", 17, "it", "`/cancel` takes nothing after it", Some("/trilock cancel")),
        (
            "/aprove desktop",
            1,
            "/aprove",
            "is not a command; did you mean `/approve`?",
            Some("/approve desktop"),
        ),
        ("/approve desktop now", 18, "now", ONE_TYPE, Some("/approve desktop")),
        ("/approve tag=v1", 10, "tag=v1", ONE_TYPE, Some("/approve")),
        (
            "/retry desktop tag＝v2",
            8,
            "desktop tag＝v2",
            "`/retry` takes the same answers as before; `/build` takes others",
            Some("/build desktop tag＝v2"),
        ),
        (
            "/reject ",
            8,
            "",
            "`/reject` needs a reason: who asked for the build reads it",
            Some("/reject reason"),
        ),
        (
            "/unlock",
            8,
            "",
            "`/unlock` needs the name of a resource, and a reason",
            Some("/unlock RESOURCE reason"),
        ),
        (
            "/trilock unlock gpu:0",
            22,
            "",
            "`/unlock` needs a reason after the resource: the audit keeps it",
            Some("/trilock unlock gpu:0 reason"),
        ),
        ("/queue all", 8, "all", "`/queue` takes nothing after it", Some("/queue")),
        ("/cancel it please", 9, "it please", "`/cancel` takes nothing after it", Some("/cancel")),
        ("/build desktop note=two words", 25, "words", pair, Some("/build desktop note=\"two words\"")),
        ("/build tag = v1.4", 12, "=", pair, Some("/build tag=v1.4")),
        ("/build desktop tag= v1.4", 21, "v1.4", pair, Some("/build desktop tag=v1.4")),
        ("/build desktop now tag=v1.4", 16, "now", pair, Some("/build desktop tag=v1.4")),
        ("/build a=1 b = 2", 12, "b", pair, Some("/build a=1 b=2")),
        ("/build a=\"x\"y", 13, "y", pair, Some("/build a=x")),
        ("/build tag=v1 tag=v2", 15, "tag=v2", "is given twice", Some("/build tag=v2")),
        ("/build note=\"two words", 13, "\"", "this quote has no end", Some("/build note=\"two words\"")),
        ("/build note='two words", 13, "'", "this quote has no end", None),
    ] {
        let expected = CommandError {
            column,
            found: found.to_owned(),
            why: why.to_owned(),
            corrected: corrected.map(str::to_owned),
        };
        assert_eq!(one(text), Err(expected), "{text}");
    }
}
