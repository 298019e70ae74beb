//! The edge between numbers at which something is found and numbers at which nothing is, by bisection.

use lessor_solver::support::stop::Stop;

/// Narrows two numbers, neither below zero, of which something was found at the first and nothing at the other, until nothing lies
/// between them or the stop is raised; gives the one at which something is found, and what. As many looks as the distance has
/// binary places.
///
/// # Errors
/// What a look fails with.
pub(super) fn edge<T, E>(
    (mut found_at, mut nothing_at): (i64, i64),
    mut found: T,
    stop: &Stop,
    mut look: impl FnMut(i64) -> Result<Option<T>, E>,
) -> Result<(i64, T), E> {
    while found_at.abs_diff(nothing_at) > 1 && !stop.is_raised() {
        let middle = found_at.midpoint(nothing_at);
        match look(middle)? {
            Some(next) => (found_at, found) = (middle, next),
            None => nothing_at = middle,
        }
    }
    Ok((found_at, found))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn the_edge_is_found_from_either_side_with_what_is_there() {
        for edge_at in 1..20 {
            let from = |at: i64| Ok::<_, Infallible>((at >= edge_at).then_some(at));
            let up_to = |at: i64| Ok::<_, Infallible>((at <= edge_at).then_some(at));
            assert_eq!(edge((20, 0), 20, &Stop::new(), from), Ok((edge_at, edge_at)));
            assert_eq!(edge((0, 21), 0, &Stop::new(), up_to), Ok((edge_at, edge_at)));
        }
        let stop = Stop::new();
        stop.raise();
        assert_eq!(edge((20, 0), (), &stop, |_| Ok::<_, Infallible>(None)), Ok((20, ())));
    }
}
