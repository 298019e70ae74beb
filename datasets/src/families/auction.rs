//! Combinatorial auctions in the format of CATS (Leyton-Brown, Pearson & Shoham 2000): `goods N`, `bids N`, `dummy N`, then a
//! line for each bid: its number, its amount, its goods, `#`. What follows a `%` is a comment.
//!
//! Amounts are whole numbers, or decimal ones, as CATS prints them: a file with any of those is counted in units of 10^-6,
//! rounded to the nearest, half upwards.
//!
//! A good from `goods` on is a dummy: bids that share one belong to one bidder and exclude each other. A bid has one dummy at
//! most; one without a dummy has a bidder of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::auction::{AuctionBid, AuctionInstance};

use super::FamilyError;
use super::decimal::{scaled, scaled_sum};
use super::numbers::{clipped, text};

/// Units of an amount of the instance in one of a file with decimal amounts.
pub const AUCTION_UNITS: u64 = 1_000_000;
/// The most goods of an auction.
const GOODS_MAX: u32 = 1 << 24;
/// The places of a decimal amount that count.
const PLACES: i32 = 6;

/// An auction as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAuction {
    /// The auction.
    pub instance: AuctionInstance,
    /// How many of its units are one of the file: one, or [`AUCTION_UNITS`] where amounts are decimal.
    pub units: u64,
}

impl ReadAuction {
    /// An amount, or a sum of some, that is written in units of the file, in units of the instance; `None` where it is no number
    /// from 0 on.
    #[must_use]
    pub fn amount(&self, token: &str) -> Option<u128> {
        scaled_sum(token, places(self.units))
    }
}

/// The decimal places that count.
const fn places(units: u64) -> i32 {
    if units == 1 { 0 } else { PLACES }
}

/// Reads one instance.
///
/// # Errors
/// A file that cannot be read, a word that is no number, a line that is no bid, each with its line; bids that make no auction.
pub fn auction(path: &Path) -> Result<ReadAuction, FamilyError> {
    let text = text(path)?;
    let mut reader = Reader { path, goods: None, bids: None, dummies: None, read: Vec::new(), lines: 1 };
    for (line, text) in (1..).zip(text.lines()) {
        reader.lines = line;
        let words: Vec<&str> = text.split('%').next().unwrap_or_default().split_whitespace().collect();
        if !words.is_empty() {
            reader.line(line, &words)?;
        }
    }
    reader.end()
}

struct Reader<'a> {
    path: &'a Path,
    goods: Option<u32>,
    bids: Option<u32>,
    dummies: Option<u32>,
    read: Vec<BidLine>,
    /// How many lines there are.
    lines: usize,
}

/// A bid as it is written.
struct BidLine {
    line: usize,
    id: u64,
    amount: String,
    /// In order, dummies among them.
    goods: Vec<u32>,
}

/// What is wrong with a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BidFault {
    /// Its number is not above those before.
    Order {
        /// The number of the bid before.
        before: u64,
    },
    /// It is one more than the file says there are.
    OneTooMany {
        /// How many bids the file says there are.
        announced: u32,
    },
    /// It wants a good that is not there.
    NoSuchGood {
        /// The good.
        good: u32,
        /// How many goods and dummies there are.
        count: u32,
    },
    /// It wants a good twice.
    GoodTwice {
        /// The good.
        good: u32,
    },
    /// It wants no good, or dummies only.
    NoGood,
    /// It wants two dummies, each of which names a bidder.
    SeveralDummies {
        /// The first.
        one: u32,
        /// The next.
        other: u32,
    },
}

impl fmt::Display for BidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BidFault::Order { before } => {
                write!(f, "follows bid {before}, but must come after bids of lower numbers, once")
            }
            BidFault::OneTooMany { announced } => write!(f, "is one more than the {announced} bids announced"),
            BidFault::NoSuchGood { good, count } => {
                write!(f, "wants good {good}, but there are {count} with the dummies, counted from zero")
            }
            BidFault::GoodTwice { good } => write!(f, "wants good {good} twice"),
            BidFault::NoGood => write!(f, "must want some good that is no dummy"),
            BidFault::SeveralDummies { one, other } => {
                write!(
                    f,
                    "wants dummies {one} and {other}, but has one bidder, whom one dummy names: leave one of them out"
                )
            }
        }
    }
}

impl BidLine {
    /// Against the bid before and the sizes of the auction.
    fn fault(&self, before: Option<&BidLine>, (goods, dummies): (u32, u32)) -> Option<BidFault> {
        let count = goods.saturating_add(dummies);
        if let Some(before) = before.filter(|before| before.id >= self.id) {
            return Some(BidFault::Order { before: before.id });
        }
        if let Some(&good) = self.goods.iter().find(|&&good| good >= count) {
            return Some(BidFault::NoSuchGood { good, count });
        }
        if let Some(pair) = self.goods.windows(2).find(|pair| pair[0] == pair[1]) {
            return Some(BidFault::GoodTwice { good: pair[0] });
        }
        // Goods are in order, and dummies come after them.
        let named = self.goods.iter().position(|&good| good >= goods).unwrap_or(self.goods.len());
        match &self.goods[named..] {
            _ if named == 0 => Some(BidFault::NoGood),
            [one, other, ..] => Some(BidFault::SeveralDummies { one: *one, other: *other }),
            _ => None,
        }
    }
}

impl Reader<'_> {
    fn line(&mut self, line: usize, words: &[&str]) -> Result<(), FamilyError> {
        match words {
            ["goods", count] if self.goods.is_none() => self.goods = Some(self.goods(line, count)?),
            ["bids", count] if self.bids.is_none() => self.bids = Some(self.number(line, count)?),
            ["dummy", count] if self.dummies.is_none() => self.dummies = Some(self.number(line, count)?),
            [what @ ("goods" | "bids" | "dummy"), _] => {
                return Err(FamilyError::SizeAgain { path: self.path.to_owned(), line, what: (*what).to_owned() });
            }
            [id, amount, goods @ .., "#"] => {
                let (id, amount) = (self.number(line, id)?, (*amount).to_owned());
                let mut goods = goods.iter().map(|good| self.number(line, good)).collect::<Result<Vec<u32>, _>>()?;
                goods.sort_unstable();
                self.read.push(BidLine { line, id, amount, goods });
            }
            _ => {
                return Err(FamilyError::NotABid { path: self.path.to_owned(), line, text: clipped(&words.join(" ")) });
            }
        }
        Ok(())
    }

    /// The number of goods: something is kept of each, whether anyone bids for it or not.
    fn goods(&self, line: usize, token: &str) -> Result<u32, FamilyError> {
        let count: u64 = self.number(line, token)?;
        let many = || FamilyError::Goods { path: self.path.to_owned(), line, count, most: GOODS_MAX };
        u32::try_from(count).ok().filter(|&count| count <= GOODS_MAX).ok_or_else(many)
    }

    fn number<T: TryFrom<u64>>(&self, line: usize, token: &str) -> Result<T, FamilyError> {
        let number = token.parse().ok().filter(|&number: &u64| number <= COEFFICIENT_MAX);
        let not = || FamilyError::NotANumber { path: self.path.to_owned(), line, token: clipped(token) };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(not)
    }

    /// The amount of a bid, in units of the file or in those of decimal amounts.
    fn amount(&self, bid: &BidLine, units: u64) -> Result<u64, FamilyError> {
        let amount = scaled(&bid.amount, places(units));
        let not = || FamilyError::NotAnAmount {
            path: self.path.to_owned(),
            line: bid.line,
            token: clipped(&bid.amount),
            most: COEFFICIENT_MAX / units,
        };
        amount.ok_or_else(not)
    }

    fn end(self) -> Result<ReadAuction, FamilyError> {
        let goods = self.goods.ok_or_else(|| self.missing("the number of goods"))?;
        let announced = self.bids.ok_or_else(|| self.missing("the number of bids"))?;
        let mut before = None;
        for (bid, at) in self.read.iter().zip(0_u32..) {
            let fault = bid.fault(before, (goods, self.dummies.unwrap_or(0)));
            if let Some(fault) = fault.or_else(|| (at == announced).then_some(BidFault::OneTooMany { announced })) {
                return Err(FamilyError::Bid { path: self.path.to_owned(), line: bid.line, id: bid.id, fault });
            }
            before = Some(bid);
        }
        if self.read.len() < announced as usize {
            return Err(self.missing(&format!("the last of {announced} bids")));
        }
        // A sign does not make an amount decimal.
        let digits = |bid: &BidLine| bid.amount.strip_prefix(['-', '+']).unwrap_or(&bid.amount).to_owned();
        let is_whole = |bid: &BidLine| digits(bid).bytes().all(|byte| byte.is_ascii_digit());
        let units = if self.read.iter().all(is_whole) { 1 } else { AUCTION_UNITS };
        let mut named = BTreeMap::new();
        let mut read = Vec::with_capacity(self.read.len());
        for bid in &self.read {
            let (id, amount, mut wanted) = (bid.id, self.amount(bid, units)?, bid.goods.clone());
            let dummy = wanted.iter().copied().find(|&good| good >= goods);
            wanted.retain(|&good| good < goods);
            let next = u32::try_from(named.len()).unwrap_or(u32::MAX);
            let bidder = *named.entry(dummy.map_or((1, id), |dummy| (0, u64::from(dummy)))).or_insert(next);
            read.push(AuctionBid { id, amount, goods: wanted, bidder });
        }
        let instance = AuctionInstance::new(goods, read);
        let instance = instance.map_err(|source| FamilyError::Auction { path: self.path.to_owned(), source })?;
        Ok(ReadAuction { instance, units })
    }

    /// The file ends before something.
    fn missing(&self, missing: &str) -> FamilyError {
        let last = self.read.last().map_or(String::new(), |bid| format!(", the last number {}", bid.id));
        FamilyError::Ends {
            path: self.path.to_owned(),
            line: self.lines,
            found: format!("{} bids{last}", self.read.len()),
            missing: missing.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::tests::read;
    use crate::import::tests::public_file;

    const SMALL: &str = "%% a comment\ngoods 2\nbids 3\ndummy 1\n\n0\t5\t0\t2\t#\n1\t7\t1\t2\t#\n2\t4\t1\t0\t#\n";

    #[test]
    fn bids_that_share_a_dummy_have_one_bidder() {
        let ReadAuction { instance, units } = read(auction, SMALL).unwrap();
        assert_eq!(units, 1);
        let bid = |id, amount, goods: &[u32], bidder| AuctionBid { id, amount, goods: goods.to_vec(), bidder };
        assert_eq!(instance.bids(), [bid(0, 5, &[0], 0), bid(1, 7, &[1], 0), bid(2, 4, &[0, 1], 1)]);
    }

    #[test]
    fn decimal_amounts_are_counted_in_millionths() {
        let ReadAuction { instance, units } = read(auction, &SMALL.replace('7', "7.1234567")).unwrap();
        let amounts: Vec<u64> = instance.bids().iter().map(|bid| bid.amount).collect();
        assert_eq!((amounts.as_slice(), units), (&[5_000_000, 7_123_457, 4_000_000][..], AUCTION_UNITS));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused = |text: &str| read(auction, text).unwrap_err();
        assert_eq!(
            refused(&SMALL.replace('7', "-7")),
            "instance: line 7: \"-7\" is not an amount: write a number from 0 to 9007199254740992"
        );
        assert_eq!(
            refused(&SMALL.replace('7', "-7.5")),
            "instance: line 7: \"-7.5\" is not an amount: write a number from 0 to 9007199254, rounded to six decimals"
        );
        for size in ["goods", "bids", "dummy"] {
            let twice = SMALL.replace("\n\n", &format!("\n{size} 2\n"));
            let expected =
                format!("instance: line 5: states {size} again, as a line before does; leave one of them out");
            assert_eq!(refused(&twice), expected);
        }
        assert_eq!(
            refused(&SMALL.replace('7', "9007199254740993")),
            "instance: line 7: \"9007199254740993\" is not an amount: write a number from 0 to 9007199254740992"
        );
        assert_eq!(
            refused(&SMALL.replace("\t2\t#", "\t2")),
            "instance: line 6: \"0 5 0 2\" is neither a size nor a bid that ends with #"
        );
        assert_eq!(
            refused(&SMALL.replace("bids 3", "bids 4")),
            "instance: line 8: ends after 3 bids, the last number 2, before the last of 4 bids"
        );
        assert_eq!(
            refused(&SMALL.replace("bids 3", "bids 2")),
            "instance: line 8: bid 2 is one more than the 2 bids announced"
        );
        let second = |line: &str| refused(&SMALL.replace("1\t7\t1\t2\t#", line));
        assert_eq!(
            second("1\t7\t1\t9\t#"),
            "instance: line 7: bid 1 wants good 9, but there are 3 with the dummies, counted from zero"
        );
        assert_eq!(second("1\t7\t1\t2\t1\t#"), "instance: line 7: bid 1 wants good 1 twice");
        assert_eq!(second("1\t7\t2\t#"), "instance: line 7: bid 1 must want some good that is no dummy");
        assert_eq!(
            refused(&SMALL.replace("dummy 1", "dummy 2").replace("1\t7\t1\t2\t#", "1\t7\t3\t1\t2\t#")),
            "instance: line 7: bid 1 wants dummies 2 and 3, but has one bidder, whom one dummy names: leave one of them out"
        );
        assert_eq!(
            refused(&SMALL.replace("goods 2", "goods 4294967295")),
            "instance: line 2: there are 4294967295 goods, but an auction has 16777216 at most"
        );
        assert_eq!(second("1\t7\t#"), "instance: line 7: bid 1 must want some good that is no dummy");
        assert_eq!(
            second("0\t7\t1\t2\t#"),
            "instance: line 7: bid 0 follows bid 0, but must come after bids of lower numbers, once"
        );
        assert_eq!(refused(""), "instance: line 1: ends after 0 bids, before the number of goods");
    }

    #[test]
    fn a_public_instance_is_read() {
        let Some(path) = public_file("auctions/cats/regions_small_s1.txt") else { return };
        let instance = auction(&path).unwrap().instance;
        assert_eq!((instance.goods(), instance.bids().len()), (32, 152));
        assert_eq!(instance.bids().iter().map(|bid| bid.bidder).max(), Some(32));
    }
}
