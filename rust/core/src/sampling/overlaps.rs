//! Overlaps of replicas a and b at each measurement: q = (1/N) sum_i s_i^a s_i^b, and on graphs that of
//! their N_b bonds, q_l = (1/N_b) sum_<ij> s_i^a s_j^a s_i^b s_j^b (Katzgraber, Palassini and Young,
//! Phys. Rev. B 63, 184422 (2001)).
//!
//! Groups of replicas move apart from one another for a whole round. So each keeps its states at the
//! measurements of a round, bit-packed, and the values of their bonds; at the end of the round all pairs
//! are compared, word by word. Rounds are only as long as these bits fit into the nearer caches.
//!
//! Eight replicas side by side in a byte have the value of a bond in one exclusive or, and squares of
//! 8 x 8 bits are turned into rows afterwards. The bits of a row are in another order than the sites,
//! the same one in all rows.

use rayon::prelude::*;

use super::sample::Plan;
use crate::{
    bits::{CHUNK_BITS, Chunk, transpose},
    error::Result,
    simd::{Level, kernel_table},
    spins::{Link, SpinModel, Walkers},
};

/// Replicas in a byte.
const SIDE: usize = 8;

/// Bonds of a run that are taken together.
const WIDE: usize = 32;

/// Bytes of the states that are kept in a round.
const ROUND_BYTES: usize = 1 << 20;

kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Unused in [(), (), ()] {
        /// The values of bonds, from spins side by side with `WIDE` bytes behind them.
        bonds: fn(links: &[Link], spins: &[u8], out: &mut [u8]) = bonds;
        /// Turns whole squares of bytes into rows: words of row r begin at word r `stride`.
        rows: fn(bytes: &[u8], stride: usize, out: &mut [Chunk]) = rows;
        /// Bits in which two rows differ.
        differing: fn(a: &[Chunk], b: &[Chunk]) -> u64 = differing;
    }
}

#[inline(always)]
fn bonds(links: &[Link], spins: &[u8], out: &mut [u8]) {
    let mut place = 0;
    for link in links {
        // What is written beyond the end of a run is written again by the next one.
        let mut k = 0;
        while k + SIDE < link.len {
            bonds_at::<WIDE>(spins, [link.first + k, link.second + k], &mut out[place + k..]);
            k += WIDE;
        }
        if k < link.len {
            bonds_at::<SIDE>(spins, [link.first + k, link.second + k], &mut out[place + k..]);
        }
        place += link.len;
    }
}

#[inline(always)]
fn bonds_at<const N: usize>(spins: &[u8], [first, second]: [usize; 2], out: &mut [u8]) {
    let (first, second) = (&spins[first..][..N], &spins[second..][..N]);
    let values: [u8; N] = std::array::from_fn(|k| first[k] ^ second[k]);
    out[..N].copy_from_slice(&values);
}

/// Eight squares of 8 x 8 bits a chunk of bytes: byte w of row b in chunk b, word w.
#[inline(always)]
fn rows(bytes: &[u8], stride: usize, out: &mut [Chunk]) {
    let (squares, _) = bytes.as_chunks::<CHUNK_BITS>();
    for (at, squares) in squares.iter().enumerate() {
        let (words, _) = squares.as_chunks::<SIDE>();
        let mut rows: [Chunk; SIDE] = std::array::from_fn(|row| {
            Chunk(std::array::from_fn(|word| u64::from_le_bytes(words[SIDE * row + word])))
        });
        transpose(&mut rows);
        for (out, row) in out.chunks_mut(stride).zip(rows) {
            out[at] = row;
        }
    }
}

#[inline(always)]
fn differing(a: &[Chunk], b: &[Chunk]) -> u64 {
    let mut counts = [0; SIDE];
    for (a, b) in a.iter().zip(b) {
        for word in 0..SIDE {
            counts[word] += u64::from((a.0[word] ^ b.0[word]).count_ones());
        }
    }
    counts.iter().sum()
}

/// What is measured of pairs, and how.
pub(super) struct Overlaps {
    n_spins: usize,
    n_bonds: usize,
    links: Vec<Link>,
    /// The replicas of each pair, ascending.
    pairs: Vec<[u32; 2]>,
    /// Measurements of a round, at most.
    per_round: usize,
    kernels: &'static Kernels,
}

/// What was measured of pairs: rows are the pairs (0, 1), (0, 2), ..., (1, 2), ... of replicas,
/// temperature after temperature; empty if not asked for.
#[derive(Clone, Debug, Default)]
pub struct PairSeries {
    /// Overlaps.
    pub overlaps: Vec<f64>,
    /// Overlaps of bonds.
    pub link_overlaps: Vec<f64>,
}

/// The states of a group at the measurements of a round.
#[derive(Default)]
pub(super) struct Snapshots {
    n_replicas: usize,
    /// Bits of spins and of bonds, replica after replica, measurement after measurement.
    rows: Vec<Chunk>,
    spins: Vec<u8>,
    bonds: Vec<u8>,
}

impl Snapshots {
    /// Where a group of replicas keeps its states, if they are compared.
    pub fn of(overlaps: Option<&Overlaps>, n_replicas: usize) -> Self {
        overlaps.map_or_else(Self::default, |overlaps| overlaps.snapshots(n_replicas))
    }
}

impl Overlaps {
    /// What `plan` asks for, of `n_replicas` at each of `rungs` temperatures; nothing if it asks for none.
    pub fn new(
        model: &dyn SpinModel,
        plan: &Plan,
        n_replicas: usize,
        rungs: usize,
    ) -> Result<Option<Self>> {
        if !(plan.overlaps || plan.link_overlaps) || n_replicas < 2 {
            return Ok(None);
        }
        let links = if plan.link_overlaps { model.links() } else { Vec::new() };
        let count = n_replicas as u32;
        let mut overlaps = Self {
            n_spins: model.n_spins(),
            n_bonds: links.iter().map(|link| link.len).sum(),
            links,
            pairs: (0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b])).collect(),
            per_round: 1,
            kernels: Kernels::of(Level::current()?),
        };
        let bytes = overlaps.stride() * size_of::<Chunk>() * n_replicas * rungs;
        overlaps.per_round = (ROUND_BYTES / bytes).max(1);
        Ok(Some(overlaps))
    }

    /// Space for what is measured at each of `rungs` temperatures.
    pub fn series(&self, plan: &Plan, rungs: usize) -> PairSeries {
        let rows = |asked: bool| if asked { rungs * self.pairs.len() } else { 0 };
        let space = |asked: bool| vec![0.0; rows(asked) * plan.n_measurements()];
        PairSeries { overlaps: space(plan.overlaps), link_overlaps: space(plan.link_overlaps) }
    }

    /// Sweeps of a round, at most.
    pub fn longest_round(&self, plan: &Plan) -> u64 {
        plan.every.saturating_mul(self.per_round as u64)
    }

    /// Chunks of the bits of spins, and of all bits of a state.
    fn chunks(&self) -> usize {
        self.n_spins.div_ceil(CHUNK_BITS)
    }

    fn stride(&self) -> usize {
        self.chunks() + self.n_bonds.div_ceil(CHUNK_BITS)
    }

    fn snapshots(&self, n_replicas: usize) -> Snapshots {
        let squares = |bits: usize| vec![0; bits.next_multiple_of(CHUNK_BITS) + WIDE];
        Snapshots {
            n_replicas,
            rows: vec![Chunk::default(); self.per_round * n_replicas * self.stride()],
            spins: squares(self.n_spins),
            bonds: squares(self.n_bonds),
        }
    }

    /// Keeps the states of a group at measurement number `index` of a round.
    pub fn keep(&self, walkers: &dyn Walkers, index: usize, snapshots: &mut Snapshots) {
        let (stride, n_replicas) = (self.stride(), snapshots.n_replicas);
        let rows = &mut snapshots.rows[index * n_replicas * stride..][..n_replicas * stride];
        for (number, rows) in rows.chunks_mut(SIDE * stride).enumerate() {
            let first = number * SIDE;
            let replicas = first..n_replicas.min(first + SIDE);
            walkers.side_by_side(replicas, &mut snapshots.spins[..self.n_spins]);
            let squares = self.chunks() * CHUNK_BITS;
            (self.kernels.rows)(&snapshots.spins[..squares], stride, rows);
            if self.n_bonds > 0 {
                (self.kernels.bonds)(&self.links, &snapshots.spins, &mut snapshots.bonds);
                snapshots.bonds[self.n_bonds..].fill(0);
                let squares = (stride - self.chunks()) * CHUNK_BITS;
                let rows = &mut rows[self.chunks()..];
                (self.kernels.rows)(&snapshots.bonds[..squares], stride, rows);
            }
        }
    }

    /// The state of replica `replica` of a group at measurement number `index` of a round.
    pub fn row<'s>(&self, snapshots: &'s Snapshots, index: usize, replica: usize) -> &'s [Chunk] {
        let place = index * snapshots.n_replicas + replica;
        &snapshots.rows[place * self.stride()..][..self.stride()]
    }

    /// Compares all pairs at the measurements of a round, which went from sweep `from` to `to`. `row`
    /// gives the state of a replica by the measurement's number in the round and the temperature's.
    pub fn compare<'s>(
        &self,
        plan: &Plan,
        (from, to): (u64, u64),
        row: impl Fn(usize, usize, usize) -> &'s [Chunk] + Sync,
        series: &mut PairSeries,
    ) {
        let (done, due) = (plan.measured(from), plan.measured(to));
        if done == due {
            return;
        }
        let spins = 0..self.chunks();
        let bonds = self.chunks()..self.stride();
        for (out, bits, size) in [
            (&mut series.overlaps, spins, self.n_spins),
            (&mut series.link_overlaps, bonds, self.n_bonds),
        ] {
            out.par_chunks_mut(plan.n_measurements()).enumerate().for_each(|(number, out)| {
                let (rung, pair) = (number / self.pairs.len(), number % self.pairs.len());
                let [a, b] = self.pairs[pair].map(|replica| replica as usize);
                for (index, out) in out[done..due].iter_mut().enumerate() {
                    let [a, b] = [a, b].map(|replica| &row(index, rung, replica)[bits.clone()]);
                    let differing = (self.kernels.differing)(a, b);
                    *out = (size as i64 - 2 * differing as i64) as f64 / size as f64;
                }
            });
        }
    }
}
