//! Devices: a capsule holds distinct devices of its tile, and no device gives more than its 1,000 milli at any instant.

use super::{View, Violation};
use crate::draw;
use crate::fleet::NodeIndex;
use crate::job::JobIndex;
use crate::tile_class::DEVICE_MILLI;
use crate::time::Timestamp;

/// A change of one device's load: which device, when, by how much, by whose capsule.
type Change = ((NodeIndex, u32), Timestamp, i64, JobIndex);

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let mut changes: Vec<Change> = Vec::new();
    for placement in view.placements {
        let job = view.job(placement);
        let (tile, asked) = (placement.tile, u32::from(job.demand.devices));
        let present = u32::from(view.class(placement).devices);
        let one_each = if asked == 0 { placement.devices == 0 } else { placement.count == 1 };
        let in_range = 64 - placement.devices.leading_zeros() <= present;
        if !one_each || !in_range || placement.devices.count_ones() != asked {
            found.push(Violation::Device { tile, job: placement.job });
            continue;
        }
        let end = placement.start.after(draw::term(job, view.class(placement)));
        let milli = i64::from(job.demand.device_milli);
        for device in (0..present).filter(|device| placement.devices >> device & 1 == 1) {
            let held = (tile, device);
            changes.extend([(held, placement.start, milli, placement.job), (held, end, -milli, placement.job)]);
        }
    }
    // At one instant, what ends makes room for what starts: the negative changes sort first.
    changes.sort_unstable();
    for one_device in changes.chunk_by(|a, b| a.0 == b.0) {
        let mut load = 0;
        for &((tile, _), _, change, job) in one_device {
            load += change;
            if load > i64::from(DEVICE_MILLI) {
                found.push(Violation::Device { tile, job });
            }
        }
    }
}
