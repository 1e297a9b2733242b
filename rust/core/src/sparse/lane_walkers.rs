//! Replicas in bit lanes on their way.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Sparse,
    lanes::{Kernels, Visits},
    layout::{LONGEST_RUN, Layout, MAX_DEGREE},
    random_planes::RandomPlanes,
    resting::{self, RestingLanes},
    tally::Tally,
    thresholds::Rule,
};
use crate::{
    bits::Chunk,
    control::Control,
    error::Result,
    rng::{Philox, Purpose},
    spins::{Dynamics, Held, Resting, SpinModel, Start, Walkers},
    team::Team,
};

/// Runs between two looks at the cancel flag: at most some milliseconds.
const RUNS_PER_CHECK: usize = 64;

pub(super) struct LaneWalkers<'a> {
    setup: Setup<'a>,
    n_replicas: usize,
    blocks: Vec<Block>,
}

/// What all blocks read.
struct Setup<'a> {
    n_spins: u64,
    coupling: f64,
    dynamics: Dynamics,
    layout: &'a Layout,
    resting: Resting,
    kernels: &'static Kernels,
    rests: &'static resting::Kernels,
}

/// 64 replicas.
struct Block {
    /// One word a slot; bit l is set where the spin of lane l points up.
    spins: Vec<Chunk>,
    random: RandomPlanes,
    /// All ones in slots where no site stands, elsewhere the lanes in which the spin is held.
    held: Vec<Chunk>,
    /// The lanes that rest come from this stream.
    rest_planes: RandomPlanes,
    resting: RestingLanes,
    betas: [f64; 64],
    /// Empty until the temperatures are known.
    rules: [Option<Rule>; MAX_DEGREE + 1],
    flips: Tally,
    sweeps: u64,
}

impl<'a> LaneWalkers<'a> {
    pub(super) fn new(
        model: &'a Sparse,
        coupling: f64,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Self {
        let (layout, n) = (model.layout(start.reversed), model.n_spins());
        let mut blocks = Vec::new();
        for (number, states) in (start.first / 64..).zip(start.spins.chunks(64 * n)) {
            let replicas = 64 * number..64 * (number + 1);
            let held = replicas
                .map(|replica| Held::new(n, start.held((replica - start.first) as usize, n)));
            let planes = |purpose| RandomPlanes::new(&Philox::new(start.seed, purpose, number));
            let mut spins = vec![Chunk::default(); layout.sites.len()];
            for (lane, state) in states.chunks(n).enumerate() {
                for (&slot, &spin) in layout.slots.iter().zip(state) {
                    spins[slot as usize / 8].0[slot as usize % 8] |= u64::from(spin > 0) << lane;
                }
            }
            blocks.push(Block {
                spins,
                random: planes(Purpose::Dynamics),
                held: passed_over(layout, held),
                rest_planes: planes(Purpose::Rest),
                resting: RestingLanes::default(),
                betas: [f64::NAN; 64],
                rules: [const { None }; MAX_DEGREE + 1],
                flips: Tally::new(),
                sweeps: start.sweeps,
            });
        }
        let mut walkers = Self {
            setup: Setup {
                n_spins: n as u64,
                coupling,
                dynamics,
                layout,
                resting: model.resting(),
                kernels: Kernels::of(model.level()),
                rests: resting::Kernels::of(model.level()),
            },
            n_replicas: start.n_replicas(),
            blocks,
        };
        walkers.set_betas(start.betas);
        walkers
    }

    /// The totals that `count` tallies in each block, replica after replica.
    fn totals(&self, count: impl Fn(&Block, &mut Tally)) -> impl Iterator<Item = u64> {
        let totals = self.blocks.iter().flat_map(move |block| {
            let mut tally = Tally::new();
            count(block, &mut tally);
            tally.totals()
        });
        totals.take(self.n_replicas)
    }
}

impl Block {
    fn sweep(&mut self, sweeps: u64, setup: &Setup<'_>, control: &Control) -> Result<()> {
        for _ in 0..sweeps {
            self.sweep_once(setup, control)?;
            self.sweeps += 1;
        }
        Ok(())
    }

    fn sweep_once(&mut self, setup: &Setup<'_>, control: &Control) -> Result<()> {
        let visits = Visits {
            layout: setup.layout,
            rules: &self.rules,
            random: &self.random,
            first: self.sweeps.wrapping_mul(setup.n_spins),
        };
        let mut generator = (setup.rests.generator)(&self.rest_planes, self.sweeps);
        let mut buffer = [Chunk::default(); LONGEST_RUN];
        for runs in setup.layout.runs.chunks(RUNS_PER_CHECK) {
            control.check()?;
            for run in runs {
                let mut passed_over = &self.held[run.first_chunk..][..run.n_chunks];
                if !self.resting.is_empty() {
                    let out = &mut buffer[..run.n_chunks];
                    (setup.rests.draw)(self.resting, &mut generator, passed_over, out);
                    passed_over = out;
                }
                setup.kernels.visit(&visits, run, passed_over, &mut self.spins, &mut self.flips);
            }
            (setup.kernels.settle)(&mut self.flips);
        }
        Ok(())
    }
}

/// The slots without a site, and the lanes in which a spin is held.
fn passed_over(layout: &Layout, held: impl Iterator<Item = Held>) -> Vec<Chunk> {
    let mut passed_over = layout.empty_slots();
    for (lane, held) in held.enumerate() {
        for (group, slots) in layout.slots.chunks(64).enumerate() {
            for site in held.of_group(group) {
                let slot = slots[site] as usize;
                passed_over[slot / 8].0[slot % 8] |= 1 << lane;
            }
        }
    }
    passed_over
}

impl Walkers for LaneWalkers<'_> {
    fn sweep(&mut self, sweeps: u64, team: &Team, control: &Control) -> Result<()> {
        let setup = &self.setup;
        let sweep = |block: &mut Block| block.sweep(sweeps, setup, control);
        if team.threads() > 1 && self.blocks.len() > 1 {
            self.blocks.par_iter_mut().try_for_each(sweep)
        } else {
            self.blocks.iter_mut().try_for_each(sweep)
        }
    }

    #[allow(clippy::float_cmp, reason = "whether they are the same, not whether they are close")]
    fn set_betas(&mut self, betas: &[f64]) {
        for (block, betas) in self.blocks.iter_mut().zip(betas.chunks(64)) {
            // Lanes beyond the last replica take its temperature; nobody asks for them.
            let of_lane = std::array::from_fn(|lane| betas[lane.min(betas.len() - 1)]);
            if of_lane != block.betas {
                block.betas = of_lane;
                let rests =
                    of_lane.iter().map(|&beta| self.setup.resting.at(self.setup.dynamics, beta));
                block.resting = RestingLanes::new(rests);
                for degree in self.setup.layout.degrees() {
                    block.rules[degree] =
                        Some(Rule::new(self.setup.dynamics, &of_lane, self.setup.coupling, degree));
                }
            }
        }
    }

    fn energies(&self, out: &mut [f64]) {
        let unsatisfied = self.totals(|block, tally| {
            (self.setup.kernels.unsatisfied)(self.setup.layout, &block.spins, tally);
        });
        for (energy, twice) in out.iter_mut().zip(unsatisfied) {
            *energy =
                self.setup.coupling * (twice as i64 - self.setup.layout.n_bonds as i64) as f64;
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        let up = self.totals(|block, tally| (self.setup.kernels.up)(&block.spins, tally));
        for (magnetization, up) in out.iter_mut().zip(up) {
            *magnetization = 2 * up as i64 - self.setup.n_spins as i64;
        }
    }

    fn flips(&self, out: &mut [u64]) {
        let flips = self.blocks.iter().flat_map(|block| block.flips.totals());
        for (out, flips) in out.iter_mut().zip(flips) {
            *out = flips;
        }
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        let (spins, lane) = (&self.blocks[replica / 64].spins, replica % 64);
        for (&slot, out) in self.setup.layout.slots.iter().zip(out) {
            let word = spins[slot as usize / 8].0[slot as usize % 8];
            *out = 2 * (word >> lane & 1) as i8 - 1;
        }
    }

    fn side_by_side(&self, replicas: Range<usize>, out: &mut [u8]) {
        let (spins, lane) = (&self.blocks[replicas.start / 64].spins, replicas.start % 64);
        for (&slot, out) in self.setup.layout.slots.iter().zip(out) {
            *out = (spins[slot as usize / 8].0[slot as usize % 8] >> lane) as u8;
        }
    }
}
