//! Replicas of a model with general couplings on their way.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Sparse,
    fixed::{Fields, Fixed},
    general::{Group, Kernels, Lanes, Single},
    order::Order,
};
use crate::{
    control::{Control, checkpoint},
    error::Result,
    rng::{LANES, Philox, Purpose},
    spins::{
        Dynamics, Held, Rests, SpinModel, Start, Walkers,
        thresholds::{NEVER, Rule, SITES, Thresholds, place},
    },
    team::Team,
};

/// Replicas below which each goes alone: sixteen lanes cost about as much as this many single ones.
const WORTH_LANES: usize = 12;

pub(super) struct GeneralWalkers<'a> {
    setup: Setup<'a>,
    batches: Vec<Batch>,
    /// Replicas a batch.
    size: usize,
}

/// What all batches read.
struct Setup<'a> {
    model: &'a Sparse,
    /// Sites have the numbers of their visits, here and in the batches.
    order: &'a Order,
    fixed: &'a Fixed,
    dynamics: Dynamics,
    kernels: &'static Kernels,
    thresholds: &'static Thresholds,
}

/// Up to sixteen replicas, or one.
struct Batch {
    state: State,
    streams: [Philox; LANES],
    rules: [Rule; LANES],
    held: Vec<Held>,
    sweeps: u64,
}

enum State {
    Lanes(Lanes),
    Single(Single),
}

impl<'a> GeneralWalkers<'a> {
    pub(super) fn new(model: &'a Sparse, dynamics: Dynamics, start: &Start<'_>) -> Self {
        let n = model.n_spins();
        let (order, fixed) = (model.order(start.reversed), model.fixed(start.reversed));
        let size = if start.n_replicas() < WORTH_LANES { 1 } else { LANES };
        let setup = Setup {
            model,
            order,
            fixed,
            dynamics,
            kernels: Kernels::of(model.level()),
            thresholds: Thresholds::of(model.level()),
        };
        let batches = start.spins.chunks(size * n).enumerate().map(|(number, states)| {
            let first = start.first + (number * size) as u64;
            let rule = Rule::new(true, 0.0, Rests::Never);
            Batch {
                state: if size == 1 {
                    State::Single(single(&setup, states))
                } else {
                    State::Lanes(lanes(&setup, states))
                },
                streams: std::array::from_fn(|lane| {
                    Philox::new(start.seed, Purpose::Dynamics, first + lane as u64)
                }),
                rules: [rule; LANES],
                held: (number * size..(number + 1) * size)
                    .map(|replica| {
                        let sites = order.sites.iter().map(|&site| site as usize);
                        Held::in_order(n, start.held(replica, n), sites)
                    })
                    .collect(),
                sweeps: start.sweeps,
            }
        });
        let batches = batches.collect();
        let mut walkers = Self { setup, batches, size };
        walkers.set_betas(start.betas);
        walkers
    }

    /// The replicas as (batch, lane).
    fn replicas(&self) -> impl Iterator<Item = (&Batch, usize)> {
        self.batches.iter().flat_map(|batch| (0..self.size).map(move |lane| (batch, lane)))
    }
}

fn single(setup: &Setup<'_>, spins: &[i8]) -> Single {
    checkpoint();
    let spins = setup.order.arranged(spins);
    let mut fields: Vec<i32> = (0..spins.len()).map(|site| setup.fixed.field(site)).collect();
    for (row, &spin) in setup.fixed.offsets.windows(2).zip(&spins) {
        for bond in &setup.fixed.bonds[row[0]..row[1]] {
            fields[bond.neighbour as usize] += bond.change / 2 * i32::from(spin);
        }
    }
    Single { fields, spins, flips: 0 }
}

fn lanes(setup: &Setup<'_>, states: &[i8]) -> Lanes {
    let n = setup.model.n_spins();
    let mut lanes = Lanes {
        fields: vec![Fields::default(); n],
        spins: vec![[1; LANES]; n],
        present: [0; LANES],
        flips: [0; LANES],
    };
    for (lane, spins) in states.chunks(n).enumerate() {
        lanes.present[lane] = -1;
        let single = single(setup, spins);
        for site in 0..n {
            lanes.fields[site].0[lane] = single.fields[site];
            lanes.spins[site][lane] = single.spins[site];
        }
    }
    lanes
}

impl Batch {
    fn sweep(&mut self, sweeps: u64, setup: &Setup<'_>, control: &Control) -> Result<()> {
        let (n, n_groups) = (setup.model.n_spins(), setup.fixed.n_groups());
        let mut for_lanes = [[0; LANES]; SITES];
        let mut for_one = [0; SITES];
        for _ in 0..sweeps {
            for number in 0..n_groups {
                control.check()?;
                let sites = number * SITES..n.min((number + 1) * SITES);
                let group = Group {
                    first: sites.start,
                    offsets: &setup.fixed.offsets[sites.start..=sites.end],
                    bonds: &setup.fixed.bonds,
                };
                let (block, _) = place(n_groups, self.sweeps, sites.start);
                let scales = setup.fixed.group_scales(number);
                match &mut self.state {
                    State::Lanes(state) => {
                        let draw = setup.thresholds.replicas;
                        draw(&self.streams, block, &self.rules, scales, &mut for_lanes);
                        for (lane, held) in self.held.iter().enumerate() {
                            for site in held.of_group(number) {
                                for_lanes[site][lane] = NEVER;
                            }
                        }
                        (setup.kernels.lanes)(group, &for_lanes, state);
                    }
                    State::Single(state) => {
                        let draw = setup.thresholds.sites;
                        draw(&self.streams[0], block, self.rules[0], scales, &mut for_one);
                        for site in self.held[0].of_group(number) {
                            for_one[site] = NEVER;
                        }
                        (setup.kernels.single)(group, &for_one, state);
                    }
                }
            }
            self.sweeps += 1;
        }
        Ok(())
    }

    /// The energies of all lanes.
    fn energies(&self, setup: &Setup<'_>) -> [f64; LANES] {
        let fixed = setup.fixed;
        match &self.state {
            State::Lanes(state) if fixed.is_exact() => (setup.kernels.cached)(fixed, state),
            State::Lanes(state) => {
                let by_site = setup.order.places.iter().map(|&place| state.spins[place as usize]);
                (setup.kernels.energies)(setup.model, &by_site.collect::<Vec<_>>())
            }
            State::Single(state) if fixed.is_exact() => {
                let sites = state.fields.iter().zip(&state.spins).enumerate();
                let terms = sites.map(|(site, (&field, &spin))| {
                    fixed.site_energy(site, field) * f64::from(spin)
                });
                [terms.fold(0.0, |sum, term| sum + term); LANES]
            }
            State::Single(state) => {
                let by_site = setup.order.places.iter().map(|&place| state.spins[place as usize]);
                [setup.model.energy(&by_site.collect::<Vec<_>>()); LANES]
            }
        }
    }

    fn magnetizations(&self) -> [i64; LANES] {
        let mut sums = [0; LANES];
        match &self.state {
            State::Lanes(state) => {
                for spins in &state.spins {
                    for lane in 0..LANES {
                        sums[lane] += i64::from(spins[lane]);
                    }
                }
            }
            State::Single(state) => sums[0] = state.spins.iter().map(|&s| i64::from(s)).sum(),
        }
        sums
    }

    fn spin(&self, site: usize, lane: usize) -> i8 {
        match &self.state {
            State::Lanes(state) => state.spins[site][lane],
            State::Single(state) => state.spins[site],
        }
    }
}

impl Walkers for GeneralWalkers<'_> {
    fn sweep(&mut self, sweeps: u64, team: &Team, control: &Control) -> Result<()> {
        let setup = &self.setup;
        if team.threads() > 1 && self.batches.len() > 1 {
            self.batches.par_iter_mut().try_for_each(|batch| batch.sweep(sweeps, setup, control))
        } else {
            self.batches.iter_mut().try_for_each(|batch| batch.sweep(sweeps, setup, control))
        }
    }

    fn set_betas(&mut self, betas: &[f64]) {
        let Setup { model, dynamics, fixed, .. } = self.setup;
        for (batch, betas) in self.batches.iter_mut().zip(betas.chunks(self.size)) {
            for (rule, &beta) in batch.rules.iter_mut().zip(betas) {
                let rests = model.resting().at(dynamics, beta);
                *rule = Rule::new(dynamics.is_heat_bath_at(beta), beta / fixed.common, rests);
            }
        }
    }

    fn energies(&self, out: &mut [f64]) {
        for (batch, out) in self.batches.iter().zip(out.chunks_mut(self.size)) {
            out.copy_from_slice(&batch.energies(&self.setup)[..out.len()]);
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        for (batch, out) in self.batches.iter().zip(out.chunks_mut(self.size)) {
            out.copy_from_slice(&batch.magnetizations()[..out.len()]);
        }
    }

    fn flips(&self, out: &mut [u64]) {
        for ((batch, lane), out) in self.replicas().zip(out) {
            *out = match &batch.state {
                State::Lanes(state) => state.flips[lane],
                State::Single(state) => state.flips,
            };
        }
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        let (batch, lane) = (&self.batches[replica / self.size], replica % self.size);
        for (&place, out) in self.setup.order.places.iter().zip(out) {
            *out = batch.spin(place as usize, lane);
        }
    }

    fn side_by_side(&self, replicas: Range<usize>, out: &mut [u8]) {
        let places = self.setup.order.places.iter().map(|&place| place as usize);
        let (first, batches) =
            (replicas.start % self.size, &self.batches[replicas.start / self.size..]);
        out.fill(0);
        for (bit, batch) in batches[..replicas.len().min(batches.len())].iter().enumerate() {
            match &batch.state {
                // All are in the first batch.
                State::Lanes(_) if bit > 0 => {}
                State::Lanes(state) => {
                    for (place, out) in places.clone().zip(&mut *out) {
                        // The signs of eight bytes, gathered in the highest: no two products meet.
                        let (halves, _) = state.spins[place].as_chunks::<8>();
                        let spins = u64::from_le_bytes(halves[first / 8].map(|spin| spin as u8));
                        let up = !spins >> 7 & 0x0101_0101_0101_0101;
                        *out = (up.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8;
                    }
                }
                State::Single(state) => {
                    for (place, out) in places.clone().zip(&mut *out) {
                        *out |= u8::from(state.spins[place] > 0) << bit;
                    }
                }
            }
        }
    }
}
