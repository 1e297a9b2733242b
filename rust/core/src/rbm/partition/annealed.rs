//! Annealed importance sampling: ln Z from chains that go from a machine without weights to this one.
//!
//! Between the base model (visible biases a^0, no weights) and the machine stand the distributions
//!
//!   p_beta(v) ~ e^{(1 - beta) a^0.v} e^{beta a.v} prod_j (1 + e^{beta x_j(v)}), 0 <= beta <= 1,
//!
//! where x_j is the field of hidden unit j. A chain starts from a sample of the base model, and
//! makes one Gibbs step at each beta on its way; its weight is the product of p_beta'(v) / p_beta(v)
//! of all steps from beta to beta', each at the state where the step was taken. The mean weight is
//! Z / Z_base, whatever the betas (Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov and Murray, ICML
//! (2008)). ln of a mean is on average too small. Reverse chains, from samples of the machine to the base
//! model, have the mean weight Z_base / Z, and err to the other side (Burda, Grosse and Salakhutdinov,
//! AISTATS (2015)).
//!
//! Each tile of units keeps the gains of its own units for the whole run, and they are summed tile
//! after tile at its end: which member of a team has which tile changes no bit. Fields are those of
//! the fixed point; so is the machine whose Z is estimated.

use std::{
    cmp::Ordering,
    f64::consts::LOG2_E,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::annealed_kernels::{Dots, Gain, Kernels as AnnealedKernels, SMALL};
use crate::{
    control::Control,
    elementary::sigmoid::factor,
    error::{Error, Result},
    rbm::units::{
        half_step::{Stop, Streams, Workspace, finish, share},
        kernels::{Kernels, Row, UNITS, Weights},
        layer::fixed_point,
        machine::Rbm,
        states::States,
    },
    rng::Purpose,
    simd::Level,
    team::Team,
};

/// A run of annealed importance sampling.
#[derive(Clone, Copy, Debug)]
pub struct Annealed<'a> {
    /// The inverse temperatures, from 0 up to 1.
    pub betas: &'a [f64],
    /// Chains.
    pub n_chains: usize,
    /// The seed of the streams.
    pub seed: u64,
    /// The visible biases of the base model.
    pub base: &'a [f32],
    /// Visible states of the machine, a byte a unit, chain after chain, from which reverse chains start;
    /// without them, chains start from the base model.
    pub start: Option<&'a [u8]>,
}

impl Annealed<'_> {
    fn check(&self, n_visible: usize) -> Result<()> {
        let (first, last) = (self.betas.first(), self.betas.last());
        if self.betas.len() < 2 || first != Some(&0.0) || last != Some(&1.0) {
            let got = match (first, last) {
                (Some(first), Some(last)) => {
                    format!("{} from {first} to {last}", self.betas.len())
                }
                _ => "none".to_owned(),
            };
            return Err(Error::expected("betas", "at least two, from 0 to 1", got));
        }
        for pair in self.betas.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            // What is not a number does not ascend.
            if before.partial_cmp(&after).is_none_or(Ordering::is_gt) {
                let got = format_args!("{after} after {before}").to_string();
                return Err(Error::expected("betas", "ascending", got));
            }
        }
        if self.n_chains == 0 {
            return Err(Error::expected("n_chains", "at least 1", 0));
        }
        if self.base.len() != n_visible {
            let expected = format_args!("{n_visible} visible biases").to_string();
            return Err(Error::expected("base", expected, self.base.len()));
        }
        if let Some(value) = self.base.iter().find(|value| !value.is_finite()) {
            return Err(Error::expected("base", "finite", value));
        }
        match self.start {
            Some(start) if Some(start.len()) != self.n_chains.checked_mul(n_visible) => {
                let expected =
                    format_args!("{} chains of {n_visible} visible units", self.n_chains)
                        .to_string();
                Err(Error::expected("start", expected, format_args!("{} units", start.len())))
            }
            _ => Ok(()),
        }
    }

    /// The betas in the order of the run, in pairs: one a step.
    fn steps(&self) -> Vec<(f64, f64)> {
        let mut steps: Vec<_> = self.betas.windows(2).map(|pair| (pair[0], pair[1])).collect();
        if self.start.is_some() {
            steps.reverse();
            for step in &mut steps {
                *step = (step.1, step.0);
            }
        }
        steps
    }
}

/// A tile of visible units on its way.
struct VisibleTile<'a> {
    number: usize,
    /// The biases of the base model.
    base: &'a [f32],
    /// a - a^0.
    tilt: Dots,
    gains: Vec<f64>,
    states: Vec<u32>,
}

impl VisibleTile<'_> {
    /// What the base model adds to t of each unit at `beta`.
    fn shift(&self, beta: f64) -> Weights {
        let mut shift = Weights::ZERO;
        for (shift, &base) in shift.0.as_flattened_mut().iter_mut().zip(self.base) {
            *shift = (-LOG2_E * (1.0 - beta) * f64::from(base)) as f32;
        }
        shift
    }

    /// Adds the gains of the step that is taken next from the present states.
    fn gain(&mut self, (from, to): (f64, f64)) {
        for (gain, &word) in self.gains.iter_mut().zip(&self.states) {
            *gain += (to - from) * self.tilt.of(word);
        }
    }
}

/// A tile of hidden units on its way.
struct HiddenTile {
    number: usize,
    /// The largest field that its units can have.
    bound: f64,
    gains: Vec<Gain>,
}

/// One run, as all members of the team see it.
struct Run<'a> {
    machine: &'a Rbm,
    annealed: &'a Annealed<'a>,
    /// Streams of the visible tiles, then of the hidden tiles.
    streams: Streams,
    /// The first of them: reverse chains have others.
    first_stream: usize,
    visible: States,
    hidden: States,
    kernels: &'static AnnealedKernels,
}

impl Run<'_> {
    fn visible_tiles(&self, numbers: Range<usize>) -> Vec<VisibleTile<'_>> {
        let tile = |number: usize| {
            let base = self.annealed.base.chunks(UNITS).nth(number).unwrap_or_default();
            let bias = fixed_point(&self.machine.visible.tile(number).bias, self.machine.scale);
            let mut tilt = [0.0; UNITS];
            for ((tilt, &bias), &base) in tilt.iter_mut().zip(bias.0.as_flattened()).zip(base) {
                *tilt = f64::from(bias) / f64::from(self.machine.scale) - f64::from(base);
            }
            let rows = self.annealed.n_chains;
            let states = (0..rows).map(|row| self.visible.word(number, row)).collect();
            VisibleTile { number, base, tilt: Dots::new(&tilt), gains: vec![0.0; rows], states }
        };
        numbers.map(tile).collect()
    }

    fn hidden_tiles(&self, numbers: Range<usize>, kernels: &Kernels) -> Vec<HiddenTile> {
        let tile = |number: usize| {
            let tile = self.machine.hidden.tile(number);
            let bound = f32::from_bits((kernels.bound)(&tile.weights, &tile.bias).field);
            let gains = vec![Gain::ZERO; self.annealed.n_chains];
            HiddenTile { number, bound: f64::from(bound), gains }
        };
        numbers.map(tile).collect()
    }

    /// Samples of the base model.
    fn start(&self, tile: &mut VisibleTile<'_>) {
        let units = self.machine.visible.units(tile.number);
        let mut generators = self.streams.tile(self.first_stream + tile.number);
        let fields = vec![Row::ZERO; tile.states.len()];
        let shift = tile.shift(0.0);
        (self.kernels.draw)(&fields, 0.0, &shift, &mut generators, units, &mut tile.states);
        self.visible.write(tile.number, 0, &tile.states);
    }

    /// The visible units at `beta`, given the hidden ones that `work` has loaded.
    fn draw_visible(&self, work: &mut Workspace, tile: &mut VisibleTile<'_>, beta: f64) {
        let (layer, scale) = (&self.machine.visible, self.machine.scale);
        let (factor, shift) = (factor(scale, beta as f32), tile.shift(beta));
        let (number, units) = (tile.number, layer.units(tile.number));
        let mut generators = self.streams.tile(self.first_stream + number);
        work.fields(&layer.tile(number), scale, |first, fields, _| {
            let states = &mut tile.states[first..first + fields.len()];
            (self.kernels.draw)(fields, factor, &shift, &mut generators, units, states);
            self.visible.write(number, first, states);
        });
    }

    /// Takes a step at the visible states that `work` has loaded, and unless it `is_last` draws the
    /// hidden units at its end.
    fn step(
        &self,
        work: &mut Workspace,
        tile: &mut HiddenTile,
        (from, to): (f64, f64),
        is_last: bool,
    ) {
        let (layer, scale) = (&self.machine.hidden, self.machine.scale);
        let (number, units) = (tile.number, layer.units(tile.number));
        let unit = 1.0 / f64::from(scale);
        let is_small = (to - from).abs() * tile.bound <= SMALL;
        let (factor, z) = (factor(scale, to as f32), ((from - to) * unit) as f32);
        let stream = self.first_stream + self.machine.visible.n_tiles() + number;
        let mut generators = self.streams.tile(stream);
        work.fields(&layer.tile(number), scale, |first, fields, states| {
            let gains = &mut tile.gains[first..first + fields.len()];
            if is_small {
                (self.kernels.small_step)(fields, factor, z, gains);
            } else {
                (self.kernels.large_step)(fields, from * unit, to * unit, gains);
            }
            if !is_last {
                states.resize(fields.len(), 0);
                let shift = &Weights::ZERO;
                (self.kernels.draw)(fields, factor, shift, &mut generators, units, states);
                self.hidden.write(number, first, states);
            }
        });
    }
}

impl Rbm {
    /// ln of the weights of the chains of a run: ln Z is ln Z_base plus ln of their mean, and
    /// minus it for reverse chains, where ln Z_base = n_hidden ln 2 + sum_i ln(1 + e^{a^0_i}). The
    /// progress of `control` is in steps, one less than there are betas.
    ///
    /// # Errors
    /// [`Error::Value`] for betas that do not ascend from 0 to 1, no chains, or arrays of another
    /// length; [`Error::Memory`], [`Error::Cancelled`].
    pub fn annealed(
        &self,
        annealed: &Annealed<'_>,
        team: &Team,
        level: Level,
        control: &Control,
    ) -> Result<Vec<f64>> {
        annealed.check(self.n_visible())?;
        let rows = annealed.n_chains;
        let tiles = self.visible.n_tiles() + self.hidden.n_tiles();
        let bytes = rows.checked_mul(tiles * size_of::<Gain>());
        if bytes.is_none_or(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_err()) {
            return Err(Error::Memory(format!("{rows} chains do not fit in memory")));
        }
        let run = Run {
            machine: self,
            annealed,
            streams: Streams::new(annealed.seed, Purpose::Annealing, 2 * tiles),
            first_stream: if annealed.start.is_some() { tiles } else { 0 },
            visible: match annealed.start {
                Some(start) => States::from_bytes(self.n_visible(), start),
                None => States::new(self.n_visible(), rows),
            },
            hidden: States::new(self.n_hidden(), rows),
            kernels: AnnealedKernels::of(level),
        };
        let steps = annealed.steps();
        let stop = Stop::default();
        let gains: Vec<_> = (0..tiles).map(|_| Mutex::new(Vec::new())).collect();
        team.run(self.members(rows), |member, barrier| {
            let mut work = Workspace::new(Kernels::of(level));
            let members = barrier.members();
            let mut visible = run.visible_tiles(share(run.visible.tiles(), member, members));
            let own = share(run.hidden.tiles(), member, members);
            let mut hidden = run.hidden_tiles(own, work.kernels);
            for tile in &mut visible {
                if annealed.start.is_none() {
                    run.start(tile);
                }
                tile.gain(steps[0]);
            }
            barrier.wait();
            for (&step, next) in steps.iter().zip(1..) {
                let next = steps.get(next);
                work.load(&run.visible, rows);
                for tile in &mut hidden {
                    run.step(&mut work, tile, step, next.is_none());
                }
                if let Some(&next) = next {
                    barrier.wait();
                    work.load(&run.hidden, rows);
                    for tile in &mut visible {
                        run.draw_visible(&mut work, tile, step.1);
                        tile.gain(next);
                    }
                    if member == 0 {
                        stop.check(control);
                    }
                    barrier.wait();
                }
                if stop.agreed() {
                    break;
                }
                if member == 0 {
                    control.advance(1);
                }
            }
            let slot = |tile: usize| gains[tile].lock().unwrap_or_else(PoisonError::into_inner);
            for tile in visible {
                *slot(tile.number) = tile.gains;
            }
            for tile in hidden {
                let totals = tile.gains.into_iter().map(Gain::total).collect();
                *slot(run.visible.tiles() + tile.number) = totals;
            }
        });
        finish(&stop, control)?;
        let mut weights = vec![0.0; rows];
        for gains in gains {
            let gains = gains.into_inner().unwrap_or_else(PoisonError::into_inner);
            weights.iter_mut().zip(gains).for_each(|(weight, gain)| *weight += gain);
        }
        Ok(weights)
    }
}
