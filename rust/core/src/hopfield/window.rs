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
//! is serial, and each flip corrects the weights of the rest of the block by its xi_i . xi_k, so
//! the dynamics is exactly the sequential one.
//!
//! Bound: the vector ports while the rows fit in cache, the memory beyond.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Hopfield,
    chance::Chance,
    overlaps::OverlapPlanes,
    recall::{Dynamics, Outcome, Watch},
};
use crate::{bits::Chunk, control::Control, error::Result};

/// Bytes of rows above which the threads look ahead inside one trial.
const LOOK_AHEAD_ABOVE: usize = 1 << 23;

/// Longest blocks: alone (a few register tiles), and shared among threads.
const LONGEST: [usize; 2] = [32, 4096];

/// Spins that are checked for flips together.
const SETTLED_AT_ONCE: usize = 64;

/// Spins whose constant field is one task.
const BLOCK: usize = 4096;

/// A window of a larger share of the spins than one in so many costs more than it saves.
const SHARE_IN_WINDOW: usize = 50;

/// Shortest block that is worth sharing.
const SHORTEST_SHARED: usize = 32;

pub(super) fn run(
    model: &Hopfield,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    sites: &[u32],
    watch: &mut Watch<'_>,
    control: &Control,
) -> Result<Outcome> {
    let mut run =
        Run::new(model, Chance::of(dynamics, replica, spins.len()), spins, sites, control)?;
    let outcome = run.run(dynamics.max_sweeps, watch, control);
    run.write_back();
    outcome
}

/// A run in progress. What is kept a spin stands at the position of the spin among `sites`, the
/// spins that may flip.
struct Run<'a> {
    model: &'a Hopfield,
    /// None at zero temperature.
    chance: Option<Chance>,
    /// All spins, as they were when they were last written back.
    state: &'a mut [i8],
    /// Number of the first random word of this sweep.
    first_word: u64,
    sites: &'a [u32],
    spins: Vec<i8>,
    /// N h_i at the last visit, threshold not included; before the first, what does not come with
    /// the overlaps.
    fields: Vec<i64>,
    /// Whether the spin flipped at its last visit.
    in_window: Vec<bool>,
    window_size: usize,
    /// What rows are weighed against: all overlaps in the first sweep, then mostly the window.
    planes: OverlapPlanes<'a>,
    /// The window, while it is not yet what rows are weighed against.
    next_window: Option<OverlapPlanes<'a>>,
    flips: u64,
}

impl<'a> Run<'a> {
    fn new(
        model: &'a Hopfield,
        chance: Option<Chance>,
        state: &'a mut [i8],
        sites: &'a [u32],
        control: &Control,
    ) -> Result<Self> {
        let planes = OverlapPlanes::of_state(&model.patterns, model.kernels, state, control)?;
        let mut run = Self {
            model,
            chance,
            first_word: 0,
            sites,
            spins: sites.iter().map(|&site| state[site as usize]).collect(),
            fields: vec![0; sites.len()],
            in_window: vec![false; sites.len()],
            window_size: 0,
            next_window: None,
            planes,
            state,
            flips: 0,
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
                let Hopfield { patterns, kernels, .. } = self.model;
                self.planes = OverlapPlanes::of_state(patterns, kernels, self.state, control)?;
                self.open(control)
            }
            (None, false) => Ok(()),
        }
    }

    fn run(
        &mut self,
        max_sweeps: u64,
        watch: &mut Watch<'_>,
        control: &Control,
    ) -> Result<Outcome> {
        let row_bytes = self.model.patterns.rows().stride() * size_of::<Chunk>();
        let mut pace = Pace {
            shared: row_bytes * self.sites.len() > LOOK_AHEAD_ABOVE
                && rayon::current_num_threads() > 1,
            changes: 1,
            visits: 64,
        };
        let mut weights = vec![0; LONGEST[1].min(self.sites.len())];
        for sweep in 1..=max_sweeps {
            let mut first = 0;
            while first < self.sites.len() {
                control.check()?;
                let last = self.sites.len().min(first + pace.block_length());
                let weights = &mut weights[..last - first];
                self.planes.weigh(&self.sites[first..last], weights);
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
                            return Ok(self.at_rest(sweep));
                        }
                    }
                }
                pace.record(changes, last - first);
                first = last;
            }
            if self.window_size == 0 && self.chance.is_none() {
                return Ok(self.at_rest(sweep));
            }
            self.close(control)?;
            self.first_word += self.state.len() as u64;
            pace.halve();
            if !watch(sweep, &self.spins) {
                return Ok(Outcome { sweeps: sweep, flips: self.flips, ..Outcome::default() });
            }
        }
        Ok(Outcome { sweeps: max_sweeps, flips: self.flips, ..Outcome::default() })
    }

    /// The common case, without a branch a spin: nothing in this run of spins flips, or did at its
    /// last visit. Takes the new fields and returns true, or leaves everything as it was.
    fn settle(&mut self, run: Range<usize>, weights: &[i64]) -> bool {
        if !self.model.has_no_thresholds() || self.in_window[run.clone()].contains(&true) {
            return false;
        }
        let mut margins = [0; SETTLED_AT_ONCE];
        let margins = &mut margins[..run.len()];
        let spins = &self.spins[run.clone()];
        if let Some(chance) = &mut self.chance {
            chance.margins(self.first_word, &self.sites[run.clone()], spins, margins);
        }
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
                chance.flips(self.model, self.first_word, site, self.fields[position], spin)
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

    fn at_rest(&self, sweeps: u64) -> Outcome {
        Outcome { sweeps, flips: self.flips, converged: true, cycle_length: 1 }
    }

    fn write_back(&mut self) {
        for (&site, &spin) in self.sites.iter().zip(&self.spins) {
            self.state[site as usize] = spin;
        }
    }
}

/// How far to look ahead. A block costs each of its rows a correction for every change before it,
/// about half the changes it holds, and a correction costs about as much as a plane: so a block
/// should hold about one change. Its length changes no result.
struct Pace {
    shared: bool,
    changes: usize,
    visits: usize,
}

impl Pace {
    fn block_length(&self) -> usize {
        let visits_per_change = self.visits / self.changes.max(1);
        if self.shared {
            visits_per_change.clamp(SHORTEST_SHARED, LONGEST[1])
        } else {
            (visits_per_change / 4 * 4).clamp(4, LONGEST[0])
        }
    }

    fn record(&mut self, changes: usize, visits: usize) {
        self.changes += changes;
        self.visits += visits;
    }

    /// Forgets half, so that the pace follows the run.
    fn halve(&mut self) {
        self.changes = self.changes.div_ceil(2);
        self.visits = self.visits.div_ceil(2);
    }
}
