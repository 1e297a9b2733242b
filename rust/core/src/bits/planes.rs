//! Bit-sliced integers: plane `b` holds bit `b` of every integer.
//!
//! The planes of 512 integers stand together, lowest first, so that a kernel walks one pointer.
//! The top plane is the sign (two's complement). A stack is as narrow as its integers allow, since
//! the price of weighing a row is one popcount a plane; the few integers that would widen it for
//! all can be kept in a list instead.

use super::{CHUNK_BITS, Chunk};

/// A growable stack of planes.
#[derive(Clone, Debug)]
pub struct PlaneStack {
    n_chunks: usize,
    capacity: usize,
    width: usize,
    chunks: Vec<Chunk>,
    /// The sum of the integers in the planes.
    pub sum: i64,
    /// The lowest bit of the integers in the planes, where all have the same: then it is not weighed.
    pub lowest_bit: Option<bool>,
    /// The integers that stand outside the planes, as (number, integer).
    pub listed: Vec<(usize, i64)>,
}

impl PlaneStack {
    /// Zeros, one for each bit of `n_chunks` chunks, with space for `capacity` planes.
    pub fn zeros(n_chunks: usize, capacity: usize) -> Self {
        let capacity = capacity.max(2);
        let chunks = vec![Chunk::default(); n_chunks * capacity];
        Self { n_chunks, capacity, width: 1, chunks, sum: 0, lowest_bit: None, listed: Vec::new() }
    }

    /// Zeros, all of them even, as integers that change together are.
    pub fn even_zeros(n_chunks: usize, capacity: usize) -> Self {
        Self { width: 2, lowest_bit: Some(false), ..Self::zeros(n_chunks, capacity) }
    }

    /// Planes in use.
    #[inline]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Planes that are not weighed.
    #[inline]
    pub(super) fn n_skipped(&self) -> usize {
        usize::from(self.lowest_bit.is_some())
    }

    pub(super) fn set_width(&mut self, width: usize) {
        debug_assert!((1..=self.capacity).contains(&width));
        self.width = width;
    }

    /// The planes of each chunk.
    #[inline]
    pub(super) fn by_chunk(&self) -> std::slice::ChunksExact<'_, Chunk> {
        self.chunks.chunks_exact(self.capacity)
    }

    /// The planes of one chunk.
    #[inline]
    pub(super) fn chunk(&self, number: usize) -> &[Chunk] {
        &self.chunks[number * self.capacity..][..self.capacity]
    }

    #[inline]
    pub(super) fn by_chunk_mut(&mut self) -> std::slice::ChunksExactMut<'_, Chunk> {
        self.chunks.chunks_exact_mut(self.capacity)
    }

    /// Makes space for `planes` planes and one to carry into.
    pub(super) fn reserve(&mut self, planes: usize) {
        if planes < self.capacity {
            return;
        }
        let mut wider = Self::zeros(self.n_chunks, planes + 4);
        for (to, from) in wider.by_chunk_mut().zip(self.by_chunk()) {
            to[..self.width].copy_from_slice(&from[..self.width]);
        }
        (self.capacity, self.chunks) = (wider.capacity, wider.chunks);
    }

    /// Bit `b` of integer `k`.
    fn bit(&self, k: usize, b: usize) -> bool {
        self.chunks[k / CHUNK_BITS * self.capacity + b].bit(k % CHUNK_BITS)
    }

    /// Integer number `k`.
    pub fn get(&self, k: usize) -> i64 {
        let sign = -i64::from(self.bit(k, self.width - 1));
        (0..self.width - 1).rev().fold(sign, |value, b| 2 * value + i64::from(self.bit(k, b)))
    }

    /// The weight of each plane, lowest first: powers of two, the top one negative.
    fn weights(&self) -> impl Iterator<Item = i64> {
        let top = self.width - 1;
        (0..top).map(|b| 1 << b).chain([-(1 << top)])
    }

    /// Set bits of plane `b`.
    fn ones(&self, b: usize) -> i64 {
        self.by_chunk().map(|planes| planes[b].count_ones() as i64).sum()
    }

    /// Adds the unsigned counts of another stack of the same shape.
    pub fn merge(&mut self, counts: &Self) {
        debug_assert_eq!((self.n_chunks, self.capacity), (counts.n_chunks, counts.capacity));
        for (planes, added) in self.by_chunk_mut().zip(counts.by_chunk()) {
            let mut carry = [0; 8];
            for (plane, added) in planes.iter_mut().zip(added) {
                for word in 0..8 {
                    let (a, b, c) = (plane.0[word], added.0[word], carry[word]);
                    plane.0[word] = a ^ b ^ c;
                    carry[word] = a & b | c & (a ^ b);
                }
            }
        }
    }

    /// Turns unsigned counts into signed integers: `count - offset` where `mask` is set, and zero
    /// elsewhere.
    pub fn centre(&mut self, offset: i64, mask: &[Chunk]) {
        self.width = self.capacity;
        for (planes, mask) in self.by_chunk_mut().zip(mask) {
            let mut carry = [0; 8];
            for (b, plane) in planes.iter_mut().enumerate() {
                let added = if -offset >> b.min(63) & 1 == 1 { u64::MAX } else { 0 };
                for word in 0..8 {
                    let old = plane.0[word];
                    plane.0[word] = (old ^ added ^ carry[word]) & mask.0[word];
                    carry[word] = old & added | carry[word] & (old ^ added);
                }
            }
        }
    }

    /// Narrows the stack to `width` planes, or to as many more as leave at most `at_most` integers
    /// that do not fit. Those go to the list and leave `mask`.
    pub fn narrow(&mut self, width: usize, at_most: usize, mask: &mut [Chunk]) {
        let fits = |&width: &usize| {
            self.beyond(width).map(|chunk| chunk.count_ones()).sum::<usize>() <= at_most
        };
        let width = (width.min(self.width)..=self.width).find(fits).unwrap_or(self.width);
        let beyond: Vec<Chunk> = self.beyond(width).collect();
        for (c, beyond) in beyond.iter().enumerate().filter(|(_, chunk)| chunk.count_ones() > 0) {
            let numbers = (0..CHUNK_BITS).filter(|&k| beyond.bit(k)).map(|k| c * CHUNK_BITS + k);
            let listed: Vec<_> = numbers.map(|k| (k, self.get(k))).collect();
            self.listed.extend(listed);
            let planes = &mut self.chunks[c * self.capacity..][..self.capacity];
            for chunk in planes.iter_mut().chain([&mut mask[c]]) {
                for word in 0..8 {
                    chunk.0[word] &= !beyond.0[word];
                }
            }
        }
        self.width = width;
        self.sum = self.weights().zip(0..).map(|(weight, b)| weight * self.ones(b)).sum();
    }

    /// The integers that need more than `width` planes, a bit each.
    fn beyond(&self, width: usize) -> impl Iterator<Item = Chunk> {
        self.by_chunk().map(move |planes| {
            Chunk(std::array::from_fn(|word| {
                let sign = planes[width - 1].0[word];
                planes[width..self.width].iter().fold(0, |any, plane| any | plane.0[word] ^ sign)
            }))
        })
    }

    /// Writes the integers of one chunk, the first `out.len()` of them.
    pub fn decode_chunk(&self, c: usize, out: &mut [i64]) {
        let planes = &self.chunks[c * self.capacity..][..self.width];
        for (out, word) in out.chunks_mut(64).zip(0..) {
            out.fill(0);
            for (plane, weight) in planes.iter().zip(self.weights()) {
                let bits = plane.0[word];
                for (k, out) in out.iter_mut().enumerate() {
                    *out += (bits >> k & 1) as i64 * weight;
                }
            }
        }
    }
}
