//! Which of a chunk's bits are spins of which colour, and which of its words look around the
//! boundary for a neighbour.
//!
//! Let a(x) = x mod 2 along each side, but 2 for the last site of an odd side. Neighbours along a
//! side differ in a, by 1 or 2; so the sum of all a's, modulo 2 if all sides are even and modulo 3
//! otherwise, colours the torus properly.
//!
//! A row of spins is `words` words long, so a neighbour along a side is a fixed number of words
//! away, or another fixed number around the boundary. Chunks of eight words lie across rows as it
//! comes, but most are alike: each has the number of its kind.

use std::collections::HashMap;

use super::{board::reserved, model::MAX_SIDES};
use crate::{bits::Chunk, error::Result};

/// The most colours.
pub(super) const MAX_COLOURS: usize = 3;

/// Whether the neighbours of a chunk's spins in one direction lie around the boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wrap {
    #[default]
    Never,
    Always,
    /// For some words only.
    Mixed,
}

/// What chunks have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Kind {
    /// The spins of each colour.
    pub(super) colours: [Chunk; MAX_COLOURS],
    /// All spins.
    pub(super) spins: Chunk,
    /// The words that look around the boundary, backwards and forwards along each side, fastest
    /// first.
    pub(super) around: [Chunk; 2 * MAX_SIDES],
    pub(super) wrap: [Wrap; 2 * MAX_SIDES],
}

/// The rows of words of a lattice.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The sides, fastest first.
    sides: Vec<usize>,
    /// Words of a row, and rows.
    words: usize,
    height: usize,
    pub(super) n_colours: usize,
}

impl Rows {
    pub(super) fn new(shape: &[usize]) -> Self {
        let sides: Vec<usize> = shape.iter().rev().copied().collect();
        Self {
            words: sides[0].div_ceil(64),
            height: sides[1..].iter().product(),
            n_colours: if sides.iter().all(|side| side % 2 == 0) { 2 } else { 3 },
            sides,
        }
    }

    pub(super) fn n_chunks(&self) -> usize {
        (self.height * self.words).div_ceil(8)
    }

    /// Spins of a row.
    pub(super) fn width(&self) -> usize {
        self.sides[0]
    }

    /// Words of a row.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The word of a site, and its bit there.
    pub(super) fn place(&self, site: usize) -> (usize, usize) {
        let (row, x) = (site / self.sides[0], site % self.sides[0]);
        (row * self.words + x / 64, x % 64)
    }

    /// How many words further a neighbour lies, near and around the boundary, backwards and
    /// forwards along each side.
    pub(super) fn offsets(&self) -> Vec<[isize; 2]> {
        let mut stride = 1;
        let mut offsets = Vec::new();
        for k in 0..self.sides.len() {
            let side = if k == 0 { self.words } else { self.sides[k] } as isize;
            let around = (side - 1) * stride;
            offsets.extend([[-stride, around], [stride, -around]]);
            stride *= side;
        }
        offsets
    }

    /// The sum of the a's of a row, and a bit for each direction in which it looks around.
    fn code(&self, row: usize) -> (usize, u8) {
        let (mut sum, mut around, mut rest) = (0, 0, row);
        for (k, &side) in self.sides.iter().enumerate().skip(1) {
            let coordinate = rest % side;
            rest /= side;
            sum += shade(coordinate, side);
            around |= u8::from(coordinate == 0) << (2 * k);
            around |= u8::from(coordinate == side - 1) << (2 * k + 1);
        }
        (sum % self.n_colours, around)
    }

    /// The kinds, and the number of each chunk's kind.
    pub(super) fn kinds(&self) -> Result<(Vec<Kind>, Vec<u32>)> {
        let (mut kinds, mut of_chunk) = (Vec::new(), reserved(self.n_chunks())?);
        let mut known = HashMap::new();
        for chunk in 0..self.n_chunks() {
            let (row, column) = (8 * chunk / self.words, 8 * chunk % self.words);
            // Chunks are alike if rows begin and end at the same of their words, and their rows are
            // alike; where else they lie in a long row does not matter.
            let last = ((8 * chunk + 7) / self.words).min(self.height);
            let codes = (row..=last).fold(0u128, |codes, row| {
                let (sum, around) = if row < self.height { self.code(row) } else { (3, 0) };
                codes << 12 | (sum as u128) << 8 | u128::from(around) | 1 << 11
            });
            let key = (column == 0, (self.words - column).min(9), codes);
            let number = *known.entry(key).or_insert_with(|| {
                kinds.push(self.kind(chunk));
                kinds.len() as u32 - 1
            });
            of_chunk.push(number);
        }
        Ok((kinds, of_chunk))
    }

    fn kind(&self, chunk: usize) -> Kind {
        let mut kind = Kind::default();
        let mut looking = [0; 2 * MAX_SIDES];
        let in_lattice = (self.height * self.words - 8 * chunk).min(8);
        for word in 0..in_lattice {
            let (row, column) = ((8 * chunk + word) / self.words, (8 * chunk + word) % self.words);
            let (sum, mut around) = self.code(row);
            around |= u8::from(column == 0) | u8::from(column == self.words - 1) << 1;
            for direction in 0..2 * self.sides.len() {
                if around >> direction & 1 == 1 {
                    kind.around[direction].0[word] = u64::MAX;
                    looking[direction] += 1;
                }
            }
            for bit in 0..64.min(self.sides[0] - 64 * column) {
                let colour = (sum + shade(64 * column + bit, self.sides[0])) % self.n_colours;
                kind.colours[colour].0[word] |= 1 << bit;
                kind.spins.0[word] |= 1 << bit;
            }
        }
        kind.wrap = looking.map(|words| match words {
            0 => Wrap::Never,
            all if all == in_lattice => Wrap::Always,
            _ => Wrap::Mixed,
        });
        kind
    }
}

/// a(x).
fn shade(coordinate: usize, side: usize) -> usize {
    if side % 2 == 1 && coordinate == side - 1 { 2 } else { coordinate % 2 }
}
