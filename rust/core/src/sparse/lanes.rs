//! Couplings +-J: 64 replicas in the bits of a word.
//!
//! At each site the unsatisfied bonds of all lanes are counted bit-sliced: each bond is the word of
//! its neighbour, turned where the coupling is negative, xor the spin's own, and full adders sum
//! them to planes. The lanes of each class (number of unsatisfied bonds) then compare random bits
//! with the class's threshold, most significant bit first, until no lane is undecided: ten planes
//! for 512 lanes, whatever the thresholds. Multi-spin coding: Jacobs and Rebbi, J. Comput. Phys. 41,
//! 203 (1981); with replicas in the bits Bhanot, Duke and Salvador, J. Stat. Phys. 44, 985 (1986).
//!
//! Lanes always come in blocks of 64 and all of them move; those beyond the last replica have
//! arbitrary states. One replica costs as much as 64.
//!
//! Bound: random numbers, about half of the time; then the vector ports.

use std::{array, hint};

use super::{
    layout::{Layout, MAX_DEGREE, Run},
    random_planes::{BLOCKS_PER_VISIT, RandomPlanes},
    tally::Tally,
    thresholds::{MAX_THRESHOLDS, Rule},
    words::{Pair, Plain, Register, Words},
};
use crate::{bits::Chunk, simd::kernel_table};

/// Planes that are drawn together at first; few visits end before.
const FIRST_PLANES: usize = 12;

/// Blocks of two planes that are drawn together after that.
const MORE_BLOCKS: usize = 2;

/// What a sweep of a block of lanes reads.
pub(super) struct Visits<'a> {
    pub(super) layout: &'a Layout,
    /// The rules by degree.
    pub(super) rules: &'a [Option<Rule>; MAX_DEGREE + 1],
    pub(super) random: &'a RandomPlanes,
    /// The number of visits that lie behind this sweep.
    pub(super) first: u64,
}

/// Writes the table, with a kernel for the sites of each degree.
///
/// All degrees in one function would be the same code, but the optimiser's loop passes take a time
/// that grows with the square of a function's loops: that one function took most of the build.
macro_rules! kernels_by_degree {
    ($($visit:ident: $degree:literal)*) => {
        kernel_table! {
            /// The kernels of one instruction set.
            pub(super) struct Kernels for Vector in [Plain, Pair, Register] {
                $(
                    /// Visits sites of one degree, and adds the flips to the tally.
                    $visit: fn(
                        visits: &Visits<'_>,
                        rule: &Rule,
                        run: &Run,
                        passed_over: &[Chunk],
                        spins: &mut [Chunk],
                        flips: &mut Tally,
                    ) = visit_run::<Vector, $degree, { usize::div_ceil($degree, 2) }>;
                )*
                /// Ends a tally.
                pub(super) settle: fn(tally: &mut Tally) = settle::<Vector>;
                /// Tallies the unsatisfied bonds, each of them twice.
                pub(super) unsatisfied: fn(layout: &Layout, spins: &[Chunk], tally: &mut Tally) =
                    tally_unsatisfied::<Vector>;
                /// Tallies the spins that point up.
                pub(super) up: fn(spins: &[Chunk], tally: &mut Tally) =
                    tally_up::<Vector>;
            }
        }

        impl Kernels {
            /// Visits the sites of a run but for the lanes `passed_over`, all of them where no site
            /// stands, and tallies the flips.
            pub(super) fn visit(
                &self,
                visits: &Visits<'_>,
                run: &Run,
                passed_over: &[Chunk],
                spins: &mut [Chunk],
                flips: &mut Tally,
            ) {
                let rule = visits.rules[run.degree].as_ref().expect("each degree has its rule");
                let visit = match run.degree {
                    $($degree => self.$visit,)*
                    _ => unreachable!("a layout has no larger degree"),
                };
                visit(visits, rule, run, passed_over, spins, flips);
            }
        }
    };
}

kernels_by_degree! {
    visit_0: 0
    visit_1: 1
    visit_2: 2
    visit_3: 3
    visit_4: 4
    visit_5: 5
    visit_6: 6
    visit_7: 7
    visit_8: 8
    visit_9: 9
    visit_10: 10
    visit_11: 11
    visit_12: 12
    visit_13: 13
    visit_14: 14
    visit_15: 15
    visit_16: 16
}

/// Visits sites of `D` neighbours, which have `T` thresholds.
#[inline(always)]
fn visit_run<V: Words, const D: usize, const T: usize>(
    visits: &Visits<'_>,
    rule: &Rule,
    run: &Run,
    passed_over: &[Chunk],
    spins: &mut [Chunk],
    flips: &mut Tally,
) {
    // More values are alive than there are registers. The compiler aligns the stack, and so what it
    // keeps there, only for a variable that asks for it; vectors across two cache lines cost a tenth.
    let mut aligned = Chunk::default();
    hint::black_box(&mut aligned);
    let layout = visits.layout;
    assert_eq!(spins.len(), layout.sites.len(), "a word for each slot");
    let first_block = V::splat(visits.first.wrapping_mul(BLOCKS_PER_VISIT));
    for (k, passed_over) in passed_over.iter().enumerate() {
        let chunk = run.first_chunk + k;
        let (neighbours, _) =
            layout.neighbours[run.first_bond + k * D..].split_first_chunk::<D>().expect("a chunk");
        let spin = V::load(&spins[chunk]);
        let differing: [V; D] = bonds(spins, spin, neighbours);
        let counts = count(&differing);

        let (mut keep, mut open) = (V::splat(0), [V::splat(0); T]);
        let mut undecided = keep;
        for class in &rule.classes {
            let members = members::<V, D>(&counts, class.unsatisfied);
            keep = keep.or(members.and(V::splat(class.keep)));
            let asked = members.and(V::splat(class.open));
            undecided = undecided.or(asked);
            // Always below T; said so that the compiler keeps the masks in registers.
            for (threshold, open) in open.iter_mut().enumerate() {
                if threshold == class.threshold {
                    *open = open.or(asked);
                }
            }
        }
        let mut coin = V::splat(0);
        if D.is_multiple_of(2) {
            let members = members::<V, D>(&counts, D / 2);
            keep = keep.or(members.and(V::splat(rule.tie_keep)));
            coin = members.and(V::splat(rule.coin));
        }
        let mut below = V::splat(0);
        let sites = &layout.sites[chunk];
        if undecided.or(coin).any() {
            let numbers =
                V::unmarked(sites).shift_left::<{ BLOCKS_PER_VISIT.ilog2() }>().add(first_block);
            let mut at: [V; FIRST_PLANES / 2] = [numbers; FIRST_PLANES / 2];
            for (block, at) in at.iter_mut().enumerate() {
                *at = at.add(V::splat(block as u64));
            }
            let planes = visits.random.blocks(at);
            below = coin.and_not(planes[0][0]);
            for (block, planes) in planes.iter().enumerate() {
                for half in 0..2 {
                    let thresholds = &rule.planes[2 * block + half];
                    compare(planes[half], thresholds, &open, &mut undecided, &mut below);
                }
            }
            let mut block = FIRST_PLANES / 2;
            while undecided.any() && block < BLOCKS_PER_VISIT as usize {
                let mut at = [numbers; MORE_BLOCKS];
                for (k, at) in at.iter_mut().enumerate() {
                    *at = at.add(V::splat((block + k) as u64));
                }
                for planes in visits.random.blocks(at) {
                    for half in 0..2 {
                        let thresholds = &rule.planes[2 * block + half];
                        compare(planes[half], thresholds, &open, &mut undecided, &mut below);
                    }
                    block += 1;
                }
            }
        }
        // Kept lanes flip if below, all others unless below.
        let flip = V::splat(u64::MAX).xor(keep).xor(below).and_not(V::load(passed_over));
        spin.xor(flip).store(&mut spins[chunk]);
        flips.add(flip);
    }
}

/// One more bit of random numbers and thresholds.
#[inline(always)]
fn compare<V: Words, const T: usize>(
    random: V,
    thresholds: &[u64; MAX_THRESHOLDS],
    open: &[V; T],
    undecided: &mut V,
    below: &mut V,
) {
    let mut threshold = V::splat(0);
    for (open, &word) in open.iter().zip(thresholds) {
        threshold = threshold.or(open.and(V::splat(word)));
    }
    *below = below.or(undecided.and(threshold.and_not(random)));
    *undecided = undecided.and_not(threshold.xor(random));
}

/// For each bond of eight sites, the lanes in which it is not satisfied.
#[inline(always)]
fn bonds<V: Words, const D: usize>(spins: &[Chunk], spin: V, neighbours: &[[u32; 8]; D]) -> [V; D] {
    let mut differing = [spin; D];
    for (differing, neighbours) in differing.iter_mut().zip(neighbours) {
        // SAFETY: a layout names no slot beyond its chunks, and there are as many of spins.
        let words = unsafe { V::gather(spins, neighbours) };
        *differing = differing.xor(words).xor(V::marks(neighbours));
    }
    differing
}

/// The number of set bits among `D`, as five planes.
#[inline(always)]
fn count<V: Words, const D: usize>(bits: &[V; D]) -> [V; 5] {
    let mut counts = [V::splat(0); 5];
    for (k, &bit) in bits.iter().enumerate() {
        let mut carry = bit;
        // After k bits, planes above the top bit of k are still empty.
        for (plane, count) in counts.iter_mut().enumerate() {
            if (k + 1) >> plane != 0 {
                let sum = count.xor(carry);
                carry = carry.and(*count);
                *count = sum;
            }
        }
    }
    counts
}

/// The lanes whose count is `number`.
#[inline(always)]
fn members<V: Words, const D: usize>(counts: &[V; 5], number: usize) -> V {
    let mut members = V::splat(u64::MAX);
    for (plane, &count) in counts.iter().enumerate() {
        if D >> plane != 0 {
            let absent = (number as u64 >> plane & 1).wrapping_sub(1);
            members = members.and(count.xor(V::splat(absent)));
        }
    }
    members
}

#[inline(always)]
fn settle<V: Words>(tally: &mut Tally) {
    tally.settle::<V>();
}

#[inline(always)]
fn tally_unsatisfied<V: Words>(layout: &Layout, spins: &[Chunk], tally: &mut Tally) {
    assert_eq!(spins.len(), layout.sites.len(), "a word for each slot");
    for run in &layout.runs {
        for k in 0..run.n_chunks {
            let spin = V::load(&spins[run.first_chunk + k]);
            let first = run.first_bond + k * run.degree;
            for neighbours in &layout.neighbours[first..first + run.degree] {
                let [differing] = bonds(spins, spin, array::from_ref(neighbours));
                tally.add(differing);
            }
        }
    }
    tally.settle::<V>();
}

#[inline(always)]
fn tally_up<V: Words>(spins: &[Chunk], tally: &mut Tally) {
    for chunk in spins {
        tally.add(V::load(chunk));
    }
    tally.settle::<V>();
}
