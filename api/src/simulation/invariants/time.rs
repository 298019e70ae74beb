//! Now never goes back: whatever the authority tells, of whichever life, it tells in the order of its clock.

use lessor_models::time::Timestamp;

use super::Violation;

/// The latest instant that anybody was told.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Time {
    told: Option<Timestamp>,
}

impl Time {
    /// Something left the authority that tells an instant.
    pub(in crate::simulation) fn observe(&mut self, told: Timestamp) -> Result<(), Violation> {
        match self.told.replace(told) {
            Some(before) if told < before => Err(Violation::TimeWentBack { told, before }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_instant_is_found() {
        let mut time = Time::default();
        time.observe(Timestamp(5)).unwrap();
        time.observe(Timestamp(5)).unwrap();
        assert!(matches!(time.observe(Timestamp(4)), Err(Violation::TimeWentBack { .. })));
    }
}
