//! What GitHub could not deliver, or we lost, is asked for: at the start and on timers.

mod deliveries;
mod installations;
mod runs;

use std::time::Duration;

use crate::harness::{Trilock, seconds};

const EVERY: Duration = Duration::from_secs(5 * 60);

/// Real time for a server to do what is due.
const WHILE: Duration = Duration::from_millis(50);

const RECOVERED: &str = "SELECT count(*) FROM audit
     WHERE what = 'recovered' AND why = 'recovered a missed event' AND source LIKE 'delivery %'";

const LOOKED: &str =
    "SELECT count(*) FROM setting WHERE name = 'delivery_cursor' AND value->>'through' IS NOT NULL";

/// A world whose server has looked through the list once.
async fn reconciling() -> Trilock {
    let mut t = Trilock::start().await;
    restart(&mut t).await;
    until_stored(&t, LOOKED, 1).await;
    t
}

/// The server is killed, and nobody answers at its address.
fn down(t: &mut Trilock) {
    t.kill();
    // Of a port where nobody listens.
    t.github.set_webhook_url("http://127.0.0.1:9/");
}

/// Ends the server, and starts one that looks at the start and every five minutes.
async fn restart(t: &mut Trilock) {
    t.kill();
    t.reconcile_every = EVERY;
    t.serve().await;
}

/// Lets time pass until a query's one value is as wanted: at most two intervals.
async fn until_stored(t: &Trilock, query: &'static str, wanted: i64) {
    for _ in 0..60 {
        if t.count(query).await >= wanted {
            t.calm().await;
            assert_eq!(t.count(query).await, wanted, "{query}");
            return;
        }
        t.pass(seconds(10)).await;
        t.github.until_within(WHILE, |_| false).await;
    }
    panic!("{query} is {}, not {wanted}", t.count(query).await);
}
