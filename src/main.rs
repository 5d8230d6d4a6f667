use std::{io::IsTerminal as _, process::ExitCode};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};
use trilock::commands::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(cli.default_log()));
    let log = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        log.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init()
    } else {
        // One flat object a line: what the spans know (delivery, build, tenant, …) stands beside the line's own fields.
        let lines = json_subscriber::layer()
            .flatten_event(true)
            .with_current_span(false)
            .flatten_span_list_on_top_level(true)
            .with_writer(std::io::stderr);
        log.with(lines).init()
    }
    match cli.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trilock: {error:#}");
            ExitCode::FAILURE
        }
    }
}
