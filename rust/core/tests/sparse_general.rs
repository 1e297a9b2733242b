//! Sparse models with general couplings and fields: the fast paths against the scalar reference, and
//! samples against enumeration.

mod enumeration;

use enumeration::{check_samples, model};
use spinglass_core::{
    control::Control,
    rng::{Philox, Purpose},
    simd::Level,
    sparse::reference_general_sweep,
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
    threads,
};

const LOCAL: [Dynamics; 2] = [Dynamics::Metropolis, Dynamics::HeatBath];

type Bond = (usize, usize, f64);

/// Random bonds, pairs of sites twice among them, and fields; sums of twelve uniform numbers are
/// normal enough.
fn random(n: usize, n_bonds: usize, width: f64, seed: u64) -> (Vec<Bond>, Vec<f64>) {
    let philox = Philox::new(seed, Purpose::Couplings, 2);
    let mut words = philox.words_from(0);
    let mut bonds = Vec::new();
    while bonds.len() < n_bonds {
        let (i, j) = (words.below(n), words.below(n));
        if i != j {
            let normal = (0..12).map(|_| words.uniform()).sum::<f64>() - 6.0;
            bonds.push((i, j, width * normal));
        }
    }
    let fields = (0..n).map(|_| width * (words.uniform() - 0.5)).collect();
    (bonds, fields)
}

fn random_spins(n: usize, n_replicas: usize, seed: u64) -> Vec<i8> {
    let philox = Philox::new(seed, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    (0..n * n_replicas).map(|_| 2 * (words.next_word() >> 63) as i8 - 1).collect()
}

/// Temperatures of all kinds.
fn ladder(n_replicas: usize) -> Vec<f64> {
    (0..n_replicas)
        .map(|k| match k % 7 {
            0 => 0.0,
            1 => f64::INFINITY,
            _ => 0.1 * k as f64,
        })
        .collect()
}

fn states(walkers: &dyn Walkers, n: usize, n_replicas: usize) -> Vec<i8> {
    let mut spins = vec![0; n * n_replicas];
    for (replica, spins) in spins.chunks_mut(n).enumerate() {
        walkers.spins(replica, spins);
    }
    spins
}

/// No spin held; and some spins of most replicas, different ones each.
fn masks(n: usize, n_replicas: usize) -> [Vec<bool>; 2] {
    let is_held = |k: usize| k / n % 3 != 1 && (k * 7919 + k / n).is_multiple_of(3);
    [vec![], (0..n * n_replicas).map(is_held).collect()]
}

#[test]
fn sixteen_and_single_replicas_equal_the_reference() {
    let (seed, first, sweeps) = (7, 5, 4);
    let sizes = [(1, 0, 1.0), (3, 4, 1e-3), (63, 100, 1.0), (64, 80, 1e9), (130, 500, 1.0)];
    for (n, n_bonds, width) in sizes {
        let (bonds, fields) = random(n, n_bonds, width, 1);
        for dynamics in LOCAL {
            let masked = |n_replicas| masks(n, n_replicas).map(|held| (n_replicas, held));
            for (n_replicas, held) in [1, 3, 16, 21].into_iter().flat_map(masked) {
                let reversed = n_replicas == 3 || n_replicas == 16;
                let mut betas = ladder(n_replicas);
                for beta in &mut betas {
                    *beta /= width;
                }
                let build = |level| model(n, &bonds, Some(fields.clone()), level);
                let reference = build(Level::Portable);
                let spins = random_spins(n, n_replicas, 3);
                let mut expected = spins.clone();
                let mut flips = vec![0; n_replicas];
                for (k, state) in expected.chunks_mut(n).enumerate() {
                    let number = (seed, first + k as u64);
                    let held = held.get(k * n..(k + 1) * n).unwrap_or(&[]);
                    for t in 0..sweeps {
                        flips[k] += reference_general_sweep(
                            &reference,
                            dynamics,
                            number,
                            betas[k],
                            t,
                            state,
                            (held, reversed),
                        );
                    }
                }
                for level in Level::available() {
                    let model = build(level);
                    let start = Start {
                        seed,
                        first,
                        sweeps: 0,
                        betas: &betas,
                        spins: &spins,
                        streams: &[],
                        held: &held,
                        reversed,
                    };
                    let mut walkers = model.walkers(dynamics, &start).unwrap();
                    walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
                    let found = states(&*walkers, n, n_replicas);
                    assert!(found == expected, "{dynamics:?}, {level}, N = {n}, {n_replicas}");
                    let mut counted = vec![0; n_replicas];
                    walkers.flips(&mut counted);
                    assert_eq!(counted, flips);
                    let (mut energies, mut sums) = (vec![0.0; n_replicas], vec![0; n_replicas]);
                    walkers.energies(&mut energies);
                    walkers.magnetizations(&mut sums);
                    for (k, state) in expected.chunks(n).enumerate() {
                        assert_eq!(energies[k].to_bits(), model.energy(state).to_bits());
                        assert_eq!(sums[k], state.iter().map(|&s| i64::from(s)).sum::<i64>());
                    }
                }
            }
        }
    }
}

#[test]
fn energies_of_exact_couplings_come_from_the_cached_fields() {
    // Multiples of 1/8, and a site with more neighbours than lanes of +-J take.
    let mut bonds: Vec<Bond> =
        (1..40).map(|i| (0, i, if i % 3 == 0 { -0.125 } else { 2.5 })).collect();
    bonds.extend((1..39).map(|i| (i, i + 1, i as f64 / 8.0)));
    let fields: Vec<f64> = (0..40).map(|i| i as f64 / 4.0 - 3.0).collect();
    for (fields, scale) in [(Some(fields), 1.0), (None, 1.0), (None, 0.1)] {
        let bonds: Vec<Bond> = bonds
            .iter()
            .map(|&(i, j, coupling)| (i, j, if scale < 1.0 { scale } else { coupling }))
            .collect();
        let model = model(40, &bonds, fields, Level::current().unwrap());
        for n_replicas in [2, 18] {
            let (betas, spins) = (vec![0.3; n_replicas], random_spins(40, n_replicas, 1));
            let start = Start {
                seed: 1,
                first: 0,
                sweeps: 0,
                betas: &betas,
                spins: &spins,
                ..Start::default()
            };
            let mut walkers = model.walkers(Dynamics::HeatBath, &start).unwrap();
            walkers.sweep(5, &Team::alone(), &Control::default()).unwrap();
            let mut energies = vec![0.0; n_replicas];
            walkers.energies(&mut energies);
            for (state, energy) in states(&*walkers, 40, n_replicas).chunks(40).zip(energies) {
                assert_eq!(energy.to_bits(), model.energy(state).to_bits());
                // And by the local fields, which count every bond twice.
                let mut local = vec![0.0; 40];
                model.local_fields(state, &mut local);
                let twice = (0..40).map(|i| -f64::from(state[i]) * (local[i] + model.field(i)));
                assert!((twice.sum::<f64>() / 2.0 - energy).abs() < 1e-12 * energy.abs().max(1.0));
            }
        }
    }
}

#[test]
fn a_replica_is_the_same_alone_among_others_and_continued() {
    let (n, n_replicas) = (90, 40);
    let (bonds, fields) = random(n, 250, 1.0, 2);
    let model = model(n, &bonds, Some(fields), Level::current().unwrap());
    let (betas, spins) = (ladder(n_replicas), random_spins(n, n_replicas, 4));
    for dynamics in LOCAL {
        let run = |range: std::ops::Range<usize>, sweeps: u64, spins: &[i8], more: u64| {
            let start = Start {
                seed: 3,
                first: range.start as u64,
                sweeps,
                betas: &betas[range.clone()],
                spins,
                ..Start::default()
            };
            let mut walkers = model.walkers(dynamics, &start).unwrap();
            threads::pool(Some(2)).unwrap().install(|| {
                walkers.sweep(more, &Team::of_pool(), &Control::default()).unwrap();
            });
            states(&*walkers, n, range.len())
        };
        let all = run(0..n_replicas, 0, &spins, 7);
        for range in [0..1, 3..5, 7..25, 39..40] {
            let part = range.start * n..range.end * n;
            assert_eq!(run(range, 0, &spins[part.clone()], 7), all[part]);
        }
        let half = run(0..n_replicas, 0, &spins, 3);
        assert_eq!(run(0..n_replicas, 3, &half, 4), all);
    }
}

#[test]
fn general_couplings_sample_the_boltzmann_distribution() {
    let current = Level::current().unwrap();
    let (bonds, fields) = random(8, 14, 1.0, 6);
    let triangle = [(0, 1, -1.0), (1, 2, -1.0), (0, 2, -1.0)];
    for dynamics in LOCAL {
        for beta in [0.0, 0.5] {
            check_samples(&model(8, &bonds, Some(fields.clone()), current), dynamics, beta);
            check_samples(&model(8, &bonds, None, current), dynamics, beta);
            let field = Some(vec![0.3, 0.0, 0.0]);
            check_samples(&model(3, &triangle, field, current), dynamics, beta);
        }
        check_samples(&model(2, &[], Some(vec![0.7, -0.2]), current), dynamics, 1.0);
    }
}
