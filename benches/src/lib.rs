//! Criterion benches, scaling runs, comparisons
