//! What the engine says, in the words of the wire.

use lessor_engine::authority::{self, LeaseState, Notice, RevocationCause};
use lessor_engine::ledger::Account;
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Span;

use super::times::{duration, timestamp};
use crate::proto;

/// What it takes to name what the engine counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The fleet.
    pub(crate) fleet: &'a Fleet,
    /// The authority's guard band.
    pub(crate) guard_band: Span,
}

/// The resource name of a lease.
pub(crate) fn lease_name(id: authority::LeaseId) -> String {
    format!("leases/{id}")
}

/// A revision.
pub(crate) fn revision(revision: authority::Revision) -> proto::Revision {
    proto::Revision { incarnation: revision.incarnation, number: revision.number }
}

/// A vector.
pub(crate) fn resources(vector: &Resources) -> proto::Resources {
    proto::Resources {
        compute_mops: vector.get(Kind::Compute),
        memory_bytes: vector.get(Kind::Memory),
        bandwidth_bps: vector.get(Kind::Bandwidth),
        power_mw: vector.get(Kind::Power),
        heat_mw: vector.get(Kind::Heat),
        accelerator_milli: vector.get(Kind::Accelerator),
        storage_bytes: vector.get(Kind::Storage),
        reversible_mops: vector.get(Kind::Reversible),
    }
}

/// A lease.
pub(crate) fn lease(names: Names, lease: &authority::Lease) -> proto::Lease {
    proto::Lease {
        name: lease_name(lease.id),
        holder: lease.holder.as_str().to_owned(),
        request_id: lease.request.as_str().to_owned(),
        node: names.fleet.name(lease.node).to_owned(),
        resources: Some(resources(&lease.resources)),
        devices: (0..u64::BITS).filter(|at| lease.device_mask >> at & 1 == 1).collect(),
        device_milli_each: u32::from(lease.devices.milli),
        state: state(lease.state).into(),
        version: lease.version.0,
        token: lease.token.0,
        start_time: Some(timestamp(lease.start)),
        end_time: Some(timestamp(lease.end)),
        guard_band: Some(duration(names.guard_band)),
        service_class: class(lease.class).into(),
        price_micro_credits: lease.price.0,
        notice: lease.notice.as_ref().map(notice),
        gang_index: lease.member.0,
        gang_size: lease.member.1,
        returned: lease.is_returned,
    }
}

fn notice(notice: &Notice) -> proto::lease::Notice {
    use proto::lease::notice::Cause;
    let cause = match notice.cause {
        RevocationCause::Operator => Cause::Operator,
        RevocationCause::Deficit => Cause::Deficit,
        RevocationCause::Drain => Cause::Drain,
        RevocationCause::Preempted => Cause::Preempted,
    };
    proto::lease::Notice {
        cause: cause.into(),
        until_time: Some(timestamp(notice.until)),
        compensation_micro_credits: notice.compensation.0,
    }
}

fn state(state: LeaseState) -> proto::lease::State {
    match state {
        LeaseState::Offered => proto::lease::State::Offered,
        LeaseState::Active => proto::lease::State::Active,
        LeaseState::Released => proto::lease::State::Released,
        LeaseState::Expired => proto::lease::State::Expired,
        LeaseState::Revoked => proto::lease::State::Revoked,
    }
}

/// A service class.
pub(crate) fn class(class: ServiceClass) -> proto::ServiceClass {
    match class {
        ServiceClass::A => proto::ServiceClass::A,
        ServiceClass::B => proto::ServiceClass::B,
        ServiceClass::C => proto::ServiceClass::C,
        ServiceClass::D => proto::ServiceClass::D,
    }
}

/// A kind of resource.
pub(crate) fn kind(kind: Kind) -> proto::Kind {
    match kind {
        Kind::Compute => proto::Kind::Compute,
        Kind::Memory => proto::Kind::Memory,
        Kind::Bandwidth => proto::Kind::Bandwidth,
        Kind::Power => proto::Kind::Power,
        Kind::Heat => proto::Kind::Heat,
        Kind::Accelerator => proto::Kind::Accelerator,
        Kind::Storage => proto::Kind::Storage,
        Kind::Reversible => proto::Kind::Reversible,
    }
}

/// An account.
pub(crate) fn account(fleet: &Fleet, account: Account) -> proto::Account {
    let name = fleet.owner_name(account.owner).to_owned();
    let owner = match account.owner {
        Owner::Node(_) => proto::account::Owner::Node(name),
        Owner::Zone(_) => proto::account::Owner::Zone(name),
    };
    proto::Account { owner: Some(owner), kind: kind(account.kind).into() }
}
