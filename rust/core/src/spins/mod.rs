//! What all spin models share.

pub mod acceptance;
pub mod clusters;
mod descent;
pub mod fixed_point;
pub mod gaussian;
mod held;
mod links;
mod model;
pub mod order;
mod resting;
pub mod thresholds;

pub use descent::Descent;
pub use held::Held;
pub use links::Link;
pub use model::{Couplings, Dynamics, SpinModel, Start, Walkers};
pub use resting::{Resting, Rests};
