//! What the database itself remembers: the clock of tests and demo, the key's fingerprint, the operator's token.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Cursor, Store, StoreError, read_one};

const DELIVERY_CURSOR: &str = "delivery_cursor";

/// A clock that is not the wall's: it showed `shown` at `real` and runs `rate` times as fast.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct StoredClock {
    pub real: DateTime<Utc>,
    pub shown: DateTime<Utc>,
    pub rate: f64,
}

impl Store {
    /// Anchors the stored clock: it shows `shown` now and runs at `rate`. Tests and the demo only.
    pub async fn set_clock(&self, shown: DateTime<Utc>, rate: f64) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/set_clock.sql")).bind(shown).bind(rate).execute(&self.pool).await?;
        Ok(())
    }

    /// The stored clock; none where the wall's counts.
    pub async fn stored_clock(&self) -> Result<Option<StoredClock>, StoreError> {
        read_one(&self.pool, sqlx::query_scalar(include_str!("sql/setting.sql")).bind("clock")).await
    }

    /// Refuses to go on with another secret key than the one that this database was written with.
    pub async fn check_keys(&self) -> Result<(), StoreError> {
        let ours = self.keys.fingerprints();
        let first = ours.first().cloned().unwrap_or_default();
        let stored = self.add_setting("key_fingerprint", &json!(first)).await?;
        let stored = stored.as_str().unwrap_or_default();
        if stored == first {
            return Ok(());
        }
        if ours.iter().any(|ours| ours == stored) {
            // Rotation: the new key comes first, the old one still opens what it sealed.
            return self.save_setting("key_fingerprint", &json!(first)).await;
        }
        Err(StoreError::Setting(format!(
            "TRILOCK_SECRET_KEY is not the key that this database was written with (fingerprint {stored}, given {first}). \
             Give that key, or while rotating both: the new one first, then a comma and the old one."
        )))
    }

    /// The token that operators use, made once and kept sealed in the database.
    pub async fn operator_token(&self) -> Result<String, StoreError> {
        let fresh = hex::encode(super::seal::random::<24>()?);
        let sealed = hex::encode(self.keys.seal(fresh.as_bytes())?);
        let kept = self.add_setting("operator_token", &json!(sealed)).await?;
        let sealed = kept.as_str().and_then(|text| hex::decode(text).ok()).unwrap_or_default();
        let token = self.keys.open(&sealed)?;
        // While rotating: under the first key from now on, so that the old one can go.
        self.save_setting("operator_token", &json!(hex::encode(self.keys.seal(&token)?))).await?;
        String::from_utf8(token)
            .map_err(|_| StoreError::Setting("the stored operator token cannot be read".into()))
    }

    /// Keeps our own login for the times when GitHub cannot be asked.
    pub async fn remember_bot(&self, login: &str) -> Result<String, StoreError> {
        self.save_setting("bot", &json!(login)).await?;
        Ok(login.to_owned())
    }

    pub async fn remembered_bot(&self) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/setting.sql"));
        let value: Option<Value> = query.bind("bot").fetch_optional(&self.pool).await?;
        Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
    }

    /// How far GitHub's list of deliveries was looked through. The first to ask begins now.
    pub async fn delivery_cursor(&self, now: DateTime<Utc>) -> Result<Cursor, StoreError> {
        let first = Cursor { since: now, through: None };
        let stored = self.add_setting(DELIVERY_CURSOR, &json!(first)).await?;
        serde_json::from_value(stored)
            .map_err(|error| StoreError::Setting(format!("{DELIVERY_CURSOR}: {error}")))
    }

    pub async fn save_delivery_cursor(&self, cursor: Cursor) -> Result<(), StoreError> {
        self.save_setting(DELIVERY_CURSOR, &json!(cursor)).await
    }

    pub(super) async fn add_setting(&self, name: &str, value: &Value) -> Result<Value, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/add_setting.sql"));
        Ok(query.bind(name).bind(value).fetch_one(&self.pool).await?)
    }

    pub(super) async fn save_setting(&self, name: &str, value: &Value) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/save_setting.sql")).bind(name).bind(value).execute(&self.pool).await?;
        Ok(())
    }
}
