//! What all spin models share.

pub mod acceptance;
pub mod clusters;
pub mod fixed_point;
pub mod gaussian;
mod model;
mod rest;
pub mod thresholds;

pub use model::{Dynamics, SpinModel, Start, Walkers};
pub use rest::Rest;
