//! What callers say, as valid values of the engine. What makes no sense by itself is refused here, with its field; whatever
//! depends on the state, or on policy, is for the engine to refuse.

use lessor_engine::authority::{
    Displacement, FenceKey, HolderId, LabelError, LeaseId, Money, Renewal, Request, RequestId, Revision, Scope, Tenure,
    Term, Version,
};
use lessor_engine::ledger::{Devices, Draw};
use lessor_models::fleet::{Fleet, Level, NodeIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::failure::Failure;
use super::refusing::unknown_node;
use super::times::{read_duration, read_timestamp};
use crate::proto;
use crate::shell::UNSTATED;

/// A request for leases.
///
/// # Errors
/// The first field that makes no sense.
pub(crate) fn request(fleet: &Fleet, asked: &proto::RequestLeaseRequest) -> Result<Request, Failure> {
    let holder = holder(&asked.holder)?;
    let request = RequestId::new(&asked.request_id).map_err(|error| label("request_id", error))?;
    let first_sent = asked.first_send_time.map(|time| read_timestamp("first_send_time", time)).transpose()?;
    let spec = asked.spec.as_ref().ok_or_else(|| Failure::field("spec", "MISSING", "nothing is asked for"))?;
    // The shell's own clock stands in where the holder did not say.
    spec_for(fleet, spec, Asker { holder, request, first_sent: first_sent.unwrap_or(UNSTATED) })
}

/// Who asks, and under which name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// The holder.
    pub(crate) holder: HolderId,
    /// The name of the request.
    pub(crate) request: RequestId,
    /// When it was first sent.
    pub(crate) first_sent: Timestamp,
}

/// What somebody asks for.
///
/// # Errors
/// The first field that makes no sense.
pub(crate) fn spec_for(fleet: &Fleet, spec: &proto::LeaseSpec, asker: Asker) -> Result<Request, Failure> {
    let term = spec.term.ok_or_else(|| Failure::field("spec.term", "MISSING", "the lease has no term"))?;
    let keys = spec.fence_keys.iter().map(|key| FenceKey::new(key).map_err(|error| label("spec.fence_keys", error)));
    Ok(Request {
        holder: asker.holder,
        request: asker.request,
        first_sent: asker.first_sent,
        draw: draw(spec)?,
        devices: devices(spec.accelerators.as_ref())?,
        scope: scope(fleet, &spec.node)?,
        term: Term::Immediate(read_duration("spec.term", term)?),
        class: class(spec.service_class)?,
        bid: spec.bid_micro_credits.map(Money),
        count: spec.gang_size.max(1),
        fence_keys: keys.collect::<Result<_, _>>()?,
        displacement: displacement(spec.displacement)?,
        tenure: Tenure::Retail,
    })
}

/// A renewal.
///
/// # Errors
/// The first field that makes no sense.
pub(crate) fn renewal(asked: &proto::RenewRequest) -> Result<Renewal, Failure> {
    let end = asked.end_time.ok_or_else(|| Failure::field("end_time", "MISSING", "a renewal names its end"))?;
    Ok(Renewal {
        holder: holder(&asked.holder)?,
        lease: lease_id(&asked.name)?,
        version: Version(asked.version),
        end: read_timestamp("end_time", end)?,
        bid: asked.bid_micro_credits.map(Money),
    })
}

/// A holder.
///
/// # Errors
/// A text that is no name.
pub(crate) fn holder(text: &str) -> Result<HolderId, Failure> {
    HolderId::new(text).map_err(|error| label("holder", error))
}

/// The number of a lease in its resource name.
///
/// # Errors
/// Another form of name.
pub(crate) fn lease_id(name: &str) -> Result<LeaseId, Failure> {
    let digits = name.strip_prefix("leases/").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let id = digits.and_then(|digits| digits.parse().ok()).map(LeaseId);
    id.ok_or_else(|| Failure::field("name", "BAD_NAME", format!("{name:?} is not of the form leases/NUMBER")))
}

/// A node by its name.
///
/// # Errors
/// A name that the fleet does not have.
pub(crate) fn node(fleet: &Fleet, name: &str) -> Result<NodeIndex, Failure> {
    let found = fleet.names().find(name).and_then(|at| u32::try_from(at).ok());
    found.map(NodeIndex).ok_or_else(|| unknown_node(name))
}

/// A revision.
pub(crate) fn revision(asked: proto::Revision) -> Revision {
    Revision { incarnation: asked.incarnation, number: asked.number }
}

fn label(field: &'static str, error: LabelError) -> Failure {
    Failure::field(field, "BAD_LABEL", error.to_string())
}

fn scope(fleet: &Fleet, name: &str) -> Result<Scope, Failure> {
    if name.is_empty() { Ok(Scope::Anywhere) } else { node(fleet, name).map(Scope::Under) }
}

fn draw(spec: &proto::LeaseSpec) -> Result<Draw, Failure> {
    let asked = spec.resources.unwrap_or_default();
    let vector = Resources::of(Kind::Compute, asked.compute_mops)
        .with(Kind::Memory, asked.memory_bytes)
        .with(Kind::Bandwidth, asked.bandwidth_bps)
        .with(Kind::Power, asked.power_mw)
        .with(Kind::Heat, asked.heat_mw)
        .with(Kind::Accelerator, asked.accelerator_milli)
        .with(Kind::Storage, asked.storage_bytes)
        .with(Kind::Reversible, asked.reversible_mops);
    if spec.uplinks_bps.is_empty() {
        return Ok(Draw::through(vector));
    }
    let mut uplinks = [0; Level::COUNT];
    if spec.uplinks_bps.len() > uplinks.len() {
        let message = format!("{} uplinks are named; a tree has at most {}", spec.uplinks_bps.len(), uplinks.len());
        return Err(Failure::field("spec.uplinks_bps", "TOO_MANY_UPLINKS", message));
    }
    uplinks[..spec.uplinks_bps.len()].copy_from_slice(&spec.uplinks_bps);
    Ok(Draw::crossing(vector, uplinks))
}

fn devices(asked: Option<&proto::Accelerators>) -> Result<Devices, Failure> {
    let Some(asked) = asked else { return Ok(Devices::NONE) };
    match (u8::try_from(asked.count), u16::try_from(asked.milli_each)) {
        (Ok(count), Ok(milli)) => Ok(Devices { count, milli }),
        _ => {
            let message = "a tile has fewer than 256 devices, of 1000 thousandths each";
            Err(Failure::field("spec.accelerators", "BAD_DEVICES", message))
        }
    }
}

fn class(number: i32) -> Result<ServiceClass, Failure> {
    match proto::ServiceClass::try_from(number) {
        Ok(proto::ServiceClass::A) => Ok(ServiceClass::A),
        Ok(proto::ServiceClass::B) => Ok(ServiceClass::B),
        Ok(proto::ServiceClass::C) => Ok(ServiceClass::C),
        Ok(proto::ServiceClass::D | proto::ServiceClass::Unspecified) => Ok(ServiceClass::D),
        Err(_) => Err(Failure::field("spec.service_class", "UNKNOWN_VALUE", "there is no such service class")),
    }
}

fn displacement(number: i32) -> Result<Displacement, Failure> {
    use proto::lease_spec::Displacement as Shown;
    match Shown::try_from(number) {
        Ok(Shown::Allowed | Shown::Unspecified) => Ok(Displacement::Allowed),
        Ok(Shown::Never) => Ok(Displacement::Never),
        Err(_) => Err(Failure::field("spec.displacement", "UNKNOWN_VALUE", "there is no such displacement")),
    }
}
