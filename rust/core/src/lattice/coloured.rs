//! Any periodic lattice, any field, any temperature: a row of spins is a row of bits, and a phase
//! updates the spins of one colour.
//!
//! Neighbours along a row come by a shift of one bit, the others from the rows beside. Full adders
//! count how many of them are up, one count a bit lane; spin and count are the *class* of a spin,
//! which decides the chance of its flip. All lanes then compare the same stream of random bits with
//! their class's 64-bit threshold, the highest bit first: a random 0 where the threshold has a 1
//! says yes, a 1 where it has a 0 says no, and half of the lanes are decided by each step.
//!
//! The plane that is written is not the one that is read, so a phase also copies the other colours.
//! Bound by the vector ports: half of the random bits fall on spins of the other colours.

use super::{
    board::{Board, Phase, Planes, words},
    chance::Chance,
    kinds::{Kind, Rows, Wrap},
    model::{Lattice, MAX_SIDES},
    stream::Stream,
};
#[cfg(target_arch = "x86_64")]
use crate::bits::{Pair, Register};
use crate::{
    bits::{Chunk, Lanes, Words},
    error::Result,
    spins::{Dynamics, Resting, Rests},
};

/// Steps that are made before anybody asks whether a lane is still undecided: few chunks are done
/// by then, and a branch that goes now one way and now the other costs more than a step.
pub(super) const UNASKED: usize = 10;

/// The most classes: a spin up or down, with none to all of its neighbours up.
const MAX_CLASSES: usize = 2 * (2 * MAX_SIDES + 1);

pub(super) struct Coloured {
    dynamics: Dynamics,
    coupling: f64,
    field: f64,
    resting: Resting,
    sides: usize,
    rows: Rows,
    /// See [`Rows::offsets`].
    offsets: Vec<[isize; 2]>,
    /// The bit of the last site in the last word of a row.
    last_bit: u32,
    kinds: Vec<Kind>,
    kind_of: Vec<u32>,
    kernels: &'static Kernels,
}

/// The chances of all classes, those with one threshold as one group.
pub(super) struct Rule {
    /// Classes that always flip unless they rest, a bit each: class 2 d + 1 + n is a spin up with n of its 2 d
    /// neighbours up, class n the same down.
    always: u32,
    /// Groups that flip with the same chance.
    groups: Vec<u32>,
    /// For each step, the bit of each group's threshold, spread over a word.
    bits: Vec<u64>,
    /// Steps after which every threshold has only zeros left: whoever is undecided then, stays.
    steps: usize,
    /// Those that always flip rest if this many random bits are set, unless there are none.
    rests: usize,
}

impl Rule {
    fn new(chances: &[Chance], rests: Rests) -> Self {
        let classes = |chance: Chance| {
            let with = |set, (class, &other)| set | u32::from(other == chance) << class;
            chances.iter().enumerate().fold(0, with)
        };
        let mut thresholds: Vec<u64> = chances
            .iter()
            .filter_map(|&chance| match chance {
                Chance::Always | Chance::NEVER => None,
                Chance::Below(threshold) => Some(threshold),
            })
            .collect();
        thresholds.sort_unstable();
        thresholds.dedup();
        let lengths = thresholds.iter().map(|bits| 64 - bits.trailing_zeros());
        let steps = lengths.max().unwrap_or(0).max(rests.bits());
        let bit = |step: u32, threshold: u64| (threshold >> (63 - step) & 1).wrapping_neg();
        Self {
            always: classes(Chance::Always),
            groups: thresholds.iter().map(|&bits| classes(Chance::Below(bits))).collect(),
            bits: (0..steps)
                .flat_map(|step| thresholds.iter().map(move |&bits| bit(step, bits)))
                .collect(),
            steps: steps as usize,
            rests: rests.bits() as usize,
        }
    }
}

impl Coloured {
    pub(super) fn new(lattice: &Lattice, dynamics: Dynamics) -> Result<Self> {
        let rows = Rows::new(lattice.shape());
        let (kinds, kind_of) = rows.kinds()?;
        Ok(Self {
            dynamics,
            coupling: lattice.coupling(),
            field: lattice.field(),
            resting: lattice.resting(),
            sides: lattice.shape().len(),
            offsets: rows.offsets(),
            last_bit: ((lattice.shape()[lattice.shape().len() - 1] - 1) % 64) as u32,
            rows,
            kinds,
            kind_of,
            kernels: Kernels::of(lattice.level()),
        })
    }

    fn kind(&self, chunk: usize) -> &Kind {
        &self.kinds[self.kind_of[chunk] as usize]
    }
}

impl Board for Coloured {
    type Rule = Rule;

    const SPINS_PER_MEMBER: usize = 1 << 15;

    fn n_chunks(&self) -> usize {
        self.rows.n_chunks()
    }

    fn group(&self) -> usize {
        1
    }

    fn n_colours(&self) -> usize {
        self.rows.n_colours
    }

    fn rule(&self, beta: f64) -> Rule {
        let neighbours = 2 * self.sides as i64;
        let rests = self.resting.at(self.dynamics, beta);
        let chance = |spin: f64, up: i64| {
            let local_field = self.coupling * (2 * up - neighbours) as f64 + self.field;
            Chance::of_flip(self.dynamics, beta, 2.0 * spin * local_field).unless_resting(rests)
        };
        let spins = [-1.0, 1.0].into_iter();
        let chances = spins.flat_map(|s| (0..=neighbours).map(move |up| (s, up)));
        Rule::new(&chances.map(|(s, up)| chance(s, up)).collect::<Vec<_>>(), rests)
    }

    fn update(&self, phase: Phase<'_, Rule>) -> u64 {
        (self.kernels.update)(self, phase)
    }

    fn put(&self, spins: &[i8], planes: &mut Planes) {
        let [plane, other] = planes;
        plane.fill(Chunk::default());
        for (site, &spin) in spins.iter().enumerate() {
            let (word, bit) = self.rows.place(site);
            plane[word / 8 + 1].0[word % 8] |= u64::from(spin > 0) << bit;
        }
        other.copy_from_slice(plane);
    }

    fn take(&self, planes: &Planes, source: usize, spins: &mut [i8]) {
        let rows = words(&planes[source])[8..].chunks(self.rows.words());
        for (words, spins) in rows.zip(spins.chunks_mut(self.rows.width())) {
            for (word, spins) in words.iter().zip(spins.chunks_mut(64)) {
                for (bit, spin) in spins.iter_mut().enumerate() {
                    *spin = 2 * (word >> bit & 1) as i8 - 1;
                }
            }
        }
    }

    fn bits(&self, planes: &Planes, source: usize, out: &mut [Chunk]) {
        let (words, width) = (&words(&planes[source])[8..], self.rows.width());
        out.fill(Chunk::default());
        let rows = words.chunks(self.rows.words()).take(self.rows.height());
        for (row, words) in rows.enumerate() {
            for (k, &word) in words.iter().enumerate() {
                let (at, shift) = ((row * width + 64 * k) / 64, (row * width) % 64);
                out[at / 8].0[at % 8] |= word << shift;
                // What is left of the word, unless it is nothing beyond the last site.
                let rest = if shift == 0 { 0 } else { word >> (64 - shift) };
                if rest != 0 {
                    out[(at + 1) / 8].0[(at + 1) % 8] |= rest;
                }
            }
        }
    }

    fn n_up(&self, planes: &Planes, source: usize) -> u64 {
        (self.kernels.n_up)(&planes[source])
    }

    fn n_unlike(&self, planes: &Planes, source: usize) -> u64 {
        (self.kernels.n_unlike)(self, words(&planes[source]))
    }
}

crate::simd::kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Vector in [Words, Pair, Register] {
        update: fn(board: &Coloured, phase: Phase<'_, Rule>) -> u64 = update::<Vector>;
        n_unlike: fn(board: &Coloured, source: &[u64]) -> u64 = n_unlike::<Vector>;
        n_up: fn(plane: &[Chunk]) -> u64 = n_up::<Vector>;
    }
}

#[inline(always)]
fn update<L: Lanes>(board: &Coloured, phase: Phase<'_, Rule>) -> u64 {
    match board.sides {
        1 => update_sides::<L, 1>(board, phase),
        2 => update_sides::<L, 2>(board, phase),
        3 => update_sides::<L, 3>(board, phase),
        _ => update_sides::<L, 4>(board, phase),
    }
}

#[inline(always)]
fn update_sides<L: Lanes, const D: usize>(board: &Coloured, phase: Phase<'_, Rule>) -> u64 {
    let Phase { rule, colour, source, target, first, generator, .. } = phase;
    let mut stream = Stream::<L>::resume(generator);
    let mut flipped = L::zero();
    for (k, out) in target.iter_mut().enumerate() {
        let kind = board.kind(first + k);
        let at = 8 * (first + k + 1);
        let spins = L::gather(source, at);
        let moving = L::load(&kind.colours[colour]);
        let counts = neighbours_up::<L, D>(board, kind, source, at);
        let flips = decide::<L, D>(rule, spins, moving, counts, &mut stream);
        spins.xor(flips).store(out);
        flipped = flips.count(flipped);
    }
    stream.save(generator);
    L::total(L::finish(flipped)) as u64
}

/// The neighbours of the eight words `at` in one direction: first backwards and forwards along a
/// row, then along the other sides.
#[inline(always)]
fn neighbour<L: Lanes>(
    board: &Coloured,
    kind: &Kind,
    source: &[u64],
    at: usize,
    direction: usize,
) -> L {
    let [near, around] = board.offsets[direction].map(|offset| at.wrapping_add_signed(offset));
    let wrap = kind.wrap[direction];
    if direction >= 2 {
        return match wrap {
            Wrap::Never => L::gather(source, near),
            Wrap::Always => L::gather(source, around),
            Wrap::Mixed => L::load(&kind.around[direction])
                .select(L::gather(source, around), L::gather(source, near)),
        };
    }
    let here = L::gather(source, at);
    let mut words = L::gather(source, near);
    if direction == 0 {
        // The highest bit of the word before enters; around the boundary, the last spin of the row.
        if wrap != Wrap::Never {
            let last = L::gather(source, around).shift_up(63 - board.last_bit);
            words = L::load(&kind.around[0]).select(last, words);
        }
        here.enter_low(words)
    } else {
        // The lowest bit of the word after enters; around the boundary, it enters at the last spin.
        words = here.enter_high(words);
        if wrap != Wrap::Never {
            let first = L::gather(source, around).shift_up(board.last_bit);
            let ends = L::load(&kind.around[1]).and(L::repeat(1 << board.last_bit));
            words = ends.select(first, words);
        }
        words
    }
}

/// How many neighbours of each spin are up: ones, twos, fours and eights.
#[inline(always)]
fn neighbours_up<L: Lanes, const D: usize>(
    board: &Coloured,
    kind: &Kind,
    source: &[u64],
    at: usize,
) -> [L; 4] {
    let [mut ones, mut twos, mut fours, mut eights] = [L::splat(false); 4];
    for side in 0..D {
        let back = neighbour::<L>(board, kind, source, at, 2 * side);
        let ahead = neighbour::<L>(board, kind, source, at, 2 * side + 1);
        let (sum, carry) = ones.add(back, ahead);
        let carry_on = twos.and(carry);
        eights = eights.or_both(fours, carry_on);
        (ones, twos, fours) = (sum, twos.xor(carry), fours.xor(carry_on));
    }
    [ones, twos, fours, eights]
}

/// Which of the moving spins flip.
#[inline(always)]
fn decide<L: Lanes, const D: usize>(
    rule: &Rule,
    spins: L,
    moving: L,
    counts: [L; 4],
    stream: &mut Stream<L>,
) -> L {
    let mut with_count = [moving; 2 * MAX_SIDES + 1];
    for n in 0..=2 * D {
        for bit in 0..if D == 4 { 4 } else { 3 } {
            with_count[n] = if n >> bit & 1 == 1 {
                with_count[n].and(counts[bit])
            } else {
                with_count[n].without(counts[bit])
            };
        }
    }
    let always = members::<L, D>(rule.always, spins, &with_count);
    let mut groups = [L::splat(false); MAX_CLASSES];
    let groups = &mut groups[..rule.groups.len()];
    let mut undecided = L::splat(false);
    for (group, &classes) in groups.iter_mut().zip(&rule.groups) {
        *group = members::<L, D>(classes, spins, &with_count);
        undecided = undecided.or(*group);
    }
    // A lane's last threshold bit while it is undecided: if it is decided by a difference, that bit
    // is the answer.
    let mut accepted = L::splat(false);
    let mut resting = always.and(L::splat(rule.rests > 0));
    for step in 0..rule.steps {
        if step >= UNASKED && !undecided.any() {
            break;
        }
        let bits = &rule.bits[step * groups.len()..][..groups.len()];
        let mut threshold = L::splat(false);
        for (group, &bit) in groups.iter().zip(bits) {
            threshold = threshold.or_both(*group, L::repeat(bit));
        }
        let random = stream.draw();
        if step < rule.rests {
            resting = resting.and(random);
        }
        accepted = undecided.select(threshold, accepted);
        undecided = undecided.where_equal(random, threshold);
    }
    always.without(resting).or(accepted.without(undecided))
}

/// The spins whose class is in the set.
#[inline(always)]
fn members<L: Lanes, const D: usize>(classes: u32, spins: L, with_count: &[L]) -> L {
    let [mut down, mut up] = [L::splat(false); 2];
    for n in 0..=2 * D {
        if classes >> n & 1 == 1 {
            down = down.or(with_count[n]);
        }
        if classes >> (2 * D + 1 + n) & 1 == 1 {
            up = up.or(with_count[n]);
        }
    }
    spins.select(up, down)
}

#[inline(always)]
fn n_unlike<L: Lanes>(board: &Coloured, source: &[u64]) -> u64 {
    let mut unlike = L::zero();
    for chunk in 0..board.n_chunks() {
        let (kind, at) = (board.kind(chunk), 8 * (chunk + 1));
        let here = L::gather(source, at);
        for side in 0..board.sides {
            let ahead: L = neighbour(board, kind, source, at, 2 * side + 1);
            unlike = here.xor(ahead).and(L::load(&kind.spins)).count(unlike);
        }
    }
    L::total(L::finish(unlike)) as u64
}

#[inline(always)]
pub(super) fn n_up<L: Lanes>(plane: &[Chunk]) -> u64 {
    let mut up = L::zero();
    for chunk in plane {
        up = L::load(chunk).count(up);
    }
    L::total(L::finish(up)) as u64
}
