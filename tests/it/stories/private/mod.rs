//! Private answers: whoever wrote one, and wherever, nobody else sees it.

mod keys;
mod written;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sqlx::{AssertSqlSafe, Row as _};
use trilock::store::AuditQuery;

use crate::{
    harness::{POLICY, REPO, Trilock},
    web::pages::Pages,
};

/// What nobody may find.
const PLANTED: &str = "planted.person@private.example";
/// The part of it that is left of it in any form.
const PART: &str = "planted.person";

const TABLES: &str = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";

async fn with_a_private_answer() -> Trilock {
    let t = Trilock::start().await;
    t.policy(&format!(
        "{POLICY}      email: {{ label: E-mail, type: email, private: true, example: you@mail.example }}\n"
    ))
    .await;
    t
}

/// As text, as hex, and as the three ways in which base64 may cut it.
fn forms() -> Vec<String> {
    let base64 = (0..3).map(|before| {
        let text = STANDARD.encode([vec![0; before], PART.as_bytes().to_vec()].concat());
        // The first and last characters also hold bits of what stands around it.
        text[4..text.len() - 4].to_owned()
    });
    [PART.to_owned(), hex::encode(PART)].into_iter().chain(base64).collect()
}

/// It is in no comment, check or page, in no audit row and in no column of any table.
async fn is_nowhere(t: &Trilock, when: &str) {
    let mut places = Vec::new();
    {
        let world = t.github.world();
        let bot = world.bot();
        for issue in 1..100 {
            let own = world.comments(REPO, issue).into_iter().filter(|comment| comment.author == bot);
            places.extend(own.flat_map(|comment| comment.edits.into_iter().chain([comment.body])));
        }
        places.extend(world.checks(REPO).iter().map(|check| format!("{check:?}")));
        places.extend(world.runs(REPO).iter().map(|run| format!("{run:?}")));
    }
    for path in [
        "/api/overview".to_owned(),
        format!("/api/queue/{REPO}"),
        format!("/q/{REPO}"),
        "/metrics".to_owned(),
    ] {
        places.push(Pages::of(t).get(&path).await.body);
    }
    let query = AuditQuery { limit: 1000, ..AuditQuery::default() };
    let audit = t.store.audit_view(&query).await.expect("the audit");
    places.extend(audit.iter().map(|row| format!("{row:?}")));
    places.extend(rows(t).await);
    for form in forms() {
        let found = places.iter().find(|place| place.contains(&form));
        assert!(found.is_none(), "{when}: {form} stands in {}", found.expect("a place"));
    }
}

/// Every row of every table, as text.
async fn rows(t: &Trilock) -> Vec<String> {
    let mut connection = t.connection().await;
    let tables = sqlx::query(TABLES).fetch_all(&mut *connection).await.expect("the tables");
    let mut all = Vec::new();
    for table in tables {
        let name: String = table.get(0);
        let query = format!("SELECT t::text FROM \"{name}\" t");
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await.expect("its rows");
        all.extend(rows.into_iter().map(|row| format!("{name}: {}", row.get::<String, _>(0))));
    }
    all
}
