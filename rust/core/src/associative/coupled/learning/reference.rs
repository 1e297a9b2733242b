//! Both rules as published: couplings that change with every pattern learned.

use super::{Learned, Rule, is_close, threshold};

/// The couplings of neuron `site`, and what is known of it. `spins` are the patterns, one after the
/// other, of `n` spins.
///
/// # Panics
/// If there are none.
pub fn learn(spins: &[i8], n: usize, site: usize, rule: Rule) -> (Vec<f64>, Learned) {
    let patterns: Vec<&[i8]> = spins.chunks(n).collect();
    let mut neuron = Neuron { site, couplings: vec![0; n], updates: 0 };
    let converged = match rule {
        Rule::Perceptron { margin, max_epochs } => {
            let is_low = |neuron: &Neuron, pattern: &[i8]| {
                neuron.field(pattern) <= threshold(margin, neuron.squared())
            };
            let is_lost = |neuron: &Neuron| patterns.iter().any(|pattern| is_low(neuron, pattern));
            let mut epoch = 0;
            while epoch < max_epochs && is_lost(&neuron) {
                for pattern in &patterns {
                    if is_low(&neuron, pattern) {
                        neuron.learn(pattern);
                    }
                }
                epoch += 1;
            }
            !is_lost(&neuron)
        }
        Rule::MinOver { tolerance, max_updates } => loop {
            let fields = patterns.iter().map(|pattern| neuron.field(pattern));
            // The first of several.
            let (pattern, smallest) = fields.enumerate().min_by_key(|&(_, field)| field).unwrap();
            let converged = is_close(tolerance, smallest, neuron.squared(), neuron.updates);
            if converged || neuron.updates as u64 >= max_updates {
                break converged;
            }
            neuron.learn(patterns[pattern]);
        },
    };
    let smallest = patterns.iter().map(|pattern| neuron.field(pattern)).min().unwrap_or_default();
    let learned = Learned::of(converged, smallest, neuron.squared(), neuron.updates);
    (neuron.couplings.iter().map(|&coupling| coupling as f64).collect(), learned)
}

struct Neuron {
    site: usize,
    couplings: Vec<i64>,
    updates: i64,
}

impl Neuron {
    /// What it sees in a pattern, times what it should be.
    fn field(&self, pattern: &[i8]) -> i64 {
        let products = self.couplings.iter().zip(pattern).map(|(w, &spin)| w * i64::from(spin));
        products.sum::<i64>() * i64::from(pattern[self.site])
    }

    fn squared(&self) -> i64 {
        self.couplings.iter().map(|w| w * w).sum()
    }

    fn learn(&mut self, pattern: &[i8]) {
        let answer = i64::from(pattern[self.site]);
        for (j, (coupling, &spin)) in self.couplings.iter_mut().zip(pattern).enumerate() {
            if j != self.site {
                *coupling += answer * i64::from(spin);
            }
        }
        self.updates += 1;
    }
}
