//! From an instance to a checked placement, bounds and conflict sets
