//! The states that a minimum is made of: how many, and which of them is the first.

use super::{Order, filled};
use crate::{control::Control, error::Result};

/// States walked over between two looks for a wish to stop.
const LOOK: u64 = 1 << 12;

/// The first state on the plateau of each of the minima, and the number of states there: those that are
/// reached from it without rising by more than the tolerance.
pub(super) fn plateaus(
    order: Order,
    energies: &[i64],
    tolerance: i64,
    minima: &[u32],
    control: &Control,
) -> Result<Vec<(u32, u64)>> {
    // One bit a state: plateaus have no state in common, so one map of them will do.
    let mut seen = filled(energies.len().div_ceil(64), 0u64)?;
    let (mut waiting, mut steps) = (Vec::new(), 0);
    let mut plateau = |&minimum: &u32| {
        let highest = energies[minimum as usize] + tolerance;
        let (mut first, mut size) = (order.place(minimum), 0);
        let mut first_state = minimum;
        seen[minimum as usize / 64] |= 1 << (minimum % 64);
        waiting.push(minimum);
        while let Some(state) = waiting.pop() {
            size += 1;
            if order.place(state) < first {
                (first, first_state) = (order.place(state), state);
            }
            steps += 1;
            if steps % LOOK == 0 {
                control.check()?;
            }
            // The lowest bits are pushed last: what comes next is near in memory, and mostly seen.
            for bit in (0..order.n_spins).rev() {
                let neighbour = state ^ (1 << bit);
                let (word, mark) = (&mut seen[neighbour as usize / 64], 1 << (neighbour % 64));
                if *word & mark == 0 && energies[neighbour as usize] <= highest {
                    *word |= mark;
                    waiting.push(neighbour);
                }
            }
        }
        Ok((first_state, size))
    };
    minima.iter().map(&mut plateau).collect()
}
