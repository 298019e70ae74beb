//! The checker held against plans and moves made by hand, and the bound against brute force, start by start and plan by plan.

mod bounds;
mod brute;
mod moves;
mod moves_random;
mod plans;
mod random;
mod starts;
