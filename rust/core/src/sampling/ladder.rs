//! One ladder of temperatures: who is where, and who exchanges with whom.

use super::{
    groups::cut,
    temper::{Ladders, Tempering},
};
use crate::{
    elementary::exp_alone,
    rng::{Philox, Purpose},
};

/// Which end of its ladder a walker has seen last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// None so far.
    #[default]
    Neither,
    /// The hot end.
    Hot,
    /// The cold end, after the hot one.
    Cold,
}

/// One ladder's part of the result.
pub(super) struct Ladder<'b> {
    pub energy: &'b mut [f64],
    pub magnetization: &'b mut [f64],
    pub states: &'b mut [i8],
    pub flips: &'b mut [u64],
    tried: &'b mut [u64],
    exchanged: &'b mut [u64],
    round_trips: &'b mut u64,
    pub order: &'b mut [u32],
    /// The order at the last measurement.
    pub measured_order: &'b mut [u32],
    seen: &'b mut [Seen],
    chance: Philox,
}

impl Ladder<'_> {
    /// Exchanges neighbours after sweep number `sweep`, and counts it if it `counts`; says whether
    /// any was.
    pub fn exchange(&mut self, betas: &[f64], sweep: u64, counts: bool, energies: &[f64]) -> bool {
        let rungs = betas.len();
        let mut words = self.chance.words_from(sweep * rungs as u64);
        let mut changed = false;
        for rung in ((sweep % 2) as usize..rungs.saturating_sub(1)).step_by(2) {
            words.seek(sweep * rungs as u64 + rung as u64);
            let [hot, cold] = [self.order[rung], self.order[rung + 1]];
            let gap = energies[cold as usize] - energies[hot as usize];
            let accepted =
                gap >= 0.0 || words.uniform() < exp_alone((betas[rung + 1] - betas[rung]) * gap);
            self.tried[rung] += u64::from(counts);
            if accepted {
                self.order.swap(rung, rung + 1);
                self.exchanged[rung] += u64::from(counts);
                changed = true;
            }
        }
        if let [hot, .., cold] = *self.order {
            let hot = &mut self.seen[hot as usize];
            *self.round_trips += u64::from(counts && *hot == Seen::Cold);
            *hot = Seen::Hot;
            let cold = &mut self.seen[cold as usize];
            if *cold == Seen::Hot {
                *cold = Seen::Cold;
            }
        }
        changed
    }
}

/// The part of the result that belongs to each ladder.
pub(super) fn ladders<'b>(
    result: &'b mut Tempering,
    start: &Ladders<'_>,
    count: usize,
    kept: usize,
) -> Vec<Ladder<'b>> {
    let rungs = start.betas.len();
    let (mut energy, mut magnetization) = (&mut result.energy[..], &mut result.magnetization[..]);
    let (mut states, mut flips) = (&mut result.states[..], &mut result.flips[..]);
    let (mut tried, mut exchanged) = (&mut result.tried[..], &mut result.exchanged[..]);
    let mut measured_order = &mut result.measured_order[..];
    let (mut order, mut seen) = (&mut result.order[..], &mut result.seen[..]);
    result
        .round_trips
        .iter_mut()
        .enumerate()
        .map(|(ladder, round_trips)| Ladder {
            energy: cut(&mut energy, rungs * count),
            magnetization: cut(&mut magnetization, rungs * count),
            states: cut(&mut states, rungs * count * kept),
            flips: cut(&mut flips, rungs),
            tried: cut(&mut tried, rungs - 1),
            exchanged: cut(&mut exchanged, rungs - 1),
            order: cut(&mut order, rungs),
            measured_order: cut(&mut measured_order, rungs),
            round_trips,
            seen: cut(&mut seen, rungs),
            chance: Philox::new(start.seed, Purpose::Exchange, ladder as u64),
        })
        .collect()
}
