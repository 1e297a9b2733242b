//! Sparse models: the fast paths against the scalar reference, and samples against enumeration.

mod enumeration;

use enumeration::{check_samples, model};
use spinglass_core::{
    control::Control,
    error::Error,
    rng::{Philox, Purpose},
    simd::Level,
    sparse::{Sparse, reference_sweep},
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
    threads,
};

const LOCAL: [Dynamics; 2] = [Dynamics::Metropolis, Dynamics::HeatBath];

type Bond = (usize, usize, f64);

/// The bonds of a periodic square lattice with couplings +-J.
fn square(length: usize, magnitude: f64, seed: u64) -> Vec<Bond> {
    let philox = Philox::new(seed, Purpose::Couplings, 0);
    let mut words = philox.words_from(0);
    let mut bonds = Vec::new();
    for y in 0..length {
        for x in 0..length {
            for (dx, dy) in [(1, 0), (0, 1)] {
                let other = (y + dy) % length * length + (x + dx) % length;
                let sign = if words.next_word() >> 63 == 1 { 1.0 } else { -1.0 };
                bonds.push((y * length + x, other, sign * magnitude));
            }
        }
    }
    bonds
}

/// Random bonds of magnitude one between `n` sites of at most 16 neighbours; some pairs twice.
fn random_graph(n: usize, n_bonds: usize, seed: u64) -> Vec<Bond> {
    let philox = Philox::new(seed, Purpose::Couplings, 1);
    let mut words = philox.words_from(0);
    let mut degrees = vec![0; n];
    let mut bonds = Vec::new();
    while bonds.len() < n_bonds {
        let (i, j) = (words.below(n), words.below(n));
        if i != j && degrees[i].max(degrees[j]) < 16 {
            bonds.push((i, j, if words.next_word() >> 63 == 1 { 1.0 } else { -1.0 }));
            degrees[i] += 1;
            degrees[j] += 1;
        }
    }
    bonds
}

fn random_spins(n: usize, n_replicas: usize, seed: u64) -> Vec<i8> {
    let philox = Philox::new(seed, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    (0..n * n_replicas).map(|_| 2 * (words.next_word() >> 63) as i8 - 1).collect()
}

fn sweep(walkers: &mut dyn Walkers, sweeps: u64) {
    walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
}

/// The states of all replicas, one after another.
fn states(walkers: &dyn Walkers, n: usize, n_replicas: usize) -> Vec<i8> {
    let mut spins = vec![0; n * n_replicas];
    for (replica, spins) in spins.chunks_mut(n).enumerate() {
        walkers.spins(replica, spins);
    }
    spins
}

/// Temperatures of all kinds, a different one in each lane.
fn ladder(n_replicas: usize) -> Vec<f64> {
    (0..n_replicas)
        .map(|k| match k % 7 {
            0 => 0.0,
            1 => f64::INFINITY,
            _ => 0.05 * k as f64,
        })
        .collect()
}

/// No spin held; and some spins of most replicas, different ones each.
fn masks(n: usize, n_replicas: usize) -> [Vec<bool>; 2] {
    let is_held = |k: usize| k / n % 3 != 1 && (k * 7919 + k / n).is_multiple_of(3);
    [vec![], (0..n * n_replicas).map(is_held).collect()]
}

fn check_against_reference(n: usize, bonds: &[Bond], betas: &[f64], dynamics: Dynamics) {
    for (held, reversed) in masks(n, betas.len()).iter().zip([false, true]) {
        check_with_held(n, bonds, betas, dynamics, (held, reversed));
    }
    check_with_held(n, bonds, betas, dynamics, (&[], true));
}

fn check_with_held(
    n: usize,
    bonds: &[Bond],
    betas: &[f64],
    dynamics: Dynamics,
    (held, reversed): (&[bool], bool),
) {
    let reference = model(n, bonds, None, Level::Portable);
    let (seed, first, sweeps) = (7, 128, 4);
    let n_replicas = betas.len();
    let spins = random_spins(n, n_replicas, 3);
    let mut expected = spins.clone();
    let mut flips = vec![0; n_replicas];
    for (k, state) in expected.chunks_mut(n).enumerate() {
        for t in 0..sweeps {
            let number = (seed, first + k as u64);
            let held = held.get(k * n..(k + 1) * n).unwrap_or(&[]);
            let passing = (held, reversed);
            flips[k] += reference_sweep(&reference, dynamics, number, betas[k], t, state, passing);
        }
    }
    for level in Level::available() {
        let model = model(n, bonds, None, level);
        let start =
            Start { seed, first, sweeps: 0, betas, spins: &spins, streams: &[], held, reversed };
        let mut walkers = model.walkers(dynamics, &start).unwrap();
        sweep(&mut *walkers, sweeps);
        assert!(states(&*walkers, n, n_replicas) == expected, "{dynamics:?}, {level}, N = {n}");
        let mut counted = vec![0; n_replicas];
        walkers.flips(&mut counted);
        assert_eq!(counted, flips, "{dynamics:?}, {level}, N = {n}");
        let (mut energies, mut magnetizations) = (vec![0.0; n_replicas], vec![0; n_replicas]);
        walkers.energies(&mut energies);
        walkers.magnetizations(&mut magnetizations);
        for (k, state) in expected.chunks(n).enumerate() {
            assert_eq!(energies[k].to_bits(), model.energy(state).to_bits());
            assert_eq!(magnetizations[k], state.iter().map(|&s| i64::from(s)).sum::<i64>());
        }
    }
}

#[test]
fn lanes_equal_the_reference() {
    for dynamics in LOCAL {
        for length in [2, 3, 8] {
            for betas in [ladder(70), vec![0.7; 3], vec![0.0], vec![f64::INFINITY; 64]] {
                check_against_reference(length * length, &square(length, 0.3, 1), &betas, dynamics);
            }
        }
        for (n, n_bonds) in [(1, 0), (2, 1), (2, 16), (3, 2), (20, 90), (40, 310), (100, 150)] {
            check_against_reference(n, &random_graph(n, n_bonds, 2), &ladder(65), dynamics);
        }
        let chain: Vec<Bond> = (1..50).map(|i| (i - 1, i, 1.0)).collect();
        check_against_reference(50, &chain, &ladder(64), dynamics);
    }
}

#[test]
fn lanes_sample_the_boltzmann_distribution() {
    let current = Level::current().unwrap();
    let triangle = [(0, 1, -1.0), (1, 2, -1.0), (0, 2, -1.0)];
    let ferromagnet: Vec<Bond> =
        square(3, 1.0, 0).into_iter().map(|(i, j, _)| (i, j, 1.0)).collect();
    for dynamics in LOCAL {
        for beta in [0.0, 0.2, 0.7] {
            check_samples(&model(9, &square(3, 1.0, 6), None, current), dynamics, beta);
            check_samples(&model(8, &random_graph(8, 20, 6), None, current), dynamics, beta);
            check_samples(&model(3, &triangle, None, current), dynamics, beta);
        }
        check_samples(&model(9, &ferromagnet, None, current), dynamics, 0.25);
        check_samples(&model(4, &square(2, 0.5, 3), None, current), dynamics, 0.8);
    }
}

#[test]
fn a_replica_does_not_depend_on_how_many_run() {
    let (n, bonds) = (36, square(6, 1.0, 4));
    let model = model(n, &bonds, None, Level::Portable);
    let (spins, betas) = (random_spins(n, 100, 1), ladder(100));
    let run = |n_replicas: usize| {
        let start = Start {
            seed: 1,
            first: 0,
            sweeps: 0,
            betas: &betas[..n_replicas],
            spins: &spins[..n * n_replicas],
            ..Start::default()
        };
        let mut walkers = model.walkers(Dynamics::Metropolis, &start).unwrap();
        sweep(&mut *walkers, 5);
        states(&*walkers, n, n_replicas)
    };
    let all = run(100);
    for n_replicas in [1, 4, 63, 64, 65] {
        assert_eq!(run(n_replicas), all[..n * n_replicas]);
    }
}

#[test]
fn a_run_continues_with_the_same_bits_on_any_number_of_threads() {
    let (n, bonds) = (64, square(8, 1.0, 5));
    let model = model(n, &bonds, None, Level::current().unwrap());
    let (spins, betas) = (random_spins(n, 130, 2), ladder(130));
    let whole =
        Start { seed: 9, first: 64, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() };
    for dynamics in LOCAL {
        let mut walkers = model.walkers(dynamics, &whole).unwrap();
        sweep(&mut *walkers, 9);
        let expected = states(&*walkers, n, 130);

        let mut walkers = model.walkers(dynamics, &whole).unwrap();
        threads::pool(Some(3)).unwrap().install(|| {
            walkers.sweep(4, &Team::of_pool(), &Control::default()).unwrap();
        });
        let (spins, streams) = (states(&*walkers, n, 130), walkers.streams());
        let rest = Start { sweeps: 4, spins: &spins, streams: &streams, ..whole };
        let mut walkers = model.walkers(dynamics, &rest).unwrap();
        sweep(&mut *walkers, 5);
        assert_eq!(states(&*walkers, n, 130), expected);
    }
}

#[test]
fn replicas_differ_though_they_start_alike() {
    let (n, bonds) = (64, square(8, 1.0, 5));
    let model = model(n, &bonds, None, Level::current().unwrap());
    let (spins, betas) = (vec![1; n * 64], vec![0.3; 64]);
    let start =
        Start { seed: 9, first: 0, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() };
    let mut walkers = model.walkers(Dynamics::HeatBath, &start).unwrap();
    sweep(&mut *walkers, 3);
    let mut states: Vec<_> = states(&*walkers, n, 64).chunks(n).map(<[i8]>::to_vec).collect();
    states.sort_unstable();
    states.dedup();
    assert_eq!(states.len(), 64);
}

#[test]
fn a_cancelled_run_stops() {
    let model = model(64, &square(8, 1.0, 5), None, Level::current().unwrap());
    let spins = vec![1; 64];
    let start =
        Start { seed: 9, first: 0, sweeps: 0, betas: &[1.0], spins: &spins, ..Start::default() };
    let mut walkers = model.walkers(Dynamics::HeatBath, &start).unwrap();
    let control = Control::default();
    control.cancel();
    assert_eq!(walkers.sweep(1, &Team::alone(), &control), Err(Error::Cancelled));
}

#[test]
fn what_is_no_model_is_refused_by_name() {
    let refusal = |n, offsets: &[usize], neighbours: &[u32], couplings: &[f64], fields| {
        let (offsets, neighbours) = (offsets.to_vec(), neighbours.to_vec());
        Sparse::new(n, offsets, neighbours, couplings.to_vec(), fields, Level::Portable)
            .unwrap_err()
            .to_string()
    };
    let pair = |couplings: [f64; 2], fields| refusal(2, &[0, 1, 2], &[1, 0], &couplings, fields);
    let nan = f64::NAN;
    let messages = [
        (refusal(0, &[0], &[], &[], None), "n_spins must be"),
        (refusal(2, &[0, 1], &[1, 0], &[1.0; 2], None), "offsets must be"),
        (refusal(2, &[0, 3, 2], &[1, 0], &[1.0; 2], None), "offsets must be"),
        (refusal(2, &[0, 1, 3], &[1, 0], &[1.0; 2], None), "offsets must be"),
        (refusal(2, &[0, 1, 2], &[1, 2], &[1.0; 2], None), "below 2, got 2 at site 1"),
        (refusal(2, &[0, 1, 2], &[1, 1], &[1.0; 2], None), "one of site 1 to itself"),
        (refusal(2, &[0, 1, 2], &[1, 0], &[1.0], None), "couplings must be as many"),
        (pair([nan, 1.0], None), "finite, got NaN between 0 and 1"),
        (pair([1.0, 2.0], None), "a bond of 1 from 0 to 1 that row 1 does not hold"),
        (pair([1.0; 2], Some(vec![0.0])), "fields must be 2 long, got 1"),
        (pair([1.0; 2], Some(vec![0.0, nan])), "fields must be finite, got NaN at site 1"),
        (pair([1e308; 2], Some(vec![1e308; 2])), "of a finite sum"),
        // Two bonds of a pair, and only one of them in the other row.
        (
            refusal(2, &[0, 2, 3], &[1, 1, 0], &[1.0, 2.0, 1.0], None),
            "a bond of 2 from 0 to 1 that row 1 does not hold",
        ),
        (
            refusal(3, &[0, 0, 0, 1], &[0], &[1.0], None),
            "a bond of 1 from 2 to 0 that row 0 does not hold",
        ),
        (
            refusal(3, &[0, 0, 1, 3], &[2, 0, 1], &[1.0, 5.0, 1.0], None),
            "a bond of 5 from 2 to 0 that row 0 does not hold",
        ),
    ];
    for (message, part) in messages {
        assert!(message.contains(part), "{message:?} should say {part:?}");
    }
}

#[test]
fn walkers_refuse_what_does_not_fit() {
    let model = model(4, &square(2, 1.0, 5), None, Level::Portable);
    let start =
        Start { seed: 9, first: 1, sweeps: 0, betas: &[1.0], spins: &[1; 4], ..Start::default() };
    let Err(error) = model.walkers(Dynamics::HeatBath, &start) else { panic!("not refused") };
    assert_eq!(error.to_string(), "first must be a multiple of 64, got 1");
    let start = Start { first: 0, spins: &[1; 3], ..start };
    let Err(error) = model.walkers(Dynamics::HeatBath, &start) else { panic!("not refused") };
    assert_eq!(error.to_string(), "spins must be 1 x 4 long, got 3");
}
