//! `trilock sandbox`: the simulated GitHub as a process of its own, to try the App against, and for the crash test.

use std::{collections::BTreeMap, io::Write as _, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::serve::Signals;
use crate::{
    clock::Clock,
    sandbox::{AutoRuns, Fails, Options, Sandbox},
};

#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// Address to listen on; the API's calls and, under /_sandbox/, the commands that steer it
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where webhooks go; several, comma-separated, are used in turn
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    webhook_url: Vec<String>,
    /// Signs the webhooks
    #[arg(long, env = "TRILOCK_WEBHOOK_SECRET", default_value = "secret", hide_env_values = true)]
    webhook_secret: String,
    /// Where the App's private key is written, for TRILOCK_PRIVATE_KEY_FILE
    #[arg(long, value_name = "FILE")]
    app_key_file: PathBuf,
    /// For TRILOCK_APP_ID
    #[arg(long, default_value_t = 1, value_name = "ID")]
    app_id: u64,
    /// Repeats durations, failures and faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// From a run's request until a runner takes it
    #[arg(long, default_value = "4s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    runner_takes: Duration,
    /// The shortest run
    #[arg(long, default_value = "20s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    shortest_run: Duration,
    /// The longest run
    #[arg(long, default_value = "1m", value_name = "DURATION", value_parser = humantime::parse_duration)]
    longest_run: Duration,
    /// The share of runs that fail, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    failing: f64,
    /// Runs start and end by command only
    #[arg(long)]
    by_hand: bool,
    /// From a cancel to the run's end
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    cancel_takes: Duration,
    /// A new run is missing in lists for this long
    #[arg(long, default_value = "0s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    list_lag: Duration,
    /// The App's calls per hour
    #[arg(long, default_value_t = 15_000, value_name = "CALLS")]
    rate_limit: u32,
    /// Webhooks under way at once; one keeps them in order
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    hooks_at_once: usize,
    /// How long a webhook waits for its answer, in real time
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = humantime::parse_duration)]
    hook_answer_within: Duration,
    /// GitHub's request table: every call is held against it
    #[arg(long, env = "TRILOCK_API_REQUESTS", value_name = "FILE")]
    api_requests: Option<PathBuf>,
    #[command(flatten)]
    clock: ClockArgs,
}

/// For a server whose database has a clock that is not the wall's.
#[derive(Args, Clone, Debug)]
struct ClockArgs {
    /// How fast time passes
    #[arg(long, default_value_t = 1.0, value_name = "TIMES", value_parser = rate)]
    rate: f64,
    /// What the clock showed at --clock-real
    #[arg(long, value_name = "TIME", requires = "clock_real")]
    clock_shown: Option<DateTime<Utc>>,
    /// The wall's time at which the clock showed --clock-shown
    #[arg(long, value_name = "TIME", requires = "clock_shown")]
    clock_real: Option<DateTime<Utc>>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.01 to 1000".to_owned()),
    }
}

impl ClockArgs {
    fn clock(&self) -> Clock {
        match self.clock_real.zip(self.clock_shown) {
            Some((real, shown)) => Clock::anchored(real, shown, self.rate),
            None => Clock::starting_at(Clock::system().now(), self.rate),
        }
    }
}

impl SandboxArgs {
    fn options(self) -> Options {
        let auto = AutoRuns {
            queue_delay: self.runner_takes,
            duration: (self.shortest_run, self.longest_run.max(self.shortest_run)),
            durations: BTreeMap::new(),
            fails: if self.failing > 0.0 { Fails::Share(self.failing) } else { Fails::Never },
        };
        Options {
            listen: self.listen,
            api_requests: self.api_requests,
            webhook_secret: self.webhook_secret,
            hooks_at_once: self.hooks_at_once.max(1),
            hook_answer_within: self.hook_answer_within,
            app_id: self.app_id,
            auto: (!self.by_hand).then_some(auto),
            cancel_takes: self.cancel_takes,
            list_lag: self.list_lag,
            rate_limit: self.rate_limit,
            seed: self.seed,
            ..Options::new(self.clock.clock())
        }
    }
}

/// Serves until SIGINT or SIGTERM. The first line on stdout is one JSON object with the address.
///
/// # Errors
/// When the address is taken, or a file cannot be read or written.
pub async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let mut signals = Signals::take()?;
    let (key_file, urls) = (args.app_key_file.clone(), args.webhook_url.clone());
    let app_id = args.app_id;
    let sandbox = Sandbox::start(args.options()).await?;
    sandbox.world().set_webhook_urls(urls);
    std::fs::write(&key_file, sandbox.private_key_pem())
        .with_context(|| format!("cannot write {}", key_file.display()))?;
    let told = json!({ "address": sandbox.base_url(), "app_id": app_id, "private_key_file": key_file });
    let mut out = std::io::stdout();
    writeln!(out, "{told}").and_then(|()| out.flush()).context("cannot write to stdout")?;
    signals.received().await;
    sandbox.shutdown();
    Ok(())
}
