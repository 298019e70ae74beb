//! What a round divides among its cells: what is missing, and what is left of accounts that several cells debit.

use lessor_models::resources::{Resources, UNLIMITED};

use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex};
use crate::lowering::{Cell, Lowered};
use crate::plan::occupancy::Occupancy;
use crate::plan::shares::{Share, Shares};

/// What each cell is to take of what is missing of some classes, by the tiles that each may use there.
pub(super) fn supplies(occupancy: &Occupancy<'_>, classes: &[JobClassIndex]) -> Vec<Vec<(JobClassIndex, u64)>> {
    let lowered = occupancy.lowered();
    let mut supplies = vec![Vec::new(); lowered.cells.len()];
    for &class in classes {
        let usable = |cell: &Cell| -> u128 {
            let groups = cell.groups.clone().map(GroupIndex::new);
            let groups = groups.filter(|&group| lowered.worth(class, group).is_some_and(|worth| worth > 0));
            groups.map(|group| lowered.group(group).tiles.len() as u128).sum()
        };
        let tiles: Vec<u128> = lowered.cells.iter().map(usable).collect();
        let (all, missing) = (tiles.iter().sum::<u128>().max(1), u128::from(occupancy.missing(class)));
        let (mut passed, mut given) = (0, 0);
        for (supply, tiles) in supplies.iter_mut().zip(tiles) {
            passed += tiles;
            let share = u64::try_from(missing * passed / all).unwrap_or(u64::MAX) - given;
            given += share;
            if share > 0 {
                supply.push((class, share));
            }
        }
    }
    supplies
}

/// How many cells debit each account.
pub(super) fn cells_below(lowered: &Lowered<'_>) -> Vec<u64> {
    let mut cells = vec![0; lowered.accounts.len()];
    for account in lowered.cells.iter().flat_map(|cell| accounts_above(lowered, cell)) {
        cells[account.at()] += 1;
    }
    cells
}

/// A cell's share of every account's headroom: an even part of what other cells debit too.
pub(super) fn headroom(occupancy: &Occupancy<'_>, cell: &Cell, cells_below: &[u64]) -> Shares {
    let lowered = occupancy.lowered();
    let part = |account: AccountIndex, bucket: usize| {
        let (left, cells) = (*occupancy.account_left(account, bucket), cells_below[account.at()]);
        Resources(left.0.map(|amount| if amount == UNLIMITED { amount } else { amount / cells }))
    };
    let share =
        |account| Share { account, most: (0..lowered.grid.count()).map(|bucket| part(account, bucket)).collect() };
    Shares::new(accounts_above(lowered, cell).into_iter().map(share).collect())
}

/// The accounts that the tiles of a cell debit, in order.
fn accounts_above(lowered: &Lowered<'_>, cell: &Cell) -> Vec<AccountIndex> {
    let paths = lowered.groups[cell.groups.clone()].iter().flat_map(|group| &group.path);
    let mut accounts: Vec<AccountIndex> = paths.map(|&(account, _)| account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}
