//! Recall with fields that are kept: a visit looks at one, a flip adds a column to all.

use super::model::CoupledMemory;
use crate::{
    associative::recall::Order,
    control::Control,
    error::Result,
    hopfield::{Chance, Cycle, Dynamics, Outcome, Update},
};

/// Flips between two looks at the cancel flag.
const FLIPS_PER_CHECK: usize = 64;

pub(super) fn run(
    model: &CoupledMemory,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
    control: &Control,
) -> Result<Outcome> {
    let mut order = Order::new(dynamics, replica, spins.len(), clamp);
    let mut cycle = Cycle::new(spins);
    let mut run = Run {
        model,
        fields: (0..spins.len()).map(|site| model.field(site)).collect(),
        // Fields come divided by their unit.
        chance: Chance::of(dynamics, replica, 1.0),
        spins,
        since_check: 0,
    };
    for site in 0..run.fields.len() {
        run.add(site, run.spins[site], control)?;
    }
    let mut outcome = Outcome::default();
    while outcome.sweeps < dynamics.max_sweeps {
        control.check()?;
        order.draw(outcome.sweeps);
        let flips = if dynamics.update == Update::Synchronous {
            run.together(&order, control)?
        } else {
            run.in_turn(&order, control)?
        };
        outcome.sweeps += 1;
        outcome.flips += flips;
        if !dynamics.is_deterministic() {
            continue;
        }
        // Random visits leave out a third of the sites, so a quiet sweep proves nothing yet.
        if flips == 0 && order.free.iter().all(|&site| !run.is_opposed(site as usize)) {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
        if dynamics.update != Update::Random
            && let Some(length) = cycle.after_sweep(run.spins)
        {
            outcome.cycle_length = length;
            break;
        }
    }
    Ok(outcome)
}

struct Run<'a> {
    model: &'a CoupledMemory,
    /// In the units of their sites: sums of integers below 2^30.
    fields: Vec<i32>,
    /// None at zero temperature.
    chance: Option<Chance>,
    spins: &'a mut [i8],
    since_check: usize,
}

impl Run<'_> {
    /// Visits one site after the other. Returns the flips.
    fn in_turn(&mut self, order: &Order<'_>, control: &Control) -> Result<u64> {
        let mut flips = 0;
        for (&site, &word) in order.sites.iter().zip(&order.words) {
            let site = site as usize;
            if self.turns(site, word) {
                self.flip(site, control)?;
                flips += 1;
            }
        }
        Ok(flips)
    }

    /// Visits all sites in the fields of one state. Returns the flips.
    fn together(&mut self, order: &Order<'_>, control: &Control) -> Result<u64> {
        let visits = order.sites.iter().zip(&order.words);
        let turning: Vec<usize> = visits
            .filter(|&(&site, &word)| self.turns(site as usize, word))
            .map(|(&site, _)| site as usize)
            .collect();
        for &site in &turning {
            self.flip(site, control)?;
        }
        Ok(turning.len() as u64)
    }

    fn is_opposed(&self, site: usize) -> bool {
        i64::from(self.fields[site]) * i64::from(self.spins[site]) < 0
    }

    fn turns(&mut self, site: usize, word: u64) -> bool {
        let spin = self.spins[site];
        match &mut self.chance {
            None => i64::from(self.fields[site]) * i64::from(spin) < 0,
            Some(chance) => {
                let field = f64::from(self.fields[site]) / self.model.unit(site);
                chance.flips(word, field, spin)
            }
        }
    }

    fn flip(&mut self, site: usize, control: &Control) -> Result<()> {
        self.spins[site] *= -1;
        // From -s to s: twice the column.
        self.add(site, 2 * self.spins[site], control)
    }

    /// Adds the column of a site, so many times.
    fn add(&mut self, site: usize, times: i8, control: &Control) -> Result<()> {
        self.since_check += 1;
        if self.since_check == FLIPS_PER_CHECK {
            self.since_check = 0;
            control.check()?;
        }
        let times = i32::from(times);
        for (field, entry) in self.fields.iter_mut().zip(self.model.column(site)) {
            *field += times * entry;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        associative::{Memory, coupled::reference_recall},
        hopfield::{Patterns, corrupt},
        simd::Level,
    };

    const UPDATES: [Update; 3] = [Update::Sequential, Update::Random, Update::Synchronous];

    fn patterns(p: usize, n: usize) -> (Patterns, Vec<i8>) {
        let control = Control::default();
        let set = Patterns::random(p, n, (p + n) as u64, Level::Portable, &control).unwrap();
        let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
        (set, spins)
    }

    /// sum_mu to^mu_i from^mu_j / N, where `to` is the pattern `step` further on.
    fn memory(p: usize, n: usize, step: usize) -> (CoupledMemory, Vec<i8>) {
        let (set, spins) = patterns(p, n);
        let mut couplings = vec![0.0; n * n];
        for mu in 0..p {
            let (to, from) = (&spins[(mu + step) % p * n..][..n], &spins[mu * n..][..n]);
            for i in 0..n {
                for j in (0..n).filter(|&j| j != i) {
                    couplings[i * n + j] += f64::from(to[i] * from[j]) / n as f64;
                }
            }
        }
        let control = Control::default();
        (CoupledMemory::new(&set, couplings, None, Level::Portable, &control).unwrap(), spins)
    }

    /// The same memory in fields.
    fn in_fields(memory: &CoupledMemory, p: usize) -> CoupledMemory {
        let (couplings, n) = (memory.couplings().to_vec(), memory.n_spins());
        let fields = (0..n).map(|i| (i % 7) as f64 * 0.1 - 0.3).collect();
        let (set, control) = (patterns(p, n).0, Control::default());
        CoupledMemory::new(&set, couplings, Some(fields), Level::Portable, &control).unwrap()
    }

    #[test]
    fn recall_is_that_of_the_reference() {
        let kinds = [(1, 1, 0), (3, 40, 0), (9, 41, 0), (4, 60, 1), (20, 30, 1)];
        for ((p, n, step), fields) in
            kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)])
        {
            let (mut memory, spins) = memory(p, n, step);
            if fields {
                memory = in_fields(&memory, p);
            }
            let clamp: Vec<bool> = (0..n).map(|i| i % 5 == 2).collect();
            for update in UPDATES {
                for (beta, held) in
                    [(f64::INFINITY, false), (f64::INFINITY, true), (0.0, false), (2.0, true)]
                {
                    let dynamics = Dynamics { update, beta, max_sweeps: 40, seed: 5 };
                    let clamp = held.then_some(&clamp[..]);
                    let mut found = spins[..n].to_vec();
                    corrupt(&mut found, n / 5, 1, 0);
                    let mut expected = found.clone();
                    let control = Control::default();
                    let outcome = memory.recall(&dynamics, 3, &mut found, clamp, &control).unwrap();
                    let truth = reference_recall(&memory, &dynamics, 3, &mut expected, clamp);
                    let case = format!(
                        "P = {p}, N = {n}, step {step}, fields {fields}, {update:?}, beta = {beta}"
                    );
                    assert_eq!((found, outcome), (expected, truth), "{case}");
                }
            }
        }
    }

    #[test]
    fn a_sequence_of_patterns_is_a_cycle_of_as_many_sweeps() {
        let (memory, spins) = memory(5, 400, 1);
        let beta = f64::INFINITY;
        let dynamics = Dynamics { update: Update::Synchronous, beta, max_sweeps: 99, seed: 0 };
        let mut state = spins[..400].to_vec();
        corrupt(&mut state, 40, 1, 0);
        let outcome = memory.recall(&dynamics, 0, &mut state, None, &Control::default()).unwrap();
        assert_eq!((outcome.cycle_length, outcome.converged), (5, false));
        assert!(spins.chunks(400).any(|pattern| pattern == state));
        assert!(!memory.is_symmetric() && memory.energy(&state, &[]).is_nan());
    }

    #[test]
    fn flips_of_symmetric_couplings_lower_the_energy() {
        let (memory, spins) = memory(12, 50, 0);
        let memory = in_fields(&memory, 12);
        let start = spins.iter().step_by(12).copied().collect::<Vec<_>>();
        let control = Control::default();
        let energies: Vec<f64> = (0..20)
            .map(|max_sweeps| {
                let (update, beta) = (Update::Sequential, f64::INFINITY);
                let mut state = start.clone();
                let dynamics = Dynamics { update, beta, max_sweeps, seed: 0 };
                memory.recall(&dynamics, 0, &mut state, None, &control).unwrap();
                memory.energy(&state, &[])
            })
            .collect();
        assert!(energies.is_sorted_by(|a, b| a >= b) && energies[0] > energies[19]);
    }

    #[test]
    fn wrong_couplings_are_named() {
        let (set, _) = patterns(2, 3);
        let refused_in = |couplings: Vec<f64>, fields: Option<Vec<f64>>| {
            let made =
                CoupledMemory::new(&set, couplings, fields, Level::Portable, &Control::default());
            made.err().unwrap().to_string()
        };
        let refused = |couplings: Vec<f64>| refused_in(couplings, None);
        let expected = "fields must be 3 finite numbers, got 2 numbers";
        assert_eq!(refused_in(vec![0.0; 9], Some(vec![0.0; 2])), expected);
        assert_eq!(refused(vec![0.0; 8]), "couplings must be 3 x 3, got 8 numbers");
        let mut couplings = vec![0.0; 9];
        couplings[5] = f64::NAN;
        let expected = "couplings must be finite, with a zero diagonal, got J[";
        assert_eq!(refused(couplings.clone()), format!("{expected}1, 2] = NaN"));
        (couplings[5], couplings[8]) = (0.0, 1.0);
        assert_eq!(refused(couplings), format!("{expected}2, 2] = 1"));
    }
}
