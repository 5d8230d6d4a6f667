//! `trilock demo`: the whole thing in one process, with a simulated GitHub. Nothing to configure.

mod decided;
mod script;
mod story;
mod summary;
mod town;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::{
    serve::Signals,
    server::{Parts, Server},
    settings::DatabaseSettings,
};
use crate::{
    clock::Clock,
    github::{GitHub, Settings, TimeOuts},
    sandbox::{Options, Plant, Sandbox},
    store::{
        AuditQuery, LockBounds, SecretKeys, Store,
        cluster::{Cluster, ClusterOptions, Home},
    },
    web,
    webhook::WebhookSecrets,
};
use summary::Summary;

#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// How many builds people ask for
    #[arg(long, default_value_t = 12)]
    requests: u32,
    /// How fast time passes: builds take one to three minutes of it
    #[arg(long, default_value_t = 60.0, value_parser = speed)]
    speed: f64,
    /// Repeats the same people, answers and durations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop when all is done and print a summary; fails when an invariant broke
    #[arg(long)]
    exit: bool,
    /// With --exit: the summary as one JSON object, the last line of stdout
    #[arg(long, requires = "exit")]
    json: bool,
    /// Address of the page
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Let the simulated GitHub break a rule, to see that the summary notices
    #[arg(long, value_name = "FAULT")]
    plant: Option<Planted>,
    /// GitHub's request table: every call is held against it
    #[arg(long, env = "TRILOCK_API_REQUESTS", value_name = "FILE", hide = true)]
    api_requests: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Planted {
    /// A dispatch makes two runs
    DoubleDispatch,
    /// A run is reported as ended while it goes on
    EarlyRelease,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (1.0..=600.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 1 to 600".to_owned()),
    }
}

/// How long people may wait at most, per request, by the demo's clock.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Runs the demo.
///
/// # Errors
/// When it cannot be brought up, or, with `--exit`, when an invariant broke.
pub async fn run(args: DemoArgs, database: DatabaseSettings) -> anyhow::Result<()> {
    let mut signals = Signals::take()?;
    let town = Town::build(&args, database.pg_bin).await?;
    println!("The page is at http://{}/  (Ctrl-C ends the demo)\n", town.server.address());
    let telling = tokio::spawn(story::tell(town.sandbox.clone(), town.store.clone()));
    let ended = tokio::select! {
        summary = town.play(&args) => Some(summary?),
        () = signals.received() => None,
    };
    if let Some(summary) = &ended
        && !args.exit
    {
        println!(
            "\n{}\n\nAll requests are answered. Type a comment on the page, or end with Ctrl-C.",
            summary.table()
        );
        signals.received().await;
    }
    telling.abort();
    town.close().await;
    match ended.filter(|_| args.exit) {
        Some(summary) => report(&summary, args.json),
        None => Ok(()),
    }
}

fn report(summary: &Summary, as_json: bool) -> anyhow::Result<()> {
    println!("\n{}", summary.table());
    if as_json {
        println!("{}", serde_json::to_string(summary)?);
    }
    anyhow::ensure!(summary.is_good(), "an invariant broke: {}", summary.violations.join("; "));
    Ok(())
}

/// Everything that the demo brings up.
struct Town {
    clock: Clock,
    sandbox: Sandbox,
    store: Store,
    server: Server,
    cluster: Cluster,
}

impl Town {
    async fn build(args: &DemoArgs, bin_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let options = ClusterOptions { home: Home::Temporary, bin_dir, fsync: true, max_connections: 50 };
        let cluster = Cluster::start(options).await?;
        let keys: SecretKeys = SecretKeys::generate()?.parse()?;
        let store = Store::new(cluster.options(), LockBounds::default(), keys, 16).at_rate(args.speed);
        store.migrate().await?;
        let clock = Clock::starting_at(Clock::system().now(), args.speed);
        store.set_clock(clock.now(), args.speed).await?;

        let secret = SecretKeys::generate()?;
        let sandbox = Sandbox::start(Options {
            webhook_secret: secret.clone(),
            api_requests: args.api_requests.clone(),
            auto: Some(town::runs()),
            cancel_takes: Duration::from_secs(20),
            seed: args.seed,
            plant: args.plant.map(|plant| match plant {
                Planted::DoubleDispatch => Plant::DoubleDispatch,
                Planted::EarlyRelease => Plant::EarlyRelease,
            }),
            ..Options::new(clock.clone())
        })
        .await?;
        let github = GitHub::new(Settings {
            api_url: sandbox.base_url().to_owned(),
            app_id: "1".to_owned(),
            private_key_pem: sandbox.private_key_pem(),
            clock: clock.clone(),
            time_outs: TimeOuts::default(),
        })?;
        let parts = Parts {
            store: store.clone(),
            github,
            clock: clock.clone(),
            secrets: WebhookSecrets::parse(&secret).context("no webhook secret")?,
            allowed_owners: Vec::new(),
            public_url: String::new(),
            check_runs_every: Duration::from_secs(60),
            reconcile_every: Duration::from_secs(5 * 60),
            web: web::Options {
                github_url: sandbox.base_url().to_owned(),
                demo: Some(town::panel(sandbox.base_url())),
                ..web::Options::default()
            },
        };
        let server = Server::start(args.listen, parts).await?;
        sandbox.set_webhook_url(format!("http://{}/webhooks/github", server.address()));
        town::settle(&mut sandbox.world())?;
        Ok(Self { clock, sandbox, store, server, cluster })
    }

    /// Lets people ask, waits until all are answered and nothing runs, and sums up.
    async fn play(&self, args: &DemoArgs) -> anyhow::Result<Summary> {
        let began = self.clock.now();
        let mut stories = script::play(&self.sandbox, &self.clock, args.requests, args.seed).await?;
        let over = |world: &crate::sandbox::World| {
            summary::all_answered(world) && world.record().runs.iter().all(|run| run.completed_at.is_some())
        };
        let mut changed = self.sandbox.changed();
        let limit = self.clock.now() + chrono::TimeDelta::from_std(PATIENCE * args.requests.max(1))?;
        tokio::select! {
            () = async { while stories.join_next().await.is_some() {} } => {}
            () = self.clock.sleep_until(limit) => {}
        }
        while !over(&self.sandbox.world()) {
            tokio::select! {
                _ = changed.changed() => {}
                () = self.clock.sleep_until(limit) => break,
            }
        }
        // What should not come any more would come now.
        self.clock.sleep(Duration::from_secs(60)).await;
        let millis = (self.clock.now() - began).num_milliseconds() as f64 / args.speed;
        let audit = self.store.audit_view(&AuditQuery { limit: i64::MAX, ..AuditQuery::default() }).await?;
        Ok(Summary::of(&self.sandbox.world(), &audit, args.speed, millis.round() / 1000.0))
    }

    async fn close(self) {
        self.server.stop().await;
        self.sandbox.shutdown();
        self.store.close().await;
        self.cluster.stop().await;
    }
}
