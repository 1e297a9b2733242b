//! Training as a whole: threads, batches, scales of the data, divergence.

use super::{
    gaussian_trainer::{GaussianRules, GaussianTrainer},
    trainer::{Batches, Trainer},
};
use crate::{
    control::Control,
    rbm::units::{gaussian_machine::GaussianRbm, gaussian_rows::Rows},
    simd::Level,
    team::Team,
    threads,
};

/// Two clouds of points in three dimensions.
fn clouds(n: usize) -> Rows {
    let wave = |k: usize| (1.7 * (k * k) as f64).sin();
    let row = |k: usize| {
        let centre = if k.is_multiple_of(3) { 2.0 } else { -1.0 };
        [centre + wave(k), 5.0 - centre + wave(k + 500), wave(k + 900)]
    };
    Rows::new((0..n).flat_map(row).collect(), 3).unwrap()
}

/// Independent visible units with the moments of rows, and five hidden units of small weights.
fn small(rows: &Rows) -> GaussianRbm {
    let (means, variances) = rows.moments();
    let weights: Vec<f64> =
        (0..15).map(|k| 0.01 * (1.7 * (k * k) as f64).sin() * variances[k % 3].sqrt()).collect();
    let field =
        |j: usize| (0..3).map(|i| weights[3 * j + i] * means[i] / variances[i]).sum::<f64>();
    let hidden = (0..5).map(|j| -field(j)).collect();
    GaussianRbm::new(weights, hidden, means, variances).unwrap()
}

fn rules(persistent: bool) -> GaussianRules {
    GaussianRules {
        steps: 2,
        persistent,
        summed: false,
        momentum: 0.5,
        weight_decay: 0.001,
        variance_rates: vec![0.5; 3],
    }
}

fn trained(rows: &Rows, persistent: bool, epochs: usize) -> crate::error::Result<GaussianTrainer> {
    let machine = small(rows);
    let mut trainer = GaussianTrainer::begin(machine, &[0; 5 * 30], 2, rules(persistent))?;
    for epoch in 0..epochs {
        let rate = 0.05 * (1.0 - epoch as f32 / epochs as f32);
        let rates = vec![rate; rows.len().div_ceil(10)];
        let batches =
            Batches { first: 0, rows: rows.len(), size: 10, rates: &rates, weights: None };
        trainer.update(rows, &batches, &Team::alone(), Level::Portable, &Control::default())?;
    }
    Ok(trainer)
}

#[test]
fn training_is_the_same_on_any_number_of_threads() {
    let rows = clouds(93);
    for persistent in [true, false] {
        let on = |count| {
            let pool = threads::pool(Some(count)).unwrap();
            let trainer = pool.install(|| trained(&rows, persistent, 20)).unwrap();
            let machine = trainer.machine().clone();
            let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            (bits(machine.weights()), bits(machine.variances()), bits(machine.hidden_bias()))
        };
        let alone = on(1);
        assert!([2, 3].into_iter().all(|count| on(count) == alone), "persistent: {persistent}");
    }
}

#[test]
fn training_raises_the_likelihood_and_learns_the_noise() {
    let rows = clouds(90);
    let control = Control::default();
    let mean = |machine: &GaussianRbm| {
        let free = machine.free_energy(&rows, &control).unwrap();
        -free.iter().sum::<f64>() / 90.0 - machine.log_partition(&control).unwrap()
    };
    let before = small(&rows);
    for persistent in [true, false] {
        let after = trained(&rows, persistent, 200).unwrap();
        let (start, end) = (mean(&before), mean(after.machine()));
        assert!(end > start + 0.5, "{start} to {end}");
        // Of the variance 2.5 of the first feature, 2 tell the clouds apart.
        assert!(after.machine().variances()[0] < 0.5 * before.variances()[0]);
    }
}

#[test]
fn the_zero_and_the_unit_of_a_feature_do_not_matter() {
    let rows = clouds(60);
    let scaled = rows.values.iter().enumerate().map(|(k, x)| match k % 3 {
        0 => 1000.0 * x + 7000.0,
        1 => 0.001 * x,
        _ => x - 40.0,
    });
    let scaled = Rows::new(scaled.collect(), 3).unwrap();
    let (a, b) = (trained(&rows, true, 20).unwrap(), trained(&scaled, true, 20).unwrap());
    for (k, (a, b)) in a.machine().weights().iter().zip(b.machine().weights()).enumerate() {
        let factor = [1000.0, 0.001, 1.0][k % 3];
        assert!((b / factor - a).abs() < 1e-6 * a.abs().max(0.01), "{k}: {a} and {b}");
    }
    let control = Control::default();
    let p = |trainer: &GaussianTrainer, rows: &Rows| {
        trainer.machine().hidden_probabilities(rows, &control).unwrap()
    };
    for (p, q) in p(&a, &rows).iter().zip(p(&b, &scaled)) {
        assert!((p - q).abs() < 1e-6, "{p} and {q}");
    }
}

#[test]
fn divergence_is_named_and_what_was_before_is_kept() {
    let rows = clouds(30);
    let machine = small(&rows);
    for (rate, variance_rate, reason) in
        [(1e30, 0.0, "lower learning_rate"), (50.0, 0.5, "has collapsed")]
    {
        // The third feature is at its mean in all rows but one: its variance falls at once.
        let rows = if variance_rate > 0.0 {
            Rows::new(vec![machine.visible_bias()[0], machine.visible_bias()[1], 0.0], 3).unwrap()
        } else {
            rows.clone()
        };
        let rules = GaussianRules {
            variance_rates: vec![variance_rate; 3],
            weight_decay: 0.0,
            momentum: 0.0,
            ..rules(true)
        };
        let mut trainer = GaussianTrainer::begin(machine.clone(), &[0; 5], 2, rules).unwrap();
        let rates = [rate; 50];
        let (error, updates) = loop {
            let (before, updates) = (trainer.machine().clone(), trainer.updates());
            let batches = Batches { first: 0, rows: 1, size: 1, rates: &rates[..1], weights: None };
            if let Err(error) = trainer.update(
                &rows,
                &batches,
                &Team::alone(),
                Level::Portable,
                &Control::default(),
            ) {
                assert_eq!(before.weights(), trainer.machine().weights());
                assert_eq!(before.variances(), trainer.machine().variances());
                break (error.to_string(), updates);
            }
            assert!(updates < 1000, "no divergence");
        };
        assert!(error.starts_with(&format!("training diverged at update {}", updates + 1)));
        assert!(error.contains(reason), "{error}");
        assert_eq!(trainer.updates(), updates);
    }
}

#[test]
fn a_training_that_is_resumed_goes_on_with_the_same_bits() {
    let rows = clouds(40);
    let rates = [0.1; 4];
    let batches = Batches { first: 0, rows: 40, size: 10, rates: &rates, weights: None };
    for persistent in [true, false] {
        let mut whole = trained(&rows, persistent, 20).unwrap();
        let level = Level::Portable;
        let mut resumed =
            GaussianTrainer::from_state(whole.state(), rules(persistent), level).unwrap();
        for trainer in [&mut whole, &mut resumed] {
            trainer
                .update(&rows, &batches, &Team::alone(), Level::Portable, &Control::default())
                .unwrap();
        }
        assert_eq!(whole.machine().weights(), resumed.machine().weights());
        assert_eq!(whole.chains(), resumed.chains());
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let message = |result: crate::error::Result<Rows>| result.unwrap_err().to_string();
    let rows = |values| Rows::new(values, 2);
    assert!(message(rows(vec![0.0, f64::NAN])).ends_with("got NaN in row 0, column 1"));
    assert!(message(rows(vec![0.0; 3])).starts_with("X must be at least one row of 2 numbers"));
    assert!(message(rows(vec![1e101, 0.0])).contains("1e101"));
    let machine = |s| GaussianRbm::new(vec![0.0; 2], vec![0.0], vec![0.0; 2], vec![1.0, s]);
    for s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(machine(s).unwrap_err().to_string().starts_with("variances must be"));
    }
    let bad = GaussianRules { variance_rates: vec![-1.0; 2], ..rules(true) };
    let trainer = GaussianTrainer::begin(machine(1.0).unwrap(), &[0], 0, bad);
    assert_eq!(trainer.unwrap_err().to_string(), "variance_rate must be at least 0, got -1");
    let wide = GaussianTrainer::begin(
        machine(1.0).unwrap(),
        &[2],
        0,
        GaussianRules { variance_rates: vec![0.0; 2], ..rules(true) },
    );
    assert!(wide.unwrap_err().to_string().starts_with("chains must be rows of 1 units 0 and 1"));
}
