//! How many events of streams are under way at once, by class.
//!
//! An answer that was told lies with its stream until somebody takes it, so a bound on what waits to be applied bounds nothing of
//! what slow callers leave behind. A place is had from before an event is sent until its answer was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lessor_models::job::ServiceClass;

use super::answer::Overloaded;
use super::inbox::position;

/// The places of all streams.
#[derive(Debug)]
pub(super) struct Places {
    /// By class, A first.
    taken: [AtomicUsize; 4],
    /// Of each class.
    most: usize,
}

/// A place, free again once this is dropped.
#[derive(Debug)]
#[must_use = "a place is for as long as the answer was not taken"]
pub struct Place {
    places: Arc<Places>,
    class: ServiceClass,
}

impl Places {
    pub(super) fn new(most: usize) -> Places {
        Places { taken: Default::default(), most }
    }

    /// A place of a class, if one is free.
    pub(super) fn take(self: &Arc<Places>, class: ServiceClass) -> Result<Place, Overloaded> {
        let place = Place { places: Arc::clone(self), class };
        // A place beyond the last is given back as it is dropped.
        let before = self.taken[position(class)].fetch_add(1, Ordering::Relaxed);
        if before < self.most { Ok(place) } else { Err(Overloaded { class, most: self.most }) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken[position(self.class)].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_whose_places_are_taken_gets_another_once_one_is_free_and_no_other_class_waits_for_it() {
        let places = Arc::new(Places::new(2));
        let (first, _second) = (places.take(ServiceClass::D).unwrap(), places.take(ServiceClass::D).unwrap());
        for _ in 0..3 {
            let refused = places.take(ServiceClass::D).unwrap_err();
            assert_eq!(refused, Overloaded { class: ServiceClass::D, most: 2 });
        }
        let _urgent = places.take(ServiceClass::A).unwrap();
        drop(first);
        let _third = places.take(ServiceClass::D).unwrap();
        assert!(places.take(ServiceClass::D).is_err());
    }
}
