//! Lattices sample their Boltzmann distribution: against the sum over all states, and against the
//! exact energy of large lattices.

use spinglass_core::{
    control::Control,
    lattice::Lattice,
    rng::{Philox, Purpose},
    simd::Level,
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
};

fn random_spins(n: usize, seed: u64) -> Vec<i8> {
    let philox = Philox::new(seed, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    (0..n).map(|_| if words.next_word() >> 63 == 1 { 1 } else { -1 }).collect()
}

fn sweep(walkers: &mut dyn Walkers, sweeps: u64) {
    walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
}

/// The probabilities of all states; bit k of a state's number is spin k.
fn boltzmann(model: &Lattice, beta: f64) -> Vec<f64> {
    let n = model.n_spins();
    let spins = |state: usize| -> Vec<i8> {
        (0..n).map(|k| if state >> k & 1 == 1 { 1 } else { -1 }).collect()
    };
    let weights: Vec<f64> =
        (0..1 << n).map(|state| (-beta * model.energy(&spins(state))).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// How far chi-square lies above its mean, in standard deviations. States that are seldom seen are
/// counted together.
fn excess(counts: &[u64], probabilities: &[f64]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    let (mut chi_square, mut bins, mut seen, mut expected) = (0.0, 0, 0.0, 0.0);
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    for (rank, &state) in order.iter().enumerate() {
        seen += counts[state] as f64;
        expected += total * probabilities[state];
        let left: f64 = order[rank + 1..].iter().take(64).map(|&s| total * probabilities[s]).sum();
        if expected >= 10.0 && (left >= 10.0 || rank + 1 == order.len()) {
            chi_square += (seen - expected) * (seen - expected) / expected;
            bins += 1;
            (seen, expected) = (0.0, 0.0);
        }
    }
    let freedom = f64::from(bins - 1);
    (chi_square - freedom) / (2.0 * freedom).sqrt()
}

fn check_states(shape: &[usize], coupling: f64, field: f64, dynamics: Dynamics, beta: f64) {
    // 500 replicas, 40 states of each, so far apart that they hardly know of one another.
    let (replicas, samples, apart) = (500, 40, 20);
    let level = Level::available().last().unwrap();
    let model = Lattice::new(shape, coupling, field, level).unwrap();
    let n = model.n_spins();
    let (betas, spins) = (vec![beta; replicas], random_spins(n * replicas, 1));
    let start =
        Start { seed: 2, first: 0, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() };
    let mut walkers = model.walkers(dynamics, &start).unwrap();
    let mut counts = vec![0; 1 << n];
    let mut spins = vec![0; n];
    sweep(&mut *walkers, 30);
    for _ in 0..samples {
        sweep(&mut *walkers, apart);
        for replica in 0..replicas {
            walkers.spins(replica, &mut spins);
            let number = spins.iter().rev().fold(0, |number, &s| 2 * number + usize::from(s > 0));
            counts[number] += 1;
        }
    }
    let excess = excess(&counts, &boltzmann(&model, beta));
    // Chi-square is skewed for few states: five deviations still have a chance below 1e-4 in 100
    // cases of 16 states or more.
    assert!(excess < 6.0, "{shape:?} {coupling} {field} {dynamics:?} {beta}: {excess} deviations");
}

#[test]
fn all_states_of_small_lattices_come_as_often_as_they_should() {
    let shapes: &[&[usize]] = &[&[5], &[2, 2], &[3, 3], &[2, 3], &[4, 3], &[2, 2, 2], &[2, 3, 2]];
    for shape in shapes {
        for (coupling, field) in [(1.0, 0.0), (1.0, 0.3), (-1.0, 0.0), (-0.8, -0.4), (0.0, 0.5)] {
            for beta in [0.0, 0.2] {
                check_states(shape, coupling, field, Dynamics::HeatBath, beta);
                check_states(shape, coupling, field, Dynamics::Metropolis, beta);
            }
        }
    }
}

#[test]
fn metropolis_leaves_a_state_in_which_no_spin_feels_a_field() {
    // Every spin of these stripes is certain to flip in its turn, and they would only be reversed;
    // but a site that rests breaks them.
    let model = Lattice::new(&[4, 4], 1.0, 0.0, Level::Portable).unwrap();
    let stripes: Vec<i8> =
        (0..16).map(|site| if (site / 4 + site % 4) % 4 < 2 { 1 } else { -1 }).collect();
    let start =
        Start { seed: 1, first: 0, sweeps: 0, betas: &[0.3], spins: &stripes, ..Start::default() };
    let mut walkers = model.walkers(Dynamics::Metropolis, &start).unwrap();
    sweep(&mut *walkers, 7);
    let mut after = vec![0; 16];
    walkers.spins(0, &mut after);
    let same = after.iter().zip(&stripes).filter(|(after, before)| after == before).count();
    assert!(same != 0 && same != 16);
}

/// The mean energy per spin, and its standard error, from blocks of ten measurements.
fn energy_per_spin(model: &Lattice, dynamics: Dynamics, beta: f64, seed: u64) -> (f64, f64) {
    let n = model.n_spins();
    let spins = random_spins(n, seed);
    let start =
        Start { seed, first: 0, sweeps: 0, betas: &[beta], spins: &spins, ..Start::default() };
    let mut walkers = model.walkers(dynamics, &start).unwrap();
    sweep(&mut *walkers, 300);
    let blocks: Vec<f64> = (0..40)
        .map(|_| {
            let mut sum = 0.0;
            for _ in 0..10 {
                sweep(&mut *walkers, 10);
                let mut energy = [0.0];
                walkers.energies(&mut energy);
                sum += energy[0] / n as f64;
            }
            sum / 10.0
        })
        .collect();
    let count = blocks.len() as f64;
    let mean = blocks.iter().sum::<f64>() / count;
    let squares: f64 = blocks.iter().map(|block| (block - mean) * (block - mean)).sum();
    (mean, (squares / (count * (count - 1.0))).sqrt())
}

#[test]
fn large_lattices_have_the_exact_energy() {
    // Kaufman (Phys. Rev. 76, 1232 (1949)) at L = 32, where finite size is already far below the
    // standard errors here. Either sign of J has the same energy where all sides are even.
    let (beta, exact) = (0.30, -0.704_499_071_8);
    let level = Level::available().last().unwrap();
    for (shape, coupling, dynamics) in [
        (&[1024, 1024], 1.0, Dynamics::Metropolis),
        (&[1024, 1024], -1.0, Dynamics::Metropolis),
        (&[384, 384], 1.0, Dynamics::Metropolis),
        (&[250, 300], 1.0, Dynamics::Metropolis),
        (&[301, 299], 1.0, Dynamics::HeatBath),
        (&[256, 256], -1.0, Dynamics::HeatBath),
    ] {
        let model = Lattice::new(shape, coupling, 0.0, level).unwrap();
        let (mean, error) = energy_per_spin(&model, dynamics, beta, 4);
        // With 40 blocks the estimated error is itself off by a ninth.
        assert!(
            (mean - exact).abs() < 4.5 * error,
            "{shape:?} {coupling} {dynamics:?}: {mean} +- {error}"
        );
        assert!(error < 1e-3, "{error}");
    }
}

#[test]
fn spins_that_share_random_bits_decide_alone() {
    // All spins up: in the first phase each one flips with probability e^{-8 beta}, unless it rests, whatever the
    // others do. Then every spin of the other colour sees some flipped neighbours; so look at the
    // even spins after one sweep. Bit k of chunks 4 g to 4 g + 3 share random vectors: on 1024
    // columns they are the spins of four rows, one column apart.
    let level = Level::available().last().unwrap();
    let (height, width) = (1024, 1024);
    let model = Lattice::new(&[height, width], 1.0, 0.0, level).unwrap();
    for beta in [0.002, 0.05, 0.2] {
        // They rest with probability 1/4 up to beta = 1/8, and 1/16 beyond.
        let p = f64::exp(-8.0 * beta) * if beta <= 0.125 { 0.75 } else { 0.9375 };
        let (mut flipped, mut pairs, mut trials) = ([0u64; 4], [0u64; 6], 0u64);
        for seed in 0..20 {
            let spins = vec![1; height * width];
            let start = Start {
                seed,
                first: 0,
                sweeps: 0,
                betas: &[beta],
                spins: &spins,
                ..Start::default()
            };
            let mut walkers = model.walkers(Dynamics::Metropolis, &start).unwrap();
            sweep(&mut *walkers, 1);
            let mut after = vec![0; height * width];
            walkers.spins(0, &mut after);
            for group in (0..height).step_by(4) {
                for k in 0..width / 2 {
                    let turned: [u64; 4] = std::array::from_fn(|row| {
                        let (y, x) = (group + row, 2 * k + (group + row) % 2);
                        u64::from(after[y * width + x] < 0)
                    });
                    let mut pair = 0;
                    for a in 0..4 {
                        flipped[a] += turned[a];
                        for b in 0..a {
                            pairs[pair] += turned[a] * turned[b];
                            pair += 1;
                        }
                    }
                    trials += 1;
                }
            }
        }
        let n = trials as f64;
        for (what, count, expected) in flipped
            .iter()
            .map(|&count| ("alone", count, p))
            .chain(pairs.iter().map(|&count| ("in pairs", count, p * p)))
        {
            let deviation =
                (count as f64 - n * expected) / (n * expected * (1.0 - expected)).sqrt();
            assert!(deviation.abs() < 5.0, "{what} at {beta}: {deviation} deviations");
        }
    }
}
