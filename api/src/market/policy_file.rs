//! A policy as one TOML file. Keys that are not known are errors; what is left out has a stated default, or is an error.

use std::borrow::Cow;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use lessor_market::money::Money;
use lessor_market::policy::{
    AccountClass, BidLimits, Contradiction, Fees, Field, Format, PaymentRule, Policy, Preemption, Reserve, Rules,
    TermLimits,
};
use lessor_market::posted::Steering;
use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::Kind;
use lessor_models::time::{MICROS_PER_SECOND, Span};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::policy_words::Word;

/// The version of the format that this program reads.
pub(super) const VERSION: u32 = 1;

/// The rules of a market. Money is in micro-credits, prices in micro-credits per 10^6 base units and hour, times in seconds,
/// shares and factors in thousandths.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    /// The version of this format.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// What the policy is called, in at most 100 characters (Unicode code points).
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Which issue of it this is; rises with each change.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_u64))]
    revision: u64,
    /// The seed of the lot between equal bids.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_u64))]
    tie_break_seed: u64,
    /// How far the operator's account may fall below zero.
    #[serde(default)]
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_i64))]
    deficit_max: i64,
    /// How long and how far ahead a lease may run.
    terms: TermsTable,
    /// What a bidder may put into a round.
    bids: BidsTable,
    /// What a holder gets whose lease is revoked.
    preemption: PreemptionTable,
    /// What taking part costs.
    #[serde(default)]
    fees: FeesTable,
    /// Which accounts trade, and how; an account of no class does not.
    #[schemars(length(min = 1, max = 256))]
    account_class: Vec<ClassTable>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys of the file, which name their units")]
struct TermsTable {
    /// The shortest term.
    #[schemars(range(min = 1, max = 3_162_240_000_u64))]
    least_s: u64,
    /// The longest term.
    #[schemars(range(min = 1, max = 3_162_240_000_u64))]
    most_s: u64,
    /// How long after the round a term may start.
    #[schemars(range(min = 0, max = 3_162_240_000_u64))]
    ahead_s: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys of the file, which name their units")]
struct BidsTable {
    /// XOR groups of one bidder in a round.
    #[schemars(range(min = 1, max = 1_000_000))]
    groups_max: u32,
    /// Bundles of one group.
    #[schemars(range(min = 1, max = 1_000_000))]
    bundles_max: u32,
    /// Goods of one bundle.
    #[schemars(range(min = 1, max = 100_000))]
    goods_max: u32,
    /// The greatest bid on one bundle.
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_i64))]
    amount_max: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreemptionTable {
    /// How long a revoked holder has to finish; at most the longest term.
    #[schemars(range(min = 0, max = 3_162_240_000_u64))]
    notice_s: u64,
    /// What it gets beside what it paid for the time left, of that.
    #[schemars(range(min = 0, max = 100_000))]
    compensation_permille: u32,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FeesTable {
    /// What the operator keeps of a seller's proceeds; never so much that the seller gets less than it asked.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    seller_permille: u32,
    /// What each group of bids costs its bidder, won or lost.
    #[serde(default)]
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_i64))]
    per_group: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClassTable {
    /// What the class is called, in at most 100 characters (Unicode code points).
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// The resource kinds of its accounts.
    #[schemars(length(min = 1))]
    kinds: Vec<Word<Kind>>,
    /// Where its accounts are: nodes of a level, or zones of a kind.
    #[schemars(length(min = 1))]
    places: Vec<Word<Domain>>,
    /// Who may bid; classes A and B have floors in place of bids.
    #[schemars(length(min = 1))]
    traders: Vec<Word<ServiceClass>>,
    /// How a round works.
    format: Word<Format>,
    /// What winners pay; the format must support it.
    payment: Word<PaymentRule>,
    /// The least price.
    reserve: ReserveTable,
    /// The greatest price; none where it is left out.
    #[schemars(range(min = 1, max = 460_800_000_000_u64))]
    price_cap: Option<u64>,
    /// How much of an account trades at most, of its capacity.
    #[schemars(range(min = 1, max = 1_000))]
    share_permille: u32,
    /// What is kept for class A as long as it holds less, of the capacity.
    #[schemars(range(min = 0, max = 999))]
    floor_a_permille: u32,
    /// What is kept for class B as long as it holds less, of the capacity.
    #[schemars(range(min = 0, max = 999))]
    floor_b_permille: u32,
    /// How much of what trades of an account one bidder may win.
    #[serde(default = "whole")]
    #[schemars(range(min = 1, max = 1_000))]
    holder_cap_permille: u32,
    /// How the posted price is steered; with the format posted, and only with that.
    steering: Option<SteeringTable>,
}

/// The least price.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ReserveTable {
    /// So much per 10^6 base units and hour.
    Fixed(#[schemars(range(min = 0, max = 460_800_000_000_u64))] u64),
    /// What handing the account out costs.
    MarginalCost(MarginalCostTable),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MarginalCostTable {
    /// Wear, per 10^6 base units and hour.
    #[serde(default)]
    #[schemars(range(min = 0, max = 460_800_000_000_u64))]
    wear: u64,
    /// Power that 10^6 base units draw, in milliwatts.
    #[serde(default)]
    #[schemars(range(min = 0, max = 460_800_000_000_u64))]
    draw_mw: u64,
    /// What rejecting a kilowatt-hour of heat costs.
    #[serde(default)]
    #[schemars(range(min = 0, max = 460_800_000_000_u64))]
    heat_price: u64,
    /// What is added to the cost.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000))]
    markup_permille: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys of the file, which name their units")]
struct SteeringTable {
    /// The share of an account that should be asked for; less than what the floors leave.
    #[schemars(range(min = 1, max = 999))]
    target_permille: u32,
    /// How strongly the price follows an excess of demand.
    #[schemars(range(min = 1, max = 10_000))]
    gain_permille: u32,
    /// The greatest change of a price in one round.
    #[schemars(range(min = 1, max = 500))]
    step_max_permille: u32,
    /// The weight of the newest excess in the smoothed one; 1,000 smooths nothing.
    #[schemars(range(min = 500, max = 1_000))]
    newest_permille: u32,
    /// The greatest elasticity of demand that is reckoned with; gain times elasticity has a bound.
    #[schemars(range(min = 1, max = 100_000))]
    elasticity_permille: u32,
}

const fn whole() -> u32 {
    1_000
}

/// Why a policy was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of these keys.
    #[error("{}: not a policy: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, counted from one, where one is at fault.
        line: Option<usize>,
        /// The field there, where the rest of the file can be read.
        field: Option<String>,
        /// Where and why: a part of the message, and no cause of its own.
        reason: Box<toml::de::Error>,
    },
    /// A field that has no default is not there.
    #[error("{}: line {line}, {field}: is missing, and has no default", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The line of the table that it is missing from, counted from one; the last line where it is missing from the file itself.
        line: usize,
        /// The field.
        field: String,
    },
    /// A field or a table is stated twice.
    #[error("{}: line {line}, {field}: is stated before already; keep one of them", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The line where it is stated again, counted from one.
        line: usize,
        /// The field.
        field: String,
    },
    /// The file is of another version of the format.
    #[error("{}: line {line}, version: {found} cannot be read; this program reads version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The line of the version, counted from one.
        line: usize,
        /// The version.
        found: u32,
    },
    /// The rules contradict each other.
    #[error("{}: line {line}, {contradiction}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// The line of the field, counted from one.
        line: usize,
        /// Which field, and why.
        contradiction: Box<Contradiction>,
    },
}

/// Reads a policy.
///
/// # Errors
/// A file that cannot be read, that is not TOML of these keys, or whose rules contradict each other; the message names line
/// and field.
pub(crate) fn read(path: &Path) -> Result<Policy, PolicyError> {
    let text = fs::read_to_string(path).map_err(|source| PolicyError::Read { path: path.to_owned(), source })?;
    parse(path, &text)
}

/// The policy in a text; the path is for messages.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Policy, PolicyError> {
    let file: PolicyFile = toml::from_str(text).map_err(|reason| unread((path, text), reason))?;
    if file.version != VERSION {
        let line = line_of(text, Field { class: None, name: "version" });
        return Err(PolicyError::Version { path: path.to_owned(), line, found: file.version });
    }
    Policy::new(file.rules()).map_err(|contradiction| PolicyError::Contradiction {
        path: path.to_owned(),
        line: line_of(text, contradiction.field),
        contradiction: Box::new(contradiction),
    })
}

/// Why a text is not TOML of these keys, with line and field.
fn unread((path, text): (&Path, &str), reason: toml::de::Error) -> PolicyError {
    let document = DeTable::parse(text).ok();
    if let Some((line, field)) = document.as_ref().and_then(|document| missing(text, document, &reason)) {
        return PolicyError::Missing { path: path.to_owned(), line, field };
    }
    if let Some((line, field)) = twice(text, &reason) {
        return PolicyError::Twice { path: path.to_owned(), line, field };
    }
    let at = reason.span().map(|span| span.start);
    let field = at.zip(document).and_then(|(at, document)| field_at(document.get_ref(), at));
    let line = at.map(|at| line_at(text, at));
    PolicyError::Parse { path: path.to_owned(), line, field, reason: Box::new(reason) }
}

/// The field that an error says is missing, and the line of the table that it is missing from.
fn missing(text: &str, document: &Spanned<DeTable<'_>>, reason: &toml::de::Error) -> Option<(usize, String)> {
    let name = reason.message().strip_prefix("missing field `")?.strip_suffix('`')?;
    let span = reason.span()?;
    Some(match path_of(document.get_ref(), &span) {
        Some(path) => (line_at(text, span.start), format!("{path}{name}")),
        None => (text.lines().count().max(1), name.to_owned()),
    })
}

/// The field that an error says is stated twice, and the line where it is again: under another name there, the file can be read.
fn twice(text: &str, reason: &toml::de::Error) -> Option<(usize, String)> {
    let span = reason.span().filter(|_| reason.message() == "duplicate key")?;
    let (key, mark) = (text.get(span.clone())?, "_".repeat(span.len()));
    let renamed = [&text[..span.start], &mark, &text[span.end..]].concat();
    let document = DeTable::parse(&renamed).ok();
    let field = document.and_then(|document| field_at(document.get_ref(), span.start));
    // Where a further one is stated twice as well, the key alone is what is known.
    let field = field.and_then(|field| Some(field.strip_suffix(&mark)?.to_owned() + key)).unwrap_or(key.to_owned());
    Some((line_at(text, span.start), field))
}

/// The table whose header or braces lie just there, as its fields are called: `terms.`, or `account_class 0, steering.`
fn path_of(table: &DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let inside = |value: &Spanned<DeValue<'_>>, separator: &str| {
        let within = as_table(value.get_ref())?;
        if value.span() == *span {
            Some(separator.to_owned())
        } else {
            Some(separator.to_owned() + &path_of(within, span)?)
        }
    };
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        match value.get_ref() {
            DeValue::Array(entries) => entries
                .iter()
                .enumerate()
                .find_map(|(entry, value)| Some(format!("{name} {entry}{}", inside(value, ", ")?))),
            _ => Some(format!("{name}{}", inside(value, ".")?)),
        }
    })
}

/// The line of a field, or of the table that it is missing from; counted from one.
fn line_of(text: &str, field: Field) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 1 };
    let mut at = document.span().start;
    let mut table = Some(document.get_ref());
    if let Some(class) = field.class {
        let classes = table.and_then(|table| entry(table, "account_class")).map(toml::Spanned::get_ref);
        let found = match classes {
            Some(DeValue::Array(classes)) => classes.get(class),
            _ => None,
        };
        at = found.map_or(at, |found| found.span().start);
        table = found.and_then(|found| as_table(found.get_ref()));
    }
    for key in field.name.split('.') {
        let Some(found) = table.and_then(|table| entry(table, key)) else { break };
        at = found.span().start;
        table = as_table(found.get_ref());
    }
    line_at(text, at)
}

/// The line of a byte, counted from one.
fn line_at(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|&(place, _)| place < at).filter(|&(_, letter)| letter == '\n').count() + 1
}

/// The field at a byte: the key there, or the key whose value is there.
fn field_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    let within = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let name = key.get_ref();
        match value.get_ref() {
            DeValue::Table(table) => Some(format!("{name}.{}", field_at(table, at)?)),
            DeValue::Array(entries) => entries.iter().enumerate().find_map(|(entry, value)| {
                Some(format!("{name} {entry}, {}", field_at(as_table(value.get_ref())?, at)?))
            }),
            _ => None,
        }
    };
    let here = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        (key.span().contains(&at) || value.span().contains(&at)).then(|| key.get_ref().to_string())
    };
    table.iter().find_map(within).or_else(|| table.iter().find_map(here))
}

fn entry<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

fn as_table<'t, 'i>(value: &'t DeValue<'i>) -> Option<&'t DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The schema as one JSON document. TOML holds the same values as JSON here, so it describes the TOML file.
pub(super) fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(PolicyFile);
    schema.insert("title".to_owned(), "Policy of a Lessor market".into());
    schema.to_value()
}

impl PolicyFile {
    fn rules(self) -> Rules {
        Rules {
            name: self.name,
            revision: self.revision,
            tie_break_seed: self.tie_break_seed,
            deficit_max: Money(self.deficit_max),
            terms: TermLimits {
                least: seconds(self.terms.least_s),
                most: seconds(self.terms.most_s),
                ahead: seconds(self.terms.ahead_s),
            },
            bids: BidLimits {
                groups_max: self.bids.groups_max,
                bundles_max: self.bids.bundles_max,
                goods_max: self.bids.goods_max,
                amount_max: Money(self.bids.amount_max),
            },
            preemption: Preemption {
                notice: seconds(self.preemption.notice_s),
                compensation_permille: self.preemption.compensation_permille,
            },
            fees: Fees { seller_permille: self.fees.seller_permille, per_group: Money(self.fees.per_group) },
            classes: self.account_class.into_iter().map(ClassTable::class).collect(),
        }
    }
}

impl ClassTable {
    fn class(self) -> AccountClass {
        AccountClass {
            name: self.name,
            kinds: words(self.kinds),
            places: words(self.places),
            traders: words(self.traders),
            format: self.format.0,
            payment: self.payment.0,
            reserve: match self.reserve {
                ReserveTable::Fixed(price) => Reserve::Fixed(price),
                ReserveTable::MarginalCost(cost) => Reserve::MarginalCost {
                    wear: cost.wear,
                    draw_mw: cost.draw_mw,
                    heat_price: cost.heat_price,
                    markup_permille: cost.markup_permille,
                },
            },
            price_cap: self.price_cap,
            share_permille: self.share_permille,
            floors_permille: [self.floor_a_permille, self.floor_b_permille],
            holder_cap_permille: self.holder_cap_permille,
            steering: self.steering.map(|steering| Steering {
                target_permille: steering.target_permille,
                gain_permille: steering.gain_permille,
                step_max_permille: steering.step_max_permille,
                newest_permille: steering.newest_permille,
                elasticity_permille: steering.elasticity_permille,
            }),
        }
    }
}

fn words<T>(words: Vec<Word<T>>) -> Vec<T> {
    words.into_iter().map(|word| word.0).collect()
}

/// A number of seconds; beyond all range where it is too large, so that the check names it.
fn seconds(count: u64) -> Span {
    Span(count.saturating_mul(MICROS_PER_SECOND))
}
