//! Names of who takes part in a round, each with its number.

use std::collections::BTreeMap;

use lessor_datasets::table::PartyName;
use lessor_market::settlement::{HolderId, Party, SellerId};

/// The fleet's name as a seller, which no other seller may have.
pub(super) const FLEET: &str = "fleet";

/// Holders and sellers by name and number; the fleet is the first seller.
#[derive(Clone, Debug)]
pub(super) struct Parties {
    holders: Names,
    sellers: Names,
}

/// Names in the order of their numbers.
#[derive(Clone, Debug, Default)]
struct Names {
    numbers: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let next = u32::try_from(self.names.len()).expect("parties are counted in 32 bits");
        self.numbers.insert(name.to_owned(), next);
        self.names.push(name.to_owned());
        next
    }
}

impl Parties {
    /// The fleet alone.
    pub(super) fn new() -> Parties {
        let mut sellers = Names::default();
        sellers.number(FLEET);
        Parties { holders: Names::default(), sellers }
    }

    /// The number of a holder, which is new where nobody has the name.
    pub(super) fn holder(&mut self, name: &str) -> HolderId {
        HolderId(self.holders.number(name))
    }

    /// The number of a seller, which is new where nobody has the name.
    pub(super) fn seller(&mut self, name: &str) -> SellerId {
        SellerId(self.sellers.number(name))
    }

    /// A holder's name, as tables of bids write it.
    pub(super) fn holder_name(&self, HolderId(at): HolderId) -> &str {
        &self.holders.names[at as usize]
    }

    /// How many holders there are.
    pub(super) fn holder_count(&self) -> usize {
        self.holders.names.len()
    }

    /// The party that tables write so; `None` where it is none.
    pub(super) fn read(&mut self, text: &str) -> Option<Party> {
        Some(match PartyName::read(text)? {
            PartyName::Operator => Party::Operator,
            PartyName::Holder(name) => Party::Holder(self.holder(name)),
            PartyName::Seller(name) => Party::Seller(self.seller(name)),
        })
    }

    /// A party as tables write it.
    pub(super) fn name(&self, party: Party) -> String {
        match party {
            Party::Issuer => "issuer".to_owned(),
            Party::Operator => "operator".to_owned(),
            Party::Seller(SellerId(at)) => format!("seller:{}", self.sellers.names[at as usize]),
            Party::Holder(holder) => format!("holder:{}", self.holder_name(holder)),
        }
    }
}
