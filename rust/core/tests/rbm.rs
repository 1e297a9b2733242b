//! The restricted Boltzmann machine equals its definition, bit for bit, on every instruction set
//! and any number of threads.

use spinglass_core::{
    control::Control,
    error::Error,
    rbm::{
        Batches, BernoulliState, BernoulliTrainer, Chains, Data, From, Gibbs, Precision, Rbm,
        Reference, Rules, Trainer, initial_weights,
    },
    rng::{Philox, Purpose},
    simd::Level,
    team::Team,
    threads::pool,
};

const THREADS: [usize; 4] = [1, 2, 3, 7];

/// A machine with weights of order one, so that units are neither free nor frozen.
fn machine(n_hidden: usize, n_visible: usize, precision: Precision, level: Level) -> Rbm {
    let weights = initial_weights(n_hidden, n_visible, 0.4, 11).unwrap();
    let hidden = initial_weights(1, n_hidden, 0.5, 12).unwrap();
    let visible = initial_weights(1, n_visible, 0.5, 13).unwrap();
    Rbm::new(&weights, &hidden, &visible, precision, level).unwrap()
}

/// Bits that are one with probability one third.
fn bits(count: usize, seed: u64) -> Vec<u8> {
    let philox = Philox::new(seed, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    (0..count).map(|_| u8::from(words.below(3) == 0)).collect()
}

fn each_way(mut test: impl FnMut(Level, usize)) {
    for level in Level::available() {
        for threads in THREADS {
            test(level, threads);
        }
    }
}

fn gibbs(rbm: &Rbm, start: &[u8], run: &Gibbs<'_>, level: Level, threads: usize) -> Chains {
    pool(Some(threads))
        .unwrap()
        .install(|| rbm.gibbs(start, run, &Team::of_pool(), level, &Control::default()).unwrap())
}

#[test]
fn chains_equal_their_definition() {
    // 300 rows: more than the fields of one pass; 130 x 95 of them: worth several threads.
    for (n_hidden, n_visible, rows) in [(3, 2, 5), (33, 70, 40), (95, 130, 300)] {
        for precision in [Precision::Full, Precision::Fast] {
            let rbm = machine(n_hidden, n_visible, precision, Level::Portable);
            let mut reference = Reference::new(rbm, 5);
            reference.visible = bits(rows * n_visible, 1);
            for _ in 0..3 {
                reference.draw_hidden();
                reference.draw_visible();
            }
            each_way(|level, threads| {
                let rbm = machine(n_hidden, n_visible, precision, level);
                let run =
                    Gibbs { steps: 3, seed: 5, from: From::Visible, clamped: None, every: Some(2) };
                let chains = gibbs(&rbm, &bits(rows * n_visible, 1), &run, level, threads);
                assert_eq!(chains.hidden, reference.hidden, "{level}, {threads} threads");
                assert_eq!(chains.visible, reference.visible, "{level}, {threads} threads");
                let two = Gibbs { steps: 2, every: None, ..run };
                let two = gibbs(&rbm, &bits(rows * n_visible, 1), &two, level, threads);
                assert_eq!(chains.kept, two.visible);
            });
        }
    }
}

#[test]
fn chains_from_hidden_states_draw_the_visible_ones_first() {
    let level = Level::current().unwrap();
    let mut reference = Reference::new(machine(40, 37, Precision::Full, level), 8);
    reference.hidden = bits(20 * 40, 2);
    let start = reference.hidden.clone();
    for _ in 0..2 {
        reference.draw_visible();
        reference.draw_hidden();
    }
    let run = Gibbs { steps: 2, seed: 8, from: From::Hidden, clamped: None, every: None };
    let chains = gibbs(reference.machine(), &start, &run, level, 2);
    assert_eq!((chains.hidden, chains.visible), (reference.hidden, reference.visible));
}

#[test]
fn clamped_units_keep_their_value_and_the_others_follow() {
    let level = Level::current().unwrap();
    let rbm = machine(40, 37, Precision::Full, level);
    let start = bits(50 * 37, 3);
    let mask: Vec<u8> = (0..37).map(|unit| u8::from(unit % 3 == 0)).collect();
    let run = Gibbs { steps: 5, seed: 1, from: From::Visible, clamped: Some(&mask), every: None };
    let chains = gibbs(&rbm, &start, &run, level, 1);
    let mut moved = 0;
    for (after, before) in chains.visible.chunks_exact(37).zip(start.chunks_exact(37)) {
        for unit in 0..37 {
            if unit % 3 == 0 {
                assert_eq!(after[unit], before[unit]);
            }
            moved += u32::from(after[unit] != before[unit]);
        }
    }
    assert!(moved > 100, "{moved} of 1200 free units moved");
}

/// Weights and biases after training.
fn parameters(trainer: &BernoulliTrainer) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    let machine = trainer.machine();
    (bits(machine.weights()), bits(machine.hidden_bias()), bits(machine.visible_bias()))
}

fn train(trainer: &mut BernoulliTrainer, data: &Data, size: usize, level: Level, threads: usize) {
    let rates = vec![0.1; data.n_rows().div_ceil(size)];
    let batches = Batches { first: 0, rows: data.n_rows(), size, rates: &rates, weights: None };
    pool(Some(threads)).unwrap().install(|| {
        trainer.update(data, &batches, &Team::of_pool(), level, &Control::default()).unwrap();
    });
}

#[test]
fn updates_equal_their_definition() {
    // 110 rows in batches of 48: the last one is shorter. 140 x 150 x 48: worth several threads.
    for (n_hidden, n_visible) in [(5, 4), (140, 150)] {
        for (steps, persistent) in [(1, true), (3, true), (2, false)] {
            let rows = bits(110 * n_visible, 4);
            let rbm = machine(n_hidden, n_visible, Precision::Full, Level::Portable);
            let mut reference = Reference::new(rbm, 21);
            reference.hidden = vec![0; 40 * n_hidden];
            for rows in rows.chunks(48 * n_visible) {
                reference.update(rows, steps, persistent, 0.1, Level::Portable).unwrap();
            }
            each_way(|level, threads| {
                let rbm = machine(n_hidden, n_visible, Precision::Full, level);
                let rules = Rules { steps, persistent, ..Rules::default() };
                let mut trainer =
                    BernoulliTrainer::begin(rbm, &vec![0; 40 * n_hidden], 21, rules.clone())
                        .unwrap();
                let data = Data::new(&rows, n_visible, level).unwrap();
                train(&mut trainer, &data, 48, level, threads);
                let expected = BernoulliTrainer::begin(
                    reference.machine().clone(),
                    &vec![0; n_hidden],
                    0,
                    Rules::default(),
                );
                assert_eq!(
                    parameters(&trainer),
                    parameters(&expected.unwrap()),
                    "{level}, {threads} threads, {rules:?}"
                );
                assert_eq!(trainer.updates(), 3);
                if persistent {
                    assert_eq!(trainer.chains(), reference.hidden);
                }
            });
        }
    }
}

/// Every rule beyond the plain ones, alone and together.
fn all_rules() -> Vec<Rules> {
    let plain = Rules::default();
    vec![
        Rules { momentum: 0.5, ..plain.clone() },
        Rules { weight_decay: 0.01, ..plain.clone() },
        Rules { sparsity: Some((0.1, 0.5)), ..plain.clone() },
        Rules { centered: true, ..plain.clone() },
        Rules { betas: vec![0.0, 0.4, 0.8, 1.0], steps: 2, ..plain.clone() },
        Rules {
            momentum: 0.9,
            weight_decay: 1e-3,
            sparsity: Some((0.2, 0.1)),
            centered: true,
            betas: vec![0.5, 1.0],
            steps: 3,
            persistent: true,
        },
    ]
}

#[test]
fn every_rule_gives_the_same_bits_on_all_levels_and_threads() {
    let (n_hidden, n_visible, size) = (70, 90, 300);
    let binary = bits(500 * n_visible, 5);
    let real: Vec<f32> = bits(500 * n_visible, 6)
        .iter()
        .zip(&binary)
        .map(|(&a, &b)| f32::from(a + b) / 2.0)
        .collect();
    let mut differing = Vec::new();
    for rules in all_rules() {
        for is_real in [false, true] {
            let mut first = None;
            each_way(|level, threads| {
                let rbm = machine(n_hidden, n_visible, Precision::Full, level);
                let mut trainer =
                    BernoulliTrainer::begin(rbm, &vec![0; 50 * n_hidden], 2, rules.clone())
                        .unwrap();
                let data = if is_real {
                    Data::new(&real, n_visible, level).unwrap()
                } else {
                    Data::new(&binary, n_visible, level).unwrap()
                };
                assert_eq!(data.is_binary(), !is_real);
                train(&mut trainer, &data, size, level, threads);
                let after = (parameters(&trainer), (trainer.chains(), trainer.visible_chains()));
                let first = first.get_or_insert_with(|| after.clone());
                assert_eq!(first, &after, "{level}, {threads} threads, {rules:?}");
            });
            differing.push(first.unwrap().0);
        }
    }
    differing.sort();
    differing.dedup();
    assert_eq!(differing.len(), 2 * all_rules().len(), "every rule does something");
}

#[test]
fn a_restored_training_goes_on_with_the_same_bits() {
    let level = Level::current().unwrap();
    let (n_hidden, n_visible) = (40, 50);
    let rows = bits(100 * n_visible, 7);
    let data = Data::new(&rows, n_visible, level).unwrap();
    for rules in all_rules() {
        let begin = || {
            let rbm = machine(n_hidden, n_visible, Precision::Full, level);
            BernoulliTrainer::begin(rbm, &vec![0; 20 * n_hidden], 3, rules.clone()).unwrap()
        };
        let (mut whole, mut parts) = (begin(), begin());
        train(&mut whole, &data, 30, level, 1);
        train(&mut whole, &data, 30, level, 1);
        train(&mut parts, &data, 30, level, 2);
        let mut later = BernoulliTrainer::from_state(parts.state(), rules.clone(), level).unwrap();
        train(&mut later, &data, 30, level, 2);
        assert_eq!(parameters(&whole), parameters(&later), "{rules:?}");
        assert_eq!(whole.chains(), later.chains());
        assert_eq!(whole.visible_chains(), later.visible_chains());
        assert_eq!((whole.updates(), whole.activity()), (later.updates(), later.activity()));
    }
}

#[test]
fn a_state_that_does_not_hold_together_is_refused() {
    let level = Level::current().unwrap();
    let moving = Rules { momentum: 0.5, ..Rules::default() };
    let rbm = machine(8, 9, Precision::Full, level);
    let state = BernoulliTrainer::begin(rbm, &[0; 5 * 8], 3, moving.clone()).unwrap().state();
    let refused = |rules: &Rules, spoil: &dyn Fn(&mut BernoulliState)| {
        let mut other = state.clone();
        spoil(&mut other);
        matches!(BernoulliTrainer::from_state(other, rules.clone(), level), Err(Error::Value(_)))
    };
    assert!(!refused(&moving, &|_| ()));
    assert!(refused(&moving, &|state| state.weights.truncate(1)));
    assert!(refused(&moving, &|state| state.hidden_bias.truncate(1)));
    assert!(refused(&moving, &|state| state.activity.truncate(1)));
    assert!(refused(&moving, &|state| state.velocity[0].truncate(1)));
    assert!(refused(&moving, &|state| state.velocity[2].clear()));
    assert!(refused(&moving, &|state| state.chains[0].truncate(1)));
    assert!(refused(&moving, &|state| state.chains[0].clear()));
    assert!(refused(&moving, &|state| state.chains[1].truncate(1)));
    assert!(refused(&moving, &|state| state.temperatures.truncate(1)));
    assert!(refused(&moving, &|state| state.temperatures[0] = 1));
    assert!(refused(&moving, &|state| state.streams[0].truncate(1)));
    let tempered = Rules { betas: vec![0.5, 1.0], ..Rules::default() };
    assert!(refused(&tempered, &|_| ()));
}

#[test]
fn momentum_that_is_set_later_begins_at_rest() {
    let level = Level::current().unwrap();
    let data = Data::new(&bits(30 * 9, 7), 9, level).unwrap();
    let moving = Rules { momentum: 0.5, ..Rules::default() };
    let rbm = machine(8, 9, Precision::Full, level);
    let mut plain = BernoulliTrainer::begin(rbm, &[0; 5 * 8], 3, Rules::default()).unwrap();
    let mut later = BernoulliTrainer::from_state(plain.state(), moving.clone(), level).unwrap();
    for trainer in [&mut plain, &mut later] {
        train(trainer, &data, 30, level, 1);
    }
    assert_eq!(parameters(&plain), parameters(&later));
    assert!(later.state().velocity[0].iter().any(|&step| step != 0.0));
    let without = BernoulliTrainer::from_state(later.state(), Rules::default(), level).unwrap();
    assert!(without.state().velocity[0].is_empty());
}

#[test]
fn other_states_of_the_cold_chains_leave_the_warm_ones() {
    let level = Level::current().unwrap();
    let rules = Rules { betas: vec![0.5, 1.0], ..Rules::default() };
    let rbm = machine(8, 9, Precision::Full, level);
    let mut trainer = BernoulliTrainer::begin(rbm, &[0; 5 * 8], 3, rules).unwrap();
    trainer.set_chains(&[1; 5 * 8]).unwrap();
    assert_eq!(trainer.chains(), [1; 5 * 8]);
    assert_eq!(trainer.state().chains[0], [[0; 5 * 8], [1; 5 * 8]].concat());
    assert!(matches!(trainer.set_chains(&[1; 4 * 8]), Err(Error::Value(_))));
}

#[test]
fn a_diverging_training_keeps_the_parameters_before() {
    let level = Level::current().unwrap();
    let (n_hidden, n_visible) = (40, 50);
    let data = Data::new(&bits(64 * n_visible, 7), n_visible, level).unwrap();
    for threads in [1, 3] {
        let rbm = machine(n_hidden, n_visible, Precision::Full, level);
        let rules = Rules { momentum: 0.5, ..Rules::default() };
        let mut trainer = BernoulliTrainer::begin(rbm, &vec![0; 32 * n_hidden], 3, rules).unwrap();
        let rates = [0.1, f32::MAX];
        let run = |trainer: &mut BernoulliTrainer, rates: &[f32]| {
            let rows = 32 * rates.len();
            let batches = Batches { first: 0, rows, size: 32, rates, weights: None };
            pool(Some(threads)).unwrap().install(|| {
                trainer.update(&data, &batches, &Team::of_pool(), level, &Control::default())
            })
        };
        run(&mut trainer, &rates[..1]).unwrap();
        let before = parameters(&trainer);
        let rbm = machine(n_hidden, n_visible, Precision::Full, level);
        let rules = Rules { momentum: 0.5, ..Rules::default() };
        let mut trainer = BernoulliTrainer::begin(rbm, &vec![0; 32 * n_hidden], 3, rules).unwrap();
        let message = run(&mut trainer, &rates).unwrap_err().to_string();
        assert!(message.contains("diverged at update 2"), "{message}");
        assert!(message.contains("learning_rate"), "{message}");
        assert_eq!((parameters(&trainer), trainer.updates()), (before, 1));
        run(&mut trainer, &[0.1]).unwrap();
        assert!(trainer.machine().weights().iter().all(|weight| weight.is_finite()));
    }
}

#[test]
fn a_cancelled_training_stops_between_two_updates() {
    let level = Level::current().unwrap();
    let data = Data::new(&bits(64 * 20, 7), 20, level).unwrap();
    let rbm = machine(10, 20, Precision::Full, level);
    let mut trainer = BernoulliTrainer::begin(rbm, &[0; 100], 3, Rules::default()).unwrap();
    let control = Control::default();
    control.cancel();
    let batches = Batches { first: 0, rows: 64, size: 8, rates: &[0.1; 8], weights: None };
    let outcome = trainer.update(&data, &batches, &Team::alone(), level, &control);
    assert_eq!((outcome, trainer.updates()), (Err(Error::Cancelled), 1));
}

#[test]
fn fields_are_as_precise_as_floats() {
    let level = Level::current().unwrap();
    let rbm = machine(100, 784, Precision::Full, level);
    let rows = bits(30 * 784, 9);
    let data = Data::new(&rows, 784, level).unwrap();
    let probabilities = rbm.hidden_probabilities(&data, level, &Control::default()).unwrap();
    let (weights, bias) = (rbm.weights(), rbm.hidden_bias());
    // The rounding of n weights to units of 1 / scale has a standard error of sqrt(n / 12) units in
    // the field, and a quarter of that in the probability; six of them for 3000 numbers, and the
    // roundings of exp2 (3e-7, a quarter) and of the probability.
    let error = 6.0 * (784.0f64 / 12.0).sqrt() / 4.0 / f64::from(rbm.scale()) + 2e-7;
    assert!(error < 1e-5);
    for (row, p) in rows.chunks_exact(784).zip(probabilities.chunks_exact(100)) {
        for unit in 0..100 {
            let on = (0..784).filter(|&input| row[input] != 0);
            let field: f64 = on.map(|input| f64::from(weights[unit * 784 + input])).sum();
            let exact = 1.0 / (1.0 + (-field - f64::from(bias[unit])).exp());
            assert!((f64::from(p[unit]) - exact).abs() < error);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let level = Level::current().unwrap();
    let of = |outcome: Result<Rbm, Error>| outcome.unwrap_err().to_string();
    let new = |w: &[f32], h: &[f32], v: &[f32]| Rbm::new(w, h, v, Precision::Full, level);
    assert!(of(new(&[0.0; 5], &[0.0; 2], &[0.0; 3])).starts_with("components must be 2 x 3"));
    assert!(of(new(&[], &[], &[0.0; 3])).contains("at least one unit"));
    assert!(of(new(&[f32::NAN; 6], &[0.0; 2], &[0.0; 3])).starts_with("components must be finite"));
    assert!(of(new(&[f32::MAX; 6], &[0.0; 2], &[0.0; 3])).contains("weights"));
    let rules = |rules: Rules| rules.check().unwrap_err().to_string();
    let plain = Rules::default();
    assert!(rules(Rules { steps: 0, ..plain.clone() }).starts_with("k must be"));
    for betas in [vec![], vec![0.5], vec![1.0, 0.5], vec![-0.5, 1.0], vec![f64::NAN, 1.0]] {
        assert!(rules(Rules { betas, ..plain.clone() }).starts_with("tempering must be"));
    }
    assert!(rules(Rules { momentum: 1.0, ..plain.clone() }).starts_with("momentum must be"));
    assert!(rules(Rules { weight_decay: f32::NAN, ..plain.clone() }).starts_with("weight_decay"));
    assert!(rules(Rules { sparsity: Some((0.0, 1.0)), ..plain }).contains("target of sparsity"));
}
