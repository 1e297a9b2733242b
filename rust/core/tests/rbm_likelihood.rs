//! The partition sum of restricted Boltzmann machines, held against sums over all states.

use spinglass_core::{
    control::Control,
    error::Error,
    rbm::{Annealed, From, Gibbs, Precision, Rbm},
    rng::{Philox, Purpose},
    simd::Level,
    spins::gaussian::gaussian,
    team::Team,
    threads::pool,
};

/// Weights W_ji, hidden biases b and visible biases a.
#[derive(Clone)]
struct Parameters {
    weights: Vec<f32>,
    hidden: Vec<f32>,
    visible: Vec<f32>,
}

impl Parameters {
    /// Gaussian weights and biases of these deviations.
    fn random(n_hidden: usize, n_visible: usize, weight: f64, bias: f64, seed: u64) -> Self {
        let stream = Philox::new(seed, Purpose::Weights, 1);
        let mut words = stream.words_from(0);
        let mut draw = |count: usize, deviation: f64| -> Vec<f32> {
            (0..count).map(|_| (deviation * gaussian(words.next_word())) as f32).collect()
        };
        Self {
            weights: draw(n_hidden * n_visible, weight),
            hidden: draw(n_hidden, bias),
            visible: draw(n_visible, bias),
        }
    }

    fn machine(&self) -> Rbm {
        let level = Level::current().unwrap();
        Rbm::new(&self.weights, &self.hidden, &self.visible, Precision::Full, level).unwrap()
    }

    /// x_j of all hidden units.
    fn fields(&self, v: &[u8]) -> Vec<f64> {
        let rows = self.weights.chunks(self.visible.len()).zip(&self.hidden);
        rows.map(|(row, &bias)| dot(row, v) + f64::from(bias)).collect()
    }

    /// ln of p_beta(v), not normalised, with the visible biases `base` at beta = 0.
    fn log_weight(&self, beta: f64, base: &[f32], v: &[u8]) -> f64 {
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let hidden: f64 = self.fields(v).into_iter().map(|x| softplus(beta * x)).sum();
        (1.0 - beta) * dot(base, v) + beta * dot(&self.visible, v) + hidden
    }

    /// ln Z, by a sum over all visible states.
    fn log_partition_over_visible(&self) -> f64 {
        log_sum_exp(states(self.visible.len()).map(|v| self.log_weight(1.0, &self.visible, &v)))
    }

    /// ln Z, by a sum over all states of both layers.
    fn log_partition_over_both(&self) -> f64 {
        let minus_energy = |v: &[u8], h: &[u8]| {
            let coupled: f64 = h.iter().zip(self.fields(v)).map(|(&h, x)| f64::from(h) * x).sum();
            coupled + dot(&self.visible, v)
        };
        let hidden = states(self.hidden.len());
        log_sum_exp(
            hidden
                .flat_map(|h| states(self.visible.len()).map(move |v| (v, h.clone())))
                .map(|(v, h)| minus_energy(&v, &h)),
        )
    }
}

fn dot(numbers: &[f32], states: &[u8]) -> f64 {
    numbers.iter().zip(states).map(|(&x, &s)| f64::from(x) * f64::from(s)).sum()
}

/// All states of `units` units.
fn states(units: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..1u64 << units).map(move |state| (0..units).map(|k| (state >> k & 1) as u8).collect())
}

fn log_sum_exp(logarithms: impl Iterator<Item = f64>) -> f64 {
    let logarithms: Vec<f64> = logarithms.collect();
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + logarithms.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}

/// ln Z of the base model of a machine with `n_hidden` hidden units.
fn log_partition_of_base(n_hidden: usize, base: &[f32]) -> f64 {
    let visible: f64 = base.iter().map(|&a| f64::from(a).exp().ln_1p()).sum();
    n_hidden as f64 * 2f64.ln() + visible
}

fn log_partition(machine: &Rbm) -> f64 {
    machine.log_partition(1.0, Level::current().unwrap(), &Control::default()).unwrap()
}

fn annealed(machine: &Rbm, run: &Annealed<'_>) -> Vec<f64> {
    let level = Level::current().unwrap();
    machine.annealed(run, &Team::alone(), level, &Control::default()).unwrap()
}

fn betas(count: usize) -> Vec<f64> {
    (0..=count).map(|k| k as f64 / count as f64).collect()
}

#[test]
fn the_sum_over_one_layer_is_the_sum_over_both() {
    for (n_hidden, n_visible) in [(3, 4), (4, 3), (5, 6), (6, 5), (1, 1), (1, 9), (9, 1)] {
        for seed in 0..5 {
            let parameters = Parameters::random(n_hidden, n_visible, 1.5, 1.0, seed);
            let expected = parameters.log_partition_over_both();
            let found = log_partition(&parameters.machine());
            // At most 2^11 terms and some twenty roundings in the exponent of each.
            assert!(
                (found - expected).abs() < 1e-12 * expected.abs().max(1.0),
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn either_layer_may_be_summed_over() {
    // 13 hidden units are two blocks; 14 visible ones are summed over here.
    for (n_hidden, n_visible) in [(4, 14), (13, 14), (13, 13)] {
        let parameters = Parameters::random(n_hidden, n_visible, 0.8, 0.8, 3);
        let expected = parameters.log_partition_over_visible();
        let found = log_partition(&parameters.machine());
        assert!((found - expected).abs() < 1e-12 * expected.abs(), "{found} and not {expected}");
    }
}

#[test]
fn without_weights_the_sum_is_a_product() {
    let mut parameters = Parameters::random(15, 50, 0.0, 2.0, 1);
    let units = parameters.hidden.iter().chain(&parameters.visible);
    let expected: f64 = units.map(|&b| f64::from(b).exp().ln_1p()).sum();
    assert!((log_partition(&parameters.machine()) - expected).abs() < 1e-12 * expected);
    parameters.hidden.fill(0.0);
    parameters.visible.fill(0.0);
    let expected = 65.0 * 2f64.ln();
    assert!((log_partition(&parameters.machine()) - expected).abs() < 1e-13 * expected);
}

#[test]
fn weights_far_beyond_the_range_of_the_exponential_are_summed() {
    for size in [100.0, 1e3, 1e6, 1e12] {
        let parameters = Parameters::random(5, 9, size, size, 2);
        let expected = parameters.log_partition_over_visible();
        let found = log_partition(&parameters.machine());
        assert!((found - expected).abs() < 1e-13 * expected, "{found} and not {expected}");
    }
    // The units of the strong pair are on, the other two do as they like.
    let strong = Parameters {
        weights: vec![2f32.powi(50), 0.0, 0.0, 0.0],
        hidden: vec![0.0; 2],
        visible: vec![0.0; 2],
    };
    let found = log_partition(&strong.machine());
    assert!((found - 2f64.powi(50) - 4f64.ln()).abs() <= 0.25, "{found}");
}

#[test]
fn more_than_thirty_units_are_refused_by_name() {
    let parameters = Parameters::random(31, 40, 0.1, 0.1, 1);
    let outcome =
        parameters.machine().log_partition(1.0, Level::current().unwrap(), &Control::default());
    let message = outcome.unwrap_err().to_string();
    assert!(message.starts_with("the smaller layer must be of at most 30 units"), "{message}");
    assert!(message.contains("annealed importance sampling"), "{message}");
}

#[test]
fn a_sum_counts_its_states_and_can_be_stopped() {
    let machine = Parameters::random(14, 20, 0.1, 0.1, 1).machine();
    let control = Control::new(1 << 14);
    machine.log_partition(1.0, Level::current().unwrap(), &control).unwrap();
    assert_eq!(control.progress(), (1 << 14, 1 << 14));
    control.cancel();
    let outcome = machine.log_partition(1.0, Level::current().unwrap(), &control);
    assert_eq!(outcome, Err(Error::Cancelled));
}

/// The precision of a weight: fixed point has steps of 2^-22 or so for weights of order 1, and
/// gains are known to 1e-6 of themselves.
fn tolerance(log_weight: f64) -> f64 {
    1e-5 + 2e-6 * log_weight.abs()
}

#[test]
fn one_step_down_has_the_weight_of_its_start() {
    let parameters = Parameters::random(70, 45, 0.4, 0.5, 1);
    let base: Vec<f32> = (0..45).map(|i| 0.05 * i as f32 - 1.0).collect();
    // More chains than have their fields together in a cache.
    let start: Vec<u8> = (0..300 * 45).map(|k: u32| u8::from(k * k % 11 < 4)).collect();
    let run =
        Annealed { betas: &[0.0, 1.0], n_chains: 300, seed: 1, base: &base, start: Some(&start) };
    let found = annealed(&parameters.machine(), &run);
    assert_eq!(found.len(), 300);
    for (found, v) in found.into_iter().zip(start.chunks(45)) {
        let expected = parameters.log_weight(0.0, &base, v) - parameters.log_weight(1.0, &base, v);
        assert!((found - expected).abs() < tolerance(expected), "{found} and not {expected}");
    }
}

#[test]
fn without_weights_every_path_has_the_same_weight() {
    // Then the weights of all steps telescope, whatever the states; there remain the hidden biases.
    let mut parameters = Parameters::random(40, 33, 0.0, 1.5, 4);
    parameters.weights.fill(0.0);
    let machine = parameters.machine();
    let gain: f64 = parameters.hidden.iter().map(|&b| f64::from(b).exp().ln_1p() - 2f64.ln()).sum();
    let start = [1; 3 * 33];
    for count in [1, 7, 20_000] {
        for start in [None, Some(&start[..])] {
            let betas = betas(count);
            let base = &parameters.visible;
            let run = Annealed { betas: &betas, n_chains: 3, seed: 2, base, start };
            let expected = if start.is_some() { -gain } else { gain };
            for found in annealed(&machine, &run) {
                assert!((found - expected).abs() < tolerance(expected), "{found} {expected}");
            }
        }
    }
}

/// ln of the mean of e^w, and its standard error.
fn log_mean_exp(log_weights: &[f64]) -> (f64, f64) {
    let n = log_weights.len() as f64;
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = log_weights.iter().map(|w| (w - largest).exp()).collect();
    let mean = weights.iter().sum::<f64>() / n;
    let variance = weights.iter().map(|w| (w / mean - 1.0).powi(2)).sum::<f64>() / (n - 1.0);
    (largest + mean.ln(), (variance / n).sqrt())
}

#[test]
fn chains_go_up_to_the_exact_partition_sum() {
    for (shape, n_chains, betas) in [
        // One step is plain importance sampling.
        ((3, 4), 20_000, vec![0.0, 1.0]),
        ((3, 4), 5_000, vec![0.0, 0.3, 0.3, 1.0]),
        ((5, 6), 5_000, betas(10)),
        ((20, 50), 500, betas(300)),
        ((50, 20), 500, betas(300)),
    ] {
        let spread = if shape.0 < 10 { 0.7 } else { 0.4 };
        let parameters = Parameters::random(shape.0, shape.1, spread, 0.5, 11);
        let machine = parameters.machine();
        let exact = log_partition(&machine);
        let base: Vec<f32> = parameters.visible.iter().map(|a| a + 0.2).collect();
        for seed in 0..5 {
            let run = Annealed { betas: &betas, n_chains, seed, base: &base, start: None };
            let (log_mean, error) = log_mean_exp(&annealed(&machine, &run));
            let found = log_partition_of_base(shape.0, &base) + log_mean;
            // The error itself is small enough to say something, and known well enough for a mean of
            // so many chains to be normal: 25 samples beyond 5 errors happen once in 70,000 times.
            assert!(error < 0.15, "{shape:?}, seed {seed}: an error of {error}");
            assert!((found - exact).abs() < 5.0 * error, "{shape:?}: {found} {exact} {error}");
        }
    }
}

#[test]
fn chains_go_down_from_the_machine_to_its_base() {
    for (shape, n_chains, betas) in
        [((3, 4), 5_000, vec![0.0, 1.0]), ((5, 6), 5_000, betas(10)), ((20, 50), 500, betas(300))]
    {
        let spread = if shape.0 < 10 { 0.7 } else { 0.4 };
        let parameters = Parameters::random(shape.0, shape.1, spread, 0.5, 11);
        let machine = parameters.machine();
        let exact = log_partition(&machine);
        let base: Vec<f32> = parameters.visible.iter().map(|a| a + 0.2).collect();
        for seed in 0..5 {
            // These machines forget where they started long before 500 steps.
            let gibbs = Gibbs {
                steps: 500,
                seed: 77 + seed,
                from: From::Visible,
                clamped: None,
                every: None,
            };
            let (team, level, control) =
                (Team::alone(), Level::current().unwrap(), Control::default());
            let cold = vec![0; n_chains * shape.1];
            let start = machine.gibbs(&cold, &gibbs, &team, level, &control).unwrap().visible;
            let run = Annealed { betas: &betas, n_chains, seed, base: &base, start: Some(&start) };
            let (log_mean, error) = log_mean_exp(&annealed(&machine, &run));
            let found = log_partition_of_base(shape.0, &base) - log_mean;
            assert!(error < 0.15, "{shape:?}, seed {seed}: an error of {error}");
            assert!((found - exact).abs() < 5.0 * error, "{shape:?}: {found} {exact} {error}");
        }
    }
}

#[test]
fn log_weights_have_the_same_bits_on_every_level_and_thread_count() {
    // Enough work to be shared out, and steps both small and large.
    let parameters = Parameters::random(100, 230, 0.2, 0.5, 6);
    let machine = parameters.machine();
    let betas = [0.0, 0.1, 0.1001, 0.1004, 0.5, 0.5002, 1.0];
    let start: Vec<u8> = (0..300 * 230).map(|k: u64| u8::from(k * k % 13 < 5)).collect();
    for start in [None, Some(&start[..])] {
        let run =
            Annealed { betas: &betas, n_chains: 300, seed: 5, base: &parameters.visible, start };
        let bits = |level, threads| {
            pool(Some(threads)).unwrap().install(|| {
                let control = Control::new(6);
                let weights = machine.annealed(&run, &Team::of_pool(), level, &control).unwrap();
                assert_eq!(control.progress(), (6, 6));
                weights.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            })
        };
        let expected = bits(Level::Portable, 1);
        for level in Level::available() {
            for threads in [1, 2, 3, 7] {
                assert_eq!(bits(level, threads), expected, "{level}, {threads} threads");
            }
        }
    }
}

#[test]
fn one_chain_is_enough_and_chains_and_seeds_differ() {
    let parameters = Parameters::random(34, 70, 0.3, 0.5, 8);
    let machine = parameters.machine();
    let betas = betas(20);
    let run = |n_chains, seed| {
        let run =
            Annealed { betas: &betas, n_chains, seed, base: &parameters.visible, start: None };
        annealed(&machine, &run)
    };
    assert_eq!(run(1, 4).len(), 1);
    assert_ne!(run(1, 4), run(1, 5));
    let pair = run(2, 4);
    assert!(pair[0] < pair[1] || pair[1] < pair[0]);
}

#[test]
fn annealing_can_be_stopped() {
    let parameters = Parameters::random(5, 6, 0.3, 0.5, 8);
    let control = Control::new(100);
    control.cancel();
    let run = Annealed {
        betas: &betas(100),
        n_chains: 2,
        seed: 0,
        base: &parameters.visible,
        start: None,
    };
    let level = Level::current().unwrap();
    let outcome = parameters.machine().annealed(&run, &Team::alone(), level, &control);
    assert_eq!(outcome, Err(Error::Cancelled));
}

#[test]
fn bad_runs_are_refused_by_name() {
    let parameters = Parameters::random(2, 3, 0.3, 0.5, 8);
    let (machine, level) = (parameters.machine(), Level::current().unwrap());
    let fine =
        Annealed { betas: &[0.0, 0.5, 1.0], n_chains: 2, seed: 0, base: &[0.0; 3], start: None };
    let cases: [(Annealed<'_>, &str); 11] = [
        (Annealed { betas: &[], ..fine }, "betas must be at least two, from 0 to 1, got none"),
        (Annealed { betas: &[1.0], ..fine }, "betas must be at least two"),
        (Annealed { betas: &[0.1, 1.0], ..fine }, "betas must be at least two"),
        (Annealed { betas: &[0.0, 0.9], ..fine }, "betas must be at least two"),
        (Annealed { betas: &[1.0, 0.0], ..fine }, "betas must be at least two"),
        (
            Annealed { betas: &[0.0, 0.6, 0.5, 1.0], ..fine },
            "betas must be ascending, got 0.5 after 0.6",
        ),
        (Annealed { betas: &[0.0, f64::NAN, 1.0], ..fine }, "betas must be ascending"),
        (Annealed { n_chains: 0, ..fine }, "n_chains must be at least 1"),
        (Annealed { base: &[0.0; 2], ..fine }, "base must be 3 visible biases, got 2"),
        (Annealed { base: &[0.0, f32::NAN, 0.0], ..fine }, "base must be finite"),
        (Annealed { start: Some(&[0; 5]), ..fine }, "start must be 2 chains of 3 visible units"),
    ];
    for (run, expected) in cases {
        let outcome = machine.annealed(&run, &Team::alone(), level, &Control::default());
        let message = outcome.unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    for n_chains in [usize::MAX, usize::MAX / 1000] {
        let run = Annealed { n_chains, ..fine };
        let outcome = machine.annealed(&run, &Team::alone(), level, &Control::default());
        assert!(matches!(outcome, Err(Error::Memory(_))), "{outcome:?}");
    }
}
