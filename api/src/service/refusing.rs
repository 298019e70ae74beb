//! Refusals of the engine: an answer where the request made sense, a failure where it did not.

use lessor_datasets::table::account_words;
use lessor_engine::authority::{CounterOffer, Reason, Refusal};
use lessor_engine::ledger::{Barrier, Shortage};
use lessor_models::fleet::{Fleet, NodeIndex};
use lessor_models::words::{Round, amount, counted};
use tonic::Code;

use super::failure::Failure;
use super::telling::account;
use super::times::{span_words, timestamp};
use crate::proto;
use crate::proto::refusal::Reason as Shown;

/// Where the message that is refused has what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In a `spec`.
    Spec,
    /// At its top: a renewal, and whatever names a lease.
    Flat,
}

impl Form {
    /// The field of the bid.
    fn bid(self) -> &'static str {
        match self {
            Form::Spec => "spec.bid_micro_credits",
            Form::Flat => "bid_micro_credits",
        }
    }

    /// The field that says how long.
    fn term(self) -> &'static str {
        match self {
            Form::Spec => "spec.term",
            Form::Flat => "end_time",
        }
    }
}

/// What a refusal is on the wire.
///
/// # Errors
/// The failure, where the request made no sense.
pub(crate) fn refusal(fleet: &Fleet, refused: &Refusal, form: Form) -> Result<proto::Refusal, Failure> {
    let answer = answer(fleet, refused.reason, form)?;
    Ok(proto::Refusal { counter_offer: Some(counter_offer(fleet, &refused.counter, form)), ..answer })
}

/// Every reason, in the order in which the engine looks for them.
#[expect(clippy::too_many_lines, reason = "one arm for each reason, without logic")]
fn answer(fleet: &Fleet, reason: Reason, form: Form) -> Result<proto::Refusal, Failure> {
    Err(match reason {
        Reason::ReusedId => Failure::new(
            Code::AlreadyExists,
            "REUSED_ID",
            "the request id was used for something else; take a new one for another request",
        ),
        Reason::TooOld { horizon } => Failure::new(
            Code::FailedPrecondition,
            "TOO_OLD",
            "the request was first sent before everything that is remembered; look at the leases held, and take a new id",
        )
        .with("horizon_micros", &horizon.0),
        Reason::NotYetSent => Failure::field("first_send_time", "NOT_YET_SENT", "the request was sent later than now"),
        Reason::ZeroVector => Failure::field("spec.resources", "ZERO_VECTOR", "nothing is asked for"),
        Reason::AmountTooLarge { kind, asked } => Failure::field(
            "spec.resources",
            "AMOUNT_TOO_LARGE",
            format!("{asked} {} of {kind} are more than a lease may state", kind.unit()),
        )
        .with("kind", &kind),
        Reason::BadDevices => Failure::field(
            "spec.accelerators",
            "BAD_DEVICES",
            "devices need 1 to 1000 thousandths each, and no other amount of accelerators beside them",
        ),
        Reason::GangSize { asked, most } => {
            Failure::field("spec.gang_size", "GANG_SIZE", format!("{asked} leases are asked for; ask for 1 to {most}"))
                .with("most", &most)
        }
        Reason::TooManyKeys { asked, most } => {
            Failure::field("spec.fence_keys", "TOO_MANY_KEYS", format!("{asked} keys are named; name at most {most}"))
                .with("most", &most)
        }
        Reason::SharedKey { position } => Failure::field(
            "spec.fence_keys",
            "SHARED_KEY",
            format!("key {position} is named twice, or by a gang, whose members cannot all hold it"),
        ),
        Reason::BadBid => Failure::field(form.bid(), "BAD_BID", "the bid is below zero or beyond 2^53"),
        Reason::TermTooShort { least } => {
            match form {
                Form::Spec => {
                    Failure::field("spec.term", "TERM_TOO_SHORT", format!("the shortest term is {}", span_words(least)))
                        .with("least_micros", &least.0)
                }
                Form::Flat => Failure::field("end_time", "END_PASSED", "the new end has passed already"),
            }
        }
        Reason::TermTooLong { most } => {
            Failure::field(form.term(), "TERM_TOO_LONG", format!("the longest term is {}", span_words(most)))
                .with("most_micros", &most.0)
        }
        Reason::WindowNotOffered => {
            Failure::new(Code::Unimplemented, "WINDOW_NOT_OFFERED", "windows that begin later are not offered")
        }
        Reason::WholesaleNotOffered => {
            Failure::new(Code::Unimplemented, "WHOLESALE_NOT_OFFERED", "leases to grant on are not offered")
        }
        Reason::UnknownNode { node } => unknown_node(&format!("number {}", node.0)),
        Reason::UnknownOwner { owner } => unknown_node(&format!("{owner:?}")),
        Reason::UnknownLease => Failure::new(
            Code::NotFound,
            "UNKNOWN_LEASE",
            "there is no such lease, or it ended too long ago to be remembered",
        ),
        Reason::WrongHolder => Failure::new(Code::PermissionDenied, "WRONG_HOLDER", "another holder has the lease"),
        Reason::NotActive { state } => {
            Failure::new(Code::FailedPrecondition, "NOT_ACTIVE", format!("the lease is {}", state.name()))
                .with("state", state.name())
        }
        Reason::StaleVersion { current } => {
            Failure::new(Code::Aborted, "STALE_VERSION", format!("the lease is at version {}", current.0))
                .with("current_version", &current.0)
        }
        Reason::WrongToken => Failure::new(Code::FailedPrecondition, "WRONG_TOKEN", "the token is not the lease's"),
        Reason::NotRevoked => {
            Failure::new(Code::FailedPrecondition, "NOT_REVOKED", "the lease is not revoked, so there is nothing to confirm")
        }
        Reason::NotLonger { end } => {
            Failure::field("end_time", "NOT_LONGER", "the new end is not after the one that the lease has")
                .with("end_micros", &end.0)
        }
        Reason::KeyHeld { position, until } => {
            let message = format!("fence key {position} of the request is held");
            let key_free_time = Some(timestamp(until));
            return Ok(proto::Refusal { key_position: position, key_free_time, ..of(Shown::KeyHeld, message) });
        }
        Reason::TooManyLeases { most } => {
            return Ok(of(Shown::TooManyLeases, format!("{most} leases are live, as many as may be")));
        }
        Reason::TooManyStretches { most } => {
            let words = "parts of the term ahead were paid for at different rates, as many as may be; renew later";
            return Ok(of(Shown::TooManyStretches, format!("{most} {words}")));
        }
        Reason::TooDear { price } => {
            let message = format!("it costs {} micro-credits, more than the bid", price.0);
            return Ok(proto::Refusal { price_micro_credits: price.0, ..of(Shown::TooDear, message) });
        }
        Reason::NoRoom(barrier) => return Ok(no_room(fleet, barrier)),
    })
}

fn of(reason: Shown, message: String) -> proto::Refusal {
    proto::Refusal { reason: reason.into(), message, ..proto::Refusal::default() }
}

/// A barrier as a refusal.
pub(crate) fn no_room(fleet: &Fleet, barrier: Barrier) -> proto::Refusal {
    let at = |node: NodeIndex, reason: Shown, words: &str| {
        let name = fleet.name(node);
        proto::Refusal { node: name.to_owned(), ..of(reason, format!("node {name:?} {words}")) }
    };
    match barrier {
        Barrier::Closed { node } => at(node, Shown::NodeClosed, "takes nothing new"),
        Barrier::Draining { node, .. } => at(node, Shown::NodeDraining, "is being emptied"),
        Barrier::Fragmented { node, found } => at(
            node,
            Shown::DevicesFragmented,
            &format!("has only {} with enough left on each", counted(found, "device", "devices")),
        ),
        Barrier::Short(found) => proto::Refusal {
            shortage: Some(shortage(fleet, &found)),
            ..of(Shown::AccountShort, shortage_words(fleet, &found))
        },
    }
}

fn shortage(fleet: &Fleet, found: &Shortage) -> proto::Shortage {
    proto::Shortage {
        account: Some(account(fleet, found.account)),
        at_time: Some(timestamp(found.at)),
        asked: found.asked,
        left: found.left,
    }
}

fn shortage_words(fleet: &Fleet, found: &Shortage) -> String {
    let account = account_words(fleet, found.account.owner, found.account.kind);
    let kind = found.account.kind;
    let (left, asked) = (amount(kind, found.left, Round::Down), amount(kind, found.asked, Round::Up));
    format!("no headroom: {account} has {left} left, and {asked} would be needed")
}

fn counter_offer(fleet: &Fleet, counter: &CounterOffer, form: Form) -> proto::CounterOffer {
    let name = |node: NodeIndex| fleet.name(node).to_owned();
    let later = counter.later.map(timestamp);
    proto::CounterOffer {
        smaller_permille: counter.smaller.map_or(0, |(_, permille)| u32::from(permille)),
        smaller_node: counter.smaller.map_or(String::new(), |(node, _)| name(node)),
        later_time: later.filter(|_| form == Form::Spec),
        latest_end_time: later.filter(|_| form == Form::Flat),
        elsewhere_node: counter.elsewhere.map_or(String::new(), name),
    }
}

/// A node that the fleet does not have.
pub(crate) fn unknown_node(name: &str) -> Failure {
    Failure::new(Code::NotFound, "UNKNOWN_NODE", format!("the fleet has no node {name}")).with("node", name)
}
