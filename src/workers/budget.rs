//! A worker past its deadline does not send.

use std::{future::poll_fn, pin::pin, task::Poll};

use chrono::{DateTime, TimeDelta, Utc};

use super::Context;
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// The time that a worker may spend on what it claims. Begun before the claim, so it ends well before that.
///
/// Claims end by the stored clock, and so does this. A process that was paused meanwhile looks at the time before it does
/// another step: by then somebody else may be at it.
pub(super) struct Budget {
    clock: Clock,
    until: DateTime<Utc>,
}

impl Budget {
    pub fn begin(context: &Context) -> Self {
        Self::of(context.0.clock.clone(), context.store().call_budget())
    }

    fn of(clock: Clock, length: TimeDelta) -> Self {
        Self { until: clock.now() + length, clock }
    }

    /// Carries `work` on until it is done or the time is up; `None`: it was dropped where it stood.
    pub async fn spend<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let (mut work, mut end) = (pin!(work), pin!(self.clock.sleep_until(self.until)));
        poll_fn(|cx| {
            if self.clock.now() >= self.until {
                return Poll::Ready(None);
            }
            match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => end.as_mut().poll(cx).map(|()| None),
            }
        })
        .await
    }
}
