//! What the rules no longer allow once others were taken off: what is left of gangs, capsules without the job that they must be
//! near, and those at too few locations.

use super::insert::{drop_orphans, drop_partial_gangs};
use super::occupancy::Occupancy;
use super::rank::Ranking;
use super::spread_out::spread_out;
use crate::lowering::index::JobClassIndex;

/// Takes all that off, or spreads it out. Returns the classes that lost capsules; while there are such, others may have become
/// unruly.
pub fn drop_unruly(occupancy: &mut Occupancy<'_>, ranking: &Ranking) -> Vec<JobClassIndex> {
    let mut losers = drop_partial_gangs(occupancy);
    losers.extend(drop_orphans(occupancy));
    losers.extend(spread_out(occupancy, ranking));
    losers
}
