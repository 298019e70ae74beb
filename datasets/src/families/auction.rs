//! Combinatorial auctions in the format of CATS (Leyton-Brown, Pearson & Shoham 2000): `goods N`, `bids N`, `dummy N`, then a
//! line for each bid: its number, its amount, its goods, `#`. What follows a `%` is a comment.
//!
//! A good from `goods` on is a dummy: bids that share one belong to one bidder and exclude each other. A bid without a dummy
//! has a bidder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::auction::{AuctionBid, AuctionInstance};

use super::FamilyError;
use super::numbers::clipped;

/// Reads one instance.
///
/// # Errors
/// A file that cannot be read, a word that is no number, a line that is no bid, each with its line; bids that make no auction.
pub fn auction(path: &Path) -> Result<AuctionInstance, FamilyError> {
    let text = fs::read_to_string(path).map_err(|source| FamilyError::Read { path: path.to_owned(), source })?;
    let mut reader = Reader { path, goods: None, bids: None, dummies: 0, read: Vec::new() };
    for (line, text) in (1..).zip(text.lines()) {
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
    dummies: u32,
    /// Number, amount and goods of each bid, dummies among them.
    read: Vec<(u64, u64, Vec<u32>)>,
}

impl Reader<'_> {
    fn line(&mut self, line: usize, words: &[&str]) -> Result<(), FamilyError> {
        match words {
            ["goods", count] => self.goods = Some(self.number(line, count)?),
            ["bids", count] => self.bids = Some(self.number(line, count)?),
            ["dummy", count] => self.dummies = self.number(line, count)?,
            [id, amount, goods @ .., "#"] => {
                let (id, amount) = (self.number(line, id)?, self.number(line, amount)?);
                let mut goods = goods.iter().map(|good| self.number(line, good)).collect::<Result<Vec<u32>, _>>()?;
                goods.sort_unstable();
                self.read.push((id, amount, goods));
            }
            _ => {
                return Err(FamilyError::NotABid { path: self.path.to_owned(), line, text: clipped(&words.join(" ")) });
            }
        }
        Ok(())
    }

    fn number<T: TryFrom<u64>>(&self, line: usize, token: &str) -> Result<T, FamilyError> {
        let number = token.parse().ok().filter(|&number: &u64| number <= COEFFICIENT_MAX);
        let not = || FamilyError::NotANumber { path: self.path.to_owned(), line, token: clipped(token) };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(not)
    }

    fn end(self) -> Result<AuctionInstance, FamilyError> {
        let missing = |missing: &str| FamilyError::Ends {
            path: self.path.to_owned(),
            found: self.read.len(),
            missing: missing.to_owned(),
        };
        let goods = self.goods.ok_or_else(|| missing("the number of goods"))?;
        let bids = self.bids.ok_or_else(|| missing("the number of bids"))?;
        if self.read.len() != bids as usize {
            return Err(missing(&format!("the last of {bids} bids")));
        }
        let refuse = |source| FamilyError::Auction { path: self.path.to_owned(), source };
        let beyond = goods.saturating_add(self.dummies);
        let mut named = BTreeMap::new();
        let mut read = Vec::with_capacity(self.read.len());
        for (id, amount, mut wanted) in self.read {
            if wanted.iter().any(|&good| good >= beyond) {
                return Err(refuse(lessor_models::families::auction::AuctionError::Goods { id }));
            }
            let dummy = wanted.iter().copied().find(|&good| good >= goods);
            wanted.retain(|&good| good < goods);
            let next = u32::try_from(named.len()).unwrap_or(u32::MAX);
            let bidder = *named.entry(dummy.map_or((1, id), |dummy| (0, u64::from(dummy)))).or_insert(next);
            read.push(AuctionBid { id, amount, goods: wanted, bidder });
        }
        AuctionInstance::new(goods, read).map_err(refuse)
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
        let instance = read(auction, SMALL).unwrap();
        let bid = |id, amount, goods: &[u32], bidder| AuctionBid { id, amount, goods: goods.to_vec(), bidder };
        assert_eq!(instance.bids(), [bid(0, 5, &[0], 0), bid(1, 7, &[1], 0), bid(2, 4, &[0, 1], 1)]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused = |text: &str| read(auction, text).unwrap_err();
        assert_eq!(
            refused(&SMALL.replace('7', "7.5")),
            "instance: line 7: \"7.5\" is not a whole number of at most 2^53"
        );
        assert_eq!(
            refused(&SMALL.replace("\t2\t#", "\t2")),
            "instance: line 6: \"0 5 0 2\" is neither a size nor a bid that ends with #"
        );
        assert_eq!(
            refused(&SMALL.replace("bids 3", "bids 4")),
            "instance: ends after 3 numbers, before the last of 4 bids"
        );
        assert_eq!(
            refused(&SMALL.replace("1\t0", "1\t9")),
            "instance: not an auction: bid 2 must want some goods of the auction, each once"
        );
        assert_eq!(refused(""), "instance: ends after 0 numbers, before the number of goods");
    }

    #[test]
    fn a_public_instance_is_read() {
        let Some(path) = public_file("auctions/cats/regions_small_s1.txt") else { return };
        let instance = auction(&path).unwrap();
        assert_eq!((instance.goods(), instance.bids().len()), (32, 152));
        assert_eq!(instance.bids().iter().map(|bid| bid.bidder).max(), Some(32));
    }
}
