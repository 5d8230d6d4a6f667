//! Migrations are tried on rows, bad rows are refused by the constraint that is meant to, and every key begins with the
//! tenant.

use std::{collections::BTreeSet, path::Path};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use trilock::store::{LockBounds, MIGRATIONS, Store};

use crate::harness::{empty_database, fresh_database};

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// `tests/it/migrations/0001.sql` and so on: rows in the form that this version has.
fn sample(version: i64) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/migrations/{version:04}.sql"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("migration {version} needs sample rows in {}: {error}", path.display())
    })
}

/// All migrations, each tried on the rows of those before it.
async fn migrated() -> PgConnection {
    let mut connection = PgConnection::connect_with(&empty_database().await).await.unwrap();
    for migration in MIGRATIONS.iter() {
        run(&mut connection, migration.sql.as_str().to_owned())
            .await
            .unwrap_or_else(|error| panic!("migration {}: {error}", migration.version));
        run(&mut connection, sample(migration.version))
            .await
            .unwrap_or_else(|error| panic!("the sample of migration {}: {error}", migration.version));
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.unwrap();
        for table in tables {
            let sql = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table})"));
            let any: bool = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            assert!(any, "after migration {} no sample is in {table}", migration.version);
        }
    }
    connection
}

const TABLES: &str = "SELECT oid::regclass::text FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1";

#[tokio::test]
async fn each_migration_runs_on_the_rows_of_those_before_it() {
    let mut connection = migrated().await;
    let ours: BTreeSet<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/migrations");
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let version = path.file_stem().unwrap().to_string_lossy().parse().expect("named after its migration");
        assert!(ours.contains(&version), "{} belongs to no migration", path.display());
    }
    let now: bool = sqlx::query_scalar("SELECT trilock_now() <= clock_timestamp()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(now);
}

/// A row that breaks the constraint, made from the samples.
const BAD_ROWS: [(&str, &str); 34] = [
    ("repository_access", "UPDATE repository SET access = 'odd'"),
    ("installation_state", "UPDATE installation SET state = 'odd'"),
    ("repository_policy_state", "UPDATE repository SET policy_state = 'odd'"),
    ("repository_good_has_catalogue", "UPDATE repository SET catalogue = NULL"),
    ("repository_file_of", "UPDATE repository_file SET repo_id = 43"),
    ("delivery_outcome", "UPDATE delivery SET outcome = 'odd'"),
    ("inbox_source", "UPDATE inbox SET source = 'odd'"),
    ("inbox_state", "UPDATE inbox SET state = 'odd'"),
    ("lock_class", "UPDATE lock SET class = 4 WHERE class = 3"),
    ("lock_counters", "UPDATE lock SET counter = -1"),
    ("build_status", "UPDATE build SET status = 'succeeded'"),
    ("build_trigger", "UPDATE build SET trigger = 'odd'"),
    ("build_priority", "UPDATE build SET priority = 'odd'"),
    ("build_queued_has_ticket", "UPDATE build SET ticket = NULL WHERE status = 'queued'"),
    ("build_running_has_run", "UPDATE build SET run_id = NULL WHERE status = 'running'"),
    (
        "build_one_open_per_issue_and_type",
        "INSERT INTO build SELECT (jsonb_populate_record(b, jsonb_build_object('build_id', gen_random_uuid(),
             'run_id', 901))).* FROM build b WHERE status = 'running'",
    ),
    (
        "build_one_per_run",
        "INSERT INTO build SELECT (jsonb_populate_record(b, jsonb_build_object('build_id', gen_random_uuid(),
             'issue', 9))).* FROM build b WHERE status = 'running'",
    ),
    (
        "build_one_per_place",
        "INSERT INTO build SELECT (jsonb_populate_record(b, jsonb_build_object('build_id', gen_random_uuid(),
             'issue', 9))).* FROM build b WHERE status = 'queued'",
    ),
    ("build_history_status", "UPDATE build_history SET status = 'queued'"),
    ("build_history_ended", "UPDATE build_history SET ended_at = NULL"),
    (
        "lease_one_holder_per_slot",
        "INSERT INTO lease SELECT (jsonb_populate_record(l, jsonb_build_object('build_id', gen_random_uuid(),
             'token', 3))).* FROM lease l",
    ),
    ("lease_kind", "UPDATE lease SET kind = 'odd'"),
    ("lease_state", "UPDATE lease SET state = 'released'"),
    ("lease_slot", "UPDATE lease SET slot = -1"),
    ("lease_token", "UPDATE lease SET token = 0"),
    (
        "lease_history_pk",
        "INSERT INTO lease_history SELECT (jsonb_populate_record(l, '{\"slot\": 1}')).* FROM lease_history l",
    ),
    ("lease_history_outcome", "UPDATE lease_history SET outcome = 'odd'"),
    (
        "outbox_once",
        "INSERT INTO outbox SELECT (jsonb_populate_record(o, jsonb_build_object('effect_id', gen_random_uuid()))).*
           FROM outbox o",
    ),
    ("outbox_state", "UPDATE outbox SET state = 'odd'"),
    ("mirror_shown", "UPDATE mirror SET shown = wanted + 1"),
    ("delivery_pk", "INSERT INTO delivery SELECT * FROM delivery"),
    (
        "inbox_pk",
        "INSERT INTO inbox SELECT (jsonb_populate_record(i, '{\"issue\": 9}')).* FROM inbox i",
    ),
    ("build_pk", "INSERT INTO build SELECT (jsonb_populate_record(b, '{\"version\": 9}')).* FROM build b LIMIT 1"),
    ("outbox_pk", "UPDATE outbox SET effect_key = 'other'; INSERT INTO outbox
          SELECT (jsonb_populate_record(o, '{\"effect_key\": \"another\"}')).* FROM outbox o"),
];

/// Primary keys that are nothing but the row's identity: the same row again is refused.
const PLAIN_KEYS: [&str; 13] = [
    "audit",
    "installation",
    "redelivery",
    "setting",
    "repository",
    "repository_file",
    "lane",
    "lock",
    "request",
    "cancel_mark",
    "build_history",
    "mirror",
    "posted",
];

#[tokio::test]
async fn each_constraint_refuses_the_row_that_it_is_there_for() {
    let mut connection = migrated().await;
    let keys = PLAIN_KEYS
        .iter()
        .map(|table| (format!("{table}_pk"), format!("INSERT INTO {table} SELECT * FROM {table}")));
    let rows = BAD_ROWS.iter().map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned()));
    let mut tried = BTreeSet::new();
    for (name, sql) in rows.chain(keys) {
        let error = run(&mut connection, sql).await.expect_err(&name);
        let sqlx::Error::Database(error) = error else { panic!("{name}: {error}") };
        assert_eq!(error.constraint(), Some(name.as_str()), "{error}");
        tried.insert(name);
    }
    let all: Vec<String> = sqlx::query_scalar(
        "SELECT conname::text FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'p', 'f', 'x')
         UNION SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
          WHERE relnamespace = 'public'::regnamespace AND indisunique",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(tried, all.into_iter().collect(), "every constraint and unique index has its row here");
}

#[tokio::test]
async fn every_table_has_a_tenant_and_every_key_begins_with_it() {
    let mut connection = migrated().await;
    let without: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class c
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND attname = 'tenant_id'
                               AND attnotnull AND atttypid = 'bigint'::regtype)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(without.is_empty(), "no tenant in {without:?}");

    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT conname::text, attname::text FROM pg_constraint
           JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
          WHERE connamespace = 'public'::regnamespace AND contype IN ('u', 'p', 'f', 'x')
         UNION
         SELECT indexrelid::regclass::text, attname::text FROM pg_index
           JOIN pg_class ON pg_class.oid = indrelid
           LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
          WHERE relnamespace = 'public'::regnamespace AND indisunique",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(keys.len() > 17, "{keys:?}");
    let wrong: Vec<_> = keys.iter().filter(|(_, first)| first != "tenant_id").collect();
    assert!(wrong.is_empty(), "keys that do not begin with the tenant: {wrong:?}");

    let sequences: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(sequences, 0, "no order comes from a sequence");
}

#[tokio::test]
async fn an_older_version_starts_beside_a_newer_schema() {
    let options = fresh_database().await;
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of a newer version', true, '\\x00', 1)";
    run(&mut connection, newer.to_owned()).await.unwrap();
    let store = Store::new(options, LockBounds::default(), "11".repeat(32).parse().unwrap(), 2);
    store.migrate().await.unwrap();
}
