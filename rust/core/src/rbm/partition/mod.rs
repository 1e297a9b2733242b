//! The partition function: summed over all states, or estimated by annealed importance sampling.

pub(super) mod annealed;
mod annealed_kernels;
pub(super) mod ascent;
pub(super) mod exact;
mod exact_kernels;
pub(super) mod gaussian;
pub(super) mod gaussian_likelihood;
