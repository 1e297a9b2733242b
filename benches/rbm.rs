//! The restricted Boltzmann machine beside NumPy: updates, chains, annealed importance sampling.
//!
//! Both sides have the same machine and the same data, NumPy in 32-bit floats as one would write it
//! when it matters: one product a layer, probabilities and comparisons in place. What they compute
//! must agree within its standard error before anything is timed. `README.md` tells what came out.

mod rival;

use std::{ffi::CStr, sync::Mutex};

use criterion::{Criterion, Throughput};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use rival::{RUNS, beside_numpy, group, level, pool};
use spinglass_core::{
    control::Control,
    rbm::{
        Annealed, Batches, BernoulliTrainer, Data, From, Gibbs, Precision, Rbm, Rules, Trainer,
        initial_weights,
    },
    rng::{Philox, Purpose},
    team::Team,
};

const RIVAL: &CStr = cr"
import numpy as np

class Machine:
    def __init__(self, W, b, a, data, n_chains):
        self.W, self.b, self.a = W.copy(), b.copy(), a.copy()
        self.data = data.astype(np.float32)
        self.rng = np.random.default_rng(1)
        self.h = np.zeros((n_chains, len(b)), dtype=np.float32)

    def probability(self, x):
        np.negative(x, out=x)
        np.exp(x, out=x)
        x += 1
        return np.reciprocal(x, out=x)

    def hidden(self, v):
        x = v @ self.W.T
        x += self.b
        return self.probability(x)

    def visible(self, h):
        x = h @ self.W
        x += self.a
        return self.probability(x)

    def fires(self, p):
        return (self.rng.random(p.shape, dtype=np.float32) < p).astype(np.float32)

    def update(self, steps, persistent, rate):
        v = self.data
        p = self.hidden(v)
        h = self.h if persistent else self.fires(p)
        for step in range(steps):
            w = self.fires(self.visible(h))
            q = self.hidden(w)
            if persistent or step + 1 < steps:
                h = self.fires(q)
        self.h = h
        self.W += rate / len(v) * (p.T @ v)
        self.W -= rate / len(w) * (q.T @ w)
        self.b += rate * (p.mean(axis=0) - q.mean(axis=0))
        self.a += rate * (v.mean(axis=0) - w.mean(axis=0))

    def slope(self, steps, persistent):
        before = self.a.copy()
        self.update(steps, persistent, 1e-3)
        return float((self.a - before).mean() / 1e-3)

    def gibbs(self, steps):
        v = self.data
        for _ in range(steps):
            v = self.fires(self.visible(self.fires(self.hidden(v))))
        return float(v.mean())

    def annealed(self, betas, n_chains):
        v = self.fires(np.full((n_chains, len(self.a)), 0.5, dtype=np.float32))
        logs = np.zeros(n_chains)
        for low, high in zip(betas[:-1], betas[1:]):
            x = v @ self.W.T
            x += self.b
            field = v @ self.a
            logs += (high - low) * field
            logs += (np.logaddexp(0, high * x) - np.logaddexp(0, low * x)).sum(axis=1)
            h = self.fires(self.probability(high * x))
            y = h @ self.W
            y += self.a
            v = self.fires(self.probability(high * y))
        top = logs.max()
        return float(top + np.log(np.exp(logs - top).mean()) + (len(self.a) + len(self.b)) * np.log(2))
";

/// One comparison.
struct Case {
    name: String,
    weights: Vec<f32>,
    hidden: Vec<f32>,
    visible: Vec<f32>,
    rows: Vec<u8>,
}

impl Case {
    /// Small weights, about 30% of hidden and 13% of visible units on, as in data.
    fn new(n_hidden: usize, n_visible: usize, n_rows: usize) -> Self {
        let philox = Philox::new(1, Purpose::Start, 0);
        let mut words = philox.words_from(0);
        Self {
            name: format!("{n_visible}x{n_hidden}, {n_rows} rows"),
            weights: initial_weights(n_hidden, n_visible, 0.01, 1).expect("they fit in memory"),
            hidden: vec![-0.8; n_hidden],
            visible: vec![-1.9; n_visible],
            rows: (0..n_rows * n_visible).map(|_| u8::from(words.uniform() < 0.13)).collect(),
        }
    }

    fn n_rows(&self) -> usize {
        self.rows.len() / self.visible.len()
    }

    fn machine(&self) -> Rbm {
        let precision = Precision::Full;
        let machine = Rbm::new(&self.weights, &self.hidden, &self.visible, precision, level());
        machine.expect("the weights are small")
    }

    fn rival<'py>(&self, rival: &Bound<'py, PyModule>) -> Bound<'py, PyAny> {
        let py = rival.py();
        let vector = |values: &[f32]| PyArray1::from_slice(py, values);
        let n_visible = self.visible.len();
        let weights = vector(&self.weights).reshape([self.hidden.len(), n_visible]);
        let rows: Bound<'_, PyArray2<u8>> =
            PyArray1::from_slice(py, &self.rows).reshape([self.n_rows(), n_visible]).expect("rows");
        let arguments = (
            weights.expect("rows of weights"),
            vector(&self.hidden),
            vector(&self.visible),
            rows,
            self.n_rows(),
        );
        rival.getattr("Machine").and_then(|class| class.call1(arguments)).expect(RUNS)
    }
}

fn updates(
    criterion: &mut Criterion,
    rival: &Bound<'_, PyModule>,
    case: &Case,
    steps: usize,
    persistent: bool,
) {
    let kind = if persistent { "PCD" } else { "CD" };
    let mut group = group(criterion, format!("rbm/{kind}-{steps}/{}", case.name), 3.0);
    group.throughput(Throughput::Elements(1));
    let data = Data::new(&case.rows, case.visible.len(), level()).expect("bits");
    let (rows, chains) = (case.n_rows(), vec![0; case.n_rows() * case.hidden.len()]);
    let rules = Rules { steps, persistent, ..Rules::default() };
    let mut slope = f64::NAN;
    for n_threads in [1, 2] {
        let trainer =
            BernoulliTrainer::begin(case.machine(), &chains, 1, rules.clone()).expect("rules hold");
        let trainer = Mutex::new(trainer);
        let threads = pool(n_threads);
        let update = |rate| {
            let train = |team: &Team| {
                let batches = Batches { first: 0, rows, size: rows, rates: &[rate], weights: None };
                let mut trainer = trainer.lock().expect("nobody panics");
                let control = Control::default();
                trainer.update(&data, &batches, team, level(), &control).expect("it converges");
            };
            // To enter a pool takes longer than a small update, which does without one.
            if n_threads == 1 {
                train(&Team::alone());
            } else {
                threads.install(|| train(&Team::of_pool()));
            }
        };
        let mean = || {
            let bias = trainer.lock().expect("nobody panics").machine().visible_bias();
            bias.iter().map(|&bias| f64::from(bias)).sum::<f64>() / bias.len() as f64
        };
        let before = mean();
        update(1e-3);
        slope = (mean() - before) / 1e-3;
        group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
            bencher.iter(|| update(0.01));
        });
    }
    let machine = case.rival(rival);
    let theirs: f64 = machine
        .call_method1("slope", (steps, persistent))
        .and_then(|slope| slope.extract())
        .expect(RUNS);
    // Both are means over as many independent units with a variance below 1/4, rounded to 32 bits.
    let error = (0.5 / (rows * case.visible.len()) as f64).sqrt();
    assert!((slope - theirs).abs() < 5.0 * error + 2e-4, "slopes {slope} and {theirs}");
    group.bench_function("numpy", |bencher| {
        bencher.iter(|| machine.call_method1("update", (steps, persistent, 0.01)).expect(RUNS));
    });
    group.finish();
}

fn chains(criterion: &mut Criterion, rival: &Bound<'_, PyModule>) {
    const STEPS: usize = 10;
    let case = Case::new(500, 784, 1000);
    let mut group = group(criterion, format!("rbm/gibbs, {STEPS} steps/{}", case.name), 3.0);
    group.throughput(Throughput::Elements((STEPS * case.n_rows()) as u64));
    let machine = case.machine();
    let run = Gibbs { steps: STEPS, seed: 1, from: From::Visible, clamped: None, every: None };
    let mut ours = f64::NAN;
    for n_threads in [1, 2] {
        let threads = pool(n_threads);
        let gibbs = || {
            let (team, control) = (Team::of_pool(), Control::default());
            threads.install(|| machine.gibbs(&case.rows, &run, &team, level(), &control))
        };
        let visible = gibbs().expect("nobody cancels").visible;
        ours = visible.iter().map(|&bit| f64::from(bit)).sum::<f64>() / visible.len() as f64;
        group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
            bencher.iter(gibbs);
        });
    }
    let rival = case.rival(rival);
    let theirs: f64 =
        rival.call_method1("gibbs", (STEPS,)).and_then(|mean| mean.extract()).expect(RUNS);
    let error = (0.5 / case.rows.len() as f64).sqrt();
    assert!((ours - theirs).abs() < 5.0 * error, "mean activities {ours} and {theirs}");
    group.bench_function("numpy", |bencher| {
        bencher.iter(|| rival.call_method1("gibbs", (STEPS,)).expect(RUNS));
    });
    group.finish();
}

fn annealed(criterion: &mut Criterion, rival: &Bound<'_, PyModule>) {
    const CHAINS: usize = 100;
    let case = Case::new(500, 784, CHAINS);
    let betas = |n: u32| (0..=n).map(|k| f64::from(k) / f64::from(n)).collect::<Vec<_>>();
    let machine = case.machine();
    let base = vec![0.0; case.visible.len()];
    let ln_z_base = (case.hidden.len() + base.len()) as f64 * std::f64::consts::LN_2;
    let run = |n_threads: usize, betas: &[f64]| {
        let (team, control) = (Team::of_pool, Control::default());
        let annealed = Annealed { betas, n_chains: CHAINS, seed: 1, base: &base, start: None };
        let logs =
            pool(n_threads).install(|| machine.annealed(&annealed, &team(), level(), &control));
        let logs = logs.expect("nobody cancels");
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = logs.iter().map(|log| (log - top).exp()).sum::<f64>() / CHAINS as f64;
        ln_z_base + top + mean.ln()
    };
    let (machine, few) = (case.rival(rival), betas(300));
    let theirs = |betas: &[f64]| -> f64 {
        let betas = PyArray1::from_slice(rival.py(), betas);
        let outcome = machine.call_method1("annealed", (betas, CHAINS));
        outcome.and_then(|ln_z| ln_z.extract()).expect(RUNS)
    };
    // The standard deviation of ln w is below 1 here: a tenth in the mean of a hundred chains.
    let (ours, theirs_now) = (run(2, &few), theirs(&few));
    assert!((ours - theirs_now).abs() < 1.0, "ln Z is {ours}, and {theirs_now} from NumPy");
    // NumPy has a tenth of the temperatures: it would take three minutes for ten samples.
    for (steps, name) in [(10_000, "annealed, 10000 steps"), (1000, "annealed, 1000 steps")] {
        let betas = betas(steps);
        let mut group = group(criterion, format!("rbm/{name}/784x500, {CHAINS} chains"), 8.0);
        group.throughput(Throughput::Elements(u64::from(steps)));
        for n_threads in [1, 2] {
            group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
                bencher.iter(|| run(n_threads, &betas));
            });
        }
        if steps == 1000 {
            group.bench_function("numpy", |bencher| bencher.iter(|| theirs(&betas)));
        }
        group.finish();
    }
}

fn main() {
    beside_numpy(RIVAL, |criterion, rival| {
        for case in [Case::new(500, 784, 128), Case::new(64, 64, 10)] {
            for (steps, persistent) in [(1, false), (10, false), (1, true)] {
                updates(criterion, rival, &case, steps, persistent);
            }
        }
        chains(criterion, rival);
        annealed(criterion, rival);
    });
}
