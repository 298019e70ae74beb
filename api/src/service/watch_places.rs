//! How many watches there are at once: each holds changes that wait for its reader, and looks at every commit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Code;

use super::failure::Failure;

/// Watches of all connections together.
const WATCHES_MAX: usize = 1 << 14;
/// Watches of one connection.
const OF_CONNECTION_MAX: usize = 1 << 10;

/// What the calls of one connection share.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    watches: Arc<Semaphore>,
}

impl Caller {
    /// A connection that watches nothing yet.
    pub(crate) fn new() -> Caller {
        Caller { watches: Arc::new(Semaphore::new(OF_CONNECTION_MAX)) }
    }
}

/// Places for watches.
#[derive(Debug)]
pub(crate) struct WatchPlaces {
    free: Arc<Semaphore>,
    most: usize,
}

/// A place for a watch, free again once this is dropped.
#[derive(Debug)]
pub(crate) struct WatchPlace {
    _of_all: OwnedSemaphorePermit,
    _of_connection: Option<OwnedSemaphorePermit>,
}

impl WatchPlaces {
    /// As many as a server has.
    pub(crate) fn of_server() -> WatchPlaces {
        WatchPlaces::new(WATCHES_MAX)
    }

    fn new(most: usize) -> WatchPlaces {
        WatchPlaces { free: Arc::new(Semaphore::new(most)), most }
    }

    /// A place for a watch over a connection, if one is free.
    ///
    /// # Errors
    /// As many watches of the connection, or of all, as there may be.
    pub(crate) fn take(&self, caller: Option<&Caller>) -> Result<WatchPlace, Failure> {
        let of = |places: &Arc<Semaphore>, most: usize, whose: &str| {
            Arc::clone(places).try_acquire_owned().map_err(|_| {
                let words = format!("as many watches as {whose} may have are open, {most}; end one, or watch less");
                Failure::new(Code::ResourceExhausted, "TOO_MANY_WATCHES", words).with("most", &most)
            })
        };
        let of_connection = caller.map(|caller| of(&caller.watches, OF_CONNECTION_MAX, "a connection")).transpose()?;
        Ok(WatchPlace { _of_all: of(&self.free, self.most, "a server")?, _of_connection: of_connection })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_beyond_those_of_all_is_refused_until_one_ends() {
        let (places, caller) = (WatchPlaces::new(2), Caller::new());
        let (first, _second) = (places.take(Some(&caller)).unwrap(), places.take(None).unwrap());
        assert!(places.take(None).is_err() && places.take(Some(&caller)).is_err());
        drop(first);
        assert_eq!(caller.watches.available_permits(), OF_CONNECTION_MAX);
        assert!(places.take(Some(&caller)).is_ok());
    }
}
