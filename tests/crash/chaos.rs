//! What goes wrong.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    database::Database,
    github::GitHub,
    plan::{Chaos, Weather},
    processes::Orders,
    table::Counts,
};

/// Carries out the schedule's misfortunes.
pub struct Fate<'a> {
    pub database: &'a Database,
    pub github: &'a GitHub,
    pub replicas: &'a [Orders],
    pub counts: &'a Counts,
    pub rng: Rng,
}

impl Fate<'_> {
    pub async fn strike(&mut self, chaos: Chaos) {
        match chaos {
            Chaos::Kill { replica, .. } | Chaos::Pause { replica, .. } => {
                self.replicas[replica].send(chaos).expect("its supervisor");
            }
            Chaos::RestartPostgres => {
                self.database.restart();
                self.counts.add("Postgres restarted");
            }
            Chaos::EndSessions { percent } => {
                let ended = self.database.end_sessions(percent, &mut self.rng).await;
                self.counts.add_many("database sessions ended", ended);
            }
            Chaos::Resend { many, own_ids } => {
                self.github.tell("resend_last", json!({ "n": many, "own_ids": own_ids })).await;
                self.counts.add_many("webhooks sent again later", many as u64);
            }
            Chaos::Weather(weather) => set_weather(self.github, weather).await,
        }
    }
}

/// Milliseconds of the sandbox's clock. The longest outlast a call's time-out.
fn api_faults(weather: Weather) -> Vec<(Option<&'static str>, &'static str, f64, Value)> {
    match weather {
        Weather::Fair => Vec::new(),
        Weather::Away => vec![(None, "", 1.0, json!({ "fail_before": 503 }))],
        Weather::Rough => vec![
            // As when access is lost for a moment: it says nothing about the run.
            (Some("GET"), r"/actions/runs/\d+$", 0.15, json!({ "fail_before": 404 })),
            (Some("POST"), "/dispatches$", 0.2, json!({ "answer_late": 20_000 })),
            (Some("POST"), "", 0.04, json!({ "fail_before": 500 })),
            (Some("POST"), "", 0.09, json!({ "fail_after": 502 })),
            (Some("POST"), "", 0.05, json!("drop_after")),
            (Some("POST"), "", 0.03, json!("drop_before")),
            (Some("POST"), "", 0.05, json!({ "answer_late": 45_000 })),
            (Some("POST"), "", 0.04, json!({ "delay": 15_000 })),
            (Some("POST"), "", 0.04, json!({ "retry_after": 20 })),
            (Some("PATCH"), "", 0.08, json!({ "fail_after": 502 })),
            (Some("PATCH"), "", 0.05, json!({ "answer_late": 45_000 })),
            (Some("PATCH"), "", 0.03, json!("drop_before")),
            (Some("GET"), "", 0.04, json!({ "fail_before": 500 })),
            (Some("GET"), "", 0.03, json!("drop_before")),
            (Some("GET"), "", 0.04, json!({ "delay": 15_000 })),
            (Some("GET"), "", 0.02, json!({ "retry_after": 20 })),
        ],
    }
}

fn hook_faults(weather: Weather) -> Vec<(Option<&'static str>, f64, Value)> {
    match weather {
        Weather::Fair => Vec::new(),
        Weather::Away | Weather::Rough => vec![
            (Some("workflow_run"), 0.10, json!("drop")),
            (None, 0.05, json!("drop")),
            (None, 0.12, json!("double")),
            (None, 0.10, json!({ "delay": 20_000 })),
            (None, 0.10, json!("reorder")),
        ],
    }
}

/// From now on GitHub is so.
pub async fn set_weather(github: &GitHub, weather: Weather) {
    github.tell("clear_faults", json!({})).await;
    for (method, path, chance, trouble) in api_faults(weather) {
        let fault = json!({ "method": method, "path": path, "chance": chance, "trouble": trouble });
        github.tell("fault_api", json!({ "fault": fault })).await;
    }
    for (event, chance, trouble) in hook_faults(weather) {
        let fault = json!({ "event": event, "chance": chance, "trouble": trouble });
        github.tell("fault_hook", json!({ "fault": fault })).await;
    }
}
