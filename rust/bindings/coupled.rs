//! Memories that are matrices of couplings.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    associative::{
        Memory,
        coupled::{CoupledMemory as Core, Dreaming},
        recall_each,
    },
    control::Control,
    error::Error,
    simd::Level,
};

use crate::{
    arrays::{array2, copied, optional},
    enter::{enter, raise},
    hopfield::PackedPatterns,
    memories,
};

/// A memory of any couplings, symmetric or not.
#[pyclass(frozen, module = "spinglass._core")]
pub struct CoupledMemory {
    memory: Core,
}

#[pymethods]
impl CoupledMemory {
    #[new]
    #[pyo3(signature = (patterns, couplings, fields=None))]
    fn new(
        py: Python<'_>,
        patterns: PyRef<'_, PackedPatterns>,
        couplings: PyReadonlyArray2<'_, f64>,
        fields: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let (patterns, couplings) = (&patterns.patterns, copied(&couplings, "couplings")?);
        let fields = optional(fields.as_ref(), "fields")?;
        let control = Control::default();
        let made = enter(py, None, None, &control, || {
            Core::new(patterns, couplings, fields, level, &control)
        });
        Ok(Self { memory: made? })
    }

    #[getter]
    fn is_symmetric(&self) -> bool {
        self.memory.is_symmetric()
    }

    /// J_ij.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        array2(py, self.memory.couplings().to_vec(), self.memory.n_spins())
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        memories::overlaps(py, &self.memory, &states, num_threads)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn energy<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        memories::energies(py, &self.memory, &states, num_threads)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        memories::local_fields(py, &self.memory, &states, num_threads)
    }

    /// Recall of each row of `states`, as that of a `HopfieldNetwork`.
    #[pyo3(signature = (
        states, *, update, beta, max_sweeps, seed, clamp=None, num_threads=None, progress=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a recall, each named in Python")]
    fn recall<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        update: &str,
        beta: f64,
        max_sweeps: u64,
        seed: u64,
        clamp: Option<Bound<'py, PyArray2<bool>>>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
        let dynamics = memories::dynamics(update, beta, max_sweeps, seed)?;
        let (memory, clamp) = (&self.memory, clamp.as_ref());
        let n = memory.n_spins();
        memories::recall(py, n, &states, clamp, num_threads, progress, |replicas, control| {
            recall_each(memory, &dynamics, replicas, control)
        })
    }
}

/// The couplings N x N that `n_dreams` dreams leave, as integers: the sum of what they found, minus
/// that of the patterns `reinforced`, one a dream. With it come the number of dreams that were
/// finished, and the exception that ended the call before all were, or None.
#[pyfunction]
#[pyo3(signature = (
    patterns, stored, *, rate, n_dreams, seed, reinforced=None, num_threads=None, progress=None
))]
#[allow(clippy::too_many_arguments, reason = "the arguments of a rule, each named in Python")]
pub fn dream<'py>(
    py: Python<'py>,
    patterns: PyRef<'_, PackedPatterns>,
    stored: PyReadonlyArray2<'py, i32>,
    rate: f64,
    n_dreams: u64,
    seed: u64,
    reinforced: Option<PyReadonlyArray1<'py, i64>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyArray2<i32>>, u64, Option<PyErr>)> {
    let patterns = &patterns.patterns;
    let (n, p) = (patterns.n_spins(), patterns.n_patterns());
    let reinforced = optional(reinforced.as_ref(), "reinforced")?;
    if let Some(numbers) = &reinforced {
        if numbers.len() as u64 != n_dreams {
            let got = format_args!("{}", numbers.len());
            return Err(raise(Error::expected(
                "reinforced",
                format_args!("{n_dreams} numbers"),
                got,
            )));
        }
        if let Some(wrong) =
            numbers.iter().find(|&&mu| usize::try_from(mu).map_or(true, |mu| mu >= p))
        {
            return Err(raise(Error::expected("reinforced", format_args!("below {p}"), wrong)));
        }
    }
    let mut dreaming = Dreaming::new(n, copied(&stored, "stored")?, rate, seed).map_err(raise)?;
    let control = Control::new(n_dreams);
    let ended = enter(py, num_threads, progress, &control, || {
        for number in 0..n_dreams {
            let of_dream = |numbers: &Vec<i64>| (patterns, numbers[number as usize] as usize);
            dreaming.dream(number, reinforced.as_ref().map(of_dream), &control)?;
            control.advance(1);
        }
        Ok(())
    });
    let (done, _) = control.progress();
    Ok((array2(py, dreaming.into_dreamt(), n)?, done, ended.err()))
}
