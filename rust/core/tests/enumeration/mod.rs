//! Samples held against the sum over all states.

#![allow(dead_code, reason = "not every test file needs all of it")]

use spinglass_core::{
    control::Control,
    simd::Level,
    sparse::Sparse,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
};

/// The model of some bonds.
pub fn model(
    n: usize,
    bonds: &[(usize, usize, f64)],
    fields: Option<Vec<f64>>,
    level: Level,
) -> Sparse {
    let mut rows = vec![Vec::new(); n];
    for &(i, j, coupling) in bonds {
        rows[i].push((j as u32, coupling));
        rows[j].push((i as u32, coupling));
    }
    let mut offsets = vec![0];
    for row in &rows {
        offsets.push(offsets[offsets.len() - 1] + row.len());
    }
    let (neighbours, couplings) = rows.into_iter().flatten().unzip();
    Sparse::new(n, offsets, neighbours, couplings, fields, level).unwrap()
}

/// Independent runs of each seed.
const REPLICAS: usize = 64;
/// Measurements of a run.
const MEASUREMENTS: usize = 60;
/// Sweeps between two of them, of single spins and of clusters: small models forget within a few.
const THINNING: [u64; 2] = [30, 6];
const SEEDS: u64 = 10;

/// Pearson's chi-square of visited states against exp(-beta E) / Z, for ten seeds. States that
/// are expected less than ten times are counted together.
pub fn check_samples(model: &dyn SpinModel, dynamics: Dynamics, beta: f64) {
    let n = model.n_spins();
    let state = |index: usize| (0..n).map(|i| 2 * (index >> i & 1) as i8 - 1).collect::<Vec<i8>>();
    let energies: Vec<f64> = (0..1 << n).map(|index| model.energy(&state(index))).collect();
    let lowest = energies.iter().copied().fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = energies.iter().map(|e| (-beta * (e - lowest)).exp()).collect();
    let partition: f64 = weights.iter().sum();

    for seed in 0..SEEDS {
        let betas = [beta; REPLICAS];
        let spins: Vec<i8> = (0..REPLICAS).flat_map(|k| state(k * 37 % (1 << n))).collect();
        let start =
            Start { seed, first: 0, sweeps: 0, betas: &betas, spins: &spins, ..Start::default() };
        let mut walkers = model.walkers(dynamics, &start).unwrap();
        let mut visited = vec![0u32; 1 << n];
        let mut spins = vec![0; n];
        for _ in 0..MEASUREMENTS {
            walkers
                .sweep(
                    THINNING[usize::from(!dynamics.is_local())],
                    &Team::alone(),
                    &Control::default(),
                )
                .unwrap();
            for replica in 0..REPLICAS {
                walkers.spins(replica, &mut spins);
                let index = spins.iter().rev().fold(0, |index, &s| index << 1 | usize::from(s > 0));
                visited[index] += 1;
            }
        }
        let total = (REPLICAS * MEASUREMENTS) as f64;
        let (mut chi_square, mut freedom, mut rare) = (0.0, -1.0, (0.0, 0.0));
        for (&weight, &count) in weights.iter().zip(&visited) {
            let expected = total * weight / partition;
            if expected < 10.0 {
                rare = (rare.0 + expected, rare.1 + f64::from(count));
            } else {
                chi_square += (f64::from(count) - expected).powi(2) / expected;
                freedom += 1.0;
            }
        }
        if rare.0 >= 5.0 {
            chi_square += (rare.1 - rare.0).powi(2) / rare.0;
            freedom += 1.0;
        } else {
            // A Poisson number of so few exceeds 25 once in 10^9.
            assert!(rare.1 <= 25.0, "{} visits where {} are expected", rare.1, rare.0);
        }
        // Wilson and Hilferty (1931): the cube root is nearly normal. 5.5 standard deviations are
        // passed by chance once in 5 10^7; all tests together make some hundred of these checks.
        let f: f64 = f64::max(freedom, 1.0);
        let z = ((chi_square / f).cbrt() - (1.0 - 2.0 / (9.0 * f))) / (2.0 / (9.0 * f)).sqrt();
        assert!(
            z < 5.5,
            "{dynamics:?}, beta = {beta}, seed {seed}: chi-square {chi_square} of {f}"
        );
    }
}
