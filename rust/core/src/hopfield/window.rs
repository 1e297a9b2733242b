//! Recall in site order, by the flips since each spin's last visit.
//!
//! Near a memory one spin in a hundred ever flips, so recall is nearly all checking. The first
//! sweep weighs every row against the overlaps and keeps the field it finds. After that only the
//! *window* matters, the flips since the spin was last visited: a flip enters when it happens and
//! leaves when its own spin is visited again. The changes of the overlaps within a window are
//! small integers, three to six planes instead of eleven, and when the window is empty no spin can
//! flip any more at zero temperature: the run ends in the middle of a sweep. A heat bath that flips
//! too many spins for this weighs its rows against all overlaps, sweep after sweep.
//!
//! Rows are weighed a block ahead, against the planes as they stand at its beginning; that shares
//! the work among threads when the rows are long, and among registers always. The scan behind it
//! is serial, and each flip corrects the weights of the rest of the block by its R_i . xi_k, so
//! the dynamics is exactly the sequential one.
//!
//! Where the rows do not fit in cache, `tail.rs` takes many sweeps in one pass over them.
//!
//! Bound: the vector ports while the rows fit in cache, the memory beyond.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    associations::Associations,
    chance::Chance,
    overlaps::OverlapPlanes,
    pace::{LONGEST, Pace},
    recall::{Dynamics, Outcome, Watch},
    tail::Foresight,
};
use crate::{bits::Chunk, control::Control, error::Result};

/// Bytes of rows above which the threads look ahead inside one trial.
const LOOK_AHEAD_ABOVE: usize = 1 << 23;

/// Spins that are checked for flips together.
pub(super) const SETTLED_AT_ONCE: usize = 64;

/// At zero temperature a spin flips as soon as its field is against it.
const NO_MARGINS: [i64; SETTLED_AT_ONCE] = [0; SETTLED_AT_ONCE];

/// Spins whose constant field is one task.
const BLOCK: usize = 4096;

/// A window of a larger share of the spins than one in so many costs more than it saves.
const SHARE_IN_WINDOW: usize = 50;

pub(super) fn run(
    model: &Associations,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    sites: &[u32],
    watch: &mut Watch<'_>,
    control: &Control,
) -> Result<Outcome> {
    let chance = Chance::of(dynamics, replica, model.scale as f64);
    let mut run = Run::new(model, chance, spins, sites, control)?;
    let outcome = run.run(dynamics.max_sweeps, watch, control);
    run.write_back();
    outcome
}

/// What comes after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    On,
    /// No spin can flip any more.
    Rest,
    /// Whoever watches has seen enough.
    Stop,
}

/// A run in progress. What is kept a spin stands at the position of the spin among `sites`, the
/// spins that may flip.
pub(super) struct Run<'a> {
    pub model: &'a Associations,
    /// None at zero temperature.
    pub chance: Option<Chance>,
    /// All spins, as they were when they were last written back.
    pub state: &'a mut [i8],
    /// Number of the first random word of this sweep.
    pub first_word: u64,
    pub sites: &'a [u32],
    pub spins: Vec<i8>,
    /// N h_i at the last visit, threshold not included; before the first, what does not come with
    /// the overlaps.
    pub fields: Vec<i64>,
    /// In how many of the patterns in the planes the spin is up: known after the first sweep, if
    /// the planes need it.
    pub counts: Vec<i64>,
    /// Whether they are known for these planes.
    pub is_counted: bool,
    /// Whether the spin flipped at its last visit.
    pub in_window: Vec<bool>,
    pub window_size: usize,
    /// What rows are weighed against: all overlaps in the first sweep, then mostly the window.
    pub planes: OverlapPlanes<'a>,
    /// The window, while it is not yet what rows are weighed against.
    pub next_window: Option<OverlapPlanes<'a>>,
    pub sweeps: u64,
    pub flips: u64,
    pub foresight: Foresight,
}

impl<'a> Run<'a> {
    pub fn new(
        model: &'a Associations,
        chance: Option<Chance>,
        state: &'a mut [i8],
        sites: &'a [u32],
        control: &Control,
    ) -> Result<Self> {
        let planes = OverlapPlanes::of_state(model, state, control)?;
        let mut run = Self {
            model,
            chance,
            first_word: 0,
            sites,
            spins: sites.iter().map(|&site| state[site as usize]).collect(),
            fields: vec![0; sites.len()],
            counts: Vec::new(),
            is_counted: false,
            in_window: vec![false; sites.len()],
            window_size: 0,
            next_window: None,
            planes,
            state,
            sweeps: 0,
            flips: 0,
            foresight: Foresight::default(),
        };
        run.open(control)?;
        Ok(run)
    }

    /// Prepares for a sweep whose rows are weighed against all overlaps, as the planes have them.
    fn open(&mut self, control: &Control) -> Result<()> {
        let model = self.model;
        let blocks = self.fields.par_chunks_mut(BLOCK).zip(self.sites.par_chunks(BLOCK));
        blocks.zip(self.spins.par_chunks(BLOCK)).try_for_each(|((fields, sites), spins)| {
            control.check()?;
            for ((field, &site), &spin) in fields.iter_mut().zip(sites).zip(spins) {
                *field = model.constant_field(site as usize, spin);
            }
            Ok(())
        })?;
        self.in_window.fill(false);
        self.window_size = 0;
        self.next_window = Some(self.planes.changes());
        Ok(())
    }

    /// Chooses what the rows of the next sweep are weighed against.
    fn close(&mut self, control: &Control) -> Result<()> {
        self.is_counted = true;
        let is_crowded =
            self.chance.is_some() && self.window_size > self.sites.len() / SHARE_IN_WINDOW;
        match (self.next_window.take(), is_crowded) {
            (Some(_), true) => self.open(control),
            (Some(window), false) => {
                self.planes = window;
                Ok(())
            }
            (None, true) => {
                self.write_back();
                self.planes = OverlapPlanes::of_state(self.model, self.state, control)?;
                self.is_counted = false;
                self.open(control)
            }
            (None, false) => Ok(()),
        }
    }

    pub fn run(
        &mut self,
        max_sweeps: u64,
        watch: &mut Watch<'_>,
        control: &Control,
    ) -> Result<Outcome> {
        let is_shared = self.row_bytes() * self.sites.len() > LOOK_AHEAD_ABOVE
            && rayon::current_num_threads() > 1;
        let mut pace = Pace::new(is_shared);
        let mut weights = vec![0; LONGEST[1].min(self.sites.len())];
        while self.sweeps < max_sweeps {
            let step = match self.run_ahead(max_sweeps, watch, control)? {
                Some(step) => step,
                None => self.sweep(&mut pace, &mut weights, watch, control)?,
            };
            match step {
                Step::On => {}
                Step::Rest => {
                    return Ok(Outcome { converged: true, cycle_length: 1, ..self.outcome() });
                }
                Step::Stop => break,
            }
        }
        Ok(self.outcome())
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.model.cues.rows().stride() * size_of::<Chunk>()
    }

    fn outcome(&self) -> Outcome {
        Outcome { sweeps: self.sweeps, flips: self.flips, ..Outcome::default() }
    }

    fn sweep(
        &mut self,
        pace: &mut Pace,
        weights: &mut [i64],
        watch: &mut Watch<'_>,
        control: &Control,
    ) -> Result<Step> {
        self.sweeps += 1;
        let mut first = 0;
        while first < self.sites.len() {
            control.check()?;
            let last = self.sites.len().min(first + pace.block_length());
            let weights = &mut weights[..last - first];
            let sites = &self.sites[first..last];
            if self.next_window.is_none() {
                let counts = self.counts.get(first..last).unwrap_or_default();
                self.planes.weigh_changes(sites, counts, weights);
            } else {
                self.planes.weigh(sites, weights);
                if !self.is_counted && self.planes.needs_counts() {
                    self.counts.resize(self.sites.len(), 0);
                    self.planes.count(sites, &mut self.counts[first..last]);
                }
            }
            let mut changes = 0;
            for run in (first..last).step_by(SETTLED_AT_ONCE) {
                let run = run..last.min(run + SETTLED_AT_ONCE);
                let here = run.start - first..run.end - first;
                if self.settle(run.clone(), &weights[here]) {
                    continue;
                }
                for position in run {
                    changes += self.visit(position, &mut weights[position - first..]);
                    if self.window_size == 0 && changes > 0 && self.chance.is_none() {
                        return Ok(Step::Rest);
                    }
                }
            }
            pace.record(changes, last - first);
            first = last;
        }
        if self.window_size == 0 && self.chance.is_none() {
            return Ok(Step::Rest);
        }
        self.close(control)?;
        self.first_word += self.state.len() as u64;
        pace.halve();
        Ok(if watch(self.sweeps, &self.spins) { Step::On } else { Step::Stop })
    }

    /// The common case, without a branch a spin: nothing in this run of spins flips, or did at its
    /// last visit. Takes the new fields and returns true, or leaves everything as it was.
    fn settle(&mut self, run: Range<usize>, weights: &[i64]) -> bool {
        if !self.model.has_no_thresholds() || self.in_window[run.clone()].contains(&true) {
            return false;
        }
        let spins = &self.spins[run.clone()];
        let mut drawn;
        let margins: &[i64] = match &mut self.chance {
            None => &NO_MARGINS[..run.len()],
            Some(chance) => {
                drawn = NO_MARGINS;
                let drawn = &mut drawn[..run.len()];
                chance.margins(self.first_word, &self.sites[run.clone()], spins, drawn);
                drawn
            }
        };
        (self.model.kernels.settle)(&mut self.fields[run], weights, spins, margins)
    }

    /// Visits one spin; `weights` are its own and those of the rest of the block. Returns how often
    /// the planes changed.
    fn visit(&mut self, position: usize, weights: &mut [i64]) -> usize {
        let (site, spin) = (self.sites[position] as usize, self.spins[position]);
        let rest = &self.sites[position..position + weights.len()];
        let mut changes = 0;
        if self.in_window[position] {
            // Its own flip leaves the window: taken back as if the spin flipped again.
            self.planes.flip(site, spin);
            self.planes.correct(rest, weights, site, spin);
            self.in_window[position] = false;
            self.window_size -= 1;
            changes += 1;
        }
        self.fields[position] += 2 * weights[0];
        let flips = match &mut self.chance {
            None => self.model.flips(site, self.fields[position], spin),
            Some(chance) => {
                let scaled = self.model.scaled_field(site, self.fields[position]);
                chance.flips(self.first_word + site as u64, scaled, spin)
            }
        };
        if flips {
            self.planes.flip(site, spin);
            self.planes.correct(&rest[1..], &mut weights[1..], site, spin);
            if let Some(window) = &mut self.next_window {
                window.flip(site, spin);
            }
            self.spins[position] = -spin;
            self.in_window[position] = true;
            self.window_size += 1;
            self.flips += 1;
            changes += 1;
        }
        changes
    }

    pub fn write_back(&mut self) {
        for (&site, &spin) in self.sites.iter().zip(&self.spins) {
            self.state[site as usize] = spin;
        }
    }
}
