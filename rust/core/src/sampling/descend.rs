//! Descent of many states, side by side.

use rayon::prelude::*;

use crate::{
    control::Control,
    spins::{Descent, SpinModel},
};

/// Moves each of `states` to its local minimum, or by `max_sweeps` sweeps, but for the spins that
/// are `held` (state after state; empty: none). Returns what each descent did and the energy where it
/// ended: nothing, for those that a cancellation left unfinished.
pub fn descend(
    model: &dyn SpinModel,
    states: &mut [i8],
    held: &[bool],
    max_sweeps: u64,
    control: &Control,
) -> Vec<Option<(Descent, f64)>> {
    let n = model.n_spins();
    let mut found = vec![None; states.len() / n];
    let pairs = states.par_chunks_mut(n).zip(&mut found).with_max_len(1).enumerate();
    // What was finished before a cancellation stays.
    let _ = pairs.try_for_each(|(number, (spins, found))| {
        let held = held.get(number * n..(number + 1) * n).unwrap_or(&[]);
        let descent = model.descend(spins, held, max_sweeps, control)?;
        *found = Some((descent, model.energy(spins)));
        control.advance(1);
        crate::error::Result::Ok(())
    });
    found
}
