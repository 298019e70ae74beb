//! What flags ask for.

use std::time::Duration;

use crate::cli::{ClassFlag, SpecArgs};
use crate::proto::lease_spec::Displacement;
use crate::proto::{Accelerators, LeaseSpec, Resources, ServiceClass};

/// What the flags ask for, for a term.
pub(super) fn spec(args: &SpecArgs, term: Duration) -> LeaseSpec {
    LeaseSpec {
        resources: Some(Resources {
            compute_mops: args.compute,
            memory_bytes: args.memory,
            bandwidth_bps: args.bandwidth,
            power_mw: args.power,
            heat_mw: args.heat,
            accelerator_milli: 0,
            storage_bytes: args.storage,
            reversible_mops: args.reversible,
        }),
        accelerators: args
            .accelerators
            .map(|devices| Accelerators { count: devices.count, milli_each: devices.milli_each }),
        term: Some(span(term)),
        node: args.node.clone().unwrap_or_default(),
        service_class: class(args.class).into(),
        gang_size: args.gang,
        fence_keys: args.fence_key.clone(),
        bid_micro_credits: args.bid,
        displacement: if args.never_displaced { Displacement::Never } else { Displacement::Allowed }.into(),
        uplinks_bps: args.uplinks.clone(),
    }
}

/// A span for the wire; flags are at most a century.
pub(super) fn span(duration: Duration) -> prost_types::Duration {
    prost_types::Duration::try_from(duration).expect("a duration from a flag is at most a century")
}

fn class(flag: ClassFlag) -> ServiceClass {
    match flag {
        ClassFlag::A => ServiceClass::A,
        ClassFlag::B => ServiceClass::B,
        ClassFlag::C => ServiceClass::C,
        ClassFlag::D => ServiceClass::D,
    }
}
