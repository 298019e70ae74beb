//! Seeded generator of hierarchical fleets and heavy-tailed jobs.
//!
//! The same [`Scenario`] gives the same instance on every machine: draws and sizes are integers throughout.

mod catalog;
mod current;
mod dice;
mod jobs;
mod load;
mod moves;
mod relations;
mod rules;
mod sample;
mod scenario;
mod shapes;
mod telemetry;
mod tree;
mod windows;
mod zones;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, ZoneKind};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;

use catalog::Model;
use dice::{Dice, Part};
use rules::Ground;
use tree::Tree;
use zones::Zones;

pub use current::with_current;
pub use load::{Census, offered_load};
pub use sample::{SampleFleet, sample};
pub use scenario::{Family, GenerateError, JOB_CLASSES_MAX, LOAD_PERMILLE_MAX, START, Scenario, TERM, TILES_MAX};
pub use telemetry::{TelemetryScenario, telemetry};

impl Scenario {
    /// Generates the instance. O(n log n) in tiles and jobs.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn generate(&self) -> Result<Instance, GenerateError> {
        self.check()?;
        let models = catalog::models(self.family);
        let mut dice = Dice::new(self.seed, Part::Fleet);
        let tree = tree::build(self.tiles, &models, catalog::archetypes(self.family), &mut dice);
        let zones = zones::build(&tree, &mut dice);
        let mut ground = Ground {
            clusters: tree.clusters.clone(),
            cells: tree.cells.end - tree.cells.start,
            failure_domains: zones.of(ZoneKind::FailureDomain).map(|_| 1).sum(),
            classes: Vec::new(),
        };
        let parts = self.parts(tree, zones, &models);
        let fleet = Fleet::new(parts)?;
        let census = Census::of(&fleet);
        let classes = (0..).map(ClassIndex).take(models.len());
        ground.classes = classes.filter(|&class| census.tiles_of(class) > 0).collect();
        let (names, mut jobs) = jobs::draw(self, &ground, &models, &census);
        if self.relations {
            relations::draw(&mut jobs, &ground, &mut Dice::new(self.seed, Part::Relations));
        }
        if self.moves {
            moves::price_jobs(&mut jobs, &mut Dice::new(self.seed, Part::Moves));
        }
        Ok(Instance::new(fleet, names, jobs, Weights::default())?)
    }

    fn parts(&self, mut tree: Tree, zones: Zones, models: &[Model]) -> FleetParts {
        let mut parts = FleetParts::default();
        if self.moves {
            moves::add_limits(&tree, &zones, &mut parts);
        }
        parts = FleetParts {
            nodes: std::mem::take(&mut tree.nodes),
            classes: models.iter().map(|model| model.class.clone()).collect(),
            zone_names: zones.names,
            zones: zones.rows,
            members: zones.members,
            ..parts
        };
        if self.steps {
            windows::add_steps(&tree, &mut parts, &mut Dice::new(self.seed, Part::Times));
        }
        parts
    }
}

#[cfg(test)]
mod tests;
