//! What it costs that capsules that run leave their tile and are on another, or stop and start anew.
//!
//! ```text
//! minimize   ... + each[c] m[c] + once[c] o[c]
//! subject to h[c, t]  <=  sum over s by the takeover of x[c, t, s],   h[c, t]  <=  ran[c, t] - held[c, t]   every t where c ran
//!            m[c]  >=  placed[c] + sum of x[c, t, s]  -  held[c]  -  sum of h[c, t]  -  more[c] a[c]
//!            m[c]  >=  ran[c]  -  held[c]  -  sum of h[c, t]  -  ran[c] (1 - a[c])                    where more may come than ran
//!            m[c]  <=  ran[c] o[c]
//!            h whole; a, o zero or one
//! ```
//!
//! `held` are those that stay outside the region or whatever happens, `more` those of a class that did not run, `a` says whether
//! as many are placed as ran. What pairs of tiles cost beside that is asked once the contents are tried.

use super::program::{Program, once};
use crate::lowering::index::JobClassIndex;
use crate::plan::occupancy::Occupancy;
use crate::plan::running::Running;

impl Program {
    /// What a class pays for its moves, where it runs.
    pub(super) fn pay_moves(&mut self, occupancy: &Occupancy<'_>, running: &Running, class: JobClassIndex) {
        let Some(runs) = running.seats(class) else { return };
        let columns = self.columns_of(class);
        let ran: u32 = runs.tiles.iter().map(|&(_, count)| count).sum();
        let (mut held, mut homes) = (0, Vec::new());
        for &(tile, count) in &runs.tiles {
            let is_home = |&at: &usize| self.choices[at].tile == tile && self.choices[at].start <= runs.takeover;
            let here: Vec<usize> = columns.iter().copied().filter(is_home).collect();
            let stays = occupancy.begun_on(tile, class, runs.takeover).min(count.into());
            let seats = count - u32::try_from(stays).expect("no more than a count of 32 bits");
            held += stays;
            if !here.is_empty() && seats > 0 {
                let home = self.rows.column(0.0, seats);
                let begun = self.beginning(&here).min(seats.into());
                self.rows.begin_with(home, begun as f64);
                self.rows.row(f64::NEG_INFINITY, 0.0, once(&[home], &negative(&here)));
                homes.push(home);
            }
        }
        let (placed, most) = (occupancy.placed(class), occupancy.placed(class) + occupancy.missing(class));
        let begun = placed + self.beginning(&columns);
        let stay = held + self.beginning(&homes);
        let moved = begun.min(ran.into()).saturating_sub(stay);
        let (ran, held) = (f64::from(ran), held as f64);
        let moves = self.rows.amount(runs.each as f64 / self.scale);
        self.rows.begin_with(moves, moved as f64);
        let mut of_placed = once(&columns, &negative(&homes));
        of_placed.push((moves, -1.0));
        if most as f64 > ran {
            let as_many = self.rows.column(0.0, 1);
            self.rows.begin_with(as_many, u32::from(begun as f64 > ran));
            of_placed.push((as_many, ran - most as f64));
            let of_ran = once(&homes, &[(moves, 1.0), (as_many, -ran)]);
            self.rows.row(-held, f64::INFINITY, of_ran);
        }
        self.rows.row(f64::NEG_INFINITY, held - placed as f64, of_placed);
        if runs.once > 0 {
            let any = self.rows.column(runs.once as f64 / self.scale, 1);
            self.rows.begin_with(any, u32::from(moved > 0));
            self.rows.row(f64::NEG_INFINITY, 0.0, vec![(moves, 1.0), (any, -ran)]);
        }
    }
}

fn negative(columns: &[usize]) -> Vec<(usize, f64)> {
    columns.iter().map(|&at| (at, -1.0)).collect()
}
