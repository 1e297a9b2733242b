//! What every bench beside NumPy needs: the rival's module, in the same process.

#![allow(dead_code, reason = "each bench uses what it needs")]

use std::{env, ffi::CStr, path::Path, time::Duration};

use criterion::{BenchmarkGroup, Criterion, SamplingMode, measurement::WallTime};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{simd::Level, threads};

/// What is expected of every call into the rival.
pub const RUNS: &str = "the rival runs";

/// The rival's module, its NumPy that of the active virtual environment.
///
/// An embedded interpreter does not know which environment `cargo bench` was called in, so the
/// environment's packages are put in front of its path.
pub fn rival<'py>(py: Python<'py>, source: &CStr) -> PyResult<Bound<'py, PyModule>> {
    if let Some(venv) = env::var_os("VIRTUAL_ENV") {
        let known = PyDict::new(py);
        known.set_item("base", &venv)?;
        known.set_item("platbase", &venv)?;
        let arguments = ("platlib", "venv", known);
        let packages = py.import("sysconfig")?.call_method1("get_path", arguments)?;
        let folder: String = packages.extract()?;
        assert!(
            Path::new(&folder).is_dir(),
            "the active environment has no {folder}: the bench is linked to another Python; set \
             PYO3_PYTHON to the Python of the environment and build again"
        );
        py.import("sys")?.getattr("path")?.call_method1("insert", (0, packages))?;
    }
    PyModule::from_code(py, source, c"rival.py", c"rival")
}

/// Runs `benches` with the rival of `source`.
pub fn beside_numpy(source: &CStr, benches: impl FnOnce(&mut Criterion, &Bound<'_, PyModule>)) {
    let mut criterion = Criterion::default().configure_from_args();
    Python::initialize();
    Python::attach(|py| {
        let rival = rival(py, source).expect("NumPy is installed: pip install '.[test]'");
        benches(&mut criterion, &rival);
    });
    criterion.final_summary();
}

/// The instruction set of this run.
pub fn level() -> Level {
    Level::current().expect("SPINGLASS_SIMD names a level of this machine")
}

/// A pool of `n_threads`.
pub fn pool(n_threads: usize) -> threads::Lease {
    threads::pool(Some(n_threads)).expect("the system starts a few threads")
}

/// Rows of `n` spins as a NumPy array.
pub fn array<'py>(py: Python<'py>, rows: &[i8], n: usize) -> Bound<'py, PyArray2<i8>> {
    PyArray1::from_slice(py, rows).reshape([rows.len() / n, n]).expect("rows of n numbers")
}

/// A group whose benches all take about `seconds`, however long one iteration is.
pub fn group(
    criterion: &mut Criterion,
    name: String,
    seconds: f64,
) -> BenchmarkGroup<'_, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs_f64(seconds));
    group
}
