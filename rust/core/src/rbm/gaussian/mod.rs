//! The restricted Boltzmann machine for real numbers: Gaussian visible units, hidden units 0 and 1.
//!
//! E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - sum_j c_j h_j - sum_ij h_j W_ji v_i / s_i, where the
//! variance s_i = sigma_i^2 is learned (A. Krizhevsky, technical report, University of Toronto
//! (2009); K. Cho, A. Ilin and T. Raiko, ICANN 2011, LNCS 6791, 10). `rows.rs` holds data, `machine.rs` the parameters
//! and what one layer says of the other, `chains.rs` draws, `likelihood.rs` sums over what was not
//! seen, `training.rs` climbs the likelihood by `ascent.rs`.
//!
//! All numbers are double precision. Rows, or hidden units, are shared among threads; each sum is
//! taken in one order, unit after unit or row after row, with an exponential and normal deviates of
//! our own. So the same seed gives the same bits anywhere.

mod ascent;
mod chains;
mod likelihood;
mod machine;
mod rows;
mod training;

#[cfg(test)]
mod tests;

pub use chains::Drawn;
pub use machine::GaussianRbm;
pub use rows::Rows;
pub use training::{GaussianRules, GaussianState, GaussianTrainer};
