//! What is done to any spin model: sample, anneal, temper, descend.
//!
//! The first three move replicas in *rounds*: a number of sweeps that takes some hundredths of a second,
//! after which all replicas stand at the same sweep. There, and only there, a run can be stopped,
//! so that an interrupted run is one that ended early and can go on: nothing measured is lost, and
//! the bits are those of a run that was never stopped. (A model so large that a single sweep takes
//! long checks for a cancellation by itself; such a run ends between two sweeps of its replicas,
//! and says so.)

mod anneal;
mod descend;
mod groups;
mod ladder;
mod observables;
mod rounds;
mod sample;
mod temper;

pub use anneal::{Annealing, Limits, anneal};
pub use descend::descend;
pub use groups::random_spins;
pub use ladder::Seen;
pub use observables::{Observable, Taken};
pub use rounds::Ending;
pub use sample::{Plan, Sample, sample};
pub use temper::{Ladders, Tempering, temper};
