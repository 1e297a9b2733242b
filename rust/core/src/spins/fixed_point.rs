//! Couplings as 32-bit integers: one power of two a site as the unit.
//!
//! Cached local fields change with every flip. Summed in floating point they drift, and depend on
//! the order of the flips; as integers they are exact for as long as the run lasts, in any order,
//! and a run can go on from its states alone. The unit of a site is chosen so that its field stays
//! below 2^30 whatever the state, which leaves an error of at most 2^-31 of sum_j |J_ij| + |h_i|
//! a coupling: less than a sum in single precision has. Integers, +-1 couplings and whatever else
//! is a multiple of its unit are held exactly.

use rayon::prelude::*;

use crate::control::checkpoint;

/// What a sum of fixed-point couplings stays below.
const BOUND: f64 = (1u32 << 30) as f64;

/// The exponent of the largest scale: couplings below 2^-1000 lose digits, as they do anywhere.
const LARGEST: i32 = 1020;

/// Scales up to this one, and down to its inverse, are used as they are.
const SINGLE: f64 = (1u128 << 100) as f64;

/// Values below so many units are known to 2 % or worse.
const FEW_UNITS: f64 = 32.0;

/// Values from so many units on are large beside those of few units.
const MANY_UNITS: f64 = 65536.0;

/// How many sizes the large values of a site may have to be made to cancel, and not by chance.
const FEW_SIZES: usize = 8;

/// The units of all sites.
#[derive(Clone, Debug)]
pub struct Scales {
    /// Units in 1, one a site: powers of two.
    units: Vec<f64>,
    /// Whether every coupling and field is a multiple of its site's unit.
    exact: bool,
    /// What single-precision scales are relative to: 1, unless they would leave its range.
    common: f64,
    /// The site with the largest error among those whose field may come close to zero.
    worst: Worst,
}

/// A site where rounding does harm, and the error of the local field there.
type Worst = Option<(usize, f64)>;

impl Scales {
    /// The scales of sites whose couplings and field `visit` passes, site by site, to its callback.
    pub fn new(n_sites: usize, visit: impl Fn(usize, &mut dyn FnMut(f64)) + Sync) -> Self {
        let of_site = |site| {
            checkpoint();
            let (mut weight, mut count) = (0.0, 0u32);
            let (mut largest, mut smallest) = (0.0f64, f64::INFINITY);
            visit(site, &mut |value| {
                weight += value.abs();
                count += u32::from(value != 0.0);
                largest = largest.max(value.abs());
                smallest = if value == 0.0 { smallest } else { smallest.min(value.abs()) };
            });
            let unit = if weight == 0.0 { 0.0 } else { scale(weight, count) };
            let (mut lost, mut largest_error) = (0.0, 0.0f64);
            visit(site, &mut |value| {
                let units = value * unit;
                let error = (units - nearest(units)).abs();
                largest_error = largest_error.max(error);
                lost += if units.abs() < FEW_UNITS { error } else { 0.0 };
            });
            let exact = largest_error == 0.0;
            // One value that outweighs all others leaves a large field, whatever is rounded; so do
            // multiples of a value that is many units, unless they cancel, and then their roundings do.
            let outweighs = largest - (weight - largest) > 1e-3 * weight;
            let mut are_multiples = smallest * unit > 1e3 * f64::from(count);
            if are_multiples && !exact && !outweighs {
                visit(site, &mut |value| {
                    let times = value / smallest;
                    are_multiples &= times.abs() < BOUND && times - nearest(times) == 0.0;
                });
            }
            let is_harmless = exact || outweighs || are_multiples;
            let error = (!is_harmless).then(|| (site, lost.max(largest_error) / unit));
            (unit, exact, error)
        };
        let sites: Vec<_> = (0..n_sites).into_par_iter().panic_fuse().map(of_site).collect();
        let mut units: Vec<f64> = sites.iter().map(|site| site.0).collect();
        let worst = sites.iter().fold(None, |worst, site| worse(worst, site.2));
        // A site without couplings and field can have any unit: the finest there is.
        let largest = units.iter().copied().fold(0.0, f64::max);
        let largest = if largest > 0.0 { largest } else { 1.0 / f64::EPSILON };
        units.iter_mut().filter(|unit| **unit == 0.0).for_each(|unit| *unit = largest);
        let smallest = units.iter().copied().fold(f64::INFINITY, f64::min);
        let common = if largest > SINGLE || smallest < 1.0 / SINGLE { largest } else { 1.0 };
        let exact = sites.iter().all(|site| site.1) && common.to_bits() == 1f64.to_bits();
        Self { units, exact, common, worst }
    }

    /// Units in 1 of a site.
    pub fn of(&self, site: usize) -> f64 {
        self.units[site]
    }

    /// Whether the integers are the couplings and fields, and not only close to them.
    pub fn are_exact(&self) -> bool {
        self.exact
    }

    /// The site with the largest error among those whose field may come close to zero. Values of few
    /// units may be lost together, so that their errors add up; those of the others are random, and
    /// count as the largest of all. What it misses: many equal values of more than [`FEW_UNITS`]
    /// units, whose errors are less than 2 % of them, have the same sign.
    pub fn worst(&self) -> Worst {
        self.worst
    }

    /// The site with the largest error among those where it turns or loses a sign, which is what
    /// counts at zero temperature. Looked at is the state where the values, the largest first,
    /// cancel one after the other; and only where the large ones have few sizes: among many,
    /// something always cancels as closely by chance. What it misses: larger values that cancel in
    /// another order only, or in more than [`FEW_SIZES`] sizes.
    pub fn turned(&self, visit: impl Fn(usize, &mut dyn FnMut(f64)) + Sync) -> Worst {
        self.worst?;
        let of_site = |site: usize| {
            checkpoint();
            turned_sign(self.units[site], |see| visit(site, see)).map(|error| (site, error))
        };
        let sites = (0..self.units.len()).into_par_iter().panic_fuse();
        sites.map(of_site).reduce(|| None, worse)
    }

    /// `value` in the units of `site`.
    pub fn quantise(&self, site: usize, value: f64) -> i32 {
        (value * self.units[site]).round_ties_even() as i32
    }

    /// The scale of a site in single precision, relative to the common one.
    pub fn single(&self, site: usize) -> f32 {
        (self.units[site] / self.common) as f32
    }

    /// What the inverse temperature of a threshold is divided by, so that the scales of huge and tiny
    /// couplings fit into single precision.
    pub fn common(&self) -> f64 {
        self.common
    }
}

/// The largest power of two that keeps the rounded values of a site, whose sum of magnitudes is
/// `weight`, below the bound in sum.
fn scale(weight: f64, count: u32) -> f64 {
    let limit = BOUND - f64::from(count) - 1.0;
    // The exponent of a quotient of two normal numbers; the fraction is cut off.
    let ratio = limit / weight.max(f64::MIN_POSITIVE);
    let exponent = ((ratio.min(f64::MAX).to_bits() >> 52) as i32 - 1023).min(LARGEST);
    2f64.powi(exponent)
}

/// What is worse of two; of equals the first.
fn worse(a: Worst, b: Worst) -> Worst {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.1 > a.1 { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The nearest whole number of a small one, without a call where the processor has no instruction.
fn nearest(value: f64) -> f64 {
    const SHIFT: f64 = (3u64 << 51) as f64;
    value + SHIFT - SHIFT
}

/// What rounding to multiples of 1 / `unit` does to the sum of all values of a site in the state
/// where they cancel, the largest first, if it turns or loses the sign there.
fn turned_sign(unit: f64, visit: impl Fn(&mut dyn FnMut(f64))) -> Option<f64> {
    let (mut sizes, mut values) = (Vec::new(), Vec::new());
    visit(&mut |value| {
        let rounded = (value.abs() * unit).round_ties_even();
        if rounded >= MANY_UNITS && sizes.len() <= FEW_SIZES && !sizes.contains(&rounded) {
            sizes.push(rounded);
        }
        if value != 0.0 && sizes.len() <= FEW_SIZES {
            values.push((value.abs(), rounded));
        }
    });
    if sizes.len() > FEW_SIZES {
        return None;
    }
    values.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // A sum of doubles is not known better.
    let noise = values.iter().map(|value| value.0).sum::<f64>() * 2.0 * f64::EPSILON;
    let (sum, rounded) = values.iter().fold((0.0, 0.0), |(sum, rounded), value| {
        if sum >= value.0 {
            (sum - value.0, rounded - value.1)
        } else {
            (value.0 - sum, value.1 - rounded)
        }
    });
    let lost: f64 = values.iter().filter(|value| value.1 == 0.0).map(|value| value.0).sum();
    let is_turned = sum > noise && rounded <= 0.0;
    let may_decide = lost > noise && rounded == 0.0;
    (is_turned || may_decide).then(|| lost.max((sum - rounded / unit).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scales(rows: &[Vec<f64>]) -> Scales {
        Scales::new(rows.len(), |site, visit| rows[site].iter().for_each(|&value| visit(value)))
    }

    #[test]
    fn whole_numbers_are_exact_and_thirds_are_not() {
        let exact = scales(&[vec![3.0, -7.0, 1024.0], vec![0.5], vec![]]);
        assert!(exact.are_exact());
        assert!(exact.of(2) >= exact.of(1) && exact.single(2) > 0.0);
        assert_eq!(exact.quantise(0, -7.0), -7 * exact.quantise(0, 1.0));
        assert!(!scales(&[vec![1.0 / 3.0, 1.0]]).are_exact());
    }

    #[test]
    fn the_worst_error_is_that_beside_large_values_that_cancel() {
        let error = |rows: &[Vec<f64>]| scales(rows).worst();
        let rows = [vec![1e9, 1e9, 1.0], vec![1.0 / 3.0, 0.3, 0.2], vec![1e12, 1.0 / 3.0]];
        // A sum of 2e9 needs units of 2 for a bound of 2^30: 1 is half of that, and lost.
        assert_eq!(error(&rows), Some((0, 1.0)));
        assert_eq!(error(&rows[2..]), None);
        assert_eq!(error(&[vec![3.0, 3.0, 1.0]]), None);
        assert_eq!(error(&[vec![1e15, -1e15, 2e15]]), None);
        assert!(error(&[vec![1e15, 1.0 - 1e15]]).is_some());
        let many: Vec<f64> = [3.9e6, -3.9e6].into_iter().chain([0.0036; 300]).collect();
        let (_, lost) = error(&[many]).unwrap();
        assert!((lost - 300.0 * 0.0036).abs() < 1e-9, "{lost}");
    }

    #[test]
    fn a_sign_is_turned_where_large_values_cancel_and_not_elsewhere() {
        let sign = |row: &[f64]| {
            scales(&[row.to_vec()]).turned(|_, see| row.iter().for_each(|&value| see(value)))
        };
        assert_eq!(sign(&[1e9, -1e9, 0.8]), Some((0, 0.8)));
        assert_eq!(sign(&[3e9, -1e9, -2e9, 0.8]), Some((0, 0.8)));
        assert_eq!(sign(&[1e15, 1.0 - 1e15]), Some((0, 1.0)));
        let many: Vec<f64> = [3.9e6, -3.9e6].into_iter().chain([0.0036; 300]).collect();
        assert!(sign(&many).is_some());
        // The lost value decides nothing, it keeps its sign, or there is none to keep.
        assert_eq!(sign(&[1e9, -1e9, 5000.0, 0.8]), None);
        assert_eq!(sign(&[1e9, -1e9, 1.2]), None);
        assert_eq!(sign(&[0.1, 0.2, 0.3]), None);
    }

    proptest! {
        #[test]
        fn sums_stay_below_the_bound_and_use_a_good_part_of_it(
            row in proptest::collection::vec(-1e3..1e3f64, 1..40), exponent in -200..200i32,
        ) {
            let row: Vec<f64> = row.iter().map(|value| value * 2f64.powi(exponent)).collect();
            prop_assume!(row.iter().any(|&value| value != 0.0));
            let scales = scales(std::slice::from_ref(&row));
            let sum: i64 =
                row.iter().map(|&value| i64::from(scales.quantise(0, value)).abs()).sum();
            prop_assert!(sum < 1 << 30);
            // A power of two loses at most a factor of two.
            prop_assert!(sum > (1 << 29) - 100);
        }
    }

    #[test]
    fn single_scales_stay_in_range_whatever_the_unit_of_energy() {
        for exponent in [-900, -200, 0, 200, 900] {
            let unit = 2f64.powi(exponent);
            let scales = scales(&[vec![unit, 3.0 * unit], vec![unit]]);
            let theta = f64::from(scales.single(1)) * scales.common();
            assert_eq!(theta.to_bits(), scales.of(1).to_bits());
        }
    }

    #[test]
    fn extreme_weights_give_finite_scales() {
        for weight in [0.0, f64::MIN_POSITIVE, 5e-324, 1e300, f64::MAX] {
            let unit = scale(weight, 1);
            assert!(unit.is_finite() && unit > 0.0, "{weight}: {unit}");
        }
    }
}
