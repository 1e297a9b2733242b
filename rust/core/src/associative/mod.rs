//! Associative memories beyond Hebb: energies of the overlaps that are steeper than a square.
//!
//! With the overlaps M_mu = sum_i xi_i^mu s_i a memory is E(s) = -c sum_mu F(M_mu). F(x) = x^2 is
//! the Hopfield network; a steeper F lets fewer patterns speak at a time, and stores more of them
//! (Krotov and Hopfield, NIPS 29, 1172 (2016)). The patterns stay bits. `energy.rs` has the powers,
//! `reference.rs` their dynamics as one would write it down, `weights.rs` and `kernels/` what makes
//! it fast. [`exponential`] is the memory whose F is the exponential: near a pattern no other one
//! counts, and what makes it fast is the search for the nearest pattern by popcounts, [`scan`].
//! [`coupled`] are memories whose couplings are a matrix, whatever rule made it. Sequences and pairs of
//! patterns are on the planes of the Hopfield network and in its room; here is what a batch of recalls
//! of them tells.

pub mod coupled;
mod energy;
pub mod exponential;
mod kernels;
mod memory;
mod model;
mod paired;
mod recall;
mod reference;
pub mod scan;
mod table;
mod weights;

pub use energy::Power;
pub use memory::{Memory, Recalled, Replica, recall_each};
pub use model::DenseMemory;
pub use paired::{PairReplica, RecalledPair, recall_each_pair};
pub use reference::recall as reference_recall;
