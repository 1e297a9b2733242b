//! The dense couplings, for whoever asks: N J_ij = P - 2 hamming(row i, row j), zero diagonal.
//!
//! Only the upper triangle of blocks is counted; each block is written twice, once transposed.
//! Bound by the vector ports (popcounts) and, for small P, by writing the matrix.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::Hopfield;
use crate::{
    bits::BLOCK,
    control::Control,
    error::{Error, Result},
};

/// A number that a coupling can be given in: floats take J, integers N J.
pub trait Coupling: Copy + Default + Send {
    /// The coupling whose N J is `integer`, or `None` if it does not fit.
    fn from_integer(integer: i64, n_spins: f64) -> Option<Self>;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Coupling for $type {
            #[inline]
            fn from_integer(integer: i64, _n_spins: f64) -> Option<Self> {
                integer.try_into().ok()
            }
        }
    )*};
}
integers!(i8 i16 i32 i64);

impl Coupling for f64 {
    #[inline]
    fn from_integer(integer: i64, n_spins: f64) -> Option<Self> {
        Some(integer as f64 / n_spins)
    }
}

impl Coupling for f32 {
    #[inline]
    fn from_integer(integer: i64, n_spins: f64) -> Option<Self> {
        Some((integer as f64 / n_spins) as f32)
    }
}

/// Writes the N x N matrix of couplings, row after row, into zeros.
///
/// # Errors
/// [`Error::Overflow`] if an N J does not fit in an integer type, [`Error::Cancelled`].
///
/// # Panics
/// If `out` is not N x N.
pub fn couplings<T: Coupling>(
    model: &Hopfield<'_>,
    out: &mut [T],
    control: &Control,
) -> Result<()> {
    let n = model.n_spins();
    assert_eq!(out.len(), n * n, "the matrix is N x N");
    let p = model.n_patterns() as i64;
    let rows = model.patterns.rows();
    let n_blocks = n.div_ceil(BLOCK);
    // A block of rows is locked only while a finished block of couplings is written into it.
    let bands: Vec<Mutex<&mut [T]>> = out.chunks_mut(BLOCK * n).map(Mutex::new).collect();
    let band = |block: usize| bands[block].lock().unwrap_or_else(PoisonError::into_inner);
    let pairs = (0..n_blocks).into_par_iter().flat_map_iter(|i| (i..n_blocks).map(move |j| (i, j)));
    pairs.try_for_each_init(
        || (vec![0u32; BLOCK * BLOCK], vec![T::default(); BLOCK * BLOCK]),
        |(hamming, values), (i, j)| {
            control.check()?;
            let (first_i, first_j) = (i * BLOCK, j * BLOCK);
            let (height, width) = (BLOCK.min(n - first_i), BLOCK.min(n - first_j));
            (model.kernels.hamming_block)(rows, first_i, first_j, hamming);
            for a in 0..height {
                for b in 0..width {
                    let diagonal = i == j && a == b;
                    let integer =
                        if diagonal { 0 } else { p - 2 * i64::from(hamming[a * BLOCK + b]) };
                    values[a * BLOCK + b] =
                        T::from_integer(integer, n as f64).ok_or_else(|| {
                            Error::Overflow(format!(
                                "N J[{}, {}] = {integer} does not fit in {}; a wider dtype is needed",
                                first_i + a,
                                first_j + b,
                                std::any::type_name::<T>().replace('i', "int"),
                            ))
                        })?;
                }
            }
            let mut upper = band(i);
            for a in 0..height {
                upper[a * n + first_j..][..width]
                    .copy_from_slice(&values[a * BLOCK..][..width]);
            }
            drop(upper);
            if i != j {
                let mut lower = band(j);
                for b in 0..width {
                    for (a, value) in lower[b * n + first_i..][..height].iter_mut().enumerate() {
                        *value = values[a * BLOCK + b];
                    }
                }
            }
            Ok(())
        },
    )
}
