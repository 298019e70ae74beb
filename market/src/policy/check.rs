//! Contradictions in rules, looked for in the order of the fields; the first is reported.

use std::fmt;

use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::Kind;
use lessor_models::time::{SPAN_MAX, Span};
use thiserror::Error;

use super::format::{Format, PaymentRule};
use super::reserve::Reserve;
use super::{AccountClass, BidLimits, Rules};
use crate::money::MONEY_MAX;
use crate::posted::{PERMILLE, SteeringError, UNIT_PRICE_MAX};

/// Rules that cannot hold together, or a number that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct Contradiction {
    /// The field to change.
    pub field: Field,
    /// What is wrong with it.
    pub reason: Reason,
}

/// A field of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The position of the account class that it belongs to, if it does.
    pub class: Option<usize>,
    /// Its name, after that of the group it stands in.
    pub name: &'static str,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// A name or a list with nothing in it.
    #[error("is empty")]
    Empty,
    /// A number outside its range.
    #[error("{value} is outside {least} to {most}")]
    OutOfRange {
        /// What it is.
        value: i128,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// A number that must not be above another one.
    #[error("{value} is above {other}, which is {most}")]
    Above {
        /// What it is.
        value: u64,
        /// The other field.
        other: &'static str,
        /// What that is.
        most: u64,
    },
    /// An entry that a list holds twice.
    #[error("lists {entry} twice")]
    Repeated {
        /// The entry.
        entry: &'static str,
    },
    /// A name that an earlier class has.
    #[error("account class {first} has the same name; names must be unique")]
    SameName {
        /// The earlier class, counted from zero.
        first: usize,
    },
    /// Accounts that an earlier class claims.
    #[error("{kind} of each {place} already trades in account class {first}; an account trades in one")]
    Claimed {
        /// The kind.
        kind: Kind,
        /// Where.
        place: &'static str,
        /// The earlier class, counted from zero.
        first: usize,
    },
    /// A class that no market may serve.
    #[error("class {} has a floor and does not trade; only C and D do", class.name())]
    Protected {
        /// The class.
        class: ServiceClass,
    },
    /// A payment rule that the format does not support.
    #[error("{} does not support {}; it supports {}", format.name(), payment.name(), supported(*format))]
    Unsupported {
        /// The format.
        format: Format,
        /// The rule.
        payment: PaymentRule,
    },
    /// Floors that the traded share reaches into.
    #[error("floors of {floors} and a traded share of {share} are more than the whole of 1000")]
    FloorAboveShare {
        /// The floors of A and B together, in thousandths.
        floors: u32,
        /// The share, in thousandths.
        share: u32,
    },
    /// A target that classes C and D cannot pass, whatever they ask for.
    #[error(
        "a target of {target} is out of reach: beside the floors C and D may hold {left} of an account, so that the price would \
         never rise; state less than {left}"
    )]
    TargetOutOfReach {
        /// The target, in thousandths.
        target: u32,
        /// What floors leave, in thousandths.
        left: u32,
    },
    /// A price cap below the reserve price.
    #[error("the cap is {cap}, below the reserve price of {reserve} or more: nothing could be let")]
    CapBelowReserve {
        /// The cap.
        cap: u64,
        /// The least reserve price.
        reserve: u64,
    },
    /// A posted format without steering, or another format with it.
    #[error("goes with the format posted, and only with that")]
    SteeringMisplaced,
    /// Steering that is out of range or does not settle.
    #[error("{0}")]
    Steering(SteeringError),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            Some(class) => write!(f, "account_class {class}, {}", self.name),
            None => f.write_str(self.name),
        }
    }
}

fn supported(format: Format) -> String {
    format.supports().iter().map(|rule| rule.name()).collect::<Vec<_>>().join(", ")
}

/// The greatest factor that rules may state, in thousandths: a hundredfold.
const FACTOR_MAX: u32 = 100_000;

/// The longest name of a policy or a class, in characters as a JSON Schema counts them (Unicode code points), so that tables and
/// pages can show it.
const NAME_CHARACTERS_MAX: u64 = 100;

/// The most account classes.
const CLASSES_MAX: usize = 256;

pub(super) fn check(rules: &Rules) -> Result<(), Contradiction> {
    let of_policy = |name| move |reason| Contradiction { field: Field { class: None, name }, reason };
    check_name(&rules.name).map_err(of_policy("name"))?;
    money(rules.deficit_max.0).map_err(of_policy("deficit_max"))?;
    check_terms(rules).map_err(|(name, reason)| of_policy(name)(reason))?;
    check_bids(&rules.bids).map_err(|(name, reason)| of_policy(name)(reason))?;
    at_most(rules.fees.seller_permille, PERMILLE).map_err(of_policy("fees.seller_permille"))?;
    money(rules.fees.per_group.0).map_err(of_policy("fees.per_group"))?;
    let count = u64::try_from(rules.classes.len()).unwrap_or(u64::MAX);
    within(count, 1, CLASSES_MAX as u64).map_err(of_policy("account_class"))?;
    for (class, stated) in rules.classes.iter().enumerate() {
        let earlier = &rules.classes[..class];
        let found = check_class(stated).and_then(|()| check_apart(stated, earlier));
        found.map_err(|(name, reason)| Contradiction { field: Field { class: Some(class), name }, reason })?;
    }
    Ok(())
}

type Found = Result<(), (&'static str, Reason)>;

fn check_terms(rules: &Rules) -> Found {
    let (terms, preemption) = (rules.terms, rules.preemption);
    let at = |name| move |reason| (name, reason);
    within_span(terms.least, 1).map_err(at("terms.least_s"))?;
    within_span(terms.most, 1).map_err(at("terms.most_s"))?;
    if terms.least > terms.most {
        let reason = Reason::Above { value: seconds(terms.least.0), other: "most_s", most: seconds(terms.most.0) };
        return Err(("terms.least_s", reason));
    }
    within_span(terms.ahead, 0).map_err(at("terms.ahead_s"))?;
    if preemption.notice > terms.most {
        let reason =
            Reason::Above { value: seconds(preemption.notice.0), other: "terms.most_s", most: seconds(terms.most.0) };
        return Err(("preemption.notice_s", reason));
    }
    at_most(preemption.compensation_permille, FACTOR_MAX).map_err(at("preemption.compensation_permille"))
}

fn check_bids(bids: &BidLimits) -> Found {
    let counts = [
        ("bids.groups_max", bids.groups_max, 1_000_000),
        ("bids.bundles_max", bids.bundles_max, 1_000_000),
        ("bids.goods_max", bids.goods_max, 100_000),
    ];
    for (name, count, most) in counts {
        within(count.into(), 1, most).map_err(|reason| (name, reason))?;
    }
    money(bids.amount_max.0).map_err(|reason| ("bids.amount_max", reason))
}

fn check_class(class: &AccountClass) -> Found {
    let at = |name| move |reason| (name, reason);
    check_name(&class.name).map_err(at("name"))?;
    distinct(&class.kinds, Kind::name).map_err(at("kinds"))?;
    distinct(&class.places, Domain::name).map_err(at("places"))?;
    distinct(&class.traders, ServiceClass::name).map_err(at("traders"))?;
    let protected = class.traders.iter().find(|trader| matches!(trader, ServiceClass::A | ServiceClass::B));
    if let Some(&class) = protected {
        return Err(("traders", Reason::Protected { class }));
    }
    if !class.format.supports().contains(&class.payment) {
        return Err(("payment", Reason::Unsupported { format: class.format, payment: class.payment }));
    }
    check_prices(class)?;
    within(class.share_permille.into(), 1, PERMILLE.into()).map_err(at("share_permille"))?;
    at_most(class.floors_permille[0], PERMILLE - 1).map_err(at("floor_a_permille"))?;
    at_most(class.floors_permille[1], PERMILLE - 1).map_err(at("floor_b_permille"))?;
    let floors = class.floors_permille[0] + class.floors_permille[1];
    if floors + class.share_permille > PERMILLE {
        return Err(("share_permille", Reason::FloorAboveShare { floors, share: class.share_permille }));
    }
    within(class.holder_cap_permille.into(), 1, PERMILLE.into()).map_err(at("holder_cap_permille"))?;
    if class.steering.is_some() != (class.format == Format::Posted) {
        return Err(("steering", Reason::SteeringMisplaced));
    }
    let Some(steering) = class.steering else { return Ok(()) };
    steering.check().map_err(|error| ("steering", Reason::Steering(error)))?;
    let (target, left) = (steering.target_permille, PERMILLE - floors);
    if target >= left {
        return Err(("steering.target_permille", Reason::TargetOutOfReach { target, left }));
    }
    Ok(())
}

/// Prices in range, and a cap that the reserve price can be below: its least is where energy costs nothing.
fn check_prices(class: &AccountClass) -> Found {
    let most = UNIT_PRICE_MAX.stated();
    let reserve = class.reserve.price(0);
    within(reserve, 0, most).map_err(|reason| ("reserve", reason))?;
    if let Reserve::MarginalCost { draw_mw, heat_price, markup_permille, .. } = class.reserve {
        within(draw_mw, 0, most).map_err(|reason| ("reserve.draw_mw", reason))?;
        within(heat_price, 0, most).map_err(|reason| ("reserve.heat_price", reason))?;
        at_most(markup_permille, FACTOR_MAX).map_err(|reason| ("reserve.markup_permille", reason))?;
    }
    let Some(cap) = class.price_cap else { return Ok(()) };
    within(cap, 1, most).map_err(|reason| ("price_cap", reason))?;
    if cap < reserve { Err(("price_cap", Reason::CapBelowReserve { cap, reserve })) } else { Ok(()) }
}

fn check_apart(class: &AccountClass, earlier: &[AccountClass]) -> Found {
    for (first, other) in earlier.iter().enumerate() {
        if other.name == class.name {
            return Err(("name", Reason::SameName { first }));
        }
        for &place in &class.places {
            if let Some(&kind) = class.kinds.iter().find(|kind| other.covers(place, **kind)) {
                return Err(("places", Reason::Claimed { kind, place: place.name(), first }));
            }
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Reason> {
    if name.is_empty() {
        return Err(Reason::Empty);
    }
    within(name.chars().count() as u64, 1, NAME_CHARACTERS_MAX)
}

/// A list that is not empty and holds nothing twice.
fn distinct<T: Copy + PartialEq>(list: &[T], name: impl Fn(T) -> &'static str) -> Result<(), Reason> {
    if list.is_empty() {
        return Err(Reason::Empty);
    }
    let repeated = list.iter().enumerate().find(|(at, entry)| list[..*at].contains(entry));
    repeated.map_or(Ok(()), |(_, &entry)| Err(Reason::Repeated { entry: name(entry) }))
}

fn within(value: u64, least: u64, most: u64) -> Result<(), Reason> {
    let is_within = (least..=most).contains(&value);
    if is_within { Ok(()) } else { Err(Reason::OutOfRange { value: value.into(), least, most }) }
}

fn at_most(value: u32, most: u32) -> Result<(), Reason> {
    within(value.into(), 0, most.into())
}

fn money(amount: i64) -> Result<(), Reason> {
    let most = MONEY_MAX.micro_credits();
    match u64::try_from(amount) {
        Ok(value) => within(value, 0, most),
        Err(_) => Err(Reason::OutOfRange { value: amount.into(), least: 0, most }),
    }
}

/// A time of so many microseconds at least, told in the seconds that policies state.
fn within_span(span: Span, least: u64) -> Result<(), Reason> {
    let told = |_| Reason::OutOfRange { value: seconds(span.0).into(), least, most: seconds(SPAN_MAX.0) };
    within(span.0, least, SPAN_MAX.0).map_err(told)
}

fn seconds(micros: u64) -> u64 {
    micros / lessor_models::time::MICROS_PER_SECOND
}
