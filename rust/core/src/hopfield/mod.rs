//! The Hopfield network: recall without a weight matrix.
//!
//! The couplings of P patterns, J_ij = (1/N) sum_mu xi_i^mu xi_j^mu with J_ii = 0 (Hopfield 1982),
//! are never formed. The network keeps the N P bits of its patterns and, while it runs, the P
//! overlaps M_mu = sum_i xi_i^mu s_i as bit-sliced integers, from which a local field is a handful
//! of popcounts:
//!
//! N h_i = sum_mu xi_i^mu M_mu - P s_i - N theta_i.
//!
//! The first two terms are integers, so fields, ties and energies are exact. Overlaps with some patterns
//! (the cues) can as well call for others (their answers): `associations.rs`. `sequence.rs` and
//! `bidirectional.rs` are memories of such pairs on the same planes. `reference.rs` is the
//! dynamics as one would write it down; everything else is held against it, bit for bit.

mod associations;
mod bidirectional;
mod chance;
mod couplings;
mod cycle;
mod gram;
mod joining;
mod model;
mod overlaps;
mod pace;
mod patterns;
mod recall;
mod reference;
mod sequence;
mod synchronous;
mod tail;
mod trials;
mod verification;
mod visits;
mod walkers;
mod window;

pub use bidirectional::{Bidirectional, Paired, Side};
pub(crate) use chance::Chance;
pub use couplings::{Coupling, couplings};
pub(crate) use cycle::Cycle;
pub use gram::gram;
pub use model::Hopfield;
pub use patterns::{Packing, Patterns, corrupt};
pub(crate) use recall::free_sites;
pub use recall::{Dynamics, Outcome, Update, Watch};
pub use reference::recall as reference_recall;
pub use sequence::Sequence;
pub use trials::{Instance, Rules, Trial, Trials};
