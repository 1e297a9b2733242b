//! Steepest descent, of all states at once.
//!
//! The lowest neighbour of a state is found by comparing whole blocks: flipping a spin above the
//! first twelve bits leads from all states of a block to those of another, in the same order. No
//! address depends on what was read, and all energies stream through the caches.
//!
//! Let c be the number of a state or of its mirror image, whichever has its highest bit off. Of
//! neighbours with equal energies the lowest c counts. Flipping a spin other than the first flips
//! one bit of c: neighbours of lower c are those with one of its bits cleared, the higher the bit
//! the lower; those of higher c have one set, the lower the bit the lower. Taken in this order, a
//! neighbour must be truly lower than the best one before it. Flipping the first spin turns c into
//! its complement: this neighbour comes last and is compared with the best one.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::{BLOCK_BITS, Order, filled, rank};
use crate::{control::Control, error::Result};

/// The step of a state that has no lower neighbour: it rests.
const REST: u8 = u8::MAX;

/// The basin of a state not yet known. It is no number of a minimum: there are fewer of them.
const UNKNOWN: u32 = u32::MAX;

/// For each state the bit that leads to its lowest neighbour, or [`REST`].
pub(super) fn steps(n_spins: usize, energies: &[i64], control: &Control) -> Result<Vec<u8>> {
    let mut steps = filled(energies.len(), REST)?;
    // All states of a block have the same first spin.
    let size = (energies.len() / 2).min(1 << BLOCK_BITS);
    steps.par_chunks_mut(size).enumerate().try_for_each_init(
        || vec![0; size],
        |best, (block, steps)| {
            control.check()?;
            block_steps(n_spins, energies, block * size, best, steps);
            control.advance(size as u64);
            Ok(())
        },
    )?;
    Ok(steps)
}

/// The steps of the states from number `first` on; `best` receives their lowest energies.
fn block_steps(n_spins: usize, energies: &[i64], first: usize, best: &mut [i64], steps: &mut [u8]) {
    let top = n_spins - 1;
    let own = &energies[first..][..steps.len()];
    // In c the bits of a state are as they are, or all flipped.
    let is_turned = first >> top & 1 == 1;
    // A neighbour of lower c is lower at equal energy, too.
    best.iter_mut().zip(own).for_each(|(best, &energy)| *best = energy + 1);
    for bit in (0..top).rev() {
        improve_all(energies, first, best, steps, bit, !is_turned);
    }
    best.iter_mut().zip(own).for_each(|(best, &energy)| *best = energy.min(*best));
    for bit in 0..top {
        improve_all(energies, first, best, steps, bit, is_turned);
    }
    let across = &energies[first ^ (1 << top)..][..steps.len()];
    for (k, ((&best, step), &energy)) in best.iter().zip(steps).zip(across).enumerate() {
        if energy <= best {
            let state = (first + k) as u32;
            let to = |step: u8| if step == REST { state } else { state ^ (1 << step) };
            let key = |energy: i64, state: u32| (energy, rank(n_spins, state));
            if key(energy, to(top as u8)) < key(best, to(*step)) {
                *step = top as u8;
            }
        }
    }
}

/// Looks along `bit` from the states of a block that have it on, or off.
fn improve_all(
    energies: &[i64],
    first: usize,
    best: &mut [i64],
    steps: &mut [u8],
    bit: usize,
    on: bool,
) {
    let (size, half) = (steps.len(), 1 << bit);
    if half >= size {
        if (first & half != 0) == on {
            improve(best, steps, &energies[first ^ half..][..size], bit);
        }
        return;
    }
    let offset = if on { half } else { 0 };
    for start in (offset..size).step_by(2 * half) {
        let states = start..start + half;
        let neighbours = &energies[first + (start ^ half)..][..half];
        improve(&mut best[states.clone()], &mut steps[states], neighbours, bit);
    }
}

/// Takes note of the neighbours along `bit` that are lower than the best ones so far.
fn improve(best: &mut [i64], steps: &mut [u8], neighbours: &[i64], bit: usize) {
    for ((best, step), &energy) in best.iter_mut().zip(steps).zip(neighbours) {
        let lower = energy < *best;
        *best = if lower { energy } else { *best };
        *step = if lower { bit as u8 } else { *step };
    }
}

/// The states that rest, the lowest one first.
pub(super) fn rests(
    n_spins: usize,
    steps: &[u8],
    energies: &[i64],
    control: &Control,
) -> Result<Vec<u32>> {
    let blocks: Result<Vec<Vec<u32>>> = steps
        .par_chunks(1 << BLOCK_BITS)
        .enumerate()
        .map(|(block, steps)| {
            control.check()?;
            let first = block << BLOCK_BITS;
            let resting = steps.iter().enumerate().filter(|&(_, &step)| step == REST);
            Ok(resting.map(|(k, _)| (first + k) as u32).collect())
        })
        .collect();
    let mut rests = blocks?.concat();
    rests.par_sort_unstable_by_key(|&state| (energies[state as usize], rank(n_spins, state)));
    Ok(rests)
}

/// For each state the place in `rests` of the state where its descent ends.
pub(super) fn basins(steps: &[u8], rests: &[u32], control: &Control) -> Result<Vec<u32>> {
    // Threads read what others write, a basin or that it is not yet known: both lead to the same.
    let basins: Vec<AtomicU32> =
        filled(steps.len(), UNKNOWN)?.into_iter().map(AtomicU32::new).collect();
    for (place, &state) in rests.iter().enumerate() {
        basins[state as usize].store(place as u32, Relaxed);
    }
    basins.par_chunks(1 << BLOCK_BITS).enumerate().try_for_each(|(block, own)| {
        control.check()?;
        for (k, basin) in own.iter().enumerate() {
            let (mut state, mut end) = ((block << BLOCK_BITS) + k, basin.load(Relaxed));
            while end == UNKNOWN {
                state ^= 1 << steps[state];
                end = basins[state].load(Relaxed);
            }
            basin.store(end, Relaxed);
        }
        control.advance(own.len() as u64);
        Ok(())
    })?;
    Ok(basins.into_iter().map(AtomicU32::into_inner).collect())
}

/// How many states each of the `minima` has in its basin, if rest `k` drains to minimum `minimum_of[k]`.
pub(super) fn sizes(
    order: Order,
    basins: &[u32],
    minimum_of: &[u32],
    minima: &[u32],
    control: &Control,
) -> Result<Vec<u64>> {
    // With symmetry one half of the states is the mirror image of the other.
    let counted = if order.symmetric { basins.len() / 2 } else { basins.len() };
    let mut of_rests = filled(minimum_of.len(), 0u64)?;
    for basins in basins[..counted].chunks(1 << 16) {
        control.check()?;
        for &rest in basins {
            of_rests[rest as usize] += 1;
        }
    }
    let mut sizes = filled(minima.len(), 0)?;
    for (&minimum, size) in minimum_of.iter().zip(of_rests) {
        sizes[minimum as usize] += size;
    }
    if !order.symmetric {
        return Ok(sizes);
    }
    // The mirror image of a minimum lies on a plateau that its own descent does not leave.
    let mirror = |&state: &u32| minimum_of[basins[order.flipped(state) as usize] as usize];
    Ok(minima
        .iter()
        .zip(&sizes)
        .map(|(state, size)| size + sizes[mirror(state) as usize])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Philox, Purpose};

    #[test]
    fn a_step_leads_to_the_lowest_neighbour_and_of_equal_ones_to_the_first() {
        // More than one block; two values, so that nearly every choice is between equals.
        for (n_spins, values) in [(1, 8), (2, 8), (3, 8), (11, 8), (14, 8), (14, u64::MAX)] {
            let stream = Philox::new(3, Purpose::Start, n_spins as u64);
            let mut words = stream.words_from(0);
            let energies: Vec<i64> =
                (0..1 << n_spins).map(|_| ((words.next_word() % values) >> 2) as i64).collect();
            let key = |state: usize| (energies[state], rank(n_spins, state as u32));
            let expected: Vec<u8> = (0..energies.len())
                .map(|state| {
                    let near = |&bit: &usize| key(state ^ (1 << bit));
                    let lowest = (0..n_spins).min_by_key(near).unwrap();
                    if near(&lowest) < key(state) { lowest as u8 } else { REST }
                })
                .collect();
            assert!(steps(n_spins, &energies, &Control::default()).unwrap() == expected);
        }
    }
}
