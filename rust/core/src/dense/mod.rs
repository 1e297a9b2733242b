//! Any dense couplings, the Sherrington-Kirkpatrick model above all: tiles of sites, many replicas
//! at a time.
//!
//! E(s) = -1/2 sum_{i!=j} J_ij s_i s_j - sum_i h_i s_i. A sweep visits all sites, in an order of its
//! own (`visits.rs`). Local fields are kept as integers (`spins/fixed_point.rs`), so a flip costs one
//! row of the couplings, and neither the order of flips nor the grouping of replicas, neither
//! threads nor instruction sets change a bit.
//!
//! `model.rs` holds the couplings, `replicas.rs` the sweep, `reference.rs` its definition;
//! `kernels.rs` the loops, `panels.rs` the layout that they need. `disorder.rs` draws couplings.

mod bonds;
mod disorder;
mod kernels;
mod memory;
mod model;
mod panels;
mod reference;
mod replicas;
mod sums;
mod visits;

pub use disorder::{Disorder, sherrington_kirkpatrick};
pub use model::Dense;
pub use reference::reference_sweep;
