//! Whether a guess of the next sweeps is true: nobody but the candidates flips.
//!
//! Each other spin is weighed against the flips between two of its visits, as in any sweep, but for all
//! sweeps while its row is in cache. The windows of all sweeps stand side by side and move on from
//! one flip's position to the next: a flip is in the window of the next sweep before its position,
//! and in that of its own behind it.
//!
//! Bound: the vector ports.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use rayon::prelude::*;

use super::{
    overlaps::OverlapPlanes,
    tail::{Flip, Guess, of},
    window::{Run, SETTLED_AT_ONCE},
};
use crate::{control::Control, error::Result};

/// Bytes of rows that are verified together: they stay in the cache of a core for all sweeps.
const TILE_BYTES: usize = 1 << 18;

/// Pieces of the work, for each thread.
const PIECES_PER_THREAD: usize = 4;

/// The spins that are no candidates.
pub(super) struct Others {
    pub positions: Vec<usize>,
    sites: Vec<u32>,
    spins: Vec<i8>,
    counts: Vec<i64>,
}

impl Others {
    pub fn new(run: &Run<'_>, candidates: &[usize]) -> Self {
        let mut candidates = candidates.iter().peekable();
        let is_other = |position: &usize| candidates.next_if_eq(&position).is_none();
        let positions: Vec<usize> = (0..run.sites.len()).filter(is_other).collect();
        let (sites, spins) = (of(run.sites, &positions), of(&run.spins, &positions));
        Self { sites, spins, counts: of(&run.counts, &positions), positions }
    }

    /// In how many sweeps of the guess none of these spins flips and, if in all, their fields at
    /// their visits in the last.
    pub fn verify(
        &self,
        run: &Run<'_>,
        guess: &Guess,
        control: &Control,
    ) -> Result<(usize, Vec<i64>)> {
        let mut flips = guess.flips.clone();
        flips.sort_by_key(|flip| flip.position);
        let mut fields = of(&run.fields, &self.positions);
        let verified = AtomicUsize::new(guess.sweeps);
        let length = fields.len().div_ceil(PIECES_PER_THREAD * rayon::current_num_threads()).max(1);
        fields.par_chunks_mut(length).enumerate().try_for_each(|(piece, fields)| {
            self.verify_piece(run, &flips, piece * length, fields, &verified, control)
        })?;
        Ok((verified.into_inner(), fields))
    }

    /// Verifies those from number `offset` on that have these `fields`. The flips are sorted by their
    /// positions.
    fn verify_piece(
        &self,
        run: &Run<'_>,
        flips: &[Flip],
        offset: usize,
        fields: &mut [i64],
        verified: &AtomicUsize,
        control: &Control,
    ) -> Result<()> {
        let positions = &self.positions[offset..offset + fields.len()];
        let tile = (TILE_BYTES / run.row_bytes() / 4 * 4).clamp(4, SETTLED_AT_ONCE);
        // Number s: what a spin is weighed against in sweep s + 1, which is the flips of that sweep at
        // positions before its own, and those of sweep s behind it.
        let mut windows = vec![run.planes.changes(); verified.load(Relaxed)];
        let change = |windows: &mut [OverlapPlanes<'_>], window: usize, flip: &Flip, spin| {
            if let Some(window) = windows.get_mut(window) {
                window.flip(run.sites[flip.position] as usize, spin);
            }
        };
        let past = flips.partition_point(|flip| flip.position < positions[0]);
        for (k, flip) in flips.iter().enumerate() {
            change(&mut windows, flip.sweep.wrapping_sub(usize::from(k < past)), flip, flip.spin);
        }
        let mut first = 0;
        let mut flips = flips[past..].iter();
        while first < positions.len() {
            let flip = flips.next();
            let ahead = &positions[first..];
            let last = first
                + flip.map_or(ahead.len(), |flip| ahead.partition_point(|&p| p < flip.position));
            for start in (first..last).step_by(tile) {
                control.check()?;
                let tile = start..last.min(start + tile);
                let here = offset + tile.start..offset + tile.end;
                for (sweep, window) in windows.iter().enumerate().take(verified.load(Relaxed)) {
                    let mut weights = [0; SETTLED_AT_ONCE];
                    let weights = &mut weights[..tile.len()];
                    window.weigh_changes(
                        &self.sites[here.clone()],
                        self.counts.get(here.clone()).unwrap_or_default(),
                        weights,
                    );
                    if !self.stay(run, here.clone(), weights, &mut fields[tile.clone()]) {
                        verified.fetch_min(sweep, Relaxed);
                        break;
                    }
                }
            }
            first = last;
            if let Some(flip) = flip {
                change(&mut windows, flip.sweep, flip, -flip.spin);
                change(&mut windows, flip.sweep.wrapping_sub(1), flip, flip.spin);
            }
        }
        Ok(())
    }

    /// Brings the fields of some spins to their next visit. Returns whether none of them flips.
    fn stay(&self, run: &Run<'_>, here: Range<usize>, weights: &[i64], fields: &mut [i64]) -> bool {
        let (sites, spins) = (&self.sites[here.clone()], &self.spins[here]);
        if run.model.has_no_thresholds() {
            let margins = [0; SETTLED_AT_ONCE];
            return (run.model.kernels.settle)(fields, weights, spins, &margins[..spins.len()]);
        }
        let visits = fields.iter_mut().zip(weights).zip(sites).zip(spins);
        visits.fold(true, |stay, (((field, weight), &site), &spin)| {
            *field += 2 * weight;
            stay & !run.model.flips(site as usize, *field, spin)
        })
    }
}
