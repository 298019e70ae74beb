//! The plan while it is made: what is placed where and what is left, and what places, in the order in which a plan is made.
//!
//! [`occupancy`] holds it all, and [`bonds`] what rules see of it, with the [`presence`] of jobs that others must be near or keep
//! away from; [`room`] is what is left of one tile, `openings` where and when a class fits. What runs already is put in first
//! ([`running`]). The [`layer`] counts capsules for each tile group, and the [`cell`] level chooses tiles within its [`shares`].
//! What is left is inserted by [`rank`] ([`insert`]), by [`cohorts`] where jobs need each other, and [`spread_out`] where it lies
//! at too few locations; what is [`unruly`] then goes. [`assemble`] makes placements of it. What a queue would do instead
//! ([`first_come`]) goes by `timeline`.

pub mod assemble;
pub mod bonds;
pub mod cell;
pub mod cohorts;
pub mod first_come;
pub mod insert;
pub mod layer;
pub mod occupancy;
pub(crate) mod openings;
pub mod presence;
pub mod rank;
pub mod room;
pub mod running;
pub mod shares;
pub mod spread_out;
pub(crate) mod timeline;
pub mod unruly;
