//! Dense couplings: samples against exact enumeration, and the Sherrington-Kirkpatrick glass
//! against what is known of it.

#![allow(clippy::float_cmp, reason = "what is exact is tested for equality")]

mod dense_group;

use dense_group::{Group, RULES, instance, random_spins};
use spinglass_core::{
    dense::{Dense, Disorder, sherrington_kirkpatrick},
    simd::Level,
    spins::{Dynamics, SpinModel, Start},
    threads,
};

/// Chi-square of the counts against the probabilities, rare states in one bin, as a standard normal
/// deviate (Wilson and Hilferty, PNAS 17, 684 (1931)).
fn chi_square_deviate(counts: &[u64], probabilities: &[f64]) -> f64 {
    let n: u64 = counts.iter().sum();
    let (mut rare, mut rare_expected, mut sum, mut bins) = (0, 0.0, 0.0, 0.0);
    for (&count, &probability) in counts.iter().zip(probabilities) {
        let expected = probability * n as f64;
        if expected < 10.0 {
            rare += count;
            rare_expected += expected;
        } else {
            sum += (count as f64 - expected).powi(2) / expected;
            bins += 1.0;
        }
    }
    if rare_expected >= 10.0 {
        sum += (rare as f64 - rare_expected).powi(2) / rare_expected;
        bins += 1.0;
    } else {
        // Too rare for a bin: Poisson, with a probability below 1e-9 of so many.
        assert!((rare as f64) < rare_expected + 40.0);
    }
    let variance = 2.0 / (9.0 * (bins - 1.0));
    ((sum / (bins - 1.0)).cbrt() - (1.0 - variance)) / variance.sqrt()
}

#[test]
fn samples_are_those_of_exact_enumeration() {
    let (n, n_replicas) = (8, 1 << 12);
    for seed in 0..10 {
        let model = instance(n, 100 + seed, Level::current().unwrap());
        let state = |k: usize| -> Vec<i8> {
            (0..n).map(|i| if k >> i & 1 == 1 { 1 } else { -1 }).collect()
        };
        let energies: Vec<f64> = (0..1 << n).map(|k| model.energy(&state(k))).collect();
        for beta in [0.0, 0.7, 2.0] {
            let weights: Vec<f64> = energies.iter().map(|energy| (-beta * energy).exp()).collect();
            let sum: f64 = weights.iter().sum();
            let probabilities: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            for dynamics in RULES {
                let (betas, spins) = (vec![beta; n_replicas], random_spins(n * n_replicas, seed));
                let mut group = Group::new(
                    &model,
                    dynamics,
                    &Start {
                        seed,
                        first: 0,
                        sweeps: 0,
                        betas: &betas,
                        spins: &spins,
                        ..Start::default()
                    },
                );
                // Far more than the relaxation of eight weakly coupled spins takes.
                group.sweep(40);
                let mut counts = vec![0; 1 << n];
                for spins in group.spins().chunks(n) {
                    let bits = spins.iter().rev();
                    counts[bits.fold(0, |k, &s| k << 1 | usize::from(s > 0))] += 1;
                }
                // Sixty cases; six standard errors leave 6e-8 to all of them.
                let deviate = chi_square_deviate(&counts, &probabilities);
                assert!(deviate < 6.0, "{dynamics:?}, beta {beta}, seed {seed}: {deviate}");
            }
        }
    }
}

#[test]
fn without_a_temperature_sweeps_end_in_a_local_minimum() {
    let (n, n_replicas) = (200, 20);
    let model = instance(n, 7, Level::current().unwrap());
    for dynamics in RULES {
        let (betas, spins) = (vec![f64::INFINITY; n_replicas], random_spins(n * n_replicas, 1));
        let begin = Start {
            seed: 3,
            first: 0,
            sweeps: 0,
            betas: &betas,
            spins: &spins,
            ..Start::default()
        };
        let mut group = Group::new(&model, dynamics, &begin);
        let mut before = group.energies();
        for _ in 0..60 {
            group.sweep(1);
            let after = group.energies();
            assert!(before.iter().zip(&after).all(|(before, after)| after - before < 1e-9));
            before = after;
        }
        for spins in group.spins().chunks(n) {
            let mut fields = vec![0.0; n];
            model.local_fields(spins, &mut fields);
            // The fixed point rounds each coupling by at most 2^-30 of its row.
            assert!(fields.iter().zip(spins).all(|(h, &s)| h * f64::from(s) > -1e-5));
        }
    }
}

#[test]
fn sherrington_kirkpatrick_couplings_are_symmetric_and_of_variance_1_over_n() {
    let n = 500;
    let pairs = (n * (n - 1) / 2) as f64;
    for disorder in [Disorder::Gaussian, Disorder::PlusMinus] {
        let draw = |n_threads, seed| {
            let pool = threads::pool(Some(n_threads)).unwrap();
            pool.install(|| sherrington_kirkpatrick(n, disorder, seed).unwrap())
        };
        let couplings = draw(1, 5);
        assert_eq!(couplings, draw(3, 5));
        assert_ne!(couplings, draw(1, 6));
        let (mut sum, mut square) = (0.0, 0.0);
        for i in 0..n {
            assert_eq!(couplings[i * n + i], 0.0);
            for j in 0..i {
                let value = couplings[i * n + j] * (n as f64).sqrt();
                assert_eq!(couplings[i * n + j], couplings[j * n + i]);
                sum += value;
                square += value * value;
                if disorder == Disorder::PlusMinus {
                    // The grid is finer than 2 (sqrt(N) + 9) / 2^30.
                    assert!((value.abs() - 1.0).abs() < 2e-6);
                }
            }
        }
        assert!((sum / pairs).abs() < 5.0 / pairs.sqrt());
        // The variance of a squared normal variable is 2.
        assert!((square / pairs - 1.0).abs() < 5.0 * (2.0 / pairs).sqrt() + 1e-5);
    }
}

#[test]
fn sherrington_kirkpatrick_couplings_are_exact_in_fixed_point() {
    for disorder in [Disorder::Gaussian, Disorder::PlusMinus] {
        for n in [1, 2, 3, 5, 17, 64, 100, 333, 1000, 1500] {
            for seed in 0..3 {
                let model =
                    Dense::sherrington_kirkpatrick(n, disorder, seed, Level::Portable).unwrap();
                assert!(model.scales_are_exact(), "{disorder:?}, N={n}, seed {seed}");
            }
        }
    }
}

#[test]
fn the_energy_above_the_glass_is_minus_beta_over_two() {
    // Aizenman, Lebowitz and Ruelle, Commun. Math. Phys. 112, 3 (1987): for beta < 1, ln Z is normal
    // around N ln 2 + N beta^2 / 4 + ln(1 - beta^2) / 4, with covariance f(x) = -(ln(1 - x) + x) / 2 of two
    // temperatures, x = beta beta'. So E = -N beta / 2 + beta / (2 (1 - beta^2)), with variance
    // f'(x) + x f''(x) between instances, and thermal variance N / 2.
    let (n, beta, n_instances, n_replicas, n_measurements) = (1000, 0.5, 16, 64, 8);
    let mut sum = 0.0;
    for seed in 0..n_instances {
        let level = Level::current().unwrap();
        let model = Dense::sherrington_kirkpatrick(n, Disorder::Gaussian, seed, level).unwrap();
        let (betas, spins) = (vec![beta; n_replicas], random_spins(n * n_replicas, seed));
        let mut group = Group::new(
            &model,
            Dynamics::HeatBath,
            &Start { seed, first: 0, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() },
        );
        group.sweep(60);
        for _ in 0..n_measurements {
            group.sweep(10);
            sum += group.energies().iter().sum::<f64>();
        }
    }
    let (n, n_instances) = (n as f64, n_instances as f64);
    let n_samples = n_instances * (n_replicas * n_measurements) as f64;
    let mean = sum / n_samples;
    let expected = -n * beta / 2.0 + beta / (2.0 * (1.0 - beta * beta));
    let x = beta * beta;
    let between = x / (2.0 * (1.0 - x)) + x / (2.0 * (1.0 - x).powi(2));
    // Ten sweeps are several relaxation times 1 / (1 - beta)^2; a factor of two for what is left.
    let error = (between / n_instances + 2.0 * (n / 2.0) / n_samples).sqrt();
    assert!((mean - expected).abs() < 5.0 * error, "{mean}, not {expected} within {error}");
}
