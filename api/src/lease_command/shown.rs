//! What answers look like: JSON keys, which are promises, and lines for people.

use lessor_datasets::table::instant_words;
use lessor_models::resources::Kind;
use lessor_models::time;
use lessor_models::words::{self, Round, counted};
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::proto::account::Owner;
use crate::proto::{self, Account, AccountStanding, CounterOffer, Lease, QuoteResponse, Refusal, Resources, Revision};

/// The kinds and their amounts, in vector order.
fn amounts(resources: &Resources) -> [(Kind, u64); Kind::COUNT] {
    [
        (Kind::Compute, resources.compute_mops),
        (Kind::Memory, resources.memory_bytes),
        (Kind::Bandwidth, resources.bandwidth_bps),
        (Kind::Power, resources.power_mw),
        (Kind::Heat, resources.heat_mw),
        (Kind::Accelerator, resources.accelerator_milli),
        (Kind::Storage, resources.storage_bytes),
        (Kind::Reversible, resources.reversible_mops),
    ]
}

/// The number of a lease.
pub(super) fn lease_id(lease: &Lease) -> &str {
    lease.name.trim_start_matches("leases/")
}

/// Microseconds since 1970, by the lessor's time.
pub(super) fn micros(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(micros_of(time)))
}

/// The same, as people write it.
pub(super) fn time_words(time: Option<Timestamp>) -> String {
    time.map_or("an unknown time".to_owned(), |time| instant_words(time::Timestamp(micros_of(time))))
}

fn micros_of(time: Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos / 1_000))
}

/// A revision as it is written: `INCARNATION.NUMBER`.
pub(super) fn revision(revision: &Revision) -> String {
    format!("{}.{}", revision.incarnation, revision.number)
}

/// A lease as one JSON object.
pub(super) fn lease_json(lease: &Lease) -> Value {
    let resources = lease.resources.unwrap_or_default();
    let notice = lease.notice.as_ref().map(|notice| {
        json!({
            "cause": enum_word(notice.cause().as_str_name(), "CAUSE_"),
            "until": micros(notice.until_time),
            "compensation": notice.compensation_micro_credits,
        })
    });
    json!({
        "lease_id": lease_id(lease),
        "holder": lease.holder,
        "request_id": lease.request_id,
        "node": lease.node,
        "state": enum_word(lease.state().as_str_name(), "STATE_"),
        "version": lease.version,
        "token": lease.token,
        "start": micros(lease.start_time),
        "end": micros(lease.end_time),
        "resources": amounts(&resources).into_iter().map(|(kind, amount)| (kind.name().to_owned(), json!(amount)))
            .collect::<serde_json::Map<_, _>>(),
        "price": lease.price_micro_credits,
        "service_class": enum_word(lease.service_class().as_str_name(), "SERVICE_CLASS_").to_ascii_uppercase(),
        "devices": lease.devices,
        "device_milli_each": lease.device_milli_each,
        "guard_band_us": lease.guard_band.map(|band| band.seconds * 1_000_000 + i64::from(band.nanos / 1_000)),
        "gang_index": lease.gang_index,
        "gang_size": lease.gang_size,
        "returned": lease.returned,
        "notice": notice,
    })
}

/// A lease in one line.
pub(super) fn lease_line(lease: &Lease) -> String {
    let resources = lease.resources.unwrap_or_default();
    let held: Vec<String> = amounts(&resources)
        .into_iter()
        .filter(|held| held.1 > 0)
        .map(|(kind, held)| format!("{kind} {}", words::amount(kind, held, Round::Down)))
        .collect();
    format!(
        "{:<8} {:<9} v{} token {} {} on {}: {}; until {}, price {}",
        lease_id(lease),
        enum_word(lease.state().as_str_name(), "STATE_"),
        lease.version,
        lease.token,
        lease.holder,
        lease.node,
        held.join(", "),
        time_words(lease.end_time),
        micro_credits(lease.price_micro_credits),
    )
}

/// A price in words.
fn micro_credits(price: i64) -> String {
    counted(price, "micro-credit", "micro-credits")
}

/// A quote as one JSON object.
pub(super) fn quote_json(quote: &QuoteResponse) -> Value {
    json!({
        "nodes": quote.nodes,
        "price": quote.price_micro_credits,
        "displaced_leases": quote.displaced_lease_count,
        "compensation": quote.compensation_micro_credits,
    })
}

/// A quote in one line.
pub(super) fn quote_line(quote: &QuoteResponse) -> String {
    let (nodes, price) = (quote.nodes.join(", "), micro_credits(quote.price_micro_credits));
    match quote.displaced_lease_count {
        0 => format!("would be granted on {nodes}, price {price}"),
        displaced => format!(
            "would be offered on {nodes} once {} gone, price {price} and compensation {}",
            counted(displaced, "lease of another is", "leases of others are"),
            micro_credits(quote.compensation_micro_credits)
        ),
    }
}

/// A refusal as one JSON object.
pub(super) fn refusal_json(refusal: &Refusal) -> Value {
    let shortage = refusal.shortage.as_ref();
    json!({
        "reason": enum_word(refusal.reason().as_str_name(), "REASON_"),
        "message": refusal.message,
        "node": some_text(&refusal.node),
        "account": shortage.and_then(|shortage| shortage.account.as_ref()).map(account_json),
        "asked": shortage.map(|shortage| shortage.asked),
        "left": shortage.map(|shortage| shortage.left),
        "at": shortage.map(|shortage| micros(shortage.at_time)),
        "price": refusal.price_micro_credits,
        "key_free_at": micros(refusal.key_free_time),
        "counter_offer": refusal.counter_offer.as_ref().map(counter_offer_json),
    })
}

fn counter_offer_json(offer: &CounterOffer) -> Value {
    json!({
        "smaller_permille": (offer.smaller_permille > 0).then_some(offer.smaller_permille),
        "smaller_node": some_text(&offer.smaller_node),
        "later": micros(offer.later_time),
        "latest_end": micros(offer.latest_end_time),
        "elsewhere": some_text(&offer.elsewhere_node),
    })
}

/// A refusal in lines.
pub(super) fn refusal_lines(refusal: &Refusal) -> Vec<String> {
    let mut lines = vec![format!("refused: {}", refusal.message)];
    if refusal.key_free_time.is_some() {
        lines.push(format!("  the key is free at {}, if its lease is not renewed", time_words(refusal.key_free_time)));
    }
    if let Some(offer) = &refusal.counter_offer {
        if offer.smaller_permille > 0 {
            let part = counted(offer.smaller_permille, "thousandth of it fits", "thousandths of it fit");
            lines.push(format!("  smaller: {part} on {}", offer.smaller_node));
        }
        if offer.later_time.is_some() {
            let later = time_words(offer.later_time);
            lines.push(format!("  later: it fits from {later} on, if nobody renews or comes first"));
        }
        if offer.latest_end_time.is_some() {
            lines.push(format!("  shorter: it may be renewed until {}", time_words(offer.latest_end_time)));
        }
        if !offer.elsewhere_node.is_empty() {
            lines.push(format!("  elsewhere: it fits on {}", offer.elsewhere_node));
        }
    }
    lines
}

fn account_json(account: &Account) -> Value {
    let (owner_type, owner) = owner(account);
    json!({ "owner_type": owner_type, "owner": owner, "kind": enum_word(account.kind().as_str_name(), "KIND_") })
}

fn owner(account: &Account) -> (&'static str, &str) {
    match &account.owner {
        Some(Owner::Node(name)) => ("node", name),
        Some(Owner::Zone(name)) => ("zone", name),
        None => ("node", ""),
    }
}

/// An account with what it has and holds, as one JSON object.
pub(super) fn standing_json(standing: &AccountStanding) -> Value {
    let mut object = standing.account.as_ref().map_or(json!({}), account_json);
    object["capacity"] = json!(standing.capacity);
    object["commitment"] = json!(standing.commitment);
    object["posted_price"] = json!(standing.posted_price);
    object
}

/// An account with what it has and holds, in one line.
pub(super) fn standing_line(standing: &AccountStanding) -> String {
    let account = standing.account.clone().unwrap_or_default();
    let (owner_type, name) = owner(&account);
    let kind = enum_word(account.kind().as_str_name(), "KIND_");
    let Some(known) = Kind::from_name(&kind) else {
        return format!("{kind} of {owner_type} {name:?}: {} of {} held", standing.commitment, standing.capacity);
    };
    let price = match standing.posted_price {
        0 => String::new(),
        price => format!(", {}", words::price(known, price)),
    };
    let held = words::amount(known, standing.commitment, Round::Up);
    format!(
        "{kind} of {owner_type} {name:?}: {held} of {} held{price}",
        words::amount(known, standing.capacity, Round::Down)
    )
}

/// One line or object of a watch.
pub(super) fn watch_json(response: &proto::WatchResponse) -> Value {
    use proto::watch_response::Event;
    let at = response.revision.as_ref().map(revision);
    match &response.event {
        Some(Event::Changed(lease)) => json!({ "revision": at, "changed": lease_json(lease) }),
        Some(Event::Fence(fence)) => {
            json!({ "revision": at, "fence": fence.lease.as_ref().map(lease_json), "fence_keys": fence.fence_keys })
        }
        Some(Event::Bookmark(_)) | None => json!({ "revision": at, "bookmark": true }),
    }
}

/// `STATE_ACTIVE` as `active`.
fn enum_word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
