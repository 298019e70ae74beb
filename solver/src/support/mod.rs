//! What every other part leans on, and what knows none of them: when to stop, random numbers, numbers that are rounded,
//! sets that grow together.

pub mod numbers;
pub mod random;
pub mod sets;
pub mod stop;
pub mod vectors;
