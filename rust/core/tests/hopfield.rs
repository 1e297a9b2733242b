//! The fast paths against the scalar reference: same states, flips and sweeps, bit for bit.

use proptest::prelude::*;
use spinglass_core::{
    control::Control,
    error::Error,
    hopfield::{
        Dynamics, Hopfield, Instance, Patterns, Rules, Trials, Update, corrupt, couplings,
        reference_recall,
    },
    simd::Level,
    threads,
};

const UPDATES: [Update; 3] = [Update::Sequential, Update::Random, Update::Synchronous];

struct Case {
    patterns: Patterns,
    thresholds: Option<Vec<f64>>,
    start: Vec<i8>,
    clamp: Option<Vec<bool>>,
}

impl Case {
    fn new(n: usize, p: usize, flips: usize, seed: u64) -> Self {
        let patterns = Patterns::random(p, n, seed, Level::Portable, &Control::default()).unwrap();
        let mut start = patterns.to_spins(&[0], &Control::default()).unwrap();
        corrupt(&mut start, flips, seed, 0);
        Self { patterns, thresholds: None, start, clamp: None }
    }

    fn model(&self, level: Level) -> Hopfield {
        Hopfield::new(&self.patterns, self.thresholds.as_deref(), level).unwrap()
    }

    /// Runs the reference once and the fast path on every level and several thread counts.
    fn check(&self, update: Update, beta: f64, max_sweeps: u64) {
        let dynamics = Dynamics { update, beta, max_sweeps, seed: 5 };
        let mut expected = self.start.clone();
        let clamp = self.clamp.as_deref();
        let outcome =
            reference_recall(&self.model(Level::Portable), &dynamics, 3, &mut expected, clamp);
        for level in Level::available() {
            for n_threads in [1, 2, 3, 7] {
                let mut spins = self.start.clone();
                let fast = threads::pool(Some(n_threads)).unwrap().install(|| {
                    let control = Control::default();
                    self.model(level).recall(&dynamics, 3, &mut spins, clamp, &control)
                });
                assert_eq!(fast, Ok(outcome), "{update:?}, {level}, {n_threads} threads");
                assert_eq!(spins, expected, "{update:?}, {level}, {n_threads} threads");
            }
        }
    }
}

#[test]
fn every_path_equals_the_reference_at_awkward_shapes() {
    let shapes = [
        (1, 1),
        (2, 1),
        (2, 3),
        (3, 2),
        (5, 40),
        (16, 1),
        (31, 513),
        (64, 64),
        (65, 7),
        (100, 14),
        (101, 15),
        (200, 1200),
        (511, 80),
        (513, 70),
    ];
    for (n, p) in shapes {
        for (flips, seed) in [(0, 1), (n / 10, 2), (n / 2, 3)] {
            let case = Case::new(n, p, flips, seed);
            for update in UPDATES {
                case.check(update, f64::INFINITY, 50);
                case.check(update, 1.5, 5);
            }
        }
    }
}

#[test]
fn recall_that_loses_the_memory_equals_the_reference() {
    // Far above capacity, so that planes grow and shrink and blocks hold many flips.
    for (n, p) in [(600, 200), (1001, 190)] {
        Case::new(n, p, n / 4, 8).check(Update::Sequential, f64::INFINITY, 200);
    }
}

#[test]
fn a_heat_bath_equals_the_reference_hot_and_cold() {
    // A memory that stays, one that is found again, and one that is lost: runs with few flips a
    // sweep, with many, and from one to the other in either direction.
    for (n, p, flips) in [(700, 30, 0), (701, 30, 200), (640, 90, 60), (900, 5, 440)] {
        let case = Case::new(n, p, flips, 6);
        for beta in [0.0, 1e-300, 0.9, 2.0, 4.0, 6.0, 10.0, 30.0, 1e300] {
            case.check(Update::Sequential, beta, 30);
        }
    }
}

#[test]
fn look_ahead_across_threads_equals_the_reference() {
    // 9.3 MB of rows: above the size from which threads share one trial.
    Case::new(12_100, 5900, 300, 4).check(Update::Sequential, f64::INFINITY, 4);
    Case::new(12_100, 5900, 0, 4).check(Update::Sequential, 8.0, 2);
}

#[test]
fn correlated_patterns_equal_the_reference() {
    // All patterns near one: every overlap is condensed, far more than the list holds.
    let (n, p) = (150, 90);
    let base = Patterns::random(1, n, 1, Level::Portable, &Control::default()).unwrap();
    let base = base.to_spins(&[0], &Control::default()).unwrap();
    let mut spins = base.repeat(p);
    for (mu, pattern) in spins.chunks_mut(n).enumerate() {
        corrupt(pattern, 30, 9, mu as u64);
    }
    let mut case = Case::new(n, p, 0, 1);
    case.patterns = Patterns::from_spins(&spins, p, n, &Control::default()).unwrap();
    for update in UPDATES {
        case.check(update, f64::INFINITY, 50);
        case.check(update, 2.0, 5);
    }
}

#[test]
fn a_two_cycle_is_named() {
    // One pattern in two spins, P = 2 copies: each spin wants what the other is.
    let patterns = Patterns::from_spins(&[1, -1, 1, -1], 2, 2, &Control::default()).unwrap();
    let model = Hopfield::new(&patterns, None, Level::Portable).unwrap();
    let dynamics =
        Dynamics { update: Update::Synchronous, beta: f64::INFINITY, max_sweeps: 1000, seed: 0 };
    let mut spins = [1, 1];
    let outcome = model.recall(&dynamics, 0, &mut spins, None, &Control::default()).unwrap();
    assert_eq!((outcome.converged, outcome.cycle_length, outcome.sweeps), (false, 2, 2));
}

#[test]
fn the_couplings_are_the_hebb_rule_and_overflow_is_told() {
    for (n, p) in [(1, 3), (2, 1), (70, 200), (130, 20)] {
        let case = Case::new(n, p, 0, 6);
        let which: Vec<usize> = (0..p).collect();
        let xi = case.patterns.to_spins(&which, &Control::default()).unwrap();
        for level in Level::available() {
            let mut matrix = vec![0i16; n * n];
            couplings(&case.model(level), &mut matrix, &Control::default()).unwrap();
            for i in 0..n {
                for j in 0..n {
                    let sum: i16 =
                        (0..p).map(|mu| i16::from(xi[mu * n + i] * xi[mu * n + j])).sum();
                    assert_eq!(matrix[i * n + j], if i == j { 0 } else { sum }, "{level} {i} {j}");
                }
            }
        }
    }
    let same = Patterns::from_spins(&[1; 300 * 2], 300, 2, &Control::default()).unwrap();
    let model = Hopfield::new(&same, None, Level::Portable).unwrap();
    let error = couplings(&model, &mut [0i8; 4], &Control::default()).unwrap_err();
    assert_eq!(
        error,
        Error::Overflow("N J[0, 1] = 300 does not fit in int8; a wider dtype is needed".into())
    );
}

fn descents(n_starts: usize) -> Rules {
    Rules { n_starts, beta: f64::INFINITY, sweeps: vec![100], average: 0.5, abandon: None }
}

#[test]
fn an_abandoned_trial_is_one_that_is_lost() {
    let instance = |seed| Instance { n_spins: 500, n_patterns: 78, seed, n_flips: 0 };
    let run = |rules| {
        let trials = Trials::new((0..60).map(instance).collect(), rules).unwrap();
        trials.run(Level::current().unwrap(), &Control::default()).unwrap();
        trials.finished()
    };
    let whole = run(descents(2));
    let ended = run(Rules { abandon: Some(0.5), ..descents(2) });
    let n_abandoned = ended.iter().filter(|trial| trial.abandoned).count();
    assert!(n_abandoned > 10 && n_abandoned < 110, "{n_abandoned}");
    for (whole, ended) in whole.iter().zip(&ended) {
        if ended.abandoned {
            assert!(ended.sweeps < whole.sweeps && ended.overlaps[0] < 0.5);
            assert!(whole.overlaps[0] < 0.9);
        } else {
            assert_eq!(whole, ended);
        }
    }
}

#[test]
fn a_heat_bath_is_averaged_over_the_ends_of_its_lengths() {
    let (n, seed, beta) = (300, 4, 4.0);
    let instance = Instance { n_spins: n, n_patterns: 20, seed, n_flips: 0 };
    let rules = Rules { n_starts: 1, beta, sweeps: vec![1, 6, 10], average: 0.5, abandon: None };
    let trials = Trials::new(vec![instance], rules).unwrap();
    trials.run(Level::Portable, &Control::default()).unwrap();
    let case = Case::new(n, 20, 0, seed);
    let model = case.model(Level::Portable);
    let overlaps: Vec<f64> = (1..=10)
        .map(|max_sweeps| {
            let dynamics = Dynamics { update: Update::Sequential, beta, max_sweeps, seed };
            let mut spins = case.start.clone();
            reference_recall(&model, &dynamics, 0, &mut spins, None);
            let sum: i64 = spins.iter().zip(&case.start).map(|(s, x)| i64::from(s * x)).sum();
            sum as f64 / n as f64
        })
        .collect();
    let mean = |these: &[f64]| these.iter().sum::<f64>() / these.len() as f64;
    let expected = [overlaps[0], mean(&overlaps[3..6]), mean(&overlaps[5..10])];
    let trial = &trials.finished()[0];
    assert_eq!((trial.sweeps, trial.converged), (10, false));
    for (found, expected) in trial.overlaps.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12);
    }
}

#[test]
fn trials_do_not_depend_on_threads_or_on_their_neighbours() {
    let instance = |n_patterns, seed| Instance { n_spins: 300, n_patterns, seed, n_flips: 15 };
    let run = |instances: Vec<Instance>, n_threads| {
        let trials = Trials::new(instances, descents(4)).unwrap();
        let pool = threads::pool(Some(n_threads)).unwrap();
        pool.install(|| trials.run(Level::current().unwrap(), &Control::default())).unwrap();
        trials.finished()
    };
    let alone = run(vec![instance(45, 8)], 1);
    for n_threads in [1, 2, 3, 7] {
        let mut among: Vec<_> =
            run(vec![instance(30, 7), instance(45, 8), instance(60, 9)], n_threads)
                .into_iter()
                .filter(|trial| trial.instance == 1)
                .collect();
        for trial in &mut among {
            trial.instance = 0;
        }
        assert_eq!(among, alone);
    }
}

#[test]
fn a_cancelled_scan_keeps_what_it_finished() {
    let instances = vec![Instance { n_spins: 200, n_patterns: 10, seed: 1, n_flips: 0 }];
    let trials = Trials::new(instances, descents(10)).unwrap();
    let control = Control::new(10);
    control.cancel();
    assert_eq!(trials.run(Level::Portable, &control), Err(Error::Cancelled));
    assert!(trials.finished().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn thresholds_and_clamps_equal_the_reference(
        n in 1usize..90,
        p in 1usize..120,
        seed in 0u64..1000,
        scale in prop::sample::select(vec![0.0, 0.01, 0.5, 3.0]),
        held in 0usize..4,
    ) {
        let mut case = Case::new(n, p, n / 3, seed);
        // Multiples of 1/N tie with fields, the others never do.
        case.thresholds = Some((0..n).map(|i| match i % 3 {
            0 => scale * (i as f64).sin(),
            1 => (i % 5) as f64 / n as f64,
            _ => 0.0,
        }).collect());
        if held > 0 {
            case.clamp = Some((0..n).map(|i| i % (held + 1) == 0).collect());
        }
        for update in UPDATES {
            case.check(update, f64::INFINITY, 40);
            case.check(update, 0.7, 3);
        }
    }

    #[test]
    fn sequential_descent_never_raises_the_energy(
        n in 2usize..80,
        p in 1usize..40,
        seed in 0u64..1000,
    ) {
        let case = Case::new(n, p, n / 2, seed);
        let model = case.model(Level::current().unwrap());
        let control = Control::default();
        let energy =
            |spins: &[i8]| model.energy(spins, &model.overlaps(spins, &control).unwrap());
        let mut spins = case.start.clone();
        let mut before = energy(&spins);
        for _ in 0..20 {
            let dynamics = Dynamics {
                update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 1, seed: 0,
            };
            let outcome = model.recall(&dynamics, 0, &mut spins, None, &control).unwrap();
            let after = energy(&spins);
            // A flip lowers the energy by at least 2/N; ties do not flip.
            prop_assert!(after <= before - 2.0 * outcome.flips as f64 / n as f64 + 1e-9);
            before = after;
        }
    }
}
