//! A repeat gets the first answer, over any number of crashes, unless it is too old to be known; and no request is granted twice.

use std::collections::BTreeMap;
use std::time::Duration;

use lessor_engine::authority::{Answer, HolderId, Reason, Request, RequestId};
use lessor_models::time::Timestamp;

use super::Violation;

/// Answers are compared for so long; by then every repeat is too old.
const KEPT: Duration = Duration::from_hours(1);

/// An answer, and when it says that it was decided.
type First = (Answer, Timestamp);

/// The first answers.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Answers {
    first: BTreeMap<(HolderId, RequestId), (Duration, First)>,
    /// Answers that repeated an earlier one.
    pub(in crate::simulation) repeats: u64,
    looked: Duration,
}

impl Answers {
    /// An answer to a request left the authority.
    pub(in crate::simulation) fn observe(
        &mut self,
        at: Duration,
        request: &Request,
        (answer, decided): (&Answer, Timestamp),
    ) -> Result<(), Violation> {
        self.forget(at);
        let (holder, name) = (request.holder, request.request);
        if let Answer::Refused(refusal) = answer
            && matches!(refusal.reason, Reason::TooOld { .. } | Reason::NotYetSent)
        {
            return Ok(());
        }
        match self.first.get(&(holder, name)) {
            None => {
                self.first.insert((holder, name), (at, (answer.clone(), decided)));
                Ok(())
            }
            Some((_, (first, since))) if (first, *since) == (answer, decided) => {
                self.repeats += 1;
                Ok(())
            }
            Some(_) => Err(Violation::TwoAnswers { request: format!("{holder}/{name}") }),
        }
    }

    fn forget(&mut self, at: Duration) {
        if at > self.looked + KEPT {
            self.looked = at;
            self.first.retain(|_, (since, _)| at < *since + KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use lessor_engine::authority::Refusal;

    use super::*;
    use crate::simulation::chance::Chance;
    use crate::simulation::wishes::Wishes;

    #[test]
    fn a_second_grant_for_one_request_is_found_and_so_is_another_time() {
        let request = Wishes::new(HolderId::new("h").unwrap(), Chance::of(1)).for_a_storm();
        let mut answers = Answers::default();
        let at = Duration::from_secs(1);
        let (first, decided) = (Answer::Gang(Vec::new()), Timestamp(7));
        answers.observe(at, &request, (&first, decided)).unwrap();
        answers.observe(at, &request, (&first, decided)).unwrap();
        assert_eq!(answers.repeats, 1);
        let other = Answer::Refused(Refusal::of(Reason::ZeroVector));
        for again in [(&other, decided), (&first, Timestamp(8))] {
            let violation = answers.observe(at, &request, again).unwrap_err();
            assert!(matches!(violation, Violation::TwoAnswers { .. }), "{violation}");
        }
    }
}
