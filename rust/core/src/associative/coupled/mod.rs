//! Memories that are matrices of couplings: whatever rule made them, symmetric or not.
//!
//! The local field is sum_j J_ij s_j + h_i, without J_ii. Fields are kept as integers in the unit of their site
//! (`measure.rs`, or else `spins/fixed_point.rs`), so that neither the order of flips nor threads change a bit. A flip of
//! spin j adds the column of j to the fields; so columns are kept.
//!
//! With symmetric couplings every flip at zero temperature lowers the energy. Without, the dynamics
//! may run in circles: it is deterministic in site order and with all spins at once, and a state
//! that was seen before closes a cycle, whose length is counted in sweeps (Brent, BIT 20, 176
//! (1980)).
//!
//! [`learning`] makes couplings of patterns by rules that repeat themselves until all are learned.
//! [`Dreaming`] makes those of Hebb, without what the memory finds at random.

mod dreams;
pub mod learning;
mod measure;
mod model;
mod recall;
mod reference;

pub use dreams::Dreaming;
pub use model::CoupledMemory;
pub use reference::recall as reference_recall;
