//! Bodies are read before anybody knows who sent them, so their sizes and times are bounded.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, HttpBody as _};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// GitHub's own limit on payloads.
pub const MAX_BODY: usize = 25 * 1024 * 1024;
/// What all bodies under way may hold together.
const ALL_BODIES: usize = 256 * 1024 * 1024;
/// Memory is counted in these.
const UNIT: usize = 64 * 1024;
/// GitHub gives up on a delivery after 10 s: whoever is slower is not GitHub.
/// <https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks>
const WITHIN: Duration = Duration::from_secs(10);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    TooSlow,
    /// Others take all the memory that there is for bodies.
    NoRoom,
    Broken,
}

impl Unread {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "the body exceeds 25 MB",
            Self::TooSlow => "the body took longer than 10 s",
            Self::NoRoom => "too much is being received; try again later",
            Self::Broken => "the body ended before its end",
        }
    }
}

/// The memory for bodies, shared by all requests.
#[derive(Clone)]
pub(super) struct Bodies(Arc<Semaphore>);

/// A body, and its part of the memory for as long as it is needed.
pub(super) struct Held {
    pub bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self::of(ALL_BODIES)
    }

    pub(super) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    pub(super) async fn read(&self, body: Body) -> Result<Held, Unread> {
        timeout(WITHIN, self.collect(body)).await.unwrap_or(Err(Unread::TooSlow))
    }

    async fn collect(&self, mut body: Body) -> Result<Held, Unread> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > MAX_BODY {
            return Err(Unread::TooLarge);
        }
        let (mut bytes, mut room) = (Vec::new(), None::<OwnedSemaphorePermit>);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            let size = bytes.len() + data.len();
            if size > MAX_BODY {
                return Err(Unread::TooLarge);
            }
            // Counted as it comes: an announced size costs the sender nothing.
            let have = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = size.div_ceil(UNIT).saturating_sub(have);
            if more > 0 {
                let more = u32::try_from(more).map_err(|_| Unread::TooLarge)?;
                let more = Arc::clone(&self.0).try_acquire_many_owned(more).map_err(|_| Unread::NoRoom)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
            bytes.reserve_exact(announced.max(size) - bytes.len());
            bytes.extend_from_slice(&data);
        }
        Ok(Held { bytes, _room: room })
    }
}
