//! Lattices: the kernels against the reference bit for bit, and against exact sums.

use spinglass_core::{
    control::Control,
    error::Error,
    lattice::{Lattice, reference_sweeps},
    rng::{Philox, Purpose},
    simd::Level,
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
    threads,
};

const RULES: [Dynamics; 2] = [Dynamics::Metropolis, Dynamics::HeatBath];

fn random_spins(n: usize, seed: u64) -> Vec<i8> {
    let philox = Philox::new(seed, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    (0..n).map(|_| if words.next_word() >> 63 == 1 { 1 } else { -1 }).collect()
}

fn walkers<'a>(
    model: &'a Lattice,
    dynamics: Dynamics,
    betas: &[f64],
    spins: &[i8],
    (seed, first): (u64, u64),
) -> Box<dyn Walkers + 'a> {
    held_walkers(model, dynamics, betas, spins, (&[], false), (seed, first))
}

fn held_walkers<'a>(
    model: &'a Lattice,
    dynamics: Dynamics,
    betas: &[f64],
    spins: &[i8],
    (held, reversed): (&[bool], bool),
    (seed, first): (u64, u64),
) -> Box<dyn Walkers + 'a> {
    let start = Start { seed, first, sweeps: 0, betas, spins, streams: &[], held, reversed };
    model.walkers(dynamics, &start).unwrap()
}

fn state(walkers: &dyn Walkers, replica: usize, n: usize) -> Vec<i8> {
    let mut spins = vec![0; n];
    walkers.spins(replica, &mut spins);
    spins
}

/// Every level and several thread counts against the reference.
fn check(shape: &[usize], coupling: f64, field: f64, dynamics: Dynamics, beta: f64, sweeps: u64) {
    let n: usize = shape.iter().product();
    let spins = random_spins(n, 5);
    let reference = Lattice::new(shape, coupling, field, Level::Portable).unwrap();
    let some: Vec<bool> = random_spins(n, 6).into_iter().map(|spin| spin > 0).collect();
    let masks = [(vec![], false), (some, false), (vec![], true)];
    let cases = Level::available().flat_map(|level| masks.iter().map(move |held| (level, held)));
    for (level, (held, reversed)) in cases {
        let passing = (&held[..], *reversed);
        let expected =
            reference_sweeps(&reference, dynamics, beta, (7, 3), &spins, passing, sweeps);
        let model = Lattice::new(shape, coupling, field, level).unwrap();
        for n_threads in [1, 2, 3, 7] {
            let what = format!(
                "{shape:?}, J = {coupling}, h = {field}, {dynamics:?}, beta = {beta}, {level}, \
                 {n_threads} threads"
            );
            let mut fast = held_walkers(&model, dynamics, &[beta], &spins, passing, (7, 3));
            threads::pool(Some(n_threads)).unwrap().install(|| {
                fast.sweep(sweeps, &Team::of_pool(), &Control::default()).unwrap();
            });
            assert!(state(&*fast, 0, n) == expected.spins, "spins: {what}");
            assert!(fast.streams() == expected.streams, "streams: {what}");
            let (mut flips, mut energy, mut sum) = ([0], [0.0], [0]);
            fast.flips(&mut flips);
            assert_eq!(flips[0], expected.flips, "flips: {what}");
            fast.energies(&mut energy);
            assert_eq!(
                energy[0].to_bits(),
                model.energy(&expected.spins).to_bits(),
                "energy: {what}"
            );
            fast.magnetizations(&mut sum);
            assert_eq!(sum[0], expected.spins.iter().map(|&s| i64::from(s)).sum::<i64>(), "{what}");
        }
    }
}

#[test]
fn every_path_equals_the_reference_on_awkward_shapes() {
    let shapes: &[&[usize]] = &[
        &[2],
        &[7],
        &[130],
        &[1000],
        &[2, 2],
        &[2, 3],
        &[3, 2],
        &[4, 3],
        &[3, 63],
        &[5, 64],
        &[4, 65],
        &[6, 128],
        &[32, 32],
        &[31, 33],
        &[10, 513],
        &[3, 1025],
        &[2, 640],
        &[200, 2],
        &[2, 2, 2],
        &[2, 3, 2],
        &[5, 6, 7],
        &[8, 8, 64],
        &[3, 4, 129],
        &[2, 2, 2, 2],
        &[3, 4, 5, 6],
    ];
    for shape in shapes {
        for (coupling, field) in [(1.0, 0.0), (-0.7, 0.3), (0.0, 0.5)] {
            for dynamics in RULES {
                for beta in [0.0, 1e-300, 0.02, 0.44, f64::INFINITY] {
                    check(shape, coupling, field, dynamics, beta, 5);
                }
            }
        }
    }
}

#[test]
fn every_path_equals_the_reference_when_threads_share_a_lattice() {
    for (shape, field) in [(&[500, 501][..], 0.2), (&[512, 500], 0.0), (&[60, 64, 65], 0.0)] {
        for dynamics in RULES {
            check(shape, 1.0, field, dynamics, 0.4, 3);
        }
    }
}

#[test]
fn every_path_equals_the_reference_on_the_checkerboard() {
    let shapes: &[&[usize]] = &[
        &[32, 128],
        &[64, 128],
        &[16, 256],
        &[32, 384],
        &[8, 512],
        &[32, 640],
        &[16, 768],
        &[4, 1024],
        &[32, 1152],
        &[2, 2048],
        &[8, 1536],
        &[4, 5120],
    ];
    for shape in shapes {
        for coupling in [1.0, -0.7] {
            for beta in [0.0, 1e-300, 0.01, 0.44, 3.0, f64::INFINITY] {
                check(shape, coupling, 0.0, Dynamics::Metropolis, beta, 4);
            }
        }
    }
    // Large enough that threads share it.
    for (shape, coupling) in [(&[512, 512], -1.0), (&[1024, 1024], 1.0)] {
        check(shape, coupling, 0.0, Dynamics::Metropolis, 0.44, 2);
    }
}

#[test]
fn a_run_that_goes_on_has_the_bits_of_one_long_run() {
    for (shape, field) in [(&[64, 256], 0.0), (&[65, 70], 0.3), (&[64, 66], 0.0)] {
        let model = Lattice::new(shape, 1.0, field, Level::Portable).unwrap();
        let (n, betas) = (model.n_spins(), [0.4, 0.5, 0.6]);
        let spins = random_spins(3 * n, 2);
        for (dynamics, sweeps) in [(Dynamics::Metropolis, 3), (Dynamics::HeatBath, 4)] {
            let (team, control) = (Team::alone(), Control::default());
            let mut long = walkers(&model, dynamics, &betas, &spins, (1, 5));
            long.sweep(2 * sweeps, &team, &control).unwrap();
            let mut first = walkers(&model, dynamics, &betas, &spins, (1, 5));
            first.sweep(sweeps, &team, &control).unwrap();
            let middle: Vec<i8> = (0..3).flat_map(|k| state(&*first, k, n)).collect();
            let streams = first.streams();
            let start = Start {
                seed: 1,
                first: 5,
                sweeps,
                betas: &betas,
                spins: &middle,
                streams: &streams,
                held: &[],
                reversed: false,
            };
            let mut second = model.walkers(dynamics, &start).unwrap();
            second.sweep(sweeps, &team, &control).unwrap();
            for replica in 0..3 {
                assert_eq!(state(&*second, replica, n), state(&*long, replica, n));
            }
            assert_eq!(second.streams(), long.streams());
        }
    }
}

#[test]
fn a_replica_depends_on_its_own_number_alone() {
    for shape in [[64, 128], [40, 50]] {
        let model = Lattice::new(&shape, 1.0, 0.0, Level::Portable).unwrap();
        let n = model.n_spins();
        let spins = random_spins(n, 2);
        let mut together =
            walkers(&model, Dynamics::Metropolis, &[0.4; 3], &spins.repeat(3), (1, 8));
        together.sweep(3, &Team::alone(), &Control::default()).unwrap();
        let states: Vec<Vec<i8>> = (0..3).map(|k| state(&*together, k, n)).collect();
        assert!(states[0] != states[1] && states[1] != states[2] && states[0] != states[2]);
        let mut alone = walkers(&model, Dynamics::Metropolis, &[0.4], &spins, (1, 9));
        alone.sweep(3, &Team::alone(), &Control::default()).unwrap();
        assert_eq!(state(&*alone, 0, n), states[1]);
    }
}

#[test]
fn new_temperatures_hold_from_the_next_sweep_on() {
    for shape in [[64, 128], [40, 50]] {
        let model = Lattice::new(&shape, 1.0, 0.0, Level::Portable).unwrap();
        let n = model.n_spins();
        let mut moved = walkers(&model, Dynamics::Metropolis, &[0.1], &random_spins(n, 2), (1, 0));
        let (team, control, mut energy) = (Team::alone(), Control::default(), [0.0]);
        moved.sweep(10, &team, &control).unwrap();
        moved.energies(&mut energy);
        let hot = energy[0];
        moved.set_betas(&[f64::INFINITY]);
        // At zero temperature the energy never rises.
        for _ in 0..20 {
            let before = energy[0];
            moved.sweep(1, &team, &control).unwrap();
            moved.energies(&mut energy);
            assert!(energy[0] <= before);
        }
        assert!(energy[0] < 2.0 * hot);
        // At beta = 0 spins are coins: the energy per spin has the variance 2 / N.
        moved.set_betas(&[0.0]);
        moved.sweep(1, &team, &control).unwrap();
        moved.energies(&mut energy);
        assert!(energy[0].abs() < 5.0 * (2.0 * n as f64).sqrt());
    }
}

#[test]
fn a_cancelled_sweep_stops_and_leaves_spins() {
    for shape in [[1024, 1024], [700, 701]] {
        for n_threads in [1, 3] {
            let model = Lattice::new(&shape, 1.0, 0.0, Level::Portable).unwrap();
            let n = model.n_spins();
            let mut moved = walkers(&model, Dynamics::Metropolis, &[0.4], &vec![1; n], (1, 0));
            let control = Control::default();
            let outcome = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    control.cancel();
                });
                threads::pool(Some(n_threads))
                    .unwrap()
                    .install(|| moved.sweep(u64::MAX, &Team::of_pool(), &control))
            });
            assert_eq!(outcome, Err(Error::Cancelled));
            assert!(state(&*moved, 0, n).iter().all(|spin| spin.abs() == 1));
        }
    }
}

#[test]
fn what_is_no_lattice_is_refused_by_name() {
    let refusal = |shape: &[usize], coupling, field| {
        Lattice::new(shape, coupling, field, Level::Portable).unwrap_err().to_string()
    };
    assert_eq!(refusal(&[4, 1], 1.0, 0.0), "shape must be 1 to 4 sides of 2 or more, got [4, 1]");
    assert_eq!(refusal(&[], 1.0, 0.0), "shape must be 1 to 4 sides of 2 or more, got []");
    assert_eq!(refusal(&[4, 4], f64::NAN, 0.0), "coupling must be finite, got NaN");
    assert_eq!(refusal(&[4, 4], 1.0, f64::INFINITY), "field must be finite, got inf");
    let huge = Lattice::new(&[1 << 40, 1 << 40], 1.0, 0.0, Level::Portable);
    assert!(matches!(huge, Err(Error::Memory(_))));
    let model = Lattice::new(&[4, 4], 1.0, 0.0, Level::Portable).unwrap();
    let start = Start {
        seed: 1,
        first: 0,
        sweeps: 0,
        betas: &[1.0],
        spins: &[1; 16],
        streams: &[1; 3],
        held: &[],
        reversed: false,
    };
    let refused = model.walkers(Dynamics::HeatBath, &start).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "streams must be empty or 32 words, got 3");
}

#[test]
fn neighbours_and_fields_are_those_of_the_torus() {
    let model = Lattice::new(&[2, 3, 4], 0.5, 0.25, Level::Portable).unwrap();
    let index = |z: usize, y: usize, x: usize| (z % 2 * 3 + y % 3) * 4 + x % 4;
    let spins = random_spins(24, 3);
    let mut fields = vec![0.0; 24];
    model.local_fields(&spins, &mut fields);
    let mut energy = 0.0;
    for (z, y, x) in (0..24).map(|site| (site / 12, site / 4 % 3, site % 4)) {
        let site = index(z, y, x);
        let (mut found, mut expected) = (
            Vec::new(),
            vec![
                index(z + 1, y, x),
                index(z + 1, y, x),
                index(z, y + 1, x),
                index(z, y + 2, x),
                index(z, y, x + 1),
                index(z, y, x + 3),
            ],
        );
        model.each_neighbour(site, |neighbour| found.push(neighbour));
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let sum: i32 = expected.iter().map(|&neighbour| i32::from(spins[neighbour])).sum();
        assert!((fields[site] - (0.5 * f64::from(sum) + 0.25)).abs() < 1e-12);
        energy -= f64::from(spins[site]) * (0.25 * f64::from(sum) + 0.25);
    }
    assert!((model.energy(&spins) - energy).abs() < 1e-12);
}
