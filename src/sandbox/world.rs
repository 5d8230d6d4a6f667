//! Everything that the simulated GitHub knows, in one place: [`super::Sandbox`] keeps it behind one mutex.
//! The other files of this room add the methods of their concept to [`World`].

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    Options,
    auth::{AppKey, Token},
    faults::Faults,
    installations::Installation,
    progress::Step,
    record::Record,
    repos::Repo,
    runs::Run,
    table::Table,
    webhooks::Hooks,
};

/// The whole state. Methods that change it are those of the control API and those that answer the App's requests.
pub struct World {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) key: AppKey,
    pub(super) table: Table,
    pub(super) users: BTreeMap<String, User>,
    pub(super) installations: BTreeMap<u64, Installation>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) repos: BTreeMap<String, Repo>,
    /// Names that were given up → the repository that had it.
    pub(super) moved: BTreeMap<String, u64>,
    pub(super) runs: BTreeMap<u64, Run>,
    pub(super) schedule: BTreeMap<(DateTime<Utc>, u64), Step>,
    pub(super) hooks: Hooks,
    pub(super) faults: Faults,
    pub(super) record: Record,
    pub(super) rate: Rate,
    last_id: u64,
    random: u64,
}

/// An account: a person, or the App's bot.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub login: String,
    pub id: u64,
    pub bot: bool,
}

/// The App's budget of calls in the present hour.
#[derive(Default)]
pub(super) struct Rate {
    pub used: u32,
    pub reset: DateTime<Utc>,
}

/// Why GitHub would not do something: the HTTP status and the `message` of its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refusal {
    pub status: u16,
    pub message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }
}

impl World {
    pub(super) fn new(options: Options, base_url: String, key: AppKey, table: Table) -> Self {
        let url = options.webhook_url.clone();
        let random = options.seed;
        let mut world = Self {
            options,
            base_url,
            key,
            table,
            users: BTreeMap::new(),
            installations: BTreeMap::new(),
            tokens: HashMap::new(),
            repos: BTreeMap::new(),
            moved: BTreeMap::new(),
            runs: BTreeMap::new(),
            schedule: BTreeMap::new(),
            hooks: Hooks::new(url),
            faults: Faults::default(),
            record: Record::default(),
            rate: Rate::default(),
            last_id: 1000,
            random,
        };
        let bot = world.bot();
        let id = world.new_id();
        world.users.insert(bot.clone(), User { login: bot, id, bot: true });
        world
    }

    /// Adds a person; one who exists stays as is. Everything that names a login does this by itself.
    pub fn add_user(&mut self, login: &str) -> u64 {
        if let Some(user) = self.users.get(login) {
            return user.id;
        }
        let id = self.new_id();
        self.users.insert(login.to_owned(), User { login: login.to_owned(), id, bot: false });
        id
    }

    /// How many calls of the App arrived so far, whatever became of them.
    pub fn calls(&self) -> u64 {
        self.record.calls.values().sum()
    }

    /// The login of the App's bot.
    pub fn bot(&self) -> String {
        format!("{}[bot]", self.options.app_slug)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.options.clock.now()
    }

    /// Ids of all kinds come from one growing counter.
    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The account as GitHub shows it in answers and payloads.
    pub(super) fn user_json(&self, login: &str) -> Value {
        let Some(user) = self.users.get(login) else {
            return json!({ "login": "ghost", "id": 0, "type": "User" });
        };
        json!({
            "login": user.login,
            "id": user.id,
            "node_id": format!("U_{}", user.id),
            "type": if user.bot { "Bot" } else { "User" },
            "html_url": format!("{}/{}", self.base_url, user.login),
            "site_admin": false,
        })
    }

    /// The next number of a small generator (SplitMix64), so that a seed repeats a whole story.
    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.random() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn uuid(&mut self) -> String {
        let bits = u128::from(self.random()) << 64 | u128::from(self.random());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// 40 hex digits that name a commit.
    pub(super) fn new_sha(&mut self) -> String {
        sha_of(&self.new_id().to_be_bytes())
    }
}

/// 40 hex digits that stand for some content. Not git's own hash; nothing here compares it with one.
pub(super) fn sha_of(content: &[u8]) -> String {
    hex::encode(&digest::digest(&digest::SHA256, content).as_ref()[..20])
}

/// GitHub's way to write a time, to the second.
pub(super) fn iso(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
