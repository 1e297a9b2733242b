//! The pattern scan and the exponential memory against plain loops, bit for bit.

use proptest::prelude::*;
use spinglass_core::{
    associative::{
        Recalled, Replica,
        exponential::{ExponentialMemory, reference_energy, reference_fields, reference_recall},
        scan::{Nearest, PatternScan},
    },
    control::Control,
    error::Error,
    hopfield::{Dynamics, Outcome, Patterns, Update, corrupt},
    simd::Level,
    threads,
};

const THREADS: [usize; 4] = [1, 2, 3, 7];

fn random(p: usize, n: usize, seed: u64) -> Patterns {
    Patterns::random(p, n, seed, Level::Portable, &Control::default()).unwrap()
}

fn from_spins(spins: &[i8], n: usize) -> Patterns {
    Patterns::from_spins(spins, spins.len() / n, n, &Control::default()).unwrap()
}

fn spins_of(patterns: &Patterns) -> Vec<i8> {
    let all: Vec<usize> = (0..patterns.n_patterns()).collect();
    patterns.to_spins(&all, &Control::default()).unwrap()
}

/// Random states, some near patterns.
fn states(patterns: &Patterns, count: usize, seed: u64) -> Vec<i8> {
    let n = patterns.n_spins();
    let mut states = vec![1; count * n];
    for (k, state) in states.chunks_mut(n).enumerate() {
        patterns.pattern(k * 7 % patterns.n_patterns(), state);
        corrupt(state, n * (k % 4) / 6, seed, k as u64);
    }
    states
}

fn plain_overlaps(patterns: &Patterns, states: &[i8]) -> Vec<i64> {
    let (n, all) = (patterns.n_spins(), spins_of(patterns));
    let of = |state: &[i8], xi: &[i8]| state.iter().zip(xi).map(|(s, x)| i64::from(s * x)).sum();
    states.chunks(n).flat_map(|state| all.chunks(n).map(move |xi| of(state, xi))).collect()
}

fn memory(patterns: &Patterns, level: Level) -> ExponentialMemory {
    ExponentialMemory::new(patterns, level, &Control::default()).unwrap()
}

fn recall(
    memory: &ExponentialMemory,
    dynamics: &Dynamics,
    starts: &[i8],
    clamp: Option<&[bool]>,
) -> (Vec<i8>, Vec<Recalled>) {
    let n = memory.n_spins();
    let mut spins = starts.to_vec();
    let mut found = vec![None; starts.len() / n];
    let replicas = spins.chunks_exact_mut(n).zip(&mut found);
    let mut replicas: Vec<Replica> =
        replicas.map(|(spins, recalled)| Replica { spins, clamp, recalled }).collect();
    memory.recall(dynamics, &mut replicas, &Control::default()).unwrap();
    (spins, found.into_iter().map(Option::unwrap).collect())
}

/// Shapes whose words, groups and parts of what is counted at once are full, and are not.
const SHAPES: [(usize, usize); 14] = [
    (1, 1),
    (2, 1),
    (3, 5),
    (8, 64),
    (9, 65),
    (31, 127),
    (32, 128),
    (33, 200),
    (64, 30),
    (100, 1000),
    (511, 7),
    (513, 64),
    (40, 1984),
    (41, 2049),
];

#[test]
fn overlaps_and_nearest_patterns_are_those_of_plain_loops() {
    for (p, n) in SHAPES {
        let patterns = random(p, n, 3);
        let states = states(&patterns, 11, 4);
        let expected = plain_overlaps(&patterns, &states);
        let nearest: Vec<Nearest> = expected
            .chunks(p)
            .map(|overlaps| {
                let overlap = *overlaps.iter().max().unwrap();
                let pattern = overlaps.iter().position(|&m| m == overlap).unwrap();
                Nearest { pattern, overlap }
            })
            .collect();
        for level in Level::available() {
            for n_threads in THREADS {
                threads::pool(Some(n_threads)).unwrap().install(|| {
                    let control = Control::default();
                    let scan = PatternScan::new(&patterns, level, &control).unwrap();
                    assert_eq!((scan.n_patterns(), scan.n_spins()), (p, n));
                    let overlaps = scan.overlaps(&states, &control).unwrap();
                    assert_eq!(overlaps, expected, "P = {p}, N = {n}, {level}, {n_threads}");
                    let found = scan.nearest(&states, &control).unwrap();
                    assert_eq!(found, nearest, "P = {p}, N = {n}, {level}, {n_threads}");
                    // One state goes in other pieces than several.
                    let alone = scan.nearest(&states[..n], &control).unwrap();
                    assert_eq!(alone, nearest[..1]);
                });
            }
        }
    }
}

#[test]
fn a_large_set_is_scanned_in_blocks_with_the_same_result() {
    // 2.2 MB: several pieces for one state, many blocks for nine.
    let patterns = random(17_003, 1000, 5);
    let states = states(&patterns, 9, 6);
    let expected = plain_overlaps(&patterns, &states);
    for level in Level::available() {
        let control = Control::default();
        let scan = PatternScan::new(&patterns, level, &control).unwrap();
        assert_eq!(scan.overlaps(&states, &control).unwrap(), expected);
        for count in [1, 9] {
            let found = scan.nearest(&states[..count * 1000], &control).unwrap();
            for (nearest, overlaps) in found.iter().zip(expected.chunks(17_003)) {
                assert_eq!(Some(&nearest.overlap), overlaps.iter().max());
                assert_eq!(overlaps[nearest.pattern], nearest.overlap);
                assert!(overlaps[..nearest.pattern].iter().all(|&m| m < nearest.overlap));
            }
        }
    }
}

#[test]
fn no_states_have_no_nearest_patterns() {
    let scan = PatternScan::new(&random(9, 5, 1), Level::Portable, &Control::default()).unwrap();
    assert_eq!(scan.nearest(&[], &Control::default()), Ok(vec![]));
    assert_eq!(scan.overlaps(&[], &Control::default()), Ok(vec![]));
}

/// Runs the reference once a state and the fast path on every level and several thread counts.
fn check(patterns: &Patterns, starts: &[i8], clamp: Option<&[bool]>, beta: f64, max_sweeps: u64) {
    let n = patterns.n_spins();
    let energies: Vec<f64> = starts.chunks(n).map(|s| reference_energy(patterns, s)).collect();
    let fields: Vec<f64> = starts.chunks(n).flat_map(|s| reference_fields(patterns, s)).collect();
    for update in [Update::Sequential, Update::Random] {
        let dynamics = Dynamics { update, beta, max_sweeps, seed: 5 };
        let mut expected = starts.to_vec();
        let outcomes: Vec<Outcome> = expected
            .chunks_mut(n)
            .zip(0..)
            .map(|(spins, k)| reference_recall(patterns, &dynamics, k, spins, clamp))
            .collect();
        let ends: Vec<f64> = expected.chunks(n).map(|s| reference_energy(patterns, s)).collect();
        for level in Level::available() {
            let memory = memory(patterns, level);
            for n_threads in THREADS {
                let what = format!("{update:?}, beta = {beta}, {level}, {n_threads} threads");
                threads::pool(Some(n_threads)).unwrap().install(|| {
                    let control = Control::default();
                    assert_eq!(memory.energies(starts, &control).unwrap(), energies, "{what}");
                    assert_eq!(memory.local_fields(starts, &control).unwrap(), fields, "{what}");
                    let (spins, found) = recall(&memory, &dynamics, starts, clamp);
                    assert_eq!(spins, expected, "{what}");
                    for (k, found) in found.iter().enumerate() {
                        assert_eq!(found.outcome, outcomes[k], "{what}, state {k}");
                        assert_eq!(found.energy.to_bits(), ends[k].to_bits(), "{what}, state {k}");
                    }
                });
            }
        }
    }
}

#[test]
fn every_path_equals_the_reference_at_awkward_shapes() {
    for (p, n) in [(1, 1), (1, 7), (2, 2), (3, 5), (9, 16), (40, 33), (300, 20), (70, 65)] {
        let patterns = random(p, n, 2);
        let starts = states(&patterns, 5, 3);
        for (beta, sweeps) in [(f64::INFINITY, 40), (1.3, 4), (0.0, 2)] {
            check(&patterns, &starts, None, beta, sweeps);
        }
    }
}

#[test]
fn scans_that_become_necessary_change_nothing() {
    // At a temperature spins flip all the time, and the patterns that count change: far more
    // patterns than the near set may hold, whose overlaps reach over many times 60.
    let patterns = random(2500, 400, 9);
    let starts = states(&patterns, 2, 3);
    check(&patterns, &starts, None, 0.4, 1);
    // From a random start without a temperature, to whatever pattern is near.
    let mut away = starts;
    corrupt(&mut away[..400], 200, 1, 1);
    check(&patterns, &away, None, f64::INFINITY, 3);
}

#[test]
fn held_spins_stay_and_shift_no_random_numbers() {
    let patterns = random(30, 40, 4);
    let starts = states(&patterns, 4, 5);
    let clamp: Vec<bool> = (0..40).map(|i| i % 3 == 0).collect();
    for beta in [f64::INFINITY, 0.8] {
        check(&patterns, &starts, Some(&clamp), beta, 5);
    }
    let all = vec![true; 40];
    let dynamics = Dynamics { update: Update::Random, beta: f64::INFINITY, max_sweeps: 5, seed: 1 };
    let (spins, found) =
        recall(&memory(&patterns, Level::Portable), &dynamics, &starts, Some(&all));
    assert_eq!(spins, starts);
    assert!(found.iter().all(|found| found.outcome.converged && found.outcome.sweeps == 1));
}

#[test]
fn the_order_of_the_patterns_does_not_matter() {
    let (p, n) = (200, 24);
    let patterns = random(p, n, 8);
    let mut reversed = spins_of(&patterns);
    reversed = reversed.chunks(n).rev().flatten().copied().collect();
    let other = from_spins(&reversed, n);
    let starts = states(&patterns, 6, 2);
    let control = Control::default();
    for level in Level::available() {
        let (one, two) = (memory(&patterns, level), memory(&other, level));
        assert_eq!(one.energies(&starts, &control), two.energies(&starts, &control));
        assert_eq!(one.local_fields(&starts, &control), two.local_fields(&starts, &control));
        for beta in [f64::INFINITY, 0.7] {
            let dynamics = Dynamics { update: Update::Random, beta, max_sweeps: 9, seed: 2 };
            let (spins, _) = recall(&one, &dynamics, &starts, None);
            assert_eq!(spins, recall(&two, &dynamics, &starts, None).0);
        }
    }
}

#[test]
fn duplicates_lower_the_energy_by_their_logarithm_and_leave_the_fields() {
    let patterns = random(12, 30, 3);
    let spins = spins_of(&patterns);
    let five = from_spins(&spins.repeat(5), 30);
    let starts = states(&patterns, 6, 2);
    let control = Control::default();
    let (one, many) = (memory(&patterns, Level::Portable), memory(&five, Level::Portable));
    let energies = one.energies(&starts, &control).unwrap();
    for (a, b) in energies.iter().zip(many.energies(&starts, &control).unwrap()) {
        assert!((a - b - 5f64.ln()).abs() < 1e-13);
    }
    let fields = one.local_fields(&starts, &control).unwrap();
    for (a, b) in fields.iter().zip(many.local_fields(&starts, &control).unwrap()) {
        // A few units in the last place: sums of integers that are five times as large.
        assert!((a - b).abs() < 1e-14);
    }
}

#[test]
fn a_tie_keeps_the_spin() {
    // Two opposite patterns, seen from halfway: without any one spin both are equally near.
    let xi: Vec<i8> = (0..9).map(|i| if i % 2 == 0 { 1 } else { -1 }).collect();
    let opposite: Vec<i8> = xi.iter().map(|x| -x).collect();
    let patterns = from_spins(&[xi.clone(), opposite].concat(), 9);
    let half: Vec<i8> = xi.iter().enumerate().map(|(i, x)| if i < 5 { *x } else { -x }).collect();
    let memory = memory(&patterns, Level::Portable);
    let fields = memory.local_fields(&half, &Control::default()).unwrap();
    for (i, field) in fields.iter().enumerate() {
        // M = +1 and -1: a spin that agrees with the first has c = 0 with both.
        assert_eq!(*field == 0.0, i < 5, "{field}");
    }
    let clamp: Vec<bool> = (0..9).map(|i| i >= 5).collect();
    let dynamics =
        Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 9, seed: 0 };
    let (spins, found) = recall(&memory, &dynamics, &half, Some(&clamp));
    assert_eq!((spins, found[0].outcome.flips), (half, 0));
    assert!(found[0].outcome.converged);
}

#[test]
fn a_few_patterns_are_found_from_far_away() {
    // P << 2^(N / 2): one pattern rules, and the memory gives the nearest.
    let patterns = random(3000, 200, 6);
    let starts = states(&patterns, 40, 1);
    let dynamics =
        Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 20, seed: 0 };
    let memory = memory(&patterns, Level::current().unwrap());
    let nearest = memory.nearest(&starts, &Control::default()).unwrap();
    let (spins, found) = recall(&memory, &dynamics, &starts, None);
    for (k, nearest) in nearest.into_iter().enumerate() {
        if nearest.overlap < 80 {
            continue; // half of the spins were flipped: nothing rules
        }
        let mut pattern = vec![0; 200];
        patterns.pattern(nearest.pattern, &mut pattern);
        assert_eq!(&spins[k * 200..][..200], pattern);
        assert_eq!((found[k].pattern, found[k].start_overlap), (nearest.pattern, nearest.overlap));
        assert_eq!((found[k].best_pattern, found[k].overlap), (nearest.pattern, 200));
        assert_eq!(found[k].outcome.flips as i64, (200 - nearest.overlap) / 2);
    }
}

#[test]
fn a_cancelled_recall_says_so() {
    let patterns = random(300, 100, 1);
    let memory = memory(&patterns, Level::Portable);
    let control = Control::default();
    control.cancel();
    let (mut spins, mut recalled) = (states(&patterns, 1, 1), None);
    let dynamics =
        Dynamics { update: Update::Sequential, beta: 1.0, max_sweeps: u64::MAX, seed: 0 };
    let replica = Replica { spins: &mut spins, clamp: None, recalled: &mut recalled };
    assert_eq!(memory.recall(&dynamics, &mut [replica], &control), Err(Error::Cancelled));
    assert!(recalled.is_none());
}

proptest! {
    #[test]
    fn the_energy_of_every_flip_is_that_of_the_field(
        (n, p) in (1usize..10, 1usize..20), seed in 0u64..1000, weight in 0usize..10,
    ) {
        let patterns = random(p, n, seed);
        let mut spins = states(&patterns, 1, seed);
        corrupt(&mut spins, weight.min(n), seed, 3);
        let sum = |spins: &[i8]| -> f64 {
            plain_overlaps(&patterns, spins).into_iter().map(|m| (m as f64).exp()).sum()
        };
        let memory = memory(&patterns, Level::current().unwrap());
        let control = Control::default();
        let energy = memory.energies(&spins, &control).unwrap()[0];
        prop_assert!((energy + sum(&spins).ln()).abs() < 1e-13 * n as f64);
        let fields = memory.local_fields(&spins, &control).unwrap();
        for site in 0..n {
            let before = sum(&spins);
            spins[site] *= -1;
            let cost = -(sum(&spins) / before).ln();
            spins[site] *= -1;
            let expected = 2.0 * fields[site] * f64::from(spins[site]);
            // The platform's sums of up to 20 exponentials, each within a unit in the last place.
            prop_assert!((cost - expected).abs() < 1e-14 * 20.0, "{cost} {expected}");
        }
    }

    #[test]
    fn every_flip_lowers_the_energy(
        (n, p) in (2usize..40, 1usize..200), seed in 0u64..1000,
    ) {
        let patterns = random(p, n, seed);
        let mut spins = states(&random(1, n, seed + 1), 1, seed);
        let memory = memory(&patterns, Level::current().unwrap());
        let dynamics =
            Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 1, seed };
        let energy = |spins: &[i8]| memory.energies(spins, &Control::default()).unwrap()[0];
        for site in 0..n {
            let clamp: Vec<bool> = (0..n).map(|i| i != site).collect();
            let before = energy(&spins);
            let (after, found) = recall(&memory, &dynamics, &spins, Some(&clamp));
            prop_assert!(found[0].energy <= before, "{} {before}", found[0].energy);
            spins = after;
        }
    }
}
