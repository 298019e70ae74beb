//! A watch has no gap: what comes follows what came, one by one, and each change is the one that was made.

use lessor_engine::authority::{Change, Revision};

use super::Violation;

/// Follows changes from a revision; returns the last one. `made` says which change was made under a number.
pub(in crate::simulation) fn follow(
    from: Revision,
    changes: &[Change],
    made: impl Fn(u64) -> Option<Change>,
) -> Result<Revision, Violation> {
    let mut after = from;
    for change in changes {
        let got = change.revision;
        let follows = Revision { number: after.number + 1, ..after };
        if got != follows || made(got.number) != Some(*change) {
            return Err(Violation::Gap { after, got });
        }
        after = got;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::invariants::memory::tests::lease;
    use lessor_models::time::Timestamp;

    fn change(number: u64) -> Change {
        Change { revision: Revision { incarnation: 1, number }, at: Timestamp(0), lease: lease(7) }
    }

    #[test]
    fn a_change_that_is_left_out_or_another_is_found() {
        let from = change(4).revision;
        let follow = |numbers: &[u64]| {
            let changes: Vec<Change> = numbers.iter().map(|number| change(*number)).collect();
            follow(from, &changes, |number| Some(change(number)))
        };
        assert_eq!(follow(&[5, 6]), Ok(change(6).revision));
        for numbers in [&[6][..], &[5, 7], &[5, 5], &[4]] {
            assert!(matches!(follow(numbers), Err(Violation::Gap { .. })), "{numbers:?}");
        }
        let other = |_| Some(Change { at: Timestamp(1), ..change(5) });
        assert!(super::follow(from, &[change(5)], other).is_err());
    }
}
