//! Replicas in groups that move together, and groups on threads.

use rayon::prelude::*;

use crate::{
    control::checkpoint,
    error::{Error, Result},
    rng::{Philox, Purpose},
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
};

/// Independent uniform spins for replicas `first`, `first + 1`, ...: one stream a replica.
pub fn random_spins(seed: u64, first: u64, n_spins: usize, out: &mut [i8]) {
    out.par_chunks_mut(n_spins).panic_fuse().enumerate().for_each(|(replica, spins)| {
        let philox = Philox::new(seed, Purpose::Start, first + replica as u64);
        let mut words = philox.words_from(0);
        for spins in spins.chunks_mut(64) {
            checkpoint();
            let word = words.next_word();
            for (bit, spin) in spins.iter_mut().enumerate() {
                *spin = 2 * (word >> bit & 1) as i8 - 1;
            }
        }
    });
}

/// Some replicas that move together.
pub(super) struct Group<'a> {
    pub walkers: Box<dyn Walkers + 'a>,
    pub n_replicas: usize,
}

/// The replicas of `start`, divided into at least `parts` groups if there are enough.
///
/// The division does not change a bit: a replica's trajectory depends on the seed and on its own
/// number alone.
pub(super) fn groups<'a>(
    model: &'a dyn SpinModel,
    dynamics: Dynamics,
    start: &Start<'_>,
    parts: usize,
) -> Result<Vec<Group<'a>>> {
    let (n, total) = (model.n_spins(), start.n_replicas());
    if start.spins.len() != n * total {
        return Err(Error::expected(
            "initial",
            format_args!("{total} states of {n} spins"),
            format_args!("{} spins", start.spins.len()),
        ));
    }
    if total == 0 || !start.streams.len().is_multiple_of(total) {
        return Err(Error::expected("streams", "those of all replicas", start.streams.len()));
    }
    if !start.held.is_empty() && start.held.len() != start.spins.len() {
        return Err(Error::expected(
            "clamp",
            format_args!("{total} rows of {n}"),
            start.held.len(),
        ));
    }
    let block = model.block(dynamics, total).max(1);
    let share = total.div_ceil(parts).next_multiple_of(block);
    let size = model.together(dynamics, total).next_multiple_of(block).min(share);
    let words = start.streams.len() / total;
    (0..total)
        .step_by(size)
        .map(|first| {
            let n_replicas = size.min(total - first);
            let walkers = model.walkers(
                dynamics,
                &Start {
                    first: start.first + first as u64,
                    betas: &start.betas[first..][..n_replicas],
                    spins: &start.spins[first * n..][..n_replicas * n],
                    streams: &start.streams[first * words..][..n_replicas * words],
                    held: if start.held.is_empty() {
                        &[]
                    } else {
                        &start.held[first * n..][..n_replicas * n]
                    },
                    ..*start
                },
            )?;
            Ok(Group { walkers, n_replicas })
        })
        .collect()
}

/// Cuts the first `len` elements off `rest`: the part of a result that belongs to one group.
#[allow(clippy::mut_mut, reason = "the slice itself is what shrinks")]
pub(super) fn cut<'b, T>(rest: &mut &'b mut [T], len: usize) -> &'b mut [T] {
    let (part, others) = std::mem::take(rest).split_at_mut(len);
    *rest = others;
    part
}

/// Runs `work` on each item: side by side if there are enough for all threads, otherwise one after
/// the other with the whole pool as a team for each.
pub(super) fn on_threads<T: Send>(
    items: &mut [T],
    work: impl Fn(&mut T, &Team) -> Result<()> + Sync,
) -> Result<()> {
    if items.len() < rayon::current_num_threads() {
        let team = Team::of_pool();
        return items.iter_mut().try_for_each(|item| work(item, &team));
    }
    items.par_iter_mut().with_max_len(1).try_for_each(|item| work(item, &Team::alone()))
}

/// The final states, flips and streams of groups, replica after replica.
pub(super) fn collect(groups: &[Group<'_>], n_spins: usize) -> (Vec<i8>, Vec<u64>, Vec<u64>) {
    let total = groups.iter().map(|group| group.n_replicas).sum::<usize>();
    let (mut spins, mut flips, mut streams) = (vec![0; total * n_spins], vec![0; total], vec![]);
    let (mut rest, mut counts) = (&mut spins[..], &mut flips[..]);
    for group in groups {
        for replica in 0..group.n_replicas {
            group.walkers.spins(replica, cut(&mut rest, n_spins));
        }
        group.walkers.flips(cut(&mut counts, group.n_replicas));
        streams.extend(group.walkers.streams());
    }
    (spins, flips, streams)
}
