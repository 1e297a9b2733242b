//! Random couplings between neighbours on a periodic lattice of any dimension.
//!
//! S. F. Edwards and P. W. Anderson, J. Phys. F 5, 965 (1975): E = -sum_<ij> J_ij s_i s_j with
//! independent J_ij of mean 0 and variance 1.

use super::Sparse;
use crate::{
    control::checkpoint,
    dense::Disorder,
    error::{Error, Result},
    rng::{Philox, Purpose},
    simd::Level,
    spins::gaussian::gaussian,
};

/// Normal couplings are multiples of this power of two, so that the sums of up to sixteen of them
/// are exact in the sweep's fixed point. It is 1e-7 of their width.
const GRID: f64 = (1 << 23) as f64;

/// The model on a lattice of `shape`, whose last side runs fastest; the bonds of a site towards
/// larger coordinates come from the stream of the site. A side of 2 has both bonds between its pair.
///
/// # Errors
/// [`Error::Value`] if a side is below 2 or the lattice has more than 2^31 sites, [`Error::Memory`].
pub fn edwards_anderson(
    shape: &[usize],
    disorder: Disorder,
    seed: u64,
    level: Level,
) -> Result<Sparse> {
    if shape.is_empty() || shape.iter().any(|&side| side < 2) {
        return Err(Error::expected("shape", "sides of at least 2", format_args!("{shape:?}")));
    }
    let n = shape
        .iter()
        .try_fold(1usize, |product, &side| product.checked_mul(side))
        .filter(|&n| n <= 1 << 31)
        .ok_or_else(|| Error::expected("shape", "at most 2^31 sites", format_args!("{shape:?}")))?;
    let dimension = shape.len();
    let degree = 2 * dimension;
    let bond = |site: usize, axis: usize| {
        let philox = Philox::new(seed, Purpose::Couplings, site as u64);
        let mut words = philox.words_from(axis as u64);
        match disorder {
            Disorder::PlusMinus => f64::from(2 * (words.next_word() >> 63) as i32 - 1),
            Disorder::Gaussian => (gaussian(words.next_word()) * GRID).round_ties_even() / GRID,
        }
    };
    // The neighbour one step along `axis`: strides are products of the sides behind it.
    let strides: Vec<usize> =
        (0..dimension).map(|axis| shape[axis + 1..].iter().product()).collect();
    let step = |site: usize, axis: usize, forward: bool| {
        let (stride, side) = (strides[axis], shape[axis]);
        let at = site / stride % side;
        let to = if forward { (at + 1) % side } else { (at + side - 1) % side };
        site - at * stride + to * stride
    };
    let (mut neighbours, mut couplings) = (Vec::new(), Vec::new());
    for reserved in
        [neighbours.try_reserve_exact(n * degree), couplings.try_reserve_exact(n * degree)]
    {
        reserved.map_err(|_| {
            Error::Memory(format!("the couplings of {n} spins do not fit in memory"))
        })?;
    }
    for site in 0..n {
        checkpoint();
        for axis in 0..dimension {
            let behind = step(site, axis, false);
            neighbours.extend([step(site, axis, true) as u32, behind as u32]);
            couplings.extend([bond(site, axis), bond(behind, axis)]);
        }
    }
    let offsets = (0..=n).map(|site| site * degree).collect();
    Sparse::new(n, offsets, neighbours, couplings, None, level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bonds_are_those_of_neighbours_and_independent() {
        let (rows, columns) = (6, 8);
        for disorder in [Disorder::PlusMinus, Disorder::Gaussian] {
            let glass = edwards_anderson(&[rows, columns], disorder, 5, Level::Portable).unwrap();
            let mut values = Vec::new();
            for site in 0..rows * columns {
                let (y, x) = (site / columns, site % columns);
                let mut expected = [
                    (y + 1) % rows * columns + x,
                    (y + rows - 1) % rows * columns + x,
                    y * columns + (x + 1) % columns,
                    y * columns + (x + columns - 1) % columns,
                ];
                let mut found: Vec<usize> =
                    glass.neighbours(site).map(|(other, _)| other).collect();
                expected.sort_unstable();
                found.sort_unstable();
                assert_eq!(found, expected);
                values.extend(glass.neighbours(site).map(|(_, coupling)| coupling));
            }
            // 96 bonds, each seen from both ends: the mean has a standard error of 0.102.
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance =
                values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
            assert!(mean.abs() < 0.5, "{mean}");
            assert!((variance - 1.0).abs() < 5.0 * (2.0f64 / 96.0).sqrt(), "{variance}");
        }
    }

    #[test]
    fn a_side_of_two_has_two_bonds_between_its_pair() {
        let glass = edwards_anderson(&[2], Disorder::Gaussian, 1, Level::Portable).unwrap();
        assert_eq!(glass.neighbours(0).map(|(other, _)| other).collect::<Vec<_>>(), [1, 1]);
        assert!(edwards_anderson(&[3, 1], Disorder::PlusMinus, 1, Level::Portable).is_err());
    }
}
