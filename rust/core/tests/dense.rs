//! Dense couplings: the fast path against the definition, and what is refused.

#![allow(clippy::float_cmp, reason = "what is exact is tested for equality")]

mod dense_group;

use dense_group::{Group, RULES, instance, random_spins};
use spinglass_core::{
    control::Control,
    dense::{Dense, Disorder, reference_sweep, sherrington_kirkpatrick},
    error::Error,
    simd::Level,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
    threads,
};

/// Temperatures that differ between replicas, the two extremes among them.
fn betas(n_replicas: usize) -> Vec<f64> {
    let ladder = [1.0, 0.3, f64::INFINITY, 2.5, 0.0, 0.7];
    (0..n_replicas).map(|k| ladder[k % ladder.len()]).collect()
}

/// No spin held; and some spins of most replicas, different ones each.
fn masks(n: usize, n_replicas: usize) -> [Vec<bool>; 2] {
    let is_held = |k: usize| k / n % 3 != 1 && (k * 7919 + k / n).is_multiple_of(3);
    [vec![], (0..n * n_replicas).map(is_held).collect()]
}

#[test]
fn every_grouping_and_level_equals_the_reference() {
    let (n_replicas, sizes) = (64, [1, 2, 63, 64, 65, 128, 129, 200]);
    for (n, held) in sizes.into_iter().flat_map(|n| masks(n, n_replicas).map(|held| (n, held))) {
        let (seed, first, behind, sweeps) = (11, 5, 3, 4);
        let reversed = n % 64 > 1;
        let (betas, start) = (betas(n_replicas), random_spins(n * n_replicas, n as u64));
        for dynamics in RULES {
            let reference = instance(n, 1, Level::Portable);
            let (mut expected, mut expected_flips) = (start.clone(), vec![0; n_replicas]);
            for (k, spins) in expected.chunks_mut(n).enumerate() {
                for sweep in behind..behind + sweeps {
                    let number = (seed, first + k as u64);
                    let held = held.get(k * n..(k + 1) * n).unwrap_or(&[]);
                    let passing = (held, reversed);
                    let flips = reference_sweep(
                        &reference, dynamics, number, betas[k], sweep, spins, passing,
                    );
                    expected_flips[k] += flips.unwrap();
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
                                held: held.get(at * n..end * n).unwrap_or(&[]),
                                reversed,
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
        let begin = Start {
            seed: 4,
            first: 9,
            sweeps: 0,
            betas: &betas,
            spins: &spins,
            ..Start::default()
        };
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
        let begin = Start {
            seed: 4,
            first: 0,
            sweeps: 0,
            betas: &betas,
            spins: &spins,
            ..Start::default()
        };
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
        let begin = Start {
            seed: 8,
            first: 0,
            sweeps: 0,
            betas: &before,
            spins: &spins,
            ..Start::default()
        };
        let mut group = Group::new(&model, dynamics, &begin);
        group.sweep(2);
        group.walkers.set_betas(&after);
        group.sweep(2);
        let mut expected = spins.clone();
        for (k, spins) in expected.chunks_mut(n).enumerate() {
            for sweep in 0..4 {
                let beta = if sweep < 2 { before[k] } else { after[k] };
                let number = (8, k as u64);
                reference_sweep(&model, dynamics, number, beta, sweep, spins, (&[], false))
                    .unwrap();
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
                    ..Start::default()
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
fn clusters_in_a_model_with_fields_are_refused_by_name() {
    let model = instance(3, 1, Level::Portable);
    for (dynamics, name) in [(Dynamics::Wolff, "wolff"), (Dynamics::SwendsenWang, "swendsen-wang")]
    {
        let begin = Start {
            seed: 1,
            first: 0,
            sweeps: 0,
            betas: &[1.0],
            spins: &[1; 3],
            ..Start::default()
        };
        let Err(error) = model.walkers(dynamics, &begin) else { panic!("not refused") };
        let allowed = "dynamics must be \"metropolis\" or \"heat-bath\" in a model with fields";
        assert_eq!(error.to_string(), format!("{allowed}, got '{name}'"));
    }
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
    let begin =
        Start { seed: 1, first: 0, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() };
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
