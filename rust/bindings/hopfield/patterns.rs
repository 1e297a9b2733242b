//! Pattern sets: from arrays, from files, and back.

use std::ops::Range;

use memmap2::{Mmap, MmapMut};
use numpy::{PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyBytes};
use rayon::prelude::*;
use spinglass_core::{
    content::Content,
    control::Control,
    error::Error,
    hopfield::{Packing, Patterns, corrupt, gram},
    simd::Level,
};

use crate::{
    arrays::{PIECE_BYTES, array2, by_pieces, check_spins, spins},
    enter::{enter, raise},
};

/// Bytes of a file, from an offset on, mapped and not read.
struct MappedFile {
    map: Mmap,
    payload: Range<usize>,
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.map[self.payload.clone()]
    }
}

/// Bytes of our own, aligned as a map is.
struct OwnBytes(MmapMut);

impl AsRef<[u8]> for OwnBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What the system calls an open file.
#[cfg(unix)]
type Descriptor = std::os::fd::RawFd;
#[cfg(windows)]
type Descriptor = std::os::windows::io::RawHandle;

/// A bit-packed pattern set.
#[pyclass(frozen, module = "spinglass._core")]
pub struct PackedPatterns {
    pub patterns: Patterns,
}

#[pymethods]
impl PackedPatterns {
    #[staticmethod]
    #[pyo3(signature = (n_patterns, n_spins, seed, num_threads=None))]
    fn random(
        py: Python<'_>,
        n_patterns: usize,
        n_spins: usize,
        seed: u64,
        num_threads: Option<usize>,
    ) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let control = Control::default();
        let patterns = enter(py, num_threads, None, &control, || {
            Patterns::random(n_patterns, n_spins, seed, level, &control)
        })?;
        Ok(Self { patterns })
    }

    /// Packs a copy of some patterns, and then of the next: all of them are many more bytes than
    /// the packed set.
    #[staticmethod]
    fn from_array(py: Python<'_>, spins: PyReadonlyArray2<'_, i8>) -> PyResult<Self> {
        let &[n_patterns, n_spins] = spins.shape() else { unreachable!("the array has two axes") };
        let mut packing = Packing::new(n_patterns, n_spins).map_err(raise)?;
        let (control, mut copy) = (Control::default(), Vec::new());
        by_pieces(&spins, "patterns", n_spins.saturating_mul(64), |piece| {
            copy.clear();
            copy.extend_from_slice(piece);
            check_spins(&copy, "patterns")?;
            enter(py, None, None, &control, || packing.extend(&copy, &control))
        })?;
        Ok(Self { patterns: packing.finish().map_err(raise)? })
    }

    /// From the bytes of `to_bytes`, which are copied.
    #[staticmethod]
    fn from_bytes(
        py: Python<'_>,
        n_patterns: usize,
        n_spins: usize,
        bytes: &Bound<'_, PyBytes>,
    ) -> PyResult<Self> {
        // Bytes of Python never change.
        let bytes = bytes.as_bytes();
        let job = || Patterns::from_copied_bytes(n_patterns, n_spins, bytes);
        Ok(Self { patterns: enter(py, None, None, &Control::default(), job)? })
    }

    /// Maps the part of an open file that starts at `offset`.
    #[staticmethod]
    fn map(
        py: Python<'_>,
        n_patterns: usize,
        n_spins: usize,
        descriptor: isize,
        offset: usize,
    ) -> PyResult<Self> {
        // SAFETY: the map is private to this process and read-only. Another process that shortens
        // the file while it is mapped is outside what the language can promise; the documentation
        // of `Patterns.load` says so, and how to do without the map.
        let map = unsafe { Mmap::map(descriptor as Descriptor)? };
        let payload = offset.min(map.len())..map.len();
        let control = Control::default();
        let patterns = enter(py, None, None, &control, || {
            Patterns::from_bytes(n_patterns, n_spins, Box::new(MappedFile { map, payload }))
        })?;
        Ok(Self { patterns })
    }

    /// Reads so many bytes from a file of Python.
    #[staticmethod]
    fn read(
        n_patterns: usize,
        n_spins: usize,
        file: &Bound<'_, PyAny>,
        n_bytes: usize,
    ) -> PyResult<Self> {
        let mut bytes = MmapMut::map_anon(n_bytes)
            .map_err(|_| raise(Error::Memory(format!("{n_bytes} bytes of patterns"))))?;
        #[cfg(target_os = "linux")]
        let _ = bytes.advise(memmap2::Advice::HugePage); // only advice, as for a set that is drawn
        for piece in bytes.chunks_mut(PIECE_BYTES) {
            let content = file.call_method1("read", (piece.len(),))?.cast_into::<PyBytes>()?;
            if content.as_bytes().len() != piece.len() {
                return Err(raise(Error::Value(
                    "the file became shorter while it was read".into(),
                )));
            }
            piece.copy_from_slice(content.as_bytes());
            file.py().check_signals()?;
        }
        let bytes = Box::new(OwnBytes(bytes));
        let patterns = Patterns::from_bytes(n_patterns, n_spins, bytes).map_err(raise)?;
        Ok(Self { patterns })
    }

    /// The patterns of these parts of sets, from one number to another, one after the other.
    #[staticmethod]
    fn joined(py: Python<'_>, parts: Vec<(PyRef<'_, Self>, usize, usize)>) -> PyResult<Self> {
        let parts: Vec<_> =
            parts.iter().map(|(set, first, last)| (set.patterns.clone(), *first..*last)).collect();
        let control = Control::default();
        let patterns = enter(py, None, None, &control, || {
            let parts: Vec<_> = parts.iter().map(|(set, range)| (set, range.clone())).collect();
            Patterns::joined(&parts, &control)
        })?;
        Ok(Self { patterns })
    }

    #[getter]
    fn n_patterns(&self) -> usize {
        self.patterns.n_patterns()
    }

    #[getter]
    fn n_spins(&self) -> usize {
        self.patterns.n_spins()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.patterns.as_bytes().len()
    }

    fn padding_is_zero(&self, py: Python<'_>) -> PyResult<bool> {
        enter(py, None, None, &Control::default(), || Ok(self.patterns.padding_is_zero()))
    }

    fn same_bits(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        let (bytes, others) = (self.patterns.as_bytes(), other.patterns.as_bytes());
        let control = Control::default();
        enter(py, None, None, &control, || {
            let pieces = bytes.par_chunks(PIECE_BYTES).zip(others.par_chunks(PIECE_BYTES));
            let differ = pieces.map(|(bytes, others)| control.check().map(|()| bytes != others));
            let any = differ.try_reduce(|| false, |a, b| Ok(a || b))?;
            Ok(bytes.len() == others.len() && !any)
        })
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.patterns.as_bytes())
    }

    /// Writes the bytes to a file of Python.
    fn write(&self, file: &Bound<'_, PyAny>) -> PyResult<()> {
        for piece in self.patterns.as_bytes().chunks(PIECE_BYTES) {
            file.call_method1("write", (PyBytes::new(file.py(), piece),))?;
            file.py().check_signals()?;
        }
        Ok(())
    }

    /// 16 bytes that tell this set from any other.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let control = Control::default();
        let digest = enter(py, None, None, &control, || {
            let mut content = Content::of("patterns", &control);
            content.counts(&[self.patterns.n_patterns(), self.patterns.n_spins()])?;
            content.bytes(self.patterns.as_bytes())?;
            Ok(content.digest())
        })?;
        Ok(PyBytes::new(py, &digest.to_le_bytes()))
    }

    /// sum_i xi_i^mu xi_i^nu, int32 (P, P).
    #[pyo3(signature = (num_threads=None))]
    fn gram<'py>(
        &self,
        py: Python<'py>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i32>>> {
        let level = Level::current().map_err(raise)?;
        let control = Control::default();
        let job = || gram(&self.patterns, level, &control);
        let gram = enter(py, num_threads, None, &control, job)?;
        array2(py, gram, self.patterns.n_patterns())
    }

    /// The chosen patterns as spins, int8 (len(which), N).
    fn unpack<'py>(
        &self,
        py: Python<'py>,
        which: Vec<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i8>>> {
        if let Some(mu) = which.iter().find(|&&mu| mu >= self.patterns.n_patterns()) {
            return Err(raise(Error::expected(
                "pattern index",
                format_args!("below {}", self.patterns.n_patterns()),
                mu,
            )));
        }
        let control = Control::default();
        let spins = enter(py, None, None, &control, || self.patterns.to_spins(&which, &control))?;
        array2(py, spins, self.patterns.n_spins())
    }
}

/// Flips `count` distinct spins of each row: row k by stream k of the seed.
#[pyfunction]
pub fn corrupt_states<'py>(
    py: Python<'py>,
    states: PyReadonlyArray2<'py, i8>,
    count: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyArray2<i8>>> {
    let n = states.shape()[1];
    if count > n {
        return Err(raise(Error::expected("count", format_args!("at most {n}"), count)));
    }
    let mut spins = spins(&states, "states")?;
    let control = Control::default();
    enter(py, None, None, &control, || {
        spins.par_chunks_mut(n.max(1)).enumerate().try_for_each(|(stream, spins)| {
            control.check()?;
            corrupt(spins, count, seed, stream as u64);
            Ok(())
        })
    })?;
    array2(py, spins, n)
}
