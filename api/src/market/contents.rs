//! What the tables of a round say, as a hash: the same whether files say it or a call does.

use lessor_datasets::table::{AnywhereGoods, BalanceRow, BidGood, BidRows, OfferRows, PostedRow, RevocationRow};
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

/// A hash that tables are added to one after another. Each cell is written so that no two tables write the same bytes: texts with
/// their lengths, numbers with all of their bytes, and what may be left out with a word that says whether it is.
#[derive(Debug, Default)]
pub(super) struct Contents(blake3::Hasher);

impl Contents {
    /// The hash of a file by its name.
    pub(super) fn file(&mut self, name: &str, hash: &str) {
        self.text(name).text(hash);
    }

    /// A number that is an input by itself.
    pub(super) fn stated(&mut self, name: &str, number: i64) {
        self.text(name).number(number.cast_unsigned());
    }

    pub(super) fn bids(&mut self, rows: &[BidRows], fleet: &Fleet) {
        self.begin("bids", rows.len());
        for row in rows {
            self.text(&row.name).text(&row.bidder).maybe(row.group.as_deref());
            self.text(ServiceClass::name(row.service)).number(row.amount).number(row.is_divisible.into());
            self.number(row.goods.len() as u64);
            row.goods.iter().for_each(|good| self.good(good, fleet));
            row.anywhere.iter().for_each(|anywhere| self.anywhere(anywhere, fleet));
        }
    }

    pub(super) fn offers(&mut self, rows: &[OfferRows], fleet: &Fleet) {
        self.begin("offers", rows.len());
        for row in rows {
            self.text(&row.name).text(&row.seller).number(row.is_divisible.into()).number(row.goods.len() as u64);
            for offered in &row.goods {
                self.good(&offered.good, fleet);
                self.number(offered.price).number(offered.draw_mw).number(offered.heat_price);
            }
        }
    }

    pub(super) fn balances(&mut self, rows: &[BalanceRow]) {
        self.begin("balances", rows.len());
        for row in rows {
            self.text(&row.party).number(row.balance).number(row.owed).number(row.held).number(row.round);
        }
    }

    pub(super) fn posted(&mut self, rows: &[PostedRow], fleet: &Fleet) {
        self.begin("posted", rows.len());
        for row in rows {
            self.account(row.owner, row.kind, fleet).number(row.price).number(row.excess.cast_unsigned());
            self.number(row.excesses.len() as u64);
            row.excesses.iter().for_each(|excess| {
                self.number(excess.cast_unsigned());
            });
        }
    }

    pub(super) fn revocations(&mut self, rows: &[RevocationRow]) {
        self.begin("revocations", rows.len());
        for row in rows {
            self.text(&row.holder).number(row.paid).interval(row.term);
            self.number(row.revoked.0.cast_unsigned()).maybe(row.seller.as_deref());
        }
    }

    /// The hash of everything that was added, in hexadecimal.
    pub(super) fn hash(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }

    fn begin(&mut self, table: &str, rows: usize) {
        self.text(table).number(rows as u64);
    }

    fn good(&mut self, good: &BidGood, fleet: &Fleet) {
        self.account(good.owner, good.kind, fleet).number(good.quantity).interval(good.interval);
    }

    /// What comes after the goods that a bid names; no name of a further bid reads like it.
    fn anywhere(&mut self, AnywhereGoods { class, goods }: &AnywhereGoods, fleet: &Fleet) {
        self.text("").text(fleet.name(class.under)).text(class.level.name()).number(goods.len() as u64);
        for good in goods {
            self.text(good.kind.name()).number(good.quantity).interval(good.interval);
        }
    }

    fn account(&mut self, owner: Owner, kind: Kind, fleet: &Fleet) -> &mut Contents {
        let is_zone = matches!(owner, Owner::Zone(_));
        self.number(is_zone.into()).text(fleet.owner_name(owner)).text(kind.name())
    }

    fn interval(&mut self, Interval { start, end }: Interval) -> &mut Contents {
        self.number(start.0.cast_unsigned()).number(end.0.cast_unsigned())
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Contents {
        self.number(text.is_some().into()).text(text.unwrap_or_default())
    }

    fn text(&mut self, text: &str) -> &mut Contents {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    fn number(&mut self, number: u64) -> &mut Contents {
        self.0.update(&number.to_le_bytes());
        self
    }
}
