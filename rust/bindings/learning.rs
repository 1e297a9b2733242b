//! Learning rules that repeat themselves.

use numpy::Element;
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    associative::coupled::learning::{Learned, Rule, learn},
    control::Control,
    error::Error,
    simd::Level,
};

use crate::{
    arrays::{array1, array2},
    enter::{enter, raise},
    hopfield::PackedPatterns,
};

/// What is known of each neuron, and the exception that ended the call before all were `finished`,
/// or None.
type Neurons<'py> = (Bound<'py, PyDict>, Option<PyErr>);

/// The perceptron rule.
#[pyfunction]
#[pyo3(signature = (patterns, *, margin, max_epochs, num_threads=None, progress=None))]
pub fn perceptron_rule<'py>(
    py: Python<'py>,
    patterns: PyRef<'py, PackedPatterns>,
    margin: f64,
    max_epochs: u64,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Neurons<'py>> {
    neurons(py, &patterns, Rule::Perceptron { margin, max_epochs }, num_threads, progress)
}

/// Minover.
#[pyfunction]
#[pyo3(signature = (patterns, *, tolerance, max_updates, num_threads=None, progress=None))]
pub fn minover_rule<'py>(
    py: Python<'py>,
    patterns: PyRef<'py, PackedPatterns>,
    tolerance: f64,
    max_updates: u64,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Neurons<'py>> {
    neurons(py, &patterns, Rule::MinOver { tolerance, max_updates }, num_threads, progress)
}

fn neurons<'py>(
    py: Python<'py>,
    patterns: &PackedPatterns,
    rule: Rule,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Neurons<'py>> {
    let (patterns, level) = (&patterns.patterns, Level::current().map_err(raise)?);
    let n = patterns.n_spins();
    let mut couplings = Vec::new();
    if n.checked_mul(n).is_none_or(|size| couplings.try_reserve_exact(size).is_err()) {
        let need = 8e-9 * (n as f64).powi(2);
        return Err(raise(Error::Memory(format!("couplings of {n} spins need {need:.1} GB"))));
    }
    let mut learned = vec![None; n];
    let control = Control::new(n as u64);
    let ended = enter(py, num_threads, progress, &control, || {
        couplings.resize(n * n, 0.0);
        learn(patterns, rule, level, &mut couplings, &mut learned, &control)
    });
    let columns = PyDict::new(py);
    columns.set_item("couplings", array2(py, couplings, n)?)?;
    columns.set_item("finished", array1(py, learned.iter().map(Option::is_some).collect()))?;
    let learned: Vec<Learned> = learned.into_iter().map(Option::unwrap_or_default).collect();
    set(&columns, "converged", &learned, |neuron| neuron.converged)?;
    set(&columns, "margin", &learned, |neuron| neuron.margin)?;
    set(&columns, "bound", &learned, |neuron| neuron.bound)?;
    Ok((columns, ended.err()))
}

fn set<T: Element>(
    columns: &Bound<'_, PyDict>,
    name: &str,
    learned: &[Learned],
    value: fn(&Learned) -> T,
) -> PyResult<()> {
    columns.set_item(name, array1(columns.py(), learned.iter().map(value).collect()))
}
