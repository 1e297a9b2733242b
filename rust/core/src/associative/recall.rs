//! Recall in site order or at random sites.
//!
//! Near a memory hardly any spin flips, so recall is nearly all checking: rows are weighed a block
//! ahead, against the weights as they stand at its beginning. A flip ends the block, so the dynamics
//! is exactly the sequential one.

use super::{
    model::{DenseMemory, scaled_field},
    weights::Weights,
};
use crate::{
    control::Control,
    error::{Error, Result},
    hopfield::{Chance, Dynamics, Outcome, Update, free_sites},
    rng::{Philox, Purpose},
};

/// The longest block, and the shortest: so many rows take hardly longer than one.
const LONGEST: usize = 256;
const SHORTEST: usize = 4;

/// Rows that pay for tables of what the kernels add up.
const MANY: usize = 64;

pub(super) fn run(
    model: &DenseMemory,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
    control: &Control,
) -> Result<Outcome> {
    if dynamics.update == Update::Synchronous {
        let expected = "\"sequential\" or \"random\"";
        return Err(Error::expected("update", expected, "\"synchronous\""));
    }
    let n = spins.len();
    let mut order = Order::new(dynamics, replica, n, clamp);
    let mut run = Run {
        weights: Weights::of_state(model, spins, control)?,
        chance: Chance::of(dynamics, replica, model.scale),
        spins,
        slopes: vec![0; LONGEST],
        ahead: SHORTEST,
        quiet: 0,
    };
    let mut outcome = Outcome::default();
    while outcome.sweeps < dynamics.max_sweeps {
        order.draw(outcome.sweeps);
        let flips = run.sweep(&order, control)?;
        outcome.sweeps += 1;
        outcome.flips += flips;
        let rests = match order.quiet_at_rest() {
            Some(visits) => run.quiet >= visits,
            // Random visits leave out a third of the sites, so a quiet sweep proves nothing yet.
            None => flips == 0 && run.is_fixed_point(&order.free, control)?,
        };
        if dynamics.is_deterministic() && rests {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
    }
    Ok(outcome)
}

/// The visits of a sweep.
pub(super) struct Order<'a> {
    update: Update,
    clamp: Option<&'a [bool]>,
    pub(super) free: Vec<u32>,
    philox: Philox,
    n_spins: usize,
    pub(super) sites: Vec<u32>,
    /// The number of the random word of each visit.
    pub(super) words: Vec<u64>,
}

impl<'a> Order<'a> {
    pub(super) fn new(
        dynamics: &Dynamics,
        replica: u64,
        n_spins: usize,
        clamp: Option<&'a [bool]>,
    ) -> Self {
        Self {
            update: dynamics.update,
            clamp,
            free: free_sites(n_spins, clamp),
            philox: Philox::new(dynamics.seed, Purpose::Dynamics, replica),
            n_spins,
            sites: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Takes the visits of sweep number `sweep`. A clamped spin shifts nobody's random numbers.
    pub(super) fn draw(&mut self, sweep: u64) {
        let first = sweep * self.n_spins as u64;
        self.words.clear();
        if self.update != Update::Random {
            if sweep == 0 {
                self.sites.clone_from(&self.free);
            }
            self.words.extend(self.sites.iter().map(|&site| first + u64::from(site)));
            return;
        }
        self.sites.clear();
        let mut words = self.philox.words_from(0);
        for visit in 0..self.n_spins as u64 {
            let word = 2 * (first + visit);
            words.seek(word);
            let site = words.below(self.n_spins);
            if !self.clamp.is_some_and(|held| held[site]) {
                self.sites.push(site as u32);
                self.words.push(word + 1);
            }
        }
    }

    /// After how many visits without a flip no spin can flip any more, if visits can tell.
    fn quiet_at_rest(&self) -> Option<usize> {
        (self.update == Update::Sequential).then_some(self.free.len())
    }
}

struct Run<'a> {
    weights: Weights<'a>,
    /// None at zero temperature.
    chance: Option<Chance>,
    spins: &'a mut [i8],
    slopes: Vec<i128>,
    /// Rows in the next block.
    ahead: usize,
    /// Visits since the last flip.
    quiet: usize,
}

impl Run<'_> {
    /// Makes the visits until all are made or no spin can flip any more. Returns the flips.
    fn sweep(&mut self, order: &Order<'_>, control: &Control) -> Result<u64> {
        let rest = order.quiet_at_rest().filter(|_| self.chance.is_none()).unwrap_or(usize::MAX);
        let (mut flips, mut first) = (0, 0);
        while first < order.sites.len() && self.quiet < rest {
            control.check()?;
            let sites = &order.sites[first..order.sites.len().min(first + self.ahead)];
            if sites.len() >= MANY {
                self.weights.tabulate();
            }
            self.weights.weigh(sites, &mut self.slopes[..sites.len()]);
            let flipped = (0..sites.len()).find(|&k| self.flips(sites, k, order.words[first + k]));
            if let Some(k) = flipped {
                let site = sites[k] as usize;
                self.weights.flip(sites[k], self.spins[site], self.slopes[k]);
                self.spins[site] *= -1;
                flips += 1;
                self.quiet = 0;
                first += k + 1;
                self.ahead = (self.ahead / 4).max(SHORTEST);
            } else {
                self.quiet += sites.len();
                first += sites.len();
                // Where spins flip now and then, most of a longer block would be for nothing.
                let longest = if self.quiet < LONGEST { MANY } else { LONGEST };
                self.ahead = (2 * self.ahead).min(longest);
            }
        }
        Ok(flips)
    }

    #[inline]
    fn flips(&mut self, sites: &[u32], k: usize, word: u64) -> bool {
        let spin = self.spins[sites[k] as usize];
        let cost = self.weights.cost(sites[k], spin, self.slopes[k]);
        match &mut self.chance {
            None => cost < 0,
            Some(chance) => chance.flips(word, scaled_field(cost, spin), spin),
        }
    }

    fn is_fixed_point(&mut self, free: &[u32], control: &Control) -> Result<bool> {
        for sites in free.chunks(LONGEST) {
            control.check()?;
            self.weights.weigh(sites, &mut self.slopes[..sites.len()]);
            let flips =
                |(&site, &slope)| self.weights.cost(site, self.spins[site as usize], slope) < 0;
            if sites.iter().zip(&self.slopes).any(flips) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        associative::{Memory, Power, reference_recall},
        hopfield::{Patterns, corrupt},
        simd::Level,
        threads,
    };

    const UPDATES: [Update; 2] = [Update::Sequential, Update::Random];

    fn random(p: usize, n: usize) -> Vec<i8> {
        let control = Control::default();
        let set = Patterns::random(p, n, (p + n) as u64, Level::Portable, &control).unwrap();
        set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap()
    }

    /// Pattern sets by what they force, with N and the share of spins that starts are away from the
    /// first pattern.
    fn sets() -> Vec<(&'static str, Vec<i8>, usize, usize)> {
        let repeated = |times: usize, n| random(1, n).repeat(times);
        let opposed = |p, n| {
            let some = random(p, n);
            let opposites: Vec<i8> = some.iter().map(|spin| -spin).collect();
            [some, opposites].concat()
        };
        let alike = |p: usize, n: usize| {
            let mut some = random(p, n);
            for pattern in some.chunks_mut(n) {
                pattern[0] = 1;
                pattern[n / 2] = -1;
            }
            some
        };
        vec![
            ("one pattern of one spin", random(1, 1), 1, 2),
            ("one pattern", random(1, 30), 30, 5),
            ("P above N, odd", random(150, 21), 21, 4),
            ("one chunk and a bit", random(513, 64), 64, 8),
            ("a memory in the list", random(600, 401), 401, 10),
            ("a memory in the list, even", random(70, 900), 900, 3),
            ("a table for all", repeated(90, 300), 300, 7),
            ("opposite patterns", opposed(60, 300), 300, 6),
            ("columns alike", alike(200, 99), 99, 6),
            ("overlaps beyond bytes", random(40, 4001), 4001, 9),
        ]
    }

    fn recalled(
        memory: &DenseMemory,
        start: &[i8],
        dynamics: &Dynamics,
        clamp: Option<&[bool]>,
    ) -> (Vec<i8>, Outcome) {
        let mut spins = start.to_vec();
        let outcome = memory.recall(dynamics, 3, &mut spins, clamp, &Control::default()).unwrap();
        (spins, outcome)
    }

    /// Holds the fast path against the reference for one power on every level.
    fn compare(power: Power) {
        for (name, spins, n, share) in sets() {
            let p = spins.len() / n;
            let patterns = Patterns::from_spins(&spins, p, n, &Control::default()).unwrap();
            let clamp: Vec<bool> = (0..n).map(|i| i % 5 == 2).collect();
            let mut start = spins[..n].to_vec();
            corrupt(&mut start, n / share, 1, 0);
            let scale = f64::from(2 * power.order());
            for (update, beta, held) in UPDATES.into_iter().flat_map(|update| {
                // Fields are of order 1, and N / P times that in the memory.
                [(f64::INFINITY, true), (0.0, true), (scale / n as f64, true), (3.0, false)]
                    .map(|(beta, held)| (update, beta, held))
            }) {
                let max_sweeps = if beta.is_infinite() { 30 } else { 2 };
                let dynamics = Dynamics { update, beta, max_sweeps, seed: 5 };
                let clamp = held.then_some(&clamp[..]);
                let reference = DenseMemory::new(&patterns, power, Level::Portable).unwrap();
                let mut expected = start.clone();
                let outcome = reference_recall(&reference, &dynamics, 3, &mut expected, clamp);
                for level in Level::available() {
                    let memory = DenseMemory::new(&patterns, power, level).unwrap();
                    let found = recalled(&memory, &start, &dynamics, clamp);
                    let case = format!("{name}, {power:?}, {update:?}, beta = {beta}, {level}");
                    assert_eq!(found, (expected.clone(), outcome), "{case}");
                }
            }
        }
    }

    #[test]
    fn recall_is_that_of_the_reference_on_every_level() {
        for order in 2..=Power::HIGHEST {
            compare(Power::new(order, false).unwrap());
        }
    }

    #[test]
    fn rectified_recall_is_that_of_the_reference_on_every_level() {
        for order in 2..=Power::HIGHEST {
            compare(Power::new(order, true).unwrap());
        }
    }

    #[test]
    fn fields_are_what_flips_cost_on_every_level_and_thread_count() {
        for (order, is_rectified) in [(3, false), (4, false), (6, true)] {
            let power = Power::new(order, is_rectified).unwrap();
            for (name, spins, n, share) in sets() {
                let p = spins.len() / n;
                let control = Control::default();
                let patterns = Patterns::from_spins(&spins, p, n, &control).unwrap();
                let mut state = spins[..n].to_vec();
                corrupt(&mut state, n / share, 2, 0);
                let overlap = |mu: usize| -> i64 {
                    let pattern = &spins[mu * n..][..n];
                    pattern.iter().zip(&state).map(|(a, b)| i64::from(a * b)).sum()
                };
                let overlaps: Vec<i64> = (0..p).map(overlap).collect();
                for level in Level::available() {
                    let memory = DenseMemory::new(&patterns, power, level).unwrap();
                    let expected: Vec<f64> = (0..n)
                        .map(|i| {
                            let of = |mu: usize| {
                                let sigma = i64::from(spins[mu * n + i] * state[i]);
                                power.cost(overlaps[mu], sigma)
                            };
                            let cost: i128 = (0..p).map(of).sum();
                            scaled_field(cost, state[i]) / memory.scale
                        })
                        .collect();
                    for n_threads in [1, 3] {
                        let pool = threads::pool(Some(n_threads)).unwrap();
                        let found = pool.install(|| memory.local_fields(&state, &control));
                        assert_eq!(found.unwrap(), expected, "{name}, {power:?}, {level}");
                    }
                }
            }
        }
    }

    #[test]
    fn all_spins_at_once_is_refused() {
        let patterns = Patterns::from_spins(&[1, -1], 1, 2, &Control::default()).unwrap();
        let power = Power::new(3, false).unwrap();
        let memory = DenseMemory::new(&patterns, power, Level::Portable).unwrap();
        let dynamics = Dynamics { update: Update::Synchronous, beta: 1.0, max_sweeps: 1, seed: 0 };
        let refused = memory.recall(&dynamics, 0, &mut [1, 1], None, &Control::default());
        let expected = "update must be \"sequential\" or \"random\", got \"synchronous\"";
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
}
