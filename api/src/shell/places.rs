//! How many events of streams are under way at once, by queue.
//!
//! An answer that was told lies with its stream until somebody takes it, so a bound on what waits to be applied bounds nothing of
//! what slow callers leave behind. A place is had from before an event is sent until its answer was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::Overloaded;
use super::queue::Queue;

/// The places of all streams.
#[derive(Debug)]
pub(super) struct Places {
    /// By queue.
    taken: [AtomicUsize; Queue::COUNT],
    /// Of each queue.
    most: usize,
}

/// A place, free again once this is dropped.
#[derive(Debug)]
#[must_use = "a place is for as long as the answer was not taken"]
pub struct Place {
    places: Arc<Places>,
    queue: Queue,
}

impl Places {
    pub(super) fn new(most: usize) -> Places {
        Places { taken: Default::default(), most }
    }

    /// A place of a queue, if one is free.
    pub(super) fn take(self: &Arc<Places>, queue: Queue) -> Result<Place, Overloaded> {
        let place = Place { places: Arc::clone(self), queue };
        // A place beyond the last is given back as it is dropped.
        let before = self.taken[queue.position()].fetch_add(1, Ordering::Relaxed);
        if before < self.most { Ok(place) } else { Err(Overloaded { queue, most: self.most }) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken[self.queue.position()].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_whose_places_are_taken_gets_another_once_one_is_free_and_no_other_queue_waits_for_it() {
        let places = Arc::new(Places::new(2));
        let (first, _second) = (places.take(Queue::D).unwrap(), places.take(Queue::D).unwrap());
        for _ in 0..3 {
            let refused = places.take(Queue::D).unwrap_err();
            assert_eq!(refused, Overloaded { queue: Queue::D, most: 2 });
        }
        let _urgent = places.take(Queue::A).unwrap();
        drop(first);
        let _third = places.take(Queue::D).unwrap();
        assert!(places.take(Queue::D).is_err());
    }
}
