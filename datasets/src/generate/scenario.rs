//! What to generate, and why nothing was.

use lessor_models::fleet::FleetError;
use lessor_models::instance::InstanceError;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};
use lessor_models::words::counted;

/// The most tiles that a scenario may ask for.
pub const TILES_MAX: u32 = 20_000_000;

/// The most job classes that a scenario may ask for.
pub const JOB_CLASSES_MAX: u32 = 1_000_000;

/// The greatest load that a scenario may ask for: a hundred fleets' worth.
pub const LOAD_PERMILLE_MAX: u32 = 100_000;

/// The term of every job where time does not vary.
pub const TERM: Span = Span(24 * MICROS_PER_HOUR);

/// When the generated day begins: 2026-01-01 00:00 UTC.
pub const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// What the capsules of a scenario are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Every capsule asks for at most a tenth of a tile in each kind.
    Small,
    /// At most six tenths of a tile in each kind.
    Mixed,
    /// Fractions of devices and whole devices on tiles that carry none to eight, as in public accelerator clusters.
    Devices,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 3] = [Family::Small, Family::Mixed, Family::Devices];

    /// The name used on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Family::Small => "small",
            Family::Mixed => "mixed",
            Family::Devices => "devices",
        }
    }

    /// The family of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }

    /// Least and greatest size of a capsule in its dominant kind, in millionths of a tile.
    pub(super) const fn size_range_ppm(self) -> (u64, u64) {
        match self {
            Family::Small => (10_000, 100_000),
            Family::Mixed | Family::Devices => (50_000, 600_000),
        }
    }
}

/// What to generate. Start from [`Scenario::new`] and change what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch, free of the others")]
pub struct Scenario {
    /// How many tiles, from 1 to [`TILES_MAX`].
    pub tiles: u32,
    /// The one number that reproduces the instance.
    pub seed: u64,
    /// What capsules are like.
    pub family: Family,
    /// Offered demand of the scarcest kind against the fleet's capacity of it, in thousandths.
    pub load_permille: u32,
    /// How many job classes, from 1 to [`JOB_CLASSES_MAX`].
    pub job_classes: u32,
    /// How many capsules; by default as many as the load needs. Where given, sizes are scaled to the load instead, as
    /// far as the family's limits allow; the sizes of [`Family::Devices`] are fixed, so its load then follows.
    pub capsules: Option<u32>,
    /// Whether every job is a class of its own. Otherwise most classes come as several jobs that differ in count only.
    pub distinct: bool,
    /// Whether capacities change over the day and jobs have starts, terms and deadlines of their own. The load is then
    /// that of the mean over the day.
    pub steps: bool,
    /// Whether some jobs relate to others (affinity, anti-affinity) or to the place of their data.
    pub relations: bool,
    /// Whether moves cost by pair of clusters and, for some jobs, once; and feeds limit how many are under way.
    pub moves: bool,
}

impl Scenario {
    /// A static day of mixed capsules in 500 job classes at full load.
    #[must_use]
    pub fn new(tiles: u32, seed: u64) -> Scenario {
        Scenario {
            tiles,
            seed,
            family: Family::Mixed,
            load_permille: 1_000,
            job_classes: 500,
            capsules: None,
            distinct: false,
            steps: false,
            relations: false,
            moves: false,
        }
    }

    /// Whether the numbers are in their ranges, as [`Scenario::generate`] looks first.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn check(&self) -> Result<(), GenerateError> {
        if self.tiles == 0 || self.tiles > TILES_MAX {
            return Err(GenerateError::Tiles { tiles: self.tiles });
        }
        if self.job_classes == 0 || self.job_classes > JOB_CLASSES_MAX {
            return Err(GenerateError::JobClasses { job_classes: self.job_classes });
        }
        if self.load_permille == 0 || self.load_permille > LOAD_PERMILLE_MAX {
            return Err(GenerateError::Load { load_permille: self.load_permille });
        }
        if let Some(capsules) = self.capsules.filter(|&capsules| capsules < self.job_classes) {
            return Err(GenerateError::Capsules { job_classes: self.job_classes, capsules });
        }
        Ok(())
    }
}

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// No tile, or too many.
    #[error("cannot generate {tiles} tiles: the number must be between 1 and {TILES_MAX}")]
    Tiles {
        /// How many were asked for.
        tiles: u32,
    },
    /// No job class, or too many.
    #[error("cannot generate {job_classes} job classes: the number must be between 1 and {JOB_CLASSES_MAX}")]
    JobClasses {
        /// How many were asked for.
        job_classes: u32,
    },
    /// No load, or far too much.
    #[error("cannot offer a load of {load_permille} thousandths: it must be between 1 and {LOAD_PERMILLE_MAX}")]
    Load {
        /// What was asked for.
        load_permille: u32,
    },
    /// Fewer capsules than job classes.
    #[error(
        "{} cannot come as {}: ask for at least as many capsules as job classes, or for fewer job classes",
        counted(*job_classes, "job class", "job classes"),
        counted(*capsules, "capsule", "capsules")
    )]
    Capsules {
        /// How many classes were asked for.
        job_classes: u32,
        /// How many capsules.
        capsules: u32,
    },
    /// The generated fleet was refused: a defect of the generator.
    #[error("generated fleet")]
    Fleet(#[from] FleetError),
    /// The generated jobs were refused: a defect of the generator.
    #[error("generated jobs")]
    Instance(#[from] InstanceError),
}
