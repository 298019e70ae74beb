//! Outcomes of auctions as `lessor solve cats` writes them, looked at by the family's checker.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lessor_datasets::families::ReadAuction;
use lessor_models::families::auction;
use serde::Deserialize;
use serde_json::Number;

use super::checked::{Checked, Refusal};

/// What is read of an outcome. What a program says of its value and its bound is not asked.
#[derive(Debug, Deserialize)]
struct WrittenOutcome {
    /// Winning bids, by their numbers in the file.
    winners: Vec<u64>,
    /// What each bidder pays; whoever compares winners alone has none.
    #[serde(default)]
    settled: BTreeMap<u32, Number>,
}

/// The value of the winners of an outcome, and what they pay.
///
/// # Errors
/// A file that is no outcome, winners that are not feasible together, a bidder who pays more than a winning bid.
pub(super) fn check(read: &ReadAuction, answer: &Path) -> Result<Checked, Refusal> {
    let malformed = |error: &dyn std::fmt::Display| Refusal::Malformed(format!("no outcome: {error}"));
    let text = fs::read_to_string(answer).map_err(|error| malformed(&error))?;
    let WrittenOutcome { winners, settled } = serde_json::from_str(&text).map_err(|error| malformed(&error))?;
    let paid = |(bidder, paid): (u32, Number)| {
        let amount = read.amount(&paid.to_string());
        amount.map(|amount| (bidder, amount)).ok_or_else(|| malformed(&format!("bidder {bidder} pays {paid}")))
    };
    let payments = settled.into_iter().map(paid).collect::<Result<Vec<_>, Refusal>>()?;
    let infeasible = |fault: auction::AuctionFault| Refusal::Infeasible(fault.to_string());
    let cost = auction::check(&read.instance, &winners).map_err(infeasible)?;
    let revenue = auction::check_payments(&read.instance, &winners, &payments).map_err(infeasible)?;
    let note = (!payments.is_empty()).then(|| format!("revenue {}", revenue as f64 / read.units as f64));
    Ok(Checked { cost, note })
}

#[cfg(test)]
mod tests {
    use lessor_datasets::families;

    use super::*;

    /// Two goods: bid 0 on the first, bid 1 on the second, bid 2 on both.
    const AUCTION: &str = "goods 2\nbids 3\ndummy 0\n0\t2.5\t0\t#\n1\t1\t1\t#\n2\t3\t0\t1\t#\n";

    #[test]
    fn an_outcome_is_worth_what_its_winners_offer_or_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let [instance, answer] = ["auction", "answer"].map(|name| scratch.path().join(name));
        fs::write(&instance, AUCTION).unwrap();
        let read = families::auction(&instance).unwrap();
        let checked = |text: &str| {
            fs::write(&answer, text).unwrap();
            check(&read, &answer)
        };
        let ok = |note: Option<&str>| Ok(Checked { cost: 3_500_000, note: note.map(str::to_owned) });
        assert_eq!(checked(r#"{"winners": [0, 1], "value": 9}"#), ok(None));
        assert_eq!(checked(r#"{"winners": [0, 1], "settled": {"0": 1.25, "1": 1}}"#), ok(Some("revenue 2.25")));
        for (text, told) in [
            (r#"{"winners": [0, 2]}"#, "good 0 is sold twice"),
            (r#"{"winners": [7]}"#, "bid 7 is not there"),
            (r#"{"winners": [0], "settled": {"0": 2.6}}"#, "bidder 0 pays 2600000 for a winning bid of 2500000"),
        ] {
            assert_eq!(checked(text), Err(Refusal::Infeasible(told.to_owned())));
        }
        for text in [r#"{"winners": [0], "settled": {"0": -1}}"#, r#"{"value": 3}"#, "0 1", ""] {
            assert!(matches!(checked(text), Err(Refusal::Malformed(_))), "{text}");
        }
    }
}
