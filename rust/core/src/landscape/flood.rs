//! The flood: states are added in their order, and lakes that touch merge.
//!
//! A state's descent runs through lower states only, all of them flooded before it. So the lake of a
//! state is that of the rest where its descent ends, and the sets that are joined (R. E. Tarjan,
//! J. ACM 22, 215 (1975)) hold rests, which are few, instead of states. Only states whose lower
//! neighbours descend to different rests can join lakes. When there is one lake the flood is over.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::{Merge, bands::Bands, filled, rank, ranked};
use crate::{control::Control, error::Result};

/// States of the largest bands: enough to keep passes over all states few, not too many to sort in
/// a moment.
const BAND: u64 = 1 << 20;

/// The first band has this part of all states, each later one twice as many as the one before: few
/// passes if the flood is soon over, and not many more if it is not.
const FIRST: u64 = 256;

/// States of one task.
const TASK: usize = 1 << 14;

/// States flooded between two looks for a wish to stop.
const LOOK: usize = 1 << 10;

/// A rest without a drain.
const NONE: u32 = u32::MAX;

/// What a flood leaves. Rests are named by their place in the order.
pub(super) struct Flooded {
    /// The rests that are minima, ascending.
    pub(super) minima: Vec<u32>,
    /// Of each rest the minimum it drains to, itself if it is one, as a place in `minima`.
    pub(super) minimum_of: Vec<u32>,
    /// The merges of minima.
    pub(super) merges: Vec<Merge>,
}

/// The landscape while it is flooded.
struct Flood<'a> {
    n_spins: usize,
    energies: &'a [i64],
    tolerance: i64,
    rests: &'a [u32],
    basins: &'a [u32],
    /// For each rest another one of the same lake, lower than itself; the lowest one leads the lake.
    toward: Vec<u32>,
    /// The node of the tree that a leader's lake is: a rest, or their number plus that of a merge.
    node: Vec<u32>,
    /// The rest that a shelf drains to.
    drains: Vec<u32>,
    merges: Vec<Merge>,
    lakes: usize,
}

/// Floods the landscape until there is one lake.
pub(super) fn flood(
    n_spins: usize,
    energies: &[i64],
    tolerance: i64,
    rests: &[u32],
    basins: &[u32],
    control: &Control,
) -> Result<Flooded> {
    let own = || (0..rests.len() as u32).collect();
    let mut flood = Flood {
        n_spins,
        energies,
        tolerance,
        rests,
        basins,
        toward: own(),
        node: own(),
        drains: filled(rests.len(), NONE)?,
        merges: Vec::new(),
        lakes: rests.len(),
    };
    let mut bands = Bands::new(energies);
    let mut at_most = (energies.len() as u64 / FIRST).clamp(1 << 10, BAND);
    let mut touched = Vec::new();
    while flood.lakes > 1 {
        // All states hang together: before the last band there is one lake.
        let Some((low, high, count)) = bands.next(at_most, control)? else { break };
        let mut passes = flood.passes(low, high, control)?;
        passes.par_sort_unstable();
        for (k, &(_, rank)) in passes.iter().enumerate() {
            if k % LOOK == 0 {
                control.check()?;
            }
            flood.add(ranked(n_spins, rank), &mut touched);
        }
        control.advance(count);
        at_most = (2 * at_most).min(BAND);
    }
    Ok(flood.drained())
}

impl Flood<'_> {
    /// What the order of the states is made of.
    fn key(&self, state: u32) -> (i64, u32) {
        (self.energies[state as usize], rank(self.n_spins, state))
    }

    /// Whether a state is lower than another.
    fn is_lower(&self, one: u32, other: u32) -> bool {
        match self.energies[one as usize].cmp(&self.energies[other as usize]) {
            Ordering::Less => true,
            Ordering::Equal => rank(self.n_spins, one) < rank(self.n_spins, other),
            Ordering::Greater => false,
        }
    }

    /// The keys of the states of a band that may join lakes.
    fn passes(&self, low: i64, high: i64, control: &Control) -> Result<Vec<(i64, u32)>> {
        let tasks = self.energies.par_chunks(TASK).enumerate().map(|(task, energies)| {
            control.check()?;
            let mut passes = Vec::new();
            for (k, &energy) in energies.iter().enumerate() {
                let state = (task * TASK + k) as u32;
                if (low..=high).contains(&energy) && self.is_pass(state) {
                    passes.push((energy, rank(self.n_spins, state)));
                }
            }
            Ok(passes)
        });
        Ok(tasks.collect::<Result<Vec<_>>>()?.concat())
    }

    /// Whether the lower neighbours of a state descend to different rests.
    fn is_pass(&self, state: u32) -> bool {
        let own = self.basins[state as usize];
        (0..self.n_spins).map(|bit| state ^ (1 << bit)).any(|neighbour| {
            self.basins[neighbour as usize] != own && self.is_lower(neighbour, state)
        })
    }

    /// The lowest rest of the lake of `rest`, which leads it.
    fn leader(&mut self, mut rest: u32) -> u32 {
        while self.toward[rest as usize] != rest {
            let next = self.toward[rest as usize];
            self.toward[rest as usize] = self.toward[next as usize];
            rest = next;
        }
        rest
    }

    /// Floods a state; `touched` is scratch space for the lakes around it.
    fn add(&mut self, state: u32, touched: &mut Vec<(u32, (i64, u32))>) {
        touched.clear();
        for bit in 0..self.n_spins {
            let neighbour = state ^ (1 << bit);
            if !self.is_lower(neighbour, state) {
                continue;
            }
            let key = self.key(neighbour);
            let leader = self.leader(self.basins[neighbour as usize]);
            match touched.iter_mut().find(|lake| lake.0 == leader) {
                Some(lake) => lake.1 = lake.1.min(key),
                None => touched.push((leader, key)),
            }
        }
        touched.sort_unstable();
        let Some((&(lowest, (_, shore)), others)) = touched.split_first() else { return };
        let shore = ranked(self.n_spins, shore);
        for &(leader, _) in others {
            self.join(state, lowest, leader, shore);
        }
    }

    /// Joins the lake of `leader` to that of `lowest`, whose lowest state beside the saddle `state` is
    /// `shore`.
    fn join(&mut self, state: u32, lowest: u32, leader: u32, shore: u32) {
        let energy = self.energies[state as usize];
        let depth = energy - self.energies[self.rests[leader as usize] as usize];
        if depth <= self.tolerance {
            self.drains[leader as usize] = self.basins[shore as usize];
        } else {
            let lakes = [self.node[lowest as usize], self.node[leader as usize]];
            self.node[lowest as usize] = (self.rests.len() + self.merges.len()) as u32;
            self.merges.push(Merge { energy, state, lakes });
        }
        self.toward[leader as usize] = lowest;
        self.lakes -= 1;
    }

    /// What is left when the shelves have drained.
    fn drained(self) -> Flooded {
        let Self { rests, mut drains, mut merges, .. } = self;
        let n_rests = rests.len() as u32;
        let minima: Vec<u32> = (0..n_rests).filter(|&rest| drains[rest as usize] == NONE).collect();
        let mut minimum_of = vec![0; rests.len()];
        for (place, &rest) in minima.iter().enumerate() {
            minimum_of[rest as usize] = place as u32;
        }
        // Shelf after shelf down to a minimum. Each shelf then drains there at once.
        for shelf in 0..n_rests {
            let mut end = shelf;
            while drains[end as usize] != NONE {
                end = drains[end as usize];
            }
            let mut rest = shelf;
            while drains[rest as usize] != NONE {
                let next = std::mem::replace(&mut drains[rest as usize], end);
                minimum_of[rest as usize] = minimum_of[end as usize];
                rest = next;
            }
        }
        for lake in merges.iter_mut().flat_map(|merge| &mut merge.lakes) {
            *lake = match lake.checked_sub(n_rests) {
                Some(merge) => minima.len() as u32 + merge,
                None => minimum_of[*lake as usize],
            };
        }
        Flooded { minima, minimum_of, merges }
    }
}
