//! The Hopfield room.

mod network;
mod pairs;
mod patterns;
mod trials;

pub use patterns::PackedPatterns;
use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<patterns::PackedPatterns>()?;
    module.add_class::<network::HopfieldNetwork>()?;
    module.add_class::<pairs::SequenceMemory>()?;
    module.add_class::<pairs::BidirectionalMemory>()?;
    module.add_class::<trials::CapacityTrials>()?;
    module.add_function(wrap_pyfunction!(patterns::corrupt_states, module)?)
}
