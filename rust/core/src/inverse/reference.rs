//! The definition of an objective and its gradient, spin by spin: slow and short.
//!
//! Sums are taken in the order in which the kernels take them: spins and rows in groups of four, rows
//! in blocks of 64 and in segments.

use super::{
    kernels::{ABSENT, BITS, GROUP, SITES, flow_site, logistic_sites, product, sum},
    objective::{Evaluation, Objective},
    samples::Samples,
};
use crate::elementary::ln;

/// From a site to the one that it shares a division with.
const PAIR: usize = SITES / 2;

/// What [`Samples::evaluate`] returns, bit for bit.
pub fn reference(
    samples: &Samples,
    objective: Objective,
    couplings: &[f64],
    fields: &[f64],
) -> Evaluation {
    let (n, total) = (samples.n_spins(), samples.total());
    let (segment, segments) = samples.segments();
    let spin = |m, j| if m < samples.n_rows() && j < n { samples.spin(m, j) } else { -1.0 };
    let coupling = |i, j| if i == j || j >= n { 0.0 } else { couplings[n * j + i] };
    let field = |m, i| {
        (0..n).step_by(GROUP).fold(fields[i], |field, j| {
            let product = |k| spin(m, j + k) * coupling(i, j + k);
            field + ((product(0) + product(1)) + (product(2) + product(3)))
        })
    };
    let mut value = 0.0;
    let mut slopes = vec![0.0; n * samples.n_rows()];
    for (tile, k) in (0..n).step_by(SITES).flat_map(|tile| (0..segments).map(move |k| (tile, k))) {
        let mut part = 0.0;
        let last = samples.n_rows().min(segment * (k + 1));
        for block in (segment * k..last).step_by(BITS) {
            let (mut products, mut sums, mut weighted) = ([1.0; SITES], [0.0; SITES], 0.0);
            for m in block..last.min(block + BITS) {
                let weight = samples.weight(m);
                let (mut factors, mut excess) = ([1.0; SITES], [0.0; SITES]);
                let site = |lane| {
                    let i = tile + lane;
                    (if i < n { field(m, i) } else { ABSENT }, u64::from(spin(m, i) > 0.0))
                };
                for lane in 0..SITES {
                    let slope;
                    match objective {
                        Objective::PseudoLikelihood => {
                            // Two sites that share a division.
                            let (low, second) = (lane % PAIR, lane / PAIR);
                            let ((a, up), (b, also_up)) = (site(low), site(low + PAIR));
                            let (two, more, slopes) = logistic_sites([a, b], [up, also_up]);
                            (factors[lane], excess[lane]) = (two[second], more[second]);
                            slope = slopes[second];
                        }
                        Objective::Flow => {
                            let (field, up) = site(lane);
                            let (flow, derivative) = flow_site(field, up);
                            excess[lane] = weight.unwrap_or(1.0) * flow;
                            slope = derivative;
                        }
                    }
                    products[lane] *= factors[lane];
                    sums[lane] += excess[lane];
                    if tile + lane < n {
                        slopes[n * m + tile + lane] = weight.unwrap_or(1.0) * slope;
                    }
                }
                let whole = product(&factors, 0) * product(&factors, PAIR);
                weighted += weight.unwrap_or(1.0) * (ln(whole) + sum(&excess));
            }
            part += match (objective, samples.weight(0)) {
                (Objective::PseudoLikelihood, Some(_)) => weighted,
                (Objective::PseudoLikelihood, None) => {
                    ln(product(&products, 0)) + ln(product(&products, PAIR)) + sum(&sums)
                }
                (Objective::Flow, _) => sum(&sums),
            };
        }
        value += part;
    }
    let slope = |m, i| if m < samples.n_rows() { slopes[n * m + i] } else { 0.0 };
    // The sum over rows of the derivative of site i times spin j; times 1 without a j.
    let correlation = |i, j: Option<usize>| {
        (0..segments).fold(0.0, |sum, k| {
            let last = samples.n_rows().min(segment * (k + 1));
            sum + (segment * k..last).step_by(GROUP).fold(0.0, |part, m| {
                let product = |k| j.map_or(1.0, |j| spin(m + k, j)) * slope(m + k, i);
                part + ((product(0) + product(1)) + (product(2) + product(3)))
            })
        })
    };
    let pair = |i, j| (correlation(j, Some(i)) + correlation(i, Some(j))) / total;
    let entry = |i, j| if i == j { 0.0 } else { pair(usize::max(i, j), usize::min(i, j)) };
    Evaluation {
        value: value / total,
        couplings: (0..n * n).map(|k| entry(k / n, k % n)).collect(),
        fields: (0..n).map(|i| correlation(i, None) / total).collect(),
        curvature: (0..n).map(|i| -correlation(i, Some(i)) / total).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::Control,
        rng::{Philox, Purpose},
        simd::Level,
        threads,
    };
    use proptest::prelude::*;

    const BOTH: [Objective; 2] = [Objective::PseudoLikelihood, Objective::Flow];

    /// Samples, couplings and fields without any order.
    fn case(
        n_rows: usize,
        n: usize,
        strength: f64,
        weighted: bool,
    ) -> (Samples, Vec<f64>, Vec<f64>) {
        let philox = Philox::new(1, Purpose::Start, 0);
        let mut words = philox.words_from(0);
        let mut number = || 2.0 * words.uniform() - 1.0;
        let spins: Vec<i8> = (0..n_rows * n).map(|_| if number() < 0.2 { 1 } else { -1 }).collect();
        let weights: Vec<f64> = (0..n_rows).map(|_| 1.1 + number()).collect();
        let mut couplings = vec![0.0; n * n];
        for i in 0..n {
            couplings[(n + 1) * i] = 7.0;
            for j in 0..i {
                let coupling = strength * number();
                (couplings[n * i + j], couplings[n * j + i]) = (coupling, coupling);
            }
        }
        let fields = (0..n).map(|_| strength * number()).collect();
        let weights = weighted.then_some(&weights[..]);
        (Samples::new(&spins, n, weights).unwrap(), couplings, fields)
    }

    fn bits(evaluation: &Evaluation) -> Vec<u64> {
        let Evaluation { value, couplings, fields, curvature } = evaluation;
        let numbers = [&[*value][..], couplings, fields, curvature].concat();
        // A zero has no sign here.
        numbers.into_iter().map(|x| (x + 0.0).to_bits()).collect()
    }

    /// That all levels and thread counts give the bits of the reference.
    fn check(n_rows: usize, n: usize, strength: f64, weighted: bool) {
        let (samples, couplings, fields) = case(n_rows, n, strength, weighted);
        for objective in BOTH {
            let expected = bits(&reference(&samples, objective, &couplings, &fields));
            for level in Level::available() {
                for count in [1, 3] {
                    let control = Control::default();
                    let pool = threads::pool(Some(count)).unwrap();
                    let evaluate =
                        || samples.evaluate(objective, &couplings, &fields, level, &control);
                    let evaluation = pool.install(evaluate).unwrap();
                    assert!(bits(&evaluation) == expected, "{objective:?}, {level}, {count}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_level_and_thread_count_gives_the_bits_of_the_reference(
            n_rows in 1..600usize,
            n in 1..80usize,
            strength in 0.01..2.0f64,
            weighted: bool,
        ) {
            check(n_rows, n, strength, weighted);
        }
    }

    #[test]
    fn several_segments_give_the_bits_of_the_reference() {
        check(9000, 17, 0.3, false);
        check(9000, 3, 0.3, true);
    }

    #[test]
    fn fields_without_bounds_keep_the_objective_finite() {
        check(100, 20, 1e4, false);
        let (samples, couplings, fields) = case(100, 20, 1e4, true);
        for objective in BOTH {
            let evaluation = reference(&samples, objective, &couplings, &fields);
            assert!(bits(&evaluation).into_iter().all(|x| f64::from_bits(x).is_finite()));
        }
    }

    /// The objective as the platform has it.
    fn platform(samples: &Samples, objective: Objective, couplings: &[f64], fields: &[f64]) -> f64 {
        let n = samples.n_spins();
        let row = |m| {
            let site = |i| {
                let others = (0..n).filter(|&j| j != i);
                let sum: f64 = others.map(|j| couplings[n * i + j] * samples.spin(m, j)).sum();
                let aligned = samples.spin(m, i) * (fields[i] + sum);
                match objective {
                    Objective::PseudoLikelihood => (-2.0 * aligned).exp().ln_1p(),
                    Objective::Flow => (-aligned).exp(),
                }
            };
            samples.weight(m).unwrap_or(1.0) * (0..n).map(site).sum::<f64>()
        };
        (0..samples.n_rows()).map(row).sum::<f64>() / samples.total()
    }

    #[test]
    fn values_and_gradients_are_those_of_the_formula() {
        const STEP: f64 = 1e-5;
        for (objective, weighted) in BOTH.into_iter().flat_map(|x| [(x, false), (x, true)]) {
            let (samples, couplings, fields) = case(50, 7, 0.5, weighted);
            let evaluation = reference(&samples, objective, &couplings, &fields);
            let expected = platform(&samples, objective, &couplings, &fields);
            assert!((evaluation.value / expected - 1.0).abs() < 1e-14);
            // The error of a central difference is STEP^2 / 6 of a third derivative below 100, and
            // 1e-15 / STEP.
            for i in 0..7 {
                let at = |step| {
                    let mut fields = fields.clone();
                    fields[i] += step;
                    platform(&samples, objective, &couplings, &fields)
                };
                let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                assert!((slope - evaluation.fields[i]).abs() < 3e-9);
                for j in 0..i {
                    let at = |step| {
                        let mut couplings = couplings.clone();
                        couplings[7 * i + j] += step;
                        couplings[7 * j + i] += step;
                        platform(&samples, objective, &couplings, &fields)
                    };
                    let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                    assert!((slope - evaluation.couplings[7 * i + j]).abs() < 3e-9);
                }
            }
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "sums of whole numbers are exact")]
    fn the_flow_at_zero_couplings_has_the_moments_of_the_data_as_its_gradient() {
        let (samples, _, _) = case(5000, 20, 1.0, false);
        let zeros = vec![0.0; 400];
        for level in Level::available() {
            let control = Control::default();
            let flow = samples.evaluate(BOTH[1], &zeros, &zeros[..20], level, &control).unwrap();
            let mean = |value: &dyn Fn(usize) -> f64| (0..5000).map(value).sum::<f64>() / 5000.0;
            assert_eq!((flow.value, flow.curvature), (20.0, vec![1.0; 20]));
            for i in 0..20 {
                assert_eq!(-flow.fields[i], mean(&|m| samples.spin(m, i)));
                for j in 0..i {
                    let correlation = mean(&|m| samples.spin(m, i) * samples.spin(m, j));
                    assert_eq!(-flow.couplings[20 * i + j] / 2.0, correlation);
                }
            }
        }
    }

    #[test]
    fn a_cancelled_evaluation_stops() {
        let (samples, couplings, fields) = case(100, 5, 1.0, false);
        let control = Control::default();
        control.cancel();
        let level = Level::Portable;
        assert!(samples.evaluate(BOTH[0], &couplings, &fields, level, &control).is_err());
        assert!(samples.evaluate(BOTH[0], &couplings, &[], level, &Control::default()).is_err());
    }
}
