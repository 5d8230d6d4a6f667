//! Answers that are nobody else's to see, and the keyed hash that tells whether two requests ask for the same.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Store, StoreError, seal::random};
use crate::request::Request;

const KEY: &str = "answers_key";

/// How many are brought under a new key at once.
const AT_ONCE: i64 = 500;

impl Store {
    /// Seals a request's private answers, which it then has no more, and names all of its answers. `git_ref` is what is built
    /// where the request names no branch or tag.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn seal_request(&self, request: &mut Request, git_ref: &str) -> Result<(), StoreError> {
        let git_ref = request.git_ref.as_deref().unwrap_or(git_ref);
        let answers = json!([request.build_type, request.workflow, git_ref, request.inputs, request.private]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.answers_key().await?);
        request.digest = Some(hex::encode(hmac::sign(&key, answers.to_string().as_bytes())));
        let private = std::mem::take(&mut request.private);
        if !private.is_empty() {
            request.sealed = Some(self.keys.seal_answers(&private)?);
        }
        Ok(())
    }

    /// Made once, kept sealed in the database: two servers must come to the same names.
    async fn answers_key(&self) -> Result<[u8; 32], StoreError> {
        let make = || async {
            let sealed = STANDARD.encode(self.keys.seal(&random::<32>()?)?);
            let kept = self.add_setting(KEY, &json!(sealed)).await?;
            let sealed = kept.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
            let key = self.keys.open(&sealed)?;
            // While rotating: under the first key from now on, so that the old one can go.
            self.save_setting(KEY, &json!(STANDARD.encode(self.keys.seal(&key)?))).await?;
            key.try_into().map_err(|_| StoreError::Setting(format!("the stored {KEY} cannot be read")))
        };
        Ok(*self.answers_key.get_or_try_init(make).await?)
    }

    /// Brings private answers under the newest key, so that the old one can go, and forgets those of builds that ended before
    /// `ended`. What they say does not change, so no lock is taken; a row that moves meanwhile is found the next time.
    ///
    /// # Errors
    /// When some are sealed with a key that there is no more.
    pub async fn keep_answers(&self, ended: DateTime<Utc>) -> Result<(), StoreError> {
        // The key of their names too, also where nobody asks for anything for long.
        self.answers_key().await?;
        sqlx::query(include_str!("sql/forget_answers.sql")).bind(ended).execute(&self.pool).await?;
        let rows: Vec<(i64, Uuid, String)> = sqlx::query_as(include_str!("sql/answers_to_reseal.sql"))
            .bind(self.keys.newest())
            .bind(AT_ONCE)
            .fetch_all(&self.pool)
            .await?;
        for (tenant_id, build_id, sealed) in rows {
            let Some(anew) = self.keys.seal_anew(&sealed)? else { continue };
            sqlx::query(include_str!("sql/reseal_answers.sql"))
                .bind(tenant_id)
                .bind(build_id)
                .bind(&sealed)
                .bind(anew)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }
}
