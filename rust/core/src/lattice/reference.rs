//! The dynamics of a lattice, one spin at a time: short, slow, and what the kernels must equal bit
//! for bit.

use super::{
    board::{n_strips, strip},
    chance::Chance,
    checkerboard::{self, Checkerboard},
    coloured,
    model::Lattice,
    walkers::fresh_generators,
};
use crate::{
    rng::Xoshiro8,
    spins::{Dynamics, Rests},
};

/// Where a replica stands after some sweeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The state.
    pub spins: Vec<i8>,
    /// Spins flipped.
    pub flips: u64,
    /// What [`Walkers::streams`](crate::spins::Walkers::streams) gives.
    pub streams: Vec<u64>,
}

/// Replica number `replica` of `seed` after `sweeps` sweeps at `beta`, by a local dynamics that passes
/// over the spins `held` (empty: none), three colours in their order or (`reversed`) the opposite one.
pub fn reference_sweeps(
    lattice: &Lattice,
    dynamics: Dynamics,
    beta: f64,
    (seed, replica): (u64, u64),
    spins: &[i8],
    (held, reversed): (&[bool], bool),
    sweeps: u64,
) -> Outcome {
    let (spins, rests) = (spins.to_vec(), lattice.resting().at(dynamics, beta));
    let mut walk = Walk { lattice, dynamics, beta, spins, flips: 0, held, rests };
    let compact = Checkerboard::fits(lattice, dynamics);
    let group = if compact { checkerboard::GROUP } else { 1 };
    let n_chunks = n_chunks(lattice.shape(), compact);
    let n_colours = if lattice.shape().iter().all(|side| side % 2 == 0) { 2 } else { 3 };
    let mut generators = fresh_generators(seed, replica, n_strips(n_chunks));
    for _ in 0..sweeps {
        for colour in 0..n_colours {
            let colour = if reversed && n_colours == 3 { 2 - colour } else { colour };
            for (number, generator) in generators.iter_mut().enumerate() {
                for first in strip(n_chunks, group, number).step_by(group) {
                    let moving = |chunk| moving(lattice.shape(), compact, colour, chunk);
                    if !compact || beta == 0.0 {
                        (first..first + group).for_each(|k| walk.alone(&moving(k), generator));
                    } else {
                        walk.together((first..first + group).map(moving).collect(), generator);
                    }
                }
            }
        }
    }
    let words = generators.iter().flat_map(|generator| generator.state().as_flattened());
    Outcome { streams: words.copied().collect(), spins: walk.spins, flips: walk.flips }
}

/// A spin that waits for random bits to say whether it flips.
#[derive(Clone, Copy)]
struct Undecided {
    bit: usize,
    site: usize,
    /// Whether it flips for certain unless it rests, which a few bits tell.
    certain: bool,
    threshold: u64,
}

struct Walk<'a> {
    lattice: &'a Lattice,
    dynamics: Dynamics,
    beta: f64,
    spins: Vec<i8>,
    flips: u64,
    held: &'a [bool],
    rests: Rests,
}

impl Walk<'_> {
    fn flip(&mut self, site: usize) {
        if !self.held.get(site).is_some_and(|&held| held) {
            self.spins[site] = -self.spins[site];
            self.flips += 1;
        }
    }

    fn chance(&self, change: f64) -> Chance {
        Chance::of_flip(self.dynamics, self.beta, change).unless_resting(self.rests)
    }

    /// Flips the spins that always flip; returns those that need random bits.
    fn undecided(&mut self, moving: &[(usize, usize)]) -> Vec<Undecided> {
        let mut undecided = Vec::new();
        for &(bit, site) in moving {
            let mut sum = 0;
            self.lattice.each_neighbour(site, |neighbour| sum += i64::from(self.spins[neighbour]));
            let field = self.lattice.coupling() * sum as f64 + self.lattice.field();
            let change = 2.0 * f64::from(self.spins[site]) * field;
            match (self.chance(change), self.rests.bits()) {
                (Chance::Always, 0) => self.flip(site),
                (Chance::Always, bits) => {
                    let threshold = u64::MAX << (64 - bits);
                    undecided.push(Undecided { bit, site, certain: true, threshold });
                }
                (Chance::Below(threshold), _) => {
                    undecided.push(Undecided { bit, site, certain: false, threshold });
                }
            }
        }
        undecided
    }

    /// Compares one bit of each threshold with a random bit: at the first difference the smaller
    /// number is known.
    fn compare(&mut self, undecided: &mut Vec<Undecided>, step: usize, random: [u64; 8]) {
        undecided.retain(|&Undecided { bit, site, threshold, .. }| {
            let threshold = threshold >> (63 - step) & 1;
            let random = random[bit / 64] >> (bit % 64) & 1;
            if random < threshold {
                self.flip(site);
            }
            random == threshold
        });
    }

    /// One colour of one chunk: pairs of bit and site.
    fn alone(&mut self, moving: &[(usize, usize)], generator: &mut Xoshiro8) {
        let mut undecided = self.undecided(moving);
        undecided.retain(|spin| spin.threshold > 0);
        for step in 0..self.longest_threshold() {
            if step >= coloured::UNASKED && undecided.iter().all(|spin| spin.certain) {
                break;
            }
            self.compare(&mut undecided, step, generator.step());
        }
    }

    /// One colour of a group of chunks, which share random bits in the end. Those that never flip
    /// wait like the others.
    fn together(&mut self, chunks: Vec<Vec<(usize, usize)>>, generator: &mut Xoshiro8) {
        let mut left = Vec::new();
        for moving in chunks {
            let mut undecided = self.undecided(&moving);
            for step in 0..checkerboard::PRIVATE {
                self.compare(&mut undecided, step, generator.step());
            }
            left.extend(undecided.into_iter().filter(|spin| !spin.certain));
        }
        let mut unasked = checkerboard::UNASKED;
        loop {
            // The first spin of each bit lane owns its random bits.
            let (mut owners, mut others) = (Vec::<Undecided>::new(), Vec::new());
            for spin in left {
                let taken = owners.iter().any(|owner| owner.bit == spin.bit);
                if taken { others.push(spin) } else { owners.push(spin) }
            }
            for step in checkerboard::PRIVATE..64 {
                if step >= checkerboard::PRIVATE + unasked && owners.is_empty() {
                    break;
                }
                self.compare(&mut owners, step, generator.step());
            }
            if others.is_empty() {
                return;
            }
            (left, unasked) = (others, checkerboard::UNASKED_LATER);
        }
    }

    /// Bits after which the thresholds of all possible neighbourhoods have only zeros left.
    fn longest_threshold(&self) -> usize {
        let neighbours = 2 * self.lattice.shape().len() as i64;
        let sums = (-neighbours..=neighbours).step_by(2);
        let fields = sums.map(|sum| self.lattice.coupling() * sum as f64 + self.lattice.field());
        let changes = fields.flat_map(|field| [2.0 * field, -2.0 * field]);
        let length = |change| match self.chance(change) {
            Chance::Always => 0,
            Chance::Below(threshold) => 64 - threshold.trailing_zeros() as usize,
        };
        changes.map(length).max().unwrap_or(0).max(self.rests.bits() as usize)
    }
}

/// Chunks of a plane: eight words of 64 spins of a row, or of 64 of one colour (compact).
fn n_chunks(shape: &[usize], compact: bool) -> usize {
    let (width, others) = shape.split_last().expect("a lattice has a side");
    let words = width.div_ceil(if compact { 128 } else { 64 });
    (others.iter().product::<usize>() * words).div_ceil(8)
}

/// The spins of a colour in a chunk: bit and site. None neighbours another.
fn moving(shape: &[usize], compact: bool, colour: usize, chunk: usize) -> Vec<(usize, usize)> {
    let (width, n) = (shape[shape.len() - 1], shape.iter().product());
    let words = width.div_ceil(if compact { 128 } else { 64 });
    let site = |bit: usize| {
        let word = 8 * chunk + bit / 64;
        let (row, place) = (word / words, word % words * 64 + bit % 64);
        let x = if compact { 2 * place + (row + colour) % 2 } else { place };
        let site = row * width + x;
        (x < width && site < n).then_some(site)
    };
    (0..512)
        .filter_map(|bit| Some((bit, site(bit)?)))
        .filter(|&(_, site)| colour_of(shape, site) == colour)
        .collect()
}

/// The sum of x mod 2 over all sides, but 2 at the last site of an odd side; modulo 2 if there is
/// no odd side, else modulo 3.
fn colour_of(shape: &[usize], site: usize) -> usize {
    let (mut sum, mut rest) = (0, site);
    for &side in shape.iter().rev() {
        let x = rest % side;
        rest /= side;
        sum += if side % 2 == 1 && x == side - 1 { 2 } else { x % 2 };
    }
    sum % if shape.iter().all(|side| side % 2 == 0) { 2 } else { 3 }
}
