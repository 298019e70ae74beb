//! The checker held against plans made by hand, and the bound against brute force.

mod bounds;
mod brute;
mod plans;
mod random;
