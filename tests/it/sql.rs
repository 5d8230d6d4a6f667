//! Every statement of the store, against the real schema: it prepares, so names and types are right, and its plan uses
//! an index for every table that grows.

use std::{fs, path::Path};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::harness::fresh_database;

struct Statement {
    name: String,
    sql: String,
    parameters: usize,
}

fn statements() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql");
    let mut all: Vec<Statement> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let sql = fs::read_to_string(&path).expect("a statement");
            let code: String = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
            let parameters = (1..20).rev().find(|n| code.contains(&format!("${n}"))).unwrap_or(0);
            Statement {
                name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
                sql,
                parameters,
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

#[tokio::test]
async fn every_statement_prepares() {
    let mut connection = PgConnection::connect_with(&fresh_database().await).await.unwrap();
    let mut wrong = Vec::new();
    for statement in statements() {
        if let Err(error) =
            run(&mut connection, format!("PREPARE {} AS {}", statement.name, statement.sql)).await
        {
            wrong.push(format!("{}: {error}", statement.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Read whole by intent: `repository` is listed for the page; `lock` and `lease` are listed for operators; gauges are of
/// all that is open; installations are compared with GitHub's list.
const LISTS: [&str; 7] =
    ["known_installations", "repositories", "lock_view", "lease_view", "dead", "retire", "gauges"];

/// A plan that can use an index does so once sequential scans are priced out, whatever the tables' size. What still
/// shows one has no index, and would read a million rows.
#[tokio::test]
async fn every_plan_uses_an_index() {
    let mut connection = PgConnection::connect_with(&fresh_database().await).await.unwrap();
    run(&mut connection, "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan".into())
        .await
        .unwrap();
    let mut wrong = Vec::new();
    for statement in statements() {
        if LISTS.contains(&statement.name.as_str()) {
            continue;
        }
        let nulls = vec!["NULL"; statement.parameters].join(", ");
        let call =
            if nulls.is_empty() { statement.name.clone() } else { format!("{}({nulls})", statement.name) };
        run(&mut connection, format!("PREPARE {} AS {}", statement.name, statement.sql)).await.unwrap();
        let explain = format!("EXPLAIN EXECUTE {call}");
        let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        if plan.iter().any(|line| line.contains("Seq Scan on")) {
            wrong.push(format!("{}:\n{}", statement.name, plan.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
