//! What the rules no longer allow once others were taken off: what is left of gangs, capsules without the job that they must be near,
//! and those at too few locations.

use crate::index::JobClassIndex;
use crate::insert::{drop_orphans, drop_partial_gangs};
use crate::occupancy::Occupancy;
use crate::rank::Ranking;
use crate::spread_out::spread_out;

/// Takes all that off, or spreads it out. Returns the classes that lost capsules; while there are such, others may have become unruly.
pub fn drop_unruly(occupancy: &mut Occupancy<'_>, ranking: &Ranking) -> Vec<JobClassIndex> {
    let mut losers = drop_partial_gangs(occupancy);
    losers.extend(drop_orphans(occupancy));
    losers.extend(spread_out(occupancy, ranking));
    losers
}
