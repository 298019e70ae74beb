//! The problems of public benchmarks, a folder a family: each is lowered, solved by a portfolio, and bounded.

pub mod gap;
pub mod openb;
pub mod reassignment;
pub mod vector_packing;
