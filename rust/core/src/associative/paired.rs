//! Recall of pairs of patterns in a batch, and what is known of each.

use rayon::prelude::*;

use crate::{
    control::Control,
    error::Result,
    hopfield::{Bidirectional, Dynamics, Outcome, Side},
};

/// A state of one layer that is to be recalled, the other layer, and what comes of both: nothing if the
/// call was cancelled before.
pub struct PairReplica<'a> {
    /// Start and final state of the layer that begins.
    pub here: &'a mut [i8],
    /// That of the other one.
    pub there: &'a mut [i8],
    /// What the recall did.
    pub recalled: &'a mut Option<RecalledPair>,
}

/// What is known of one recall of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RecalledPair {
    /// Sweeps and flips.
    pub outcome: Outcome,
    /// The pattern nearest to the start, the first of several.
    pub pattern: usize,
    /// M of the start with it.
    pub start_overlap: i64,
    /// M of the final state with it, in the layer that began.
    pub here: i64,
    /// In the other one.
    pub there: i64,
    /// The pattern nearest to both layers together at the end.
    pub best_pattern: usize,
    /// M of both with it.
    pub best_overlap: i64,
    /// The energy of the final state.
    pub energy: f64,
}

/// Recalls the replicas side by side on the current pool: replica k has the random stream k.
///
/// # Errors
/// [`Error::Cancelled`](crate::error::Error::Cancelled).
pub fn recall_each_pair(
    memory: &Bidirectional,
    side: Side,
    dynamics: &Dynamics,
    replicas: &mut [PairReplica<'_>],
    control: &Control,
) -> Result<()> {
    replicas.par_iter_mut().with_max_len(1).enumerate().try_for_each(|(number, replica)| {
        let (here, there) = (&mut *replica.here, &mut *replica.there);
        let run = memory.recall(side, dynamics, number as u64, here, there, control)?;
        let both: Vec<i64> = run.here.iter().zip(&run.there).map(|(a, b)| a + b).collect();
        let (pattern, best_pattern) = (nearest(&run.start), nearest(&both));
        *replica.recalled = Some(RecalledPair {
            outcome: run.outcome,
            pattern,
            start_overlap: run.start[pattern],
            here: run.here[pattern],
            there: run.there[pattern],
            best_pattern,
            best_overlap: both[best_pattern],
            energy: memory.energy(&run.here, &run.there),
        });
        control.advance(1);
        Ok(())
    })
}

/// The pattern of the largest overlap: the first of equals, as argmax gives.
pub(super) fn nearest(overlaps: &[i64]) -> usize {
    (0..overlaps.len()).rev().max_by_key(|&mu| overlaps[mu]).unwrap_or(0)
}
