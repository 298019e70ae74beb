//! Where calls meet the authority: its handle, the names of the fleet, and what is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lessor_engine::authority::{Event, Terms};
use lessor_engine::plane::PlaneEffect;
use lessor_models::fleet::Fleet;
use lessor_models::job::ServiceClass;
use lessor_models::time::Timestamp;
use tokio::sync::Mutex;
use tonic::Code;

use super::failure::Failure;
use super::live_plane::LivePlane;
use super::notices::Notices;
use super::telling::Names;
use super::watch_places::WatchPlaces;
use crate::serve::Metrics;
use crate::shell::{Answered, Handle, Overloaded, Pending, Stopped, View};

/// After how long a call that was not taken in is worth another try.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(100);

/// What every call needs.
#[derive(Debug)]
pub(crate) struct Desk {
    handle: Handle,
    fleet: Arc<Fleet>,
    terms: Terms,
    metrics: Metrics,
    notices: Notices,
    watches: WatchPlaces,
    plane: Mutex<LivePlane>,
    /// As of the last look.
    stale_tiles: AtomicU64,
}

impl Desk {
    /// A desk in front of a shell that has recovered, and what planes said last to its authority.
    pub(crate) fn new(
        handle: Handle,
        (fleet, terms): (Arc<Fleet>, Terms),
        said: &[PlaneEffect],
        notices: Notices,
        metrics: Metrics,
    ) -> Desk {
        let plane = Mutex::new(LivePlane::new(&fleet, said));
        Desk {
            handle,
            fleet,
            terms,
            metrics,
            notices,
            watches: WatchPlaces::of_server(),
            plane,
            stale_tiles: AtomicU64::new(0),
        }
    }

    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(crate) fn watches(&self) -> &WatchPlaces {
        &self.watches
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(crate) fn names(&self) -> Names<'_> {
        Names { fleet: &self.fleet, guard_band: self.terms.guard_band }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn plane(&self) -> &Mutex<LivePlane> {
        &self.plane
    }

    /// How many tiles have fallen silent by an instant; while samples are being taken in, as of the look before.
    pub(crate) fn stale_tiles(&self, now: Timestamp) -> u64 {
        if let Ok(mut plane) = self.plane.try_lock() {
            self.stale_tiles.store(plane.stale_tiles(now), Ordering::Relaxed);
        }
        self.stale_tiles.load(Ordering::Relaxed)
    }

    /// Lets the authority decide, and waits until what it decided is durable.
    ///
    /// # Errors
    /// An authority that takes nothing now, or that ended.
    pub(crate) async fn decide(&self, event: Event) -> Result<Answered, Failure> {
        self.submit(event)?.await.map_err(stopped)
    }

    /// Hands an event to the authority.
    ///
    /// # Errors
    /// An authority that takes nothing now.
    pub(crate) fn submit(&self, event: Event) -> Result<Pending<Answered>, Failure> {
        self.handle.submit(event).map_err(|full| overloaded(&full))
    }

    /// Looks at the authority, and waits until what was seen is durable.
    ///
    /// # Errors
    /// An authority that takes nothing now, or that ended.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut View<'_>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let pending = self.handle.read(ServiceClass::C, look).map_err(|full| overloaded(&full))?;
        pending.await.map_err(stopped)
    }

    /// The engine's clock, for what operators and planes say.
    ///
    /// # Errors
    /// An authority that takes nothing now, or that ended.
    pub(crate) async fn now(&self) -> Result<Timestamp, Failure> {
        fn now(view: &mut View<'_>) -> Timestamp {
            view.now()
        }
        let pending = self.handle.read(ServiceClass::A, now).map_err(|full| overloaded(&full))?;
        pending.await.map_err(stopped)
    }
}

/// A call that was not taken in.
pub(crate) fn overloaded(full: &Overloaded) -> Failure {
    Failure::new(Code::ResourceExhausted, "OVERLOADED", full.to_string())
        .with("queue", &full.queue)
        .retry_after(RETRY_AFTER)
}

/// A call whose outcome nobody knows.
pub(crate) fn stopped(stopped: Stopped) -> Failure {
    Failure::new(Code::Unavailable, "STOPPED", stopped.to_string()).retry_after(RETRY_AFTER)
}
