//! Sums over all 2^N states of any model of up to 30 spins.
//!
//! The last spins of a state run through a table, so that a state costs two additions of integers
//! and one exponential, worked on side by side. State number k has spin i up if bit N - 1 - i of k
//! is set: spin 0 is the most significant.
//!
//! Energies are integers, exact sums in whatever order; so nothing drifts, and a Gray code, which
//! would keep a running sum short, is not needed.

mod energies;
mod kernels;
mod moments;

pub use energies::{Energies, MOST_SPINS};
pub use moments::Moments;
