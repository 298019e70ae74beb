//! The planes: one module each, all behind [`crate::plane::Plane`].

pub mod telemetry;
