//! What a start costs beyond the cheapest, where energy, its emissions or an account are dearer at one time than at another.

use std::sync::OnceLock;

use lessor_models::draw;
use lessor_models::fleet::ClassIndex;
use lessor_models::job::Job;
use lessor_models::objective::tariff::{self, Tariff};
use lessor_models::objective::{Site, Weights};
use lessor_models::time::Timestamp;

use super::Grid;
use super::index::JobClassIndex;

/// The most starts that are kept for a job class, half of them the cheapest and half of them spread over the others.
const STARTS_MAX: usize = 256;

/// Starts with what they cost, in micro-credits; the cheapest first, the earliest of equals.
type Starts = Vec<(u64, Timestamp)>;

/// A tile class under a tariff that changes: what tells the cost of a job's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Varying(usize);

/// The starts of every job class under every tariff that changes, by cost, worked out when somebody asks.
#[derive(Debug)]
pub(super) struct Surcharges {
    of: Vec<(ClassIndex, Tariff<'static>)>,
    /// By job class and pair.
    starts: Vec<OnceLock<Starts>>,
}

/// What starts are chosen among, and what a capsule pays at each.
pub(super) struct Payer<'a> {
    pub(super) class: JobClassIndex,
    pub(super) job: &'a Job,
    pub(super) site: Site<'a>,
    pub(super) grid: &'a Grid,
    pub(super) weights: &'a Weights,
}

impl Surcharges {
    pub(super) fn new(of: Vec<(ClassIndex, Tariff<'static>)>, job_classes: usize) -> Surcharges {
        let starts = (0..of.len() * job_classes).map(|_| OnceLock::new()).collect();
        Surcharges { of, starts }
    }

    /// The instants at which a tariff changes, in no order.
    pub(super) fn changes(&self, varying: Varying) -> impl Iterator<Item = Timestamp> + '_ {
        self.of[varying.0].1.changes()
    }

    /// The starts worth trying with what they cost beyond the cheapest, the cheapest first.
    pub(super) fn starts<'s>(
        &'s self,
        varying: Varying,
        payer: &Payer<'_>,
    ) -> impl Iterator<Item = (u64, Timestamp)> + use<'s> {
        let starts = self.sorted(varying, payer);
        let least = starts[0].0;
        starts.iter().map(move |&(cost, start)| (cost - least, start))
    }

    /// What a start costs beyond the cheapest.
    pub(super) fn surcharge(&self, varying: Varying, payer: &Payer<'_>, start: Timestamp) -> u64 {
        let least = self.sorted(varying, payer)[0].0;
        tariff::cost(payer.job, &payer.site, start, payer.weights).saturating_sub(least)
    }

    fn sorted(&self, varying: Varying, payer: &Payer<'_>) -> &Starts {
        let at = payer.class.at() * self.of.len() + varying.0;
        self.starts[at].get_or_init(|| payer.starts())
    }
}

/// Numbers a tile class under a tariff; `None` where the tariff does not change.
pub(super) fn number(
    of: &mut Vec<(ClassIndex, Tariff<'static>)>,
    class: ClassIndex,
    tariff: &Tariff<'static>,
) -> Option<Varying> {
    if tariff.is_flat() {
        return None;
    }
    let known = of.iter().position(|known| known.0 == class && known.1 == *tariff);
    Some(Varying(known.unwrap_or_else(|| {
        of.push((class, tariff.clone()));
        of.len() - 1
    })))
}

impl Payer<'_> {
    /// The grid's starts and the cheapest of all; on an exact grid, which may be coarser than the tariff, all that could be the
    /// cheapest at some prices too. At least one.
    fn starts(&self) -> Starts {
        let (job, term) = (self.job, draw::term(self.job, self.site.class));
        let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(term.0));
        let mut starts: Vec<Timestamp> = self.grid.starts(job.earliest, latest).collect();
        starts.push(tariff::cheapest_start(job, &self.site, self.weights));
        if self.grid.is_exact() {
            starts.extend(self.site.tariff.starts(job.earliest, latest, term));
        }
        let cost = |start| tariff::cost(job, &self.site, start, self.weights);
        let mut starts: Starts = starts.into_iter().map(|start| (cost(start), start)).collect();
        starts.sort_unstable();
        starts.dedup();
        if starts.len() > STARTS_MAX {
            let others = starts.split_off(STARTS_MAX / 2);
            let step = others.len().div_ceil(STARTS_MAX / 2);
            starts.extend(others.into_iter().step_by(step));
        }
        starts
    }
}
