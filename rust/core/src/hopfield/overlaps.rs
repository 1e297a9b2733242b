//! The overlaps of a state with every pattern, bit-sliced.
//!
//! With M_mu = sum_i xi_i^mu s_i, which has the parity of N, the integers kept are
//! v_mu = (M_mu - odd) / 2 with odd = N mod 2. Nearly all of them are of order sqrt(N) / 2 and fit
//! in few planes; the few condensed ones (the memory itself, a mixture) stand in a short list, so
//! that they do not widen the planes of all. A flip of spin k changes v_mu by -s_k xi_k^mu.
//! These patterns are the cues of associations; weighed are rows of their answers.

use rayon::prelude::*;

use super::{associations::Associations, patterns::Patterns};
use crate::{
    bits::{CHUNK_BITS, Chunk, Kernels, PlaneStack, Rows, bit, ones},
    control::Control,
    error::Result,
};

/// The longest list of condensed patterns: beyond it the planes are cheaper.
const MOST_CONDENSED: usize = 32;

/// Overlaps up to this many standard deviations of a random pattern's stay in the planes.
const DEVIATIONS: f64 = 4.5;

/// Spins counted by one task: enough to hide the merging of its planes.
const SPINS_PER_TASK: usize = 4096;

/// Bytes of rows weighed by one task: a few microseconds.
const TASK_BYTES: usize = 1 << 16;

/// Bytes of rows above which weighing is worth more than one thread.
const SHARE_ABOVE: usize = 1 << 18;

/// Chunks of the shortest rows whose bits are counted: a plane less is weighed for each, sweep after
/// sweep, and a few sweeps make up for the counting.
const SHORTEST_COUNTED: usize = 8;

/// Integers v_mu, one a pattern, that change when a spin flips.
#[derive(Clone)]
pub(super) struct OverlapPlanes<'a> {
    cues: Rows<'a>,
    answers: Rows<'a>,
    n_patterns: usize,
    kernels: &'static Kernels,
    planes: PlaneStack,
    /// Where the integer is in the planes and not in the list.
    in_planes: Vec<Chunk>,
    n_in_planes: i64,
}

impl<'a> OverlapPlanes<'a> {
    /// The overlaps of the state `spins`. Counts on the current pool.
    pub fn of_state(model: &'a Associations, spins: &[i8], control: &Control) -> Result<Self> {
        let n = spins.len();
        let (n_patterns, kernels) = (model.n_patterns(), model.kernels);
        let mut in_planes = ones(n_patterns);
        let mut planes = agreements(&model.cues, kernels, spins, control)?;
        // M = 2 count - N, so v = count - ceil(N / 2).
        planes.centre(n.div_ceil(2) as i64, &in_planes);
        let typical = (DEVIATIONS * (n as f64).sqrt() / 2.0).ceil() as u64;
        let width = (u64::BITS - typical.leading_zeros()) as usize + 1;
        planes.narrow(width, MOST_CONDENSED, &mut in_planes);
        let (cues, answers) = (model.cues.rows(), model.answers.rows());
        let n_in_planes = (n_patterns - planes.listed.len()) as i64;
        Ok(Self { cues, answers, n_patterns, kernels, planes, in_planes, n_in_planes })
    }

    /// Zeros with the same condensed patterns: the changes of these overlaps from now on.
    pub fn changes(&self) -> Self {
        let zeros = if self.needs_counts() { PlaneStack::even_zeros } else { PlaneStack::zeros };
        let mut planes = zeros(self.cues.stride(), 8);
        planes.listed = self.planes.listed.iter().map(|&(mu, _)| (mu, 0)).collect();
        Self { planes, in_planes: self.in_planes.clone(), ..*self }
    }

    /// Whether [`OverlapPlanes::weigh_changes`] needs the counts of the sites.
    pub fn needs_counts(&self) -> bool {
        self.cues.stride() >= SHORTEST_COUNTED
    }

    /// How many of the integers in the planes have a set bit in the answers of each of `sites`.
    pub fn count(&self, sites: &[u32], counts: &mut [i64]) {
        self.share(sites, counts, |sites, counts| {
            for (count, &site) in counts.iter_mut().zip(sites) {
                *count = (self.kernels.overlap)(self.answers.row(site as usize), &self.in_planes);
            }
        });
    }

    /// [`OverlapPlanes::weigh`] for [`OverlapPlanes::changes`]. Every flip changes every integer by
    /// one, so their lowest bits are alike, and need no plane for who knows the `counts`.
    pub fn weigh_changes(&self, sites: &[u32], counts: &[i64], weights: &mut [i64]) {
        self.weigh(sites, weights);
        if self.planes.lowest_bit == Some(true) {
            for (weight, count) in weights.iter_mut().zip(counts) {
                *weight += 2 * count;
            }
        }
    }

    /// Takes into account that spin `site`, now `spin`, flips.
    pub fn flip(&mut self, site: usize, spin: i8) {
        let row = self.cues.row(site);
        (self.kernels.ripple)(&mut self.planes, row, &self.in_planes, spin > 0);
        let row_sum = 2 * (self.kernels.overlap)(row, &self.in_planes) - self.n_in_planes;
        self.planes.sum -= i64::from(spin) * row_sum;
        self.planes.lowest_bit = self.planes.lowest_bit.map(|bit| !bit);
        for (mu, v) in &mut self.planes.listed {
            *v -= i64::from(spin) * sign(bit(row, *mu));
        }
    }

    /// For each of `sites`, sum_mu R_i^mu v_mu with the answers R. On the current pool if the rows are many.
    pub fn weigh(&self, sites: &[u32], weights: &mut [i64]) {
        self.share(sites, weights, |sites, weights| {
            (self.kernels.weigh)(self.answers, sites, &self.planes, weights);
        });
    }

    /// Makes up for a flip of spin `k`, then `spin`, in weights that were taken before it: each
    /// loses spin times sum_mu R_i^mu xi_k^mu = P - 2 hamming(i, k).
    pub fn correct(&self, sites: &[u32], weights: &mut [i64], k: usize, spin: i8) {
        let spin = i64::from(spin);
        let factors = [-spin * self.n_patterns as i64, 2 * spin];
        self.share(sites, weights, |sites, weights| {
            (self.kernels.correct)(self.answers, sites, self.cues.row(k), factors, weights);
        });
    }

    fn share(&self, sites: &[u32], weights: &mut [i64], f: impl Fn(&[u32], &mut [i64]) + Sync) {
        let row_bytes = self.cues.stride() * size_of::<Chunk>();
        if row_bytes * sites.len() > SHARE_ABOVE && rayon::current_num_threads() > 1 {
            let n = (TASK_BYTES / row_bytes).next_multiple_of(4).max(4);
            let tasks = sites.par_chunks(n).zip(weights.par_chunks_mut(n));
            tasks.for_each(|(sites, weights)| f(sites, weights));
        } else {
            f(sites, weights);
        }
    }

    /// The overlaps M_mu themselves.
    pub fn decode(&self) -> Vec<i64> {
        let odd = (self.cues.n_rows() % 2) as i64;
        let mut overlaps = vec![0; self.n_patterns];
        for (c, out) in overlaps.chunks_mut(CHUNK_BITS).enumerate() {
            self.planes.decode_chunk(c, out);
        }
        for &(mu, v) in &self.planes.listed {
            overlaps[mu] = v;
        }
        for overlap in &mut overlaps {
            *overlap = 2 * *overlap + odd;
        }
        overlaps
    }
}

/// For each pattern the number of spins that agree with it.
fn agreements(
    patterns: &Patterns,
    kernels: &'static Kernels,
    spins: &[i8],
    control: &Control,
) -> Result<PlaneStack> {
    let rows = patterns.rows();
    let capacity = (usize::BITS - spins.len().leading_zeros()).max(3) as usize + 1;
    let zeros = || PlaneStack::zeros(rows.stride(), capacity);
    // Rows are counted in eights, so tasks must begin at multiples of eight to meet no remainder.
    let count = |first: usize, spins: &[i8]| {
        let mut counts = zeros();
        for (k, spins) in spins.chunks(SPINS_PER_TASK / 8).enumerate() {
            control.check()?;
            (kernels.tally)(rows, first + k * (SPINS_PER_TASK / 8), spins, &mut counts);
        }
        Ok(counts)
    };
    if spins.len() * rows.stride() * size_of::<Chunk>() <= SHARE_ABOVE {
        return count(0, spins);
    }
    spins
        .par_chunks(SPINS_PER_TASK)
        .enumerate()
        .map(|(task, spins)| count(task * SPINS_PER_TASK, spins))
        .try_reduce_with(|mut counts, others| {
            counts.merge(&others);
            Ok(counts)
        })
        .unwrap_or_else(|| Ok(zeros()))
}

#[inline]
pub(super) fn sign(bit: bool) -> i64 {
    2 * i64::from(bit) - 1
}
