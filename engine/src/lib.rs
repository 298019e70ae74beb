//! The two-level planner and the planes
