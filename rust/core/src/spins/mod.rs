//! What all spin models share.

pub mod acceptance;
pub mod clusters;
mod descent;
pub mod fixed_point;
pub mod gaussian;
mod model;
mod rest;
pub mod thresholds;

pub use descent::Descent;
pub use model::{Couplings, Dynamics, SpinModel, Start, Walkers};
pub use rest::Rest;
