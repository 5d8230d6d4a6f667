//! What all loops share: the rooms that they connect, and hints to look sooner.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::sync::{Notify, OnceCell};

use super::{Health, monitor, obstacle::NobodyLeft};
use crate::{
    clock::Clock,
    github::{GitHub, Repo},
    queue::{Access, Event, RepoKey},
    store::{Repository, Store},
};

/// What all loops share. Clones share it.
#[derive(Clone)]
pub struct Context(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub store: Store,
    pub github: GitHub,
    pub clock: Clock,
    pub wakes: Wakes,
    /// What people open: the server's public address, without a slash at its end.
    pub public_url: String,
    /// GitHub is asked about a run at least this often.
    pub check_runs_every: Duration,
    /// GitHub's list of deliveries is looked through this often.
    pub reconcile_every: Duration,
    pub bot: OnceCell<String>,
    pub health: Health,
    pub missing: monitor::Missing,
}

/// Hints within this process. Each means: look now.
#[derive(Default)]
pub(super) struct Wakes {
    pub prepare: Notify,
    pub apply: Notify,
    pub actions: Notify,
    pub words: Notify,
    pub mirror: Notify,
    pub redeliver: Notify,
}

impl Context {
    pub fn new(
        store: Store,
        github: GitHub,
        clock: Clock,
        public_url: String,
        check_runs_every: Duration,
        reconcile_every: Duration,
    ) -> Self {
        let (wakes, bot) = (Wakes::default(), OnceCell::new());
        let health = Health::new(Clock::system(), clock.rate());
        Self(Arc::new(Shared {
            store,
            github,
            clock,
            wakes,
            public_url,
            check_runs_every,
            reconcile_every,
            bot,
            health,
            missing: monitor::Missing::default(),
        }))
    }

    /// Whether the loops are alive.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Something new is in the inbox.
    pub fn wake_intake(&self) {
        self.0.wakes.prepare.notify_one();
        self.0.wakes.apply.notify_one();
        self.0.wakes.words.notify_one();
    }

    /// What the App may do somewhere changed: anything may be due.
    pub fn wake_all(&self) {
        self.wake_intake();
        self.wake_effects();
    }

    pub(super) fn wake_effects(&self) {
        self.0.wakes.actions.notify_one();
        self.0.wakes.words.notify_one();
        self.0.wakes.mirror.notify_one();
    }

    /// The login that GitHub shows for what this App does. Asked once, remembered in the database.
    pub(super) async fn bot(&self) -> anyhow::Result<&str> {
        let ask = || async {
            match self.0.github.app().await {
                Ok(app) => Ok(self.0.store.remember_bot(&format!("{}[bot]", app.slug)).await?),
                Err(error) => match self.0.store.remembered_bot().await? {
                    Some(bot) => Ok(bot),
                    None => Err(anyhow::Error::new(error).context("GitHub must be asked once who we are")),
                },
            }
        };
        Ok(self.0.bot.get_or_try_init(ask).await?)
    }

    /// The repository and its address for calls. A transferred one has the names and the installation of its new owner.
    ///
    /// # Errors
    /// [`NobodyLeft`] if it is deleted, or the App is not where it went.
    pub(super) async fn repository(&self, repo: RepoKey) -> anyhow::Result<(Repository, Repo)> {
        let mut row = self.0.store.repository(repo).await?.context("the repository is not known")?;
        match row.access {
            Access::Deleted => return Err(NobodyLeft(row.access).into()),
            Access::Transferred => {
                let successor = self.0.store.successor(repo).await?.ok_or(NobodyLeft(row.access))?;
                let Repository { owner, name, installation_id, .. } = successor;
                row = Repository { owner, name, installation_id, ..row };
            }
            _ => {}
        }
        let installation = row.installation_id.cast_unsigned();
        let address = Repo { owner: row.owner.clone(), name: row.name.clone(), installation };
        Ok((row, address))
    }

    pub(super) fn queue_url(&self, repository: &Repository) -> String {
        format!("{}/q/{}/{}", self.0.public_url, repository.owner, repository.name)
    }

    /// Puts an event of our own in the inbox.
    pub(super) async fn tell(&self, repo: RepoKey, source: &str, event: &Event) -> anyhow::Result<()> {
        self.0.store.add_event(repo, source, event).await?;
        self.0.wakes.apply.notify_one();
        Ok(())
    }
}
