//! The dense couplings, for whoever asks: N J_ij = P - 2 hamming(answers of i, cues of j), with a zero
//! diagonal.
//!
//! Where they are symmetric, only the upper triangle of blocks is counted, and each block is written
//! twice, once transposed.
//! Bound by the vector ports (popcounts) and, for small P, by writing the matrix.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Hopfield, associations::Associations};
use crate::{
    bits::BLOCK,
    control::Control,
    error::{Error, Result},
};

/// A number that a coupling can be given in: floats take J, integers N J.
pub trait Coupling: Copy + Default + Send + Sync {
    /// The coupling whose N J is `integer`, or `None` if it does not fit.
    fn from_integer(integer: i64, n_spins: f64) -> Option<Self>;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Coupling for $type {
            fn from_integer(integer: i64, _n_spins: f64) -> Option<Self> {
                integer.try_into().ok()
            }
        }
    )*};
}
integers!(i8 i16 i32 i64);

impl Coupling for f64 {
    fn from_integer(integer: i64, n_spins: f64) -> Option<Self> {
        Some(integer as f64 / n_spins)
    }
}

impl Coupling for f32 {
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
pub fn couplings<T: Coupling>(model: &Hopfield, out: &mut [T], control: &Control) -> Result<()> {
    write(&model.associations, out, control)
}

/// [`couplings`] of any associations: a row for each spin of the answers, a column for each of the cues.
pub(super) fn write<T: Coupling>(
    model: &Associations,
    out: &mut [T],
    control: &Control,
) -> Result<()> {
    let (n_rows, n) = (model.answers.n_spins(), model.cues.n_spins());
    assert_eq!(out.len(), n_rows * n, "a row for each answer, a column for each cue");
    let (p, scale) = (model.n_patterns() as i64, model.scale as f64);
    let rows = [model.answers.rows(), model.cues.rows()];
    let (row_blocks, column_blocks) = (n_rows.div_ceil(BLOCK), n.div_ceil(BLOCK));
    let is_mirrored = model.is_symmetric();
    let is_zero = |i, j| model.has_diagonal() && i == j;
    // There are only P + 1 couplings: the one of each number of differing bits is looked up.
    let of_hamming: Vec<Option<T>> =
        (0..=p).map(|hamming| T::from_integer(p - 2 * hamming, scale)).collect();
    let all_fit = of_hamming.iter().all(Option::is_some);
    let values: Vec<T> = of_hamming.iter().map(|value| value.unwrap_or_default()).collect();
    // A band of rows is locked only while a finished block of couplings is written into it.
    let bands: Vec<Mutex<&mut [T]>> = out.chunks_mut(BLOCK * n).map(Mutex::new).collect();
    let band = |block: usize| bands[block].lock().unwrap_or_else(PoisonError::into_inner);
    let columns = |i| (if is_mirrored { i } else { 0 })..column_blocks;
    let pairs = (0..row_blocks).into_par_iter().flat_map_iter(|i| columns(i).map(move |j| (i, j)));
    pairs.try_for_each_init(
        || vec![0u32; BLOCK * BLOCK],
        |hamming, (i, j)| {
            control.check()?;
            let (first_i, first_j) = (i * BLOCK, j * BLOCK);
            let (height, width) = (BLOCK.min(n_rows - first_i), BLOCK.min(n - first_j));
            (model.kernels.hamming_block)(rows, [first_i, first_j], hamming);
            if !all_fit {
                for a in 0..height {
                    for b in (0..width).filter(|&b| !is_zero(first_i + a, first_j + b)) {
                        let differing = hamming[a * BLOCK + b];
                        if of_hamming[differing as usize].is_none() {
                            let integer = p - 2 * i64::from(differing);
                            return Err(overflow::<T>(first_i + a, first_j + b, integer));
                        }
                    }
                }
            }
            let mut upper = band(i);
            for a in 0..height {
                let row = &mut upper[a * n + first_j..][..width];
                for (value, &differing) in row.iter_mut().zip(&hamming[a * BLOCK..]) {
                    *value = values[differing as usize];
                }
                if model.has_diagonal() && i == j {
                    row[a] = T::from_integer(0, scale).unwrap_or_default();
                }
            }
            drop(upper);
            if is_mirrored && i != j {
                let mut lower = band(j);
                for b in 0..width {
                    let row = &mut lower[b * n + first_i..][..height];
                    for (a, value) in row.iter_mut().enumerate() {
                        *value = values[hamming[a * BLOCK + b] as usize];
                    }
                }
            }
            Ok(())
        },
    )
}

fn overflow<T>(i: usize, j: usize, integer: i64) -> Error {
    Error::Overflow(format!(
        "N J[{i}, {j}] = {integer} does not fit in {}; a wider dtype is needed",
        std::any::type_name::<T>().replace('i', "int"),
    ))
}
