//! Dense couplings: the fast path against the definition, and both against exact enumeration.

#![allow(clippy::float_cmp, reason = "what is exact is tested for equality")]

use spinglass_core::{
    control::Control,
    dense::{Dense, Disorder, reference_sweep, sherrington_kirkpatrick},
    error::Error,
    rng::{Philox, Purpose},
    simd::Level,
    spins::{Dynamics, SpinModel, Start, Walkers, thresholds::Rule},
    team::Team,
    threads,
};

const RULES: [Dynamics; 2] = [Dynamics::Metropolis, Dynamics::HeatBath];

/// Symmetric couplings and fields of order 1, on no grid.
fn instance(n: usize, seed: u64, level: Level) -> Dense {
    let stream = Philox::new(seed, Purpose::Couplings, 1 << 40);
    let mut words = stream.words_from(0);
    let mut couplings = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..i {
            let value = (words.uniform() - 0.5) * (3.0 / n as f64).sqrt();
            couplings[i * n + j] = value;
            couplings[j * n + i] = value;
        }
    }
    let fields = (0..n).map(|_| words.uniform() - 0.4).collect();
    Dense::new(n, couplings, Some(fields), level).unwrap()
}

fn random_spins(n: usize, seed: u64) -> Vec<i8> {
    let stream = Philox::new(seed, Purpose::Start, 7);
    let mut words = stream.words_from(0);
    (0..n).map(|_| if words.next_word() >> 63 == 1 { 1 } else { -1 }).collect()
}

/// Temperatures that differ between replicas, the two extremes among them.
fn betas(n_replicas: usize) -> Vec<f64> {
    let ladder = [1.0, 0.3, f64::INFINITY, 2.5, 0.0, 0.7];
    (0..n_replicas).map(|k| ladder[k % ladder.len()]).collect()
}

struct Group<'a> {
    walkers: Box<dyn Walkers + 'a>,
    n_spins: usize,
    n_replicas: usize,
}

impl<'a> Group<'a> {
    fn new(model: &'a Dense, dynamics: Dynamics, start: &Start<'_>) -> Self {
        let walkers = model.walkers(dynamics, start).unwrap();
        Self { walkers, n_spins: model.n_spins(), n_replicas: start.n_replicas() }
    }

    fn sweep(&mut self, sweeps: u64) {
        self.walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
    }

    fn spins(&self) -> Vec<i8> {
        let mut spins = vec![0; self.n_spins * self.n_replicas];
        for (k, spins) in spins.chunks_mut(self.n_spins).enumerate() {
            self.walkers.spins(k, spins);
        }
        spins
    }

    fn energies(&self) -> Vec<f64> {
        let mut energies = vec![0.0; self.n_replicas];
        self.walkers.energies(&mut energies);
        energies
    }

    fn flips(&self) -> Vec<u64> {
        let mut flips = vec![0; self.n_replicas];
        self.walkers.flips(&mut flips);
        flips
    }
}

#[test]
fn every_grouping_and_level_equals_the_reference() {
    let (seed, first, behind, sweeps) = (11, 5, 3, 4);
    for n in [1, 2, 63, 64, 65, 128, 129, 200] {
        let n_replicas = 64;
        let (betas, start) = (betas(n_replicas), random_spins(n * n_replicas, n as u64));
        for dynamics in RULES {
            let reference = instance(n, 1, Level::Portable);
            let (mut expected, mut expected_flips) = (start.clone(), vec![0; n_replicas]);
            for (k, spins) in expected.chunks_mut(n).enumerate() {
                let rule = Rule::new(dynamics.is_heat_bath_at(betas[k]), betas[k]);
                for sweep in behind..behind + sweeps {
                    let replica = first + k as u64;
                    expected_flips[k] +=
                        reference_sweep(&reference, rule, seed, replica, sweep, spins);
                }
            }
            for level in Level::available() {
                let model = instance(n, 1, level);
                for size in [1, 2, 3, 17, 18, 64] {
                    let mut at = 0;
                    while at < n_replicas {
                        let end = n_replicas.min(at + size);
                        let mut group = Group::new(
                            &model,
                            dynamics,
                            &Start {
                                seed,
                                first: first + at as u64,
                                sweeps: behind,
                                betas: &betas[at..end],
                                spins: &start[at * n..end * n],
                                streams: &[],
                            },
                        );
                        group.sweep(sweeps);
                        let place = format!("{level} {dynamics:?} N={n}, {at} to {end}");
                        assert_eq!(group.spins(), expected[at * n..end * n], "{place}");
                        assert_eq!(group.flips(), expected_flips[at..end], "{place}");
                        at = end;
                    }
                }
            }
        }
    }
}

#[test]
fn a_run_in_pieces_is_the_run_in_one() {
    let (n, n_replicas) = (150, 21);
    let (betas, spins) = (betas(n_replicas), random_spins(n * n_replicas, 3));
    let model = instance(n, 2, Level::current().unwrap());
    for dynamics in RULES {
        let begin =
            Start { seed: 4, first: 9, sweeps: 0, betas: &betas, spins: &spins, streams: &[] };
        let mut whole = Group::new(&model, dynamics, &begin);
        whole.sweep(11);
        let mut piece = Group::new(&model, dynamics, &begin);
        piece.sweep(4);
        assert!(piece.walkers.streams().is_empty());
        let mut rest =
            Group::new(&model, dynamics, &Start { sweeps: 4, spins: &piece.spins(), ..begin });
        rest.sweep(7);
        assert_eq!(rest.spins(), whole.spins());
    }
}

#[test]
fn replicas_at_one_temperature_differ() {
    let (n, n_replicas) = (100, 20);
    let model = instance(n, 2, Level::current().unwrap());
    for dynamics in RULES {
        let spins = random_spins(n, 1).repeat(n_replicas);
        let betas = vec![0.5; n_replicas];
        let begin =
            Start { seed: 4, first: 0, sweeps: 0, betas: &betas, spins: &spins, streams: &[] };
        let mut group = Group::new(&model, dynamics, &begin);
        group.sweep(5);
        let mut states: Vec<Vec<i8>> = group.spins().chunks(n).map(<[i8]>::to_vec).collect();
        states.sort();
        states.dedup();
        assert_eq!(states.len(), n_replicas);
    }
}

#[test]
fn new_temperatures_hold_from_the_next_sweep_on() {
    let (n, n_replicas) = (70, 19);
    let spins = random_spins(n * n_replicas, 6);
    let (before, mut after) = (betas(n_replicas), betas(n_replicas));
    after.reverse();
    let model = instance(n, 5, Level::current().unwrap());
    for dynamics in RULES {
        let begin =
            Start { seed: 8, first: 0, sweeps: 0, betas: &before, spins: &spins, streams: &[] };
        let mut group = Group::new(&model, dynamics, &begin);
        group.sweep(2);
        group.walkers.set_betas(&after);
        group.sweep(2);
        let mut expected = spins.clone();
        for (k, spins) in expected.chunks_mut(n).enumerate() {
            for sweep in 0..4 {
                let beta = if sweep < 2 { before[k] } else { after[k] };
                let rule = Rule::new(dynamics.is_heat_bath_at(beta), beta);
                reference_sweep(&model, rule, 8, k as u64, sweep, spins);
            }
        }
        assert_eq!(group.spins(), expected);
    }
}

/// -1/2 sum J s s - sum h s, and the sum of the magnitudes of its terms.
fn plain_energy(model: &Dense, spins: &[i8]) -> (f64, f64) {
    let (mut energy, mut weight) = (0.0, 0.0);
    for (i, &s) in spins.iter().enumerate() {
        for (&coupling, &other) in model.row(i).iter().zip(spins) {
            energy -= 0.5 * coupling * f64::from(s * other);
            weight += coupling.abs();
        }
        let field = model.fields().map_or(0.0, |fields| fields[i]);
        energy -= field * f64::from(s);
        weight += field.abs();
    }
    (energy, weight)
}

#[test]
fn energies_and_magnetizations_are_those_of_the_states() {
    for level in Level::available() {
        for (n, n_replicas) in [(1, 1), (40, 2), (129, 18), (300, 5)] {
            let sherrington =
                Dense::sherrington_kirkpatrick(n, Disorder::Gaussian, 1, level).unwrap();
            assert!(sherrington.scales_are_exact());
            let general = instance(n, 1, level);
            assert!(!general.scales_are_exact());
            for model in [sherrington, general] {
                let spins = random_spins(n * n_replicas, 2);
                let begin = Start {
                    seed: 1,
                    first: 0,
                    sweeps: 0,
                    betas: &betas(n_replicas),
                    spins: &spins,
                    streams: &[],
                };
                let mut group = Group::new(&model, Dynamics::Metropolis, &begin);
                group.sweep(3);
                let mut magnetizations = vec![0; n_replicas];
                group.walkers.magnetizations(&mut magnetizations);
                let states = group.spins();
                for (k, spins) in states.chunks(n).enumerate() {
                    let sum: i64 = spins.iter().map(|&s| i64::from(s)).sum();
                    assert_eq!(magnetizations[k], sum);
                    // Each addition rounds by half a unit of a sum below the weight.
                    let (plain, weight) = plain_energy(&model, spins);
                    let bound = (n * n) as f64 * f64::EPSILON * weight;
                    let energy = model.energy(spins);
                    assert!((energy - plain).abs() <= bound, "{level}, N={n}: {energy}, {plain}");
                    let measured = group.energies()[k];
                    if model.scales_are_exact() {
                        assert!((energy - measured).abs() <= bound, "{energy}, {measured}");
                    } else {
                        assert_eq!(measured, energy, "{level}, N={n}");
                    }
                    let mut fields = vec![0.0; n];
                    model.local_fields(spins, &mut fields);
                    for (i, &field) in fields.iter().enumerate() {
                        let mut flipped = spins.to_vec();
                        flipped[i] = -flipped[i];
                        let change = model.energy(&flipped) - energy;
                        assert!((change - 2.0 * field * f64::from(spins[i])).abs() <= 2.0 * bound);
                    }
                }
            }
        }
    }
}

#[test]
fn levels_agree_on_energies_to_the_bit() {
    let spins = random_spins(333, 9);
    let energies: Vec<u64> =
        Level::available().map(|level| instance(333, 3, level).energy(&spins).to_bits()).collect();
    assert!(energies.iter().all(|&energy| energy == energies[0]));
}

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
                        streams: &[],
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
        let begin =
            Start { seed: 3, first: 0, sweeps: 0, betas: &betas, spins: &spins, streams: &[] };
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
            &Start { seed, first: 0, sweeps: 0, betas: &betas, spins: &spins, streams: &[] },
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

#[test]
fn wrong_couplings_and_fields_are_refused_by_name() {
    let n = 70;
    let good = sherrington_kirkpatrick(n, Disorder::Gaussian, 1).unwrap();
    let message = |change: &dyn Fn(&mut Vec<f64>), fields: Option<Vec<f64>>| {
        let mut couplings = good.clone();
        change(&mut couplings);
        Dense::new(n, couplings, fields, Level::Portable).unwrap_err().to_string()
    };
    let at = |i: usize, j: usize| i * n + j;
    assert_eq!(message(&|j| j.truncate(4899), None), "couplings must be 70 x 70, got 4899 numbers");
    assert_eq!(
        message(&|j| (j[at(66, 3)], j[at(2, 68)]) = (1.0, f64::NAN), None),
        "couplings must be finite, got J[2, 68] = NaN"
    );
    assert_eq!(
        message(&|j| j[at(69, 69)] = 0.5, None),
        "couplings must be zero on the diagonal, got J[69, 69] = 0.5"
    );
    assert_eq!(
        message(&|j| (j[at(66, 3)], j[at(3, 66)]) = (1.0, 2.0), None),
        "couplings must be symmetric, got J[3, 66] = 2 and J[66, 3] = 1"
    );
    assert_eq!(message(&|_| (), Some(vec![0.0; 3])), "fields must be 70 numbers, got 3");
    let mut fields = vec![0.0; n];
    fields[5] = f64::INFINITY;
    assert_eq!(message(&|_| (), Some(fields)), "fields must be finite, got h[5] = inf");
    let none = Dense::new(0, vec![], None, Level::Portable).unwrap_err();
    assert_eq!(none.to_string(), "n_spins must be at least 1, got 0");
}

#[test]
fn a_matrix_that_cannot_be_had_is_an_error() {
    for n in [1 << 29, 1 << 33, usize::MAX] {
        let error = sherrington_kirkpatrick(n, Disorder::Gaussian, 1).unwrap_err();
        assert!(matches!(error, Error::Memory(_)), "{error}");
    }
}

#[test]
fn a_long_sweep_can_be_cancelled_within() {
    let (n, n_replicas) = (1024, 2049);
    let model = Dense::new(n, vec![0.0; n * n], None, Level::current().unwrap()).unwrap();
    let (betas, spins) = (vec![1.0; n_replicas], vec![1; n * n_replicas]);
    let begin = Start { seed: 1, first: 0, sweeps: 0, betas: &betas, spins: &spins, streams: &[] };
    let mut group = Group::new(&model, Dynamics::HeatBath, &begin);
    let control = Control::default();
    control.cancel();
    assert_eq!(group.walkers.sweep(1, &Team::alone(), &control), Err(Error::Cancelled));
    assert!(group.spins().iter().all(|&s| s == 1));
}

#[test]
fn groups_share_the_work_of_the_threads() {
    let model = instance(10, 1, Level::Portable);
    for (n_threads, n_replicas, expected) in [
        (1, 1, 1),
        (2, 1, 1),
        (2, 2, 1),
        (2, 3, 2),
        (1, 64, 64),
        (2, 64, 32),
        (2, 96, 48),
        (1, 200, 64),
    ] {
        let pool = threads::pool(Some(n_threads)).unwrap();
        let size = pool.install(|| model.together(Dynamics::Metropolis, n_replicas));
        assert_eq!(size, expected, "{n_threads} threads, {n_replicas} replicas");
    }
}
