//! Cluster moves: samples against enumeration, and the models that have none.

mod enumeration;

use enumeration::{check_samples, model};
use spinglass_core::{
    control::Control,
    simd::Level,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
};

const CLUSTERS: [Dynamics; 2] = [Dynamics::Wolff, Dynamics::SwendsenWang];

type Bond = (usize, usize, f64);

/// A ring with one chord, couplings of all sizes, one zero, and a pair with two bonds.
fn ferromagnet() -> Vec<Bond> {
    let mut bonds: Vec<Bond> = (0..7).map(|i| (i, (i + 1) % 7, 0.2 + 0.1 * i as f64)).collect();
    bonds.extend([(0, 3, 0.7), (1, 5, 0.0), (2, 3, 0.3)]);
    bonds
}

/// The ferromagnet with the spins of some sites counted the other way round.
fn disguised() -> Vec<Bond> {
    let signs = [1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0];
    ferromagnet()
        .into_iter()
        .map(|(i, j, coupling)| (i, j, signs[i] * signs[j] * coupling))
        .collect()
}

#[test]
fn clusters_sample_the_boltzmann_distribution() {
    for dynamics in CLUSTERS {
        for beta in [0.0, 0.4, 1.2] {
            check_samples(&model(7, &ferromagnet(), None, Level::Portable), dynamics, beta);
            check_samples(&model(7, &disguised(), None, Level::Portable), dynamics, beta);
        }
        let square: Vec<Bond> =
            (0..4).flat_map(|i| [(i, (i + 1) % 4, -1.0), (i, (i + 1) % 4, -0.5)]).collect();
        check_samples(&model(4, &square, None, Level::Portable), dynamics, 0.3);
        check_samples(&model(1, &[], None, Level::Portable), dynamics, 1.0);
    }
}

#[test]
fn without_a_temperature_all_satisfied_bonds_are_active() {
    let bonds = disguised();
    let ferromagnet = model(7, &bonds, None, Level::Portable);
    let ground: f64 = -bonds.iter().map(|bond| bond.2.abs()).sum::<f64>();
    for dynamics in CLUSTERS {
        let start = Start {
            seed: 1,
            first: 0,
            sweeps: 0,
            betas: &[f64::INFINITY],
            spins: &[1; 7],
            ..Start::default()
        };
        let mut walkers = ferromagnet.walkers(dynamics, &start).unwrap();
        let mut energy = [0.0];
        let mut last = f64::INFINITY;
        for _ in 0..200 {
            walkers.sweep(1, &Team::alone(), &Control::default()).unwrap();
            walkers.energies(&mut energy);
            assert!(energy[0] <= last + 1e-12 || dynamics == Dynamics::Wolff, "{dynamics:?}");
            last = energy[0];
        }
        assert!((energy[0] - ground).abs() < 1e-12, "{dynamics:?}");
    }
}

#[test]
fn a_run_continues_with_the_same_bits_and_alone_as_among_others() {
    let ferromagnet = model(7, &ferromagnet(), None, Level::Portable);
    let (betas, spins) = ([0.1, 0.5, f64::INFINITY, 0.0, 0.5], [1; 35]);
    for dynamics in CLUSTERS {
        let start = Start {
            seed: 4,
            first: 3,
            sweeps: 0,
            betas: &betas,
            spins: &spins,
            ..Start::default()
        };
        let run = |start: &Start<'_>, sweeps| {
            let mut walkers = ferromagnet.walkers(dynamics, start).unwrap();
            walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
            assert!(walkers.streams().is_empty());
            let mut states = vec![0; start.spins.len()];
            for (replica, state) in states.chunks_mut(7).enumerate() {
                walkers.spins(replica, state);
            }
            states
        };
        let expected = run(&start, 20);
        let half = run(&start, 9);
        assert_eq!(run(&Start { sweeps: 9, spins: &half, ..start }, 11), expected);
        let alone = Start { first: 4, betas: &betas[1..2], spins: &spins[7..14], ..start };
        assert_eq!(run(&alone, 20), expected[7..14]);
        assert_ne!(expected[7..14], expected[28..], "replicas of one temperature differ");
    }
}

#[test]
fn flips_and_magnetizations_are_counted() {
    let ferromagnet = model(7, &ferromagnet(), None, Level::Portable);
    for dynamics in CLUSTERS {
        let start = Start {
            seed: 4,
            first: 0,
            sweeps: 0,
            betas: &[0.3],
            spins: &[1; 7],
            ..Start::default()
        };
        let mut walkers = ferromagnet.walkers(dynamics, &start).unwrap();
        let (mut before, mut after) = ([1; 7], [0; 7]);
        let mut counted = 0;
        for _ in 0..50 {
            walkers.sweep(1, &Team::alone(), &Control::default()).unwrap();
            walkers.spins(0, &mut after);
            let (mut flips, mut magnetization) = ([0], [0]);
            walkers.flips(&mut flips);
            walkers.magnetizations(&mut magnetization);
            let differing = before.iter().zip(&after).filter(|(a, b)| a != b).count() as u64;
            if dynamics == Dynamics::SwendsenWang {
                assert_eq!(flips[0] - counted, differing);
            } else {
                // A second cluster may turn spins back.
                assert!(flips[0] - counted >= differing.max(1));
                assert_eq!((flips[0] - counted) % 2, differing % 2);
            }
            assert_eq!(magnetization[0], after.iter().map(|&spin| i64::from(spin)).sum::<i64>());
            (before, counted) = (after, flips[0]);
        }
    }
}

#[test]
fn a_chain_of_a_million_sites_is_one_cluster_without_recursion() {
    let n = 1_000_000;
    let bonds: Vec<Bond> = (1..n).map(|i| (i - 1, i, 1.0)).collect();
    let chain = model(n, &bonds, None, Level::Portable);
    let spins = vec![1; n];
    for dynamics in CLUSTERS {
        let start = Start {
            seed: 4,
            first: 0,
            sweeps: 0,
            betas: &[f64::INFINITY],
            spins: &spins,
            ..Start::default()
        };
        let mut walkers = chain.walkers(dynamics, &start).unwrap();
        walkers.sweep(3, &Team::alone(), &Control::default()).unwrap();
        let mut magnetization = [0];
        walkers.magnetizations(&mut magnetization);
        assert_eq!(magnetization[0].unsigned_abs() as usize, n);
    }
}

#[test]
fn frustration_and_fields_are_refused_by_name() {
    let refusal = |bonds: &[Bond], fields| {
        let model = model(4, bonds, fields, Level::Portable);
        let start = Start {
            seed: 1,
            first: 0,
            sweeps: 0,
            betas: &[1.0],
            spins: &[1; 4],
            ..Start::default()
        };
        model.walkers(Dynamics::Wolff, &start).err().map(|error| error.to_string())
    };
    let triangle = [(0, 1, -1.0), (1, 2, -1.0), (0, 2, -1.0)];
    let message = refusal(&triangle, None).unwrap();
    assert!(message.contains("frustrated") && message.ends_with("got 'wolff'"), "{message}");
    let pair = [(1, 2, 1.0), (1, 2, -0.5)];
    let message = refusal(&pair, None).unwrap();
    assert!(
        message.contains("sites") && message.contains('1') && message.contains('2'),
        "{message}"
    );
    let message = refusal(&[(0, 1, 1.0)], Some(vec![0.0, 0.0, 0.5, 0.0])).unwrap();
    assert!(message.contains("fields"), "{message}");
    assert_eq!(refusal(&[(0, 1, -1.0), (1, 2, 1.0), (0, 2, -1.0), (2, 3, 0.0)], None), None);
    assert_eq!(refusal(&[(0, 1, 1.0)], Some(vec![0.0; 4])), None);
}
