//! The near set: the patterns that may count while the spins flip.
//!
//! A scan finds the distances of all patterns, and those are kept that are near enough. A flip moves
//! every overlap by at most 2: as long as the best of those left out cannot have come within 62 of
//! the largest overlap, every sum over the near set equals that over all patterns. Otherwise all are
//! scanned again. A retrieval takes one scan, and its near set is a pattern or a few.

use super::{
    super::scan::PatternScan,
    levels::{SPAN, Sides, energy},
};
use crate::{control::Control, error::Result};

/// How much farther than needed a pattern may be and still be kept, in spins, from the widest on.
const MARGINS: [u32; 7] = [256, 128, 64, 32, 16, 8, 4];

/// Patterns that are kept though none needs them, at the first scan. Each scan that becomes necessary
/// allows twice as many, to make the next one later.
const FIRST_ALLOWANCE: usize = 8;

/// The share of all patterns that is the largest allowance of a large set: more would cost more at
/// every visit than the scans do.
const LARGEST_SHARE: usize = 16;

/// That of a small set.
const SMALL: usize = 64;

pub(super) struct Near<'a> {
    scan: &'a PatternScan,
    /// The numbers of the patterns kept, ascending.
    members: Vec<u32>,
    /// Their overlaps.
    overlaps: Vec<i64>,
    /// Their bits, a word of 64 spins of all members after the other.
    words: Vec<u64>,
    /// The largest overlap.
    largest: i64,
    /// What no overlap of a pattern left out exceeds.
    outsider: i64,
    allowance: usize,
}

impl<'a> Near<'a> {
    /// Those of each of some states, which are scanned together.
    pub fn of_states(scan: &'a PatternScan, states: &[i8], control: &Control) -> Result<Vec<Self>> {
        let states = scan.packed(states);
        let least = scan.least(&states, control)?;
        let near = states.chunks_exact(scan.words()).zip(&least).map(|(state, least)| {
            let mut near = Self {
                scan,
                members: Vec::new(),
                overlaps: Vec::new(),
                words: Vec::new(),
                largest: 0,
                outsider: 0,
                allowance: FIRST_ALLOWANCE,
            };
            near.choose(state, least, control)?;
            Ok(near)
        });
        near.collect()
    }

    /// Scans all patterns again.
    fn renew(&mut self, spins: &[i8], control: &Control) -> Result<()> {
        let largest = (self.scan.n_patterns() / LARGEST_SHARE).max(SMALL);
        self.allowance = (2 * self.allowance).min(largest);
        let state = self.scan.packed(spins);
        let least = self.scan.least(&state, control)?;
        self.choose(&state, &least[0], control)
    }

    /// Keeps the patterns that are near enough, by what a scan of the state found.
    fn choose(&mut self, state: &[u64], least: &[u32], control: &Control) -> Result<()> {
        let (n, words) = (self.scan.n_spins() as i64, self.scan.words());
        let nearest = least.iter().copied().min().unwrap_or(0);
        let needed = nearest.saturating_add((SPAN / 2) as u32);
        let mut radius = needed;
        self.keep(radius, state, least, usize::MAX, control)?;
        let most = self.members.len() + self.allowance;
        for margin in MARGINS {
            let wider = needed.saturating_add(margin);
            // There are at least as many patterns as there are stretches that have one.
            let is_few = least.iter().filter(|&&least| least <= wider).count() <= most;
            if is_few && self.keep(wider, state, least, most, control)? {
                radius = wider;
                break;
            }
        }
        self.largest = n - 2 * i64::from(nearest);
        self.outsider = n - 2 * (i64::from(radius) + 1);
        self.words.clear();
        for word in 0..words {
            let bits = self.members.iter().map(|&mu| self.scan.word(mu as usize, word));
            self.words.extend(bits);
        }
        Ok(())
    }

    /// Keeps the patterns no farther than `radius`, unless they are more than `most`.
    fn keep(
        &mut self,
        radius: u32,
        state: &[u64],
        least: &[u32],
        most: usize,
        control: &Control,
    ) -> Result<bool> {
        let n = self.scan.n_spins() as i64;
        let (mut members, mut overlaps) = (Vec::new(), Vec::new());
        self.scan.within(radius, state, least, control, |mu, distance| {
            members.push(mu as u32);
            overlaps.push(n - 2 * i64::from(distance));
            members.len() <= most
        })?;
        let is_all = members.len() <= most;
        if is_all {
            (self.members, self.overlaps) = (members, overlaps);
        }
        Ok(is_all)
    }

    /// What the spin at a site sees.
    #[inline]
    pub fn sides(&self, site: usize, spin: i8) -> Sides {
        let mut sides = Sides::new();
        let count = self.members.len();
        let words = &self.words[site / 64 * count..][..count];
        for (&overlap, word) in self.overlaps.iter().zip(words) {
            let is_up = word >> (site % 64) & 1 == 1;
            // One less without a spin that agrees.
            let agrees = usize::from(is_up == (spin > 0));
            sides.add(((self.largest - overlap) / 2) as usize + agrees, is_up);
        }
        sides
    }

    /// Takes note that the spin at a site has flipped; `spins` has its new value.
    pub fn flip(&mut self, site: usize, spins: &[i8], control: &Control) -> Result<()> {
        let count = self.members.len();
        let words = &self.words[site / 64 * count..][..count];
        let mut largest = i64::MIN;
        for (overlap, word) in self.overlaps.iter_mut().zip(words) {
            let agrees = (word >> (site % 64) & 1 == 1) == (spins[site] > 0);
            *overlap += if agrees { 2 } else { -2 };
            largest = largest.max(*overlap);
        }
        self.largest = largest;
        self.outsider += 2;
        let is_complete = count == self.scan.n_patterns();
        if !is_complete && self.outsider >= self.largest - SPAN {
            self.renew(spins, control)?;
        }
        Ok(())
    }

    /// The first pattern of the largest overlap, and that overlap.
    pub fn best(&self) -> (usize, i64) {
        let first = self.overlaps.iter().position(|&overlap| overlap == self.largest);
        (self.members[first.unwrap_or(0)] as usize, self.largest)
    }

    /// The energy of the state.
    pub fn energy(&self) -> f64 {
        energy(self.overlaps.iter().copied(), self.largest)
    }
}
