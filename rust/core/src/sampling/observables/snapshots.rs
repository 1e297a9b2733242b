//! The states of a round, bit-packed.
//!
//! Groups of replicas move apart from one another for a whole round. So each keeps its states at the
//! measurements of a round, bit-packed, and the values of their bonds if these are asked for; at the
//! end of the round everything is measured on these rows, those of two replicas too. Rounds are only as
//! long as these bits fit into the nearer caches.
//!
//! Eight replicas side by side in a byte have the value of a bond in one exclusive or, and squares of
//! 8 x 8 bits are turned into rows afterwards. The bits of a row are then in another order than the
//! sites, the same one in all rows. What keeps a replica in bits anyway gives them in the order of its
//! sites.

use crate::{
    bits::{CHUNK_BITS, Chunk, transpose},
    simd::{Level, kernel_table},
    spins::{Link, Walkers},
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
        /// Puts the bits of a chunk of squares into the order of the sites.
        sites: fn(squares: Chunk) -> Chunk = sites;
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

/// Bit b of byte k of a chunk goes to bit k of word b: the squares of [`Order::Squares`] again.
#[inline(always)]
fn sites(squares: Chunk) -> Chunk {
    /// The lowest bit of each byte, and what moves all of them into the highest byte.
    const LOWEST: u64 = 0x0101_0101_0101_0101;
    const GATHER: u64 = 0x0102_0408_1020_4080;
    Chunk(std::array::from_fn(|b| {
        squares.0.iter().enumerate().fold(0, |word, (k, bytes)| {
            word | ((bytes >> b & LOWEST).wrapping_mul(GATHER) >> 56) << (8 * k)
        })
    }))
}

/// The order of the bits in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// That of the sites.
    Sites,
    /// That of bytes which were turned into rows.
    Squares,
}

/// How states become rows.
pub(super) struct Packing {
    n_spins: usize,
    n_bonds: usize,
    links: Vec<Link>,
    pub order: Order,
    /// Measurements of a round, at most.
    pub per_round: usize,
    kernels: &'static Kernels,
}

/// The states of a group at the measurements of a round.
#[derive(Default)]
pub(crate) struct Snapshots {
    n_replicas: usize,
    /// Bits of spins and of bonds, replica after replica, measurement after measurement.
    rows: Vec<Chunk>,
    spins: Vec<u8>,
    bonds: Vec<u8>,
}

impl Packing {
    /// For `n_states` states of all groups, and these bonds.
    pub fn new(
        n_spins: usize,
        links: Vec<Link>,
        order: Order,
        n_states: usize,
        level: Level,
    ) -> Self {
        let n_bonds = links.iter().map(|link| link.len).sum();
        let kernels = Kernels::of(level);
        let mut packing = Self { n_spins, n_bonds, links, order, per_round: 1, kernels };
        let bytes = packing.stride() * size_of::<Chunk>() * n_states;
        packing.per_round = (ROUND_BYTES / bytes).max(1);
        packing
    }

    pub fn n_spins(&self) -> usize {
        self.n_spins
    }

    pub fn n_bonds(&self) -> usize {
        self.n_bonds
    }

    /// Chunks of the bits of spins, and of all bits of a state.
    pub fn chunks(&self) -> usize {
        self.n_spins.div_ceil(CHUNK_BITS)
    }

    pub fn stride(&self) -> usize {
        self.chunks() + self.n_bonds.div_ceil(CHUNK_BITS)
    }

    /// The row of a state without bonds.
    pub fn row_of(&self, spins: &[i8]) -> Vec<Chunk> {
        let mut row = vec![Chunk::default(); self.chunks()];
        if self.order == Order::Squares {
            let mut bytes: Vec<u8> = spins.iter().map(|&spin| u8::from(spin > 0)).collect();
            bytes.resize(row.len() * CHUNK_BITS, 0);
            (self.kernels.rows)(&bytes, row.len(), &mut row);
        } else {
            for (site, &spin) in spins.iter().enumerate() {
                row[site / CHUNK_BITS].set_bit(site % CHUNK_BITS, spin > 0);
            }
        }
        row
    }

    /// The spins of a chunk in the order of the sites.
    pub fn in_site_order(&self, chunk: Chunk) -> Chunk {
        match self.order {
            Order::Sites => chunk,
            Order::Squares => (self.kernels.sites)(chunk),
        }
    }

    /// Where a group of replicas keeps its states.
    pub fn snapshots(&self, n_replicas: usize) -> Snapshots {
        let squares = |bits: usize| match self.order {
            Order::Sites => Vec::new(),
            Order::Squares => vec![0; bits.next_multiple_of(CHUNK_BITS) + WIDE],
        };
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
        if self.order == Order::Sites {
            for (replica, row) in rows.chunks_mut(stride).enumerate() {
                walkers.bits(replica, self.n_spins, row);
            }
            return;
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_the_order_of_the_sites() {
        let spins: Vec<i8> = (0..700u32).map(|k| if k * k % 7 < 3 { 1 } else { -1 }).collect();
        for level in Level::available() {
            let [squares, sites] = [Order::Squares, Order::Sites]
                .map(|order| Packing::new(700, Vec::new(), order, 1, level));
            let turned: Vec<Chunk> = squares
                .row_of(&spins)
                .into_iter()
                .map(|chunk| squares.in_site_order(chunk))
                .collect();
            assert_eq!(turned, sites.row_of(&spins));
        }
    }
}
