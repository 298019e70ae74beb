//! What one lease draws from the accounts above it.

use lessor_models::fleet::Level;
use lessor_models::resources::{Kind, Resources};

/// What a lease draws from each level: the same of every kind but bandwidth, which only counts where traffic crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    resources: Resources,
    uplinks_bps: [u64; Level::COUNT],
}

impl Draw {
    /// A draw whose bandwidth crosses every uplink above it: what is assumed of traffic that nobody described.
    #[must_use]
    pub fn through(resources: Resources) -> Draw {
        Draw { resources, uplinks_bps: [resources.get(Kind::Bandwidth); Level::COUNT] }
    }

    /// A draw whose traffic crosses the uplink of its node at each level, leaf first, in bit/s. They stand in for the
    /// bandwidth of the vector.
    #[must_use]
    pub fn crossing(resources: Resources, uplinks_bps: [u64; Level::COUNT]) -> Draw {
        Draw { resources, uplinks_bps }
    }

    /// The vector, as of a tile.
    #[must_use]
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// What crosses the uplink of its node at a level, in bit/s.
    #[must_use]
    pub fn uplink_bps(&self, level: Level) -> u64 {
        self.uplinks_bps[level.index()]
    }

    /// The same draw with another amount of a kind; of bandwidth, all uplinks stay as they are.
    #[must_use]
    pub fn with(mut self, kind: Kind, amount: u64) -> Draw {
        self.resources = self.resources.with(kind, amount);
        self
    }

    /// What is drawn from an account of the level.
    #[must_use]
    #[inline]
    pub fn at(&self, level: Level) -> Resources {
        let mut drawn = self.resources;
        drawn.0[Kind::Bandwidth.index()] = self.uplinks_bps[level.index()];
        drawn
    }

    /// Every amount that the draw states, kinds first, then uplinks.
    pub fn amounts(&self) -> impl Iterator<Item = u64> + '_ {
        let bandwidth = Kind::Bandwidth.index();
        let others = self.resources.0.iter().enumerate().filter(move |&(kind, _)| kind != bandwidth);
        others.map(|(_, &amount)| amount).chain(self.uplinks_bps)
    }

    /// Whether nothing is drawn anywhere.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.amounts().all(|amount| amount == 0)
    }
}
