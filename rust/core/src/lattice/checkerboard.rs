//! The square lattice without a field, by Metropolis: the fast board.
//!
//! Spins with x + y even and odd lie in planes of their own, so that no bit is idle. Site x of row
//! y is bit x / 2 of the row; its neighbours in the other plane have the same bit in the rows
//! above, below and its own, and the bit before it (x even) or after it (x odd) in its own.
//!
//! A flip raises the energy only where 3 or 4 neighbours are *alike* (at J < 0: unlike). It is then
//! accepted with probability e^{-4 beta |J|} or e^{-8 beta |J|}: a stream of random bits is
//! compared with the 64-bit threshold, the highest bit first, and each step decides half of the
//! lanes. After [`PRIVATE`] steps 1 lane in 32 is undecided, so [`GROUP`] chunks go on together: of
//! the undecided spins in a bit lane the one of the first chunk owns the lane's random bits; those
//! left out go on in another round, with bits of their own. No random bit is used by two spins.
//!
//! Bound by the vector ports: thirteen operations a step, nine steps a chunk.

use super::{
    board::{Board, Phase, Planes, words},
    chance::Chance,
    coloured::n_up,
    model::Lattice,
    stream::Stream,
};
#[cfg(target_arch = "x86_64")]
use crate::bits::{Pair, Register};
use crate::{
    bits::{Chunk, Lanes, Words},
    spins::{Dynamics, Resting, Rests},
};

/// Chunks that share random bits in the end.
pub(super) const GROUP: usize = 4;
/// Steps that every chunk makes alone.
pub(super) const PRIVATE: usize = 5;
/// Steps of the first common round that are made before anybody asks whether a lane is undecided: a
/// branch that goes now one way and now the other costs more than a step.
pub(super) const UNASKED: usize = 9;
/// The same of the rounds that follow, which have few spins left.
pub(super) const UNASKED_LATER: usize = 6;

pub(super) struct Checkerboard {
    beta_scale: f64,
    resting: Resting,
    /// All ones if neighbours want to be alike.
    alike: u64,
    height: usize,
    /// Words of a row.
    row: usize,
    /// Rows and chunks fall together in the same way again and again.
    patterns: Vec<Pattern>,
    /// The words of the first row, and of the last one, in a chunk that other rows share.
    top: Chunk,
    bottom: Chunk,
    kernels: &'static Kernels,
}

/// How rows lie in a chunk.
#[derive(Clone, Debug, Default)]
struct Pattern {
    /// The words of odd rows.
    odd: Chunk,
    /// Whether all of them are even, 0, or odd, 1.
    parity: Option<usize>,
    /// The words where a row begins and ends.
    begins: Chunk,
    ends: Chunk,
    has_begin: bool,
    has_end: bool,
}

/// The chances of the two flips that raise the energy.
pub(super) struct Rule {
    /// Step by step the bit of the threshold for 3 alike, and whether that for 4 alike differs,
    /// each spread over a word.
    bits: [[u64; 2]; 64],
    /// Never at beta = 0, where a spin is a random bit.
    rests: Rests,
}

impl Checkerboard {
    /// Whether a lattice has this board: whole words in both planes of a row, whole groups in a
    /// plane.
    pub(super) fn fits(lattice: &Lattice, dynamics: Dynamics) -> bool {
        let &[height, width] = lattice.shape() else { return false };
        dynamics == Dynamics::Metropolis
            && lattice.field() == 0.0
            && lattice.coupling() != 0.0
            && height % 2 == 0
            && width % 128 == 0
            && height * (width / 128) % (8 * GROUP) == 0
    }

    pub(super) fn new(lattice: &Lattice) -> Self {
        let (height, width) = (lattice.shape()[0], lattice.shape()[1]);
        let row = width / 128;
        // The smallest number of chunks that is a whole number of pairs of rows.
        let period = (1..=2 * row).find(|chunks| 8 * chunks % (2 * row) == 0).unwrap_or(2 * row);
        let mask = |first: usize, holds: &dyn Fn(usize) -> bool| {
            Chunk(std::array::from_fn(|k| u64::from(holds(first + k)).wrapping_neg()))
        };
        let pattern = |chunk: usize| {
            let odd = mask(8 * chunk, &|word| word / row % 2 == 1);
            let begins = mask(8 * chunk, &|word| word % row == 0);
            let ends = mask(8 * chunk, &|word| word % row == row - 1);
            Pattern {
                parity: [0, 512].iter().position(|&ones| odd.count_ones() == ones),
                has_begin: begins.count_ones() > 0,
                has_end: ends.count_ones() > 0,
                odd,
                begins,
                ends,
            }
        };
        let n_words = height * row;
        Self {
            beta_scale: lattice.coupling().abs(),
            resting: lattice.resting(),
            alike: if lattice.coupling() > 0.0 { u64::MAX } else { 0 },
            height,
            row,
            patterns: (0..period).map(pattern).collect(),
            top: mask(row / 8 * 8, &|word| word < row),
            bottom: mask((n_words - row) / 8 * 8, &|word| word >= n_words - row),
            kernels: Kernels::of(lattice.level()),
        }
    }
}

impl Board for Checkerboard {
    type Rule = Rule;

    const SPINS_PER_MEMBER: usize = 1 << 17;

    fn n_chunks(&self) -> usize {
        self.height * self.row / 8
    }

    fn group(&self) -> usize {
        GROUP
    }

    fn n_colours(&self) -> usize {
        2
    }

    fn rule(&self, beta: f64) -> Rule {
        let rests = self.resting.at(Dynamics::Metropolis, beta);
        let threshold = |change: f64| {
            let chance = Chance::of_flip(Dynamics::Metropolis, beta, change * self.beta_scale);
            match chance.unless_resting(rests) {
                Chance::Always => unreachable!("a rise of the energy is never certain"),
                Chance::Below(threshold) => threshold,
            }
        };
        let (three, four) = (threshold(4.0), threshold(8.0));
        let bit = |step: usize, threshold: u64| (threshold >> (63 - step) & 1).wrapping_neg();
        let bits = std::array::from_fn(|step| [bit(step, three), bit(step, three ^ four)]);
        Rule { bits, rests }
    }

    fn update(&self, phase: Phase<'_, Rule>) -> u64 {
        match phase.rule.rests {
            Rests::Never => (self.kernels.toss)(phase),
            Rests::Seldom => (self.kernels.update_seldom)(self, phase),
            Rests::Often => (self.kernels.update_often)(self, phase),
        }
    }

    fn put(&self, spins: &[i8], planes: &mut Planes) {
        for (at, spins) in spins.chunks_exact(128).enumerate() {
            let odd = at / self.row % 2;
            for (plane, chunks) in planes.iter_mut().enumerate() {
                // Of each pair of columns, the one whose colour this plane holds.
                let first = odd ^ plane;
                let up = (0..64).map(|k| u64::from(spins[2 * k + first] > 0) << k);
                chunks[at / 8 + 1].0[at % 8] = up.fold(0, |word, bit| word | bit);
            }
        }
    }

    fn take(&self, planes: &Planes, _source: usize, spins: &mut [i8]) {
        for (at, spins) in spins.chunks_exact_mut(128).enumerate() {
            let odd = at / self.row % 2;
            let [even, other] =
                [0, 1].map(|plane: usize| planes[plane ^ odd][at / 8 + 1].0[at % 8]);
            for (k, pair) in spins.chunks_exact_mut(2).enumerate() {
                pair[0] = 2 * (even >> k & 1) as i8 - 1;
                pair[1] = 2 * (other >> k & 1) as i8 - 1;
            }
        }
    }

    fn bits(&self, planes: &Planes, _source: usize, out: &mut [Chunk]) {
        let [even, odd] = planes;
        (self.kernels.interleave)(self.row, &words(even)[8..], &words(odd)[8..], out);
    }

    fn n_up(&self, planes: &Planes, _source: usize) -> u64 {
        (self.kernels.n_up)(&planes[0]) + (self.kernels.n_up)(&planes[1])
    }

    fn n_unlike(&self, planes: &Planes, _source: usize) -> u64 {
        (self.kernels.n_unlike)(self, &planes[0], words(&planes[1]))
    }
}

crate::simd::kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Vector in [Words, Pair, Register] {
        update_seldom: fn(board: &Checkerboard, phase: Phase<'_, Rule>) -> u64 =
            update::<Vector, { Rests::Seldom.bits() as usize }>;
        update_often: fn(board: &Checkerboard, phase: Phase<'_, Rule>) -> u64 =
            update::<Vector, { Rests::Often.bits() as usize }>;
        toss: fn(phase: Phase<'_, Rule>) -> u64 = toss::<Vector>;
        n_unlike: fn(board: &Checkerboard, even: &[Chunk], odd: &[u64]) -> u64 = n_unlike::<Vector>;
        n_up: fn(plane: &[Chunk]) -> u64 = n_up::<Vector>;
        interleave: fn(row: usize, even: &[u64], odd: &[u64], out: &mut [Chunk]) = interleave;
    }
}

/// The bits of two planes in the order of the sites: `row` words of each are a row, whose first site is
/// one of the even plane in every other row.
#[inline(always)]
fn interleave(row: usize, even: &[u64], odd: &[u64], out: &mut [Chunk]) {
    let n_words = out.len() * 4;
    let (even, odd) = (&even[..n_words], &odd[..n_words]);
    for (first, at) in (0..n_words).step_by(4).enumerate() {
        out[first] = Chunk(std::array::from_fn(|k| {
            let at = at + k / 2;
            let is_odd = at / row % 2 == 1;
            let half = 32 * (k % 2);
            let spread = |word: u64| spread(word >> half & 0xffff_ffff);
            let [low, high] = [spread(even[at]), spread(odd[at])];
            if is_odd { high | low << 1 } else { low | high << 1 }
        }));
    }
}

/// 32 bits, each in every other place.
#[inline(always)]
fn spread(mut word: u64) -> u64 {
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        word = (word | word << shift) & mask;
    }
    word
}

/// The four neighbours of a chunk's spins of one colour: in its row, the other one there, above,
/// below.
#[inline(always)]
fn neighbours<L: Lanes>(
    board: &Checkerboard,
    colour: usize,
    source: &[u64],
    chunk: usize,
) -> [L; 4] {
    let (at, row) = (8 * (chunk + 1), board.row);
    let n_words = board.height * row;
    let pattern = &board.patterns[chunk % board.patterns.len()];
    let here = L::gather(source, at);
    let beside = match pattern.parity {
        Some(parity) if parity == colour => before(pattern, here, source, at, row),
        Some(_) => after(pattern, here, source, at, row),
        None => {
            let before = before(pattern, here, source, at, row);
            let after = after(pattern, here, source, at, row);
            L::load(&pattern.odd).xor(L::splat(colour == 1)).select(after, before)
        }
    };
    let (first, last) = (8 * chunk, 8 * chunk + 7);
    let above = if first >= row {
        L::gather(source, at - row)
    } else {
        let around = L::gather(source, at + n_words - row);
        if last < row {
            around
        } else {
            L::load(&board.top).select(around, L::gather(source, at - row))
        }
    };
    let below = if last < n_words - row {
        L::gather(source, at + row)
    } else {
        let around = L::gather(source, at + row - n_words);
        if first >= n_words - row {
            around
        } else {
            L::load(&board.bottom).select(around, L::gather(source, at + row))
        }
    };
    [here, beside, above, below]
}

/// The spins one bit before.
#[inline(always)]
fn before<L: Lanes>(pattern: &Pattern, here: L, source: &[u64], at: usize, row: usize) -> L {
    let mut words = L::gather(source, at - 1);
    if pattern.has_begin {
        words = L::load(&pattern.begins).select(L::gather(source, at + row - 1), words);
    }
    here.enter_low(words)
}

/// The spins one bit after.
#[inline(always)]
fn after<L: Lanes>(pattern: &Pattern, here: L, source: &[u64], at: usize, row: usize) -> L {
    let mut words = L::gather(source, at + 1);
    if pattern.has_end {
        words = L::load(&pattern.ends).select(L::gather(source, at + 1 - row), words);
    }
    here.enter_high(words)
}

/// A spin whose flip would not raise the energy rests if its first `RESTS` random bits are set; the
/// thresholds of the others tell already that they may rest.
#[inline(always)]
fn update<L: Lanes, const RESTS: usize>(board: &Checkerboard, phase: Phase<'_, Rule>) -> u64 {
    let Phase { rule, colour, source, target, first, generator, .. } = phase;
    let mut stream = Stream::<L>::resume(generator);
    let mut kept = L::zero();
    let none = L::splat(false);
    let n_spins = 512 * target.len() as u64;
    let (groups, _) = target.as_chunks_mut::<GROUP>();
    for (number, chunks) in groups.iter_mut().enumerate() {
        let (mut rises, mut steeply) = ([none; GROUP], [none; GROUP]);
        let (mut undecided, mut accepted) = ([none; GROUP], [none; GROUP]);
        for x in 0..GROUP {
            let chunk = first + GROUP * number + x;
            let [a, b, c, d] = neighbours::<L>(board, colour, source, chunk);
            let (ones, twos) = a.add(b, c);
            // Parity and majority turn over with all their bits.
            let turned = L::load(&chunks[x]).xor(L::repeat(board.alike));
            let (ones, twos, last) = (turned.xor(ones), turned.xor(twos), turned.xor(d));
            rises[x] = twos.and(ones.or(last));
            steeply[x] = twos.and(ones).and(last);
            undecided[x] = rises[x];
            let mut resting = L::splat(true).without(rises[x]);
            for step in 0..PRIVATE {
                let random = stream.draw();
                if step < RESTS {
                    resting = resting.and(random);
                }
                let lane = (&mut undecided[x], &mut accepted[x]);
                compare(rule, step, steeply[x], lane, random);
            }
            rises[x] = rises[x].or(resting);
        }
        finish(rule, &steeply, &mut undecided, &mut accepted, &mut stream);
        for x in 0..GROUP {
            let keeps = rises[x].without(accepted[x]);
            let spins = L::load(&chunks[x]);
            spins.xor(keeps).xor(L::splat(true)).store(&mut chunks[x]);
            kept = keeps.count(kept);
        }
    }
    stream.save(generator);
    n_spins - L::total(L::finish(kept)) as u64
}

/// One step of the comparison. While a lane is undecided, its answer is the threshold's last bit.
#[inline(always)]
fn compare<L: Lanes>(
    rule: &Rule,
    step: usize,
    steeply: L,
    (undecided, accepted): (&mut L, &mut L),
    random: L,
) {
    let [three, differs] = rule.bits[step];
    let threshold = L::repeat(three).xor_both(steeply, L::repeat(differs));
    *accepted = undecided.select(threshold, *accepted);
    *undecided = undecided.where_equal(random, threshold);
}

/// Decides what is left in a group, lanes of all chunks sharing each random vector.
#[inline(always)]
fn finish<L: Lanes>(
    rule: &Rule,
    steeply: &[L; GROUP],
    undecided: &mut [L; GROUP],
    accepted: &mut [L; GROUP],
    stream: &mut Stream<L>,
) {
    let mut unasked = UNASKED;
    loop {
        let mut owners = [undecided[0]; GROUP];
        let (mut lanes, mut steep) = (undecided[0], steeply[0]);
        for x in 1..GROUP {
            owners[x] = undecided[x].without(lanes);
            lanes = lanes.or(undecided[x]);
            steep = owners[x].select(steeply[x], steep);
        }
        let mut answers = L::splat(false);
        for step in PRIVATE..64 {
            if step >= PRIVATE + unasked && !lanes.any() {
                break;
            }
            compare(rule, step, steep, (&mut lanes, &mut answers), stream.draw());
        }
        // Whoever met the threshold in all bits is not below it.
        answers = answers.without(lanes);
        let mut left = L::splat(false);
        for x in 0..GROUP {
            accepted[x] = owners[x].select(answers, accepted[x]);
            undecided[x] = undecided[x].without(owners[x]);
            left = left.or(undecided[x]);
        }
        if !left.any() {
            return;
        }
        unasked = UNASKED_LATER;
    }
}

#[inline(always)]
fn toss<L: Lanes>(phase: Phase<'_, Rule>) -> u64 {
    let Phase { target, generator, .. } = phase;
    let mut stream = Stream::<L>::resume(generator);
    let mut flipped = L::zero();
    for chunk in target {
        // A random 0 is below the threshold 1/2.
        let flips = stream.draw().xor(L::splat(true));
        L::load(chunk).xor(flips).store(chunk);
        flipped = flips.count(flipped);
    }
    stream.save(generator);
    L::total(L::finish(flipped)) as u64
}

#[inline(always)]
fn n_unlike<L: Lanes>(board: &Checkerboard, even: &[Chunk], odd: &[u64]) -> u64 {
    let (mut singles, mut pairs) = (L::zero(), L::zero());
    for chunk in 0..even.len() - 2 {
        let spins = L::load(&even[chunk + 1]);
        let [a, b, c, d] = neighbours::<L>(board, 0, odd, chunk);
        let (ones, twos) = a.add(b, c);
        singles = spins.xor(ones).count(singles);
        singles = spins.xor(d).count(singles);
        pairs = spins.xor(twos).count(pairs);
    }
    (L::total(L::finish(singles)) + 2 * L::total(L::finish(pairs))) as u64
}
