//! The rows of a program that rules ask for: what must spread or lie apart; and what all rules need of a program.

use std::collections::BTreeMap;

use lessor_models::fleet::Owner;
use lessor_models::job::Domain;

use super::program::{Program, once};
use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;
use crate::plan::occupancy::Occupancy;

impl Program {
    /// What rules ask of a class.
    pub(super) fn keep_rules(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        self.spread(occupancy, class);
        self.lie_apart(occupancy, class);
        self.keep_near(occupancy, class);
        self.keep_apart(occupancy, class);
    }

    /// How many capsules there may be in one place.
    fn spread(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        let Some(spread) = occupancy.lowered().job(class).spread else { return };
        for (member, columns) in self.members(occupancy.lowered(), class, spread.domain) {
            let most = spread.most.saturating_sub(occupancy.bonds().count_in(class, member));
            self.rows.row(f64::NEG_INFINITY, f64::from(most), once(&columns, &[]));
        }
    }

    /// At how many locations a class must lie at least: at as many as it has capsules, until those are enough.
    fn lie_apart(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        let lowered = occupancy.lowered();
        let Some(spread) = lowered.spread_to_count(class) else { return };
        let (least, stays, missing) =
            (f64::from(spread.least), occupancy.placed(class), occupancy.missing(class) as f64);
        let all = self.columns_of(class);
        let mut locations = Vec::new();
        for (member, columns) in self.members(lowered, class, spread.domain) {
            if occupancy.bonds().count_in(class, member) == 0 {
                let is_there = self.switch(&columns);
                self.only_with(is_there, &columns);
                locations.push(is_there);
            }
        }
        let (placed, held) = (stays as f64, f64::from(occupancy.bonds().locations(class)));
        let begun = stays + self.beginning(&all);
        let is_enough = self.rows.column(0.0, 1);
        self.rows.begin_with(is_enough, u32::from(begun >= u64::from(spread.least)));
        self.rows.row(-held, f64::INFINITY, once(&locations, &[(is_enough, -least)]));
        let mut each = once(&locations, &[]);
        each.extend(all.into_iter().map(|at| (at, -1.0)));
        each.push((is_enough, placed + missing));
        self.rows.row(placed - held, f64::INFINITY, each);
    }

    /// A column that is one where any of some others is above zero, as it begins.
    pub(super) fn switch(&mut self, columns: &[usize]) -> usize {
        let begins = self.beginning(columns) > 0;
        let switch = self.rows.column(0.0, 1);
        self.rows.begin_with(switch, u32::from(begins));
        switch
    }

    /// Columns, `most` together, are above zero only where a switch is one.
    pub(super) fn only_where(&mut self, columns: &[usize], switch: usize, most: u64) {
        self.rows.row(f64::NEG_INFINITY, 0.0, once(columns, &[(switch, -(most as f64))]));
    }

    /// A switch is one only with some column above zero.
    pub(super) fn only_with(&mut self, switch: usize, columns: &[usize]) {
        self.rows.row(0.0, f64::INFINITY, once(columns, &[(switch, -1.0)]));
    }

    /// The columns of a class by the members of a domain that their tiles are in.
    pub(super) fn members(
        &self,
        lowered: &Lowered<'_>,
        class: JobClassIndex,
        domain: Domain,
    ) -> BTreeMap<Owner, Vec<usize>> {
        let mut members: BTreeMap<Owner, Vec<usize>> = BTreeMap::new();
        for column in self.columns_of(class) {
            let node = lowered.tiles[self.choices[column].tile.at()];
            for member in lowered.instance.fleet().members(node, domain) {
                members.entry(member).or_default().push(column);
            }
        }
        members
    }
}
