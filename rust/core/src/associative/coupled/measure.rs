//! The common measure of the couplings of a site: the number of which all of them are multiples.
//!
//! Those of Hebb's rule are k / N. In a unit of a power of two each is rounded, so that a field that
//! should be zero is not, and a tie is none. In the unit of their common measure they are whole.

/// What a sum of whole numbers stays below, so that twice of it is a 32-bit integer.
const BOUND: f64 = (1u32 << 30) as f64;

/// Beside the largest value, what is less than this is the rounding of doubles.
const ROUNDING: f64 = 1.0 / (1u64 << 40) as f64;

/// How far a multiple may be from a whole number: at most 2^30 roundings of a double.
const WHOLE: f64 = 1.0 / (1u64 << 16) as f64;

/// The largest number of which all values are multiples, as far as doubles can tell; None if the
/// multiples would not be small numbers.
pub(super) fn common_measure(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let sizes = values.map(f64::abs).filter(|&size| size > 0.0);
    let largest = sizes.clone().reduce(f64::max)?;
    let mut measure = largest;
    for size in sizes.clone() {
        // Euclid's algorithm, with the nearest multiple.
        let (mut a, mut b) = (measure, size);
        while b > ROUNDING * largest {
            (a, b) = (b, (a - (a / b).round() * b).abs());
        }
        measure = a;
        if measure * BOUND < largest {
            return None;
        }
    }
    // Each step has rounded: the largest value has the measure to all digits.
    let measure = largest / (largest / measure).round();
    let mut sum = 0.0;
    for size in sizes {
        let times = size / measure;
        if (times - times.round()).abs() > WHOLE {
            return None;
        }
        sum += times;
    }
    (measure.is_normal() && sum < BOUND - 1.0).then_some(measure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Option<f64> {
        common_measure(values.iter().copied())
    }

    #[test]
    fn multiples_of_one_number_are_known_by_it() {
        for n in [3.0, 7.0, 120.0, 1000.0, 12_345.0] {
            let near = |found: Option<f64>, expected: f64| {
                (found.unwrap() / expected - 1.0).abs() < 4.0 * f64::EPSILON
            };
            let odd = [3.0, -5.0, 1.0, 0.0, 9.0].map(|k| k / n);
            assert!(near(of(&odd), 1.0 / n));
            // No value is the measure itself.
            assert!(near(of(&[6.0 / n, 10.0 / n, -14.0 / n]), 2.0 / n));
            assert!(near(of(&[6.0 / n, 10.0 / n, 15.0 / n]), 1.0 / n));
            assert!(near(of(&[0.37 / n; 5]), 0.37 / n));
        }
    }

    #[test]
    fn what_has_no_measure_or_too_many_multiples_has_none() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[0.0, 0.0]), None);
        assert_eq!(of(&[1.0, 2f64.sqrt()]), None);
        assert_eq!(of(&[0.1234, 0.777_123_4, 1e-12]), None);
        assert_eq!(of(&[1.0, BOUND]), None);
        assert_eq!(of(&[f64::MIN_POSITIVE / 8.0]), None);
        assert!(of(&[f64::MAX, -f64::MAX / 2.0]).is_some());
    }
}
