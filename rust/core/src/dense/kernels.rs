//! The hot loops of a sweep: which spins of a tile flip, and what the flips do to the fields.
//!
//! Visits within a tile of 64 sites must be made one after the other; its flips reach the fields of
//! all sites afterwards, together. So the work is
//!
//! - `visit_many`: sixteen replicas in lanes visit the sites of a tile in step. Lanes without a flip
//!   are carried along: that is a waste worth having, for one replica alone waits for the latency of
//!   every flip. It runs into the vector ports (two operations for each pair of sites of the tile);
//! - `visit_one`: the same for one replica, its sites in lanes. Each flip waits for the one before, and
//!   memory would be idle meanwhile: so it takes the flips of the tile before along, asks for their
//!   rows while it visits, and adds them afterwards;
//! - `push`: adds the rows of the flipped spins to the fields, panel by panel: the fields are kept in
//!   registers, the rows in the first-level cache. It runs into the loads: one vector for each
//!   addition.
//!
//! All are sums of integers, so neither their order nor their grouping changes a bit.

use super::panels::{Block, COLUMNS, Panels, Segment};
use crate::{
    bits::transpose,
    lanes::{LANES, Lanes, Pair, Register, Words},
    simd::kernel_table,
    spins::thresholds::SITES,
};

/// Sites of a tile: as many as have their thresholds drawn together.
pub(super) const TILE: usize = SITES;

/// Vectors of a tile.
const QUARTERS: usize = TILE / LANES;

/// Rows of the tile before that one replica asks for at each of its flips: what arrives meanwhile.
const ASKED: usize = 3;

/// The flips of one replica in one tile, a bit a site.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flips {
    /// Spins that now point up.
    pub(super) up: u64,
    /// Spins that now point down.
    pub(super) down: u64,
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [Words, Pair, Register] {
        /// Visits the sites of the first or second half of a panel, sixteen replicas in step: which
        /// spins flip, given which point up, the fields, and the thresholds of each site.
        pub(super) visit_many: fn(
            block: Block<'_>,
            half: usize,
            fields: &[Segment; LANES],
            thresholds: &[[i32; LANES]; TILE],
            up: &[u64; LANES],
            flips: &mut [u64; LANES],
        ) = visit_many::<Vector>;
        /// The same for one replica, whose fields lack the flips of another tile, the one before; they
        /// are added. The fields of the panels are `stride` apart.
        pub(super) visit_one: fn(
            panels: &Panels,
            tile: usize,
            before: (usize, Flips),
            fields: &mut [Segment],
            stride: usize,
            thresholds: &[i32; TILE],
            up: u64,
        ) -> u64 = visit_one::<Vector>;
        /// Adds to the fields of each replica, in one panel, what its flips do to them; asks for
        /// those rows of the next block that will be wanted.
        pub(super) push: fn(
            block: Block<'_>,
            fields: &mut [Segment],
            flips: &[Flips],
            next: Block<'_>,
            wanted: u64,
        ) = push::<Vector>;
    }
}

/// s h for the spins whose mask is `down` or not.
#[inline(always)]
fn aligned<L: Lanes>(field: L, down: L) -> L {
    field.xor(down).sub(down)
}

#[inline(always)]
fn visit_many<L: Lanes>(
    block: Block<'_>,
    half: usize,
    fields: &[Segment; LANES],
    thresholds: &[[i32; LANES]; TILE],
    up: &[u64; LANES],
    flips: &mut [u64; LANES],
) {
    let mut by_site = [[0; LANES]; TILE];
    for (quarter, by_site) in by_site.as_chunks_mut().0.iter_mut().enumerate() {
        let mut rows = [&fields[0].0[0]; LANES];
        for k in 0..LANES {
            rows[k] = &fields[k].0[QUARTERS * half + quarter];
        }
        L::transpose(rows, by_site);
    }
    let mut up = *up;
    // Four squares of 16 replicas x 16 sites.
    transpose(&mut up);
    *flips = match L::SUMS {
        8 => visit_lanes::<L, 8>(block, half, &by_site, thresholds, &up),
        4 => visit_lanes::<L, 4>(block, half, &by_site, thresholds, &up),
        _ => visit_lanes::<L, 2>(block, half, &by_site, thresholds, &up),
    };
    transpose(flips);
}

/// Groups of `S` sites have their fields in registers: first all earlier flips of the tile, then the
/// visits. Spins and flips are, in bit k of quarter q of word w, those of site 16 q + w, replica k.
#[inline(always)]
fn visit_lanes<L: Lanes, const S: usize>(
    block: Block<'_>,
    half: usize,
    fields: &[[i32; LANES]; TILE],
    thresholds: &[[i32; LANES]; TILE],
    up: &[u64; LANES],
) -> [u64; LANES] {
    let mut flips = [0; LANES];
    // Masks of the flips so far, and of those among them that took a spin down.
    let mut done = [[[0; LANES]; 2]; TILE];
    // The row is subtracted by its complement, which is one too few.
    let mut lacking = L::splat(0);
    for first in (0..TILE).step_by(S) {
        let mut field = [L::splat(0); S];
        for k in 0..S {
            field[k] = L::load(&fields[first + k]);
        }
        let columns = half * TILE + first;
        for (row, [flipped, down]) in block.all().zip(&done[..first]) {
            let (flipped, down) = (L::load(flipped), L::load(down));
            let row = &row.0[columns / LANES][columns % LANES..];
            let row: &[i32; S] = row.first_chunk().expect("groups divide the vectors");
            for k in 0..S {
                field[k] = field[k].add(L::splat(row[k]).xor(down).and(flipped));
            }
        }
        for k in 0..S {
            let site = first + k;
            let (word, shift) = (site % LANES, site / LANES * LANES);
            let spins = (up[word] >> shift) as u16;
            let (is_up, is_down) = (L::mask(spins), L::mask(!spins));
            let alignment = aligned(field[k].add(lacking), is_down);
            let flipped = alignment.at_most(L::load(&thresholds[site]));
            flips[word] |= u64::from(flipped.bits()) << shift;
            flipped.store(&mut done[site][0]);
            is_up.store(&mut done[site][1]);
            lacking = lacking.sub(flipped.and(is_up));
            let row = &block.row(site).0[columns / LANES][columns % LANES..];
            let row: &[i32; S] = row.first_chunk().expect("groups divide the vectors");
            for l in k + 1..S {
                field[l] = field[l].add(L::splat(row[l]).xor(is_up).and(flipped));
            }
        }
    }
    flips
}

#[inline(always)]
fn visit_one<L: Lanes>(
    panels: &Panels,
    tile: usize,
    (before, flips_before): (usize, Flips),
    fields: &mut [Segment],
    stride: usize,
    thresholds: &[i32; TILE],
    up: u64,
) -> u64 {
    let thresholds = thresholds.as_chunks::<LANES>().0;
    let (panel, half) = panel_of(tile);
    let block = panels.block(panel, tile);
    add_rows::<L>(panels.block(panel, before), &mut fields[panel * stride], flips_before);

    let others = || (0..panels.n_panels()).filter(|&other| other != panel);
    let mut wanted = others()
        .flat_map(|other| rows(panels.block(other, before), flips_before.up | flips_before.down));

    let own = &fields[panel * stride];
    let mut field = [L::splat(0); QUARTERS];
    let mut down = [L::splat(0); QUARTERS];
    for q in 0..QUARTERS {
        field[q] = L::load(&own.0[QUARTERS * half + q]);
        down[q] = L::mask((!up >> (LANES * q)) as u16);
    }
    let mut ahead = would_flip(&field, &down, thresholds);
    // Most of the spins that would flip now will: their rows are fetched together.
    for row in rows(block, ahead) {
        row.0[QUARTERS * half..][..QUARTERS].iter().for_each(L::prefetch);
    }
    let mut flips = 0;
    while ahead != 0 {
        let site = ahead.trailing_zeros() as usize;
        flips |= 1 << site;
        // A spin that was up takes its row away.
        let taken = L::splat(-((up >> site & 1) as i32));
        for q in 0..QUARTERS {
            let row = L::load(&block.row(site).0[QUARTERS * half + q]);
            field[q] = field[q].add(aligned(row, taken));
        }
        // Spins that have been visited no longer matter.
        ahead = would_flip(&field, &down, thresholds) & u64::MAX << site << 1;
        for row in wanted.by_ref().take(ASKED) {
            row.0.iter().for_each(L::prefetch);
        }
    }
    for other in others() {
        add_rows::<L>(panels.block(other, before), &mut fields[other * stride], flips_before);
    }
    flips
}

/// The spins of a tile that would flip in the present fields.
#[inline(always)]
fn would_flip<L: Lanes>(
    field: &[L; QUARTERS],
    down: &[L; QUARTERS],
    thresholds: &[[i32; LANES]],
) -> u64 {
    let mut would_flip = 0;
    for q in 0..QUARTERS {
        let flips = aligned(field[q], down[q]).at_most(L::load(&thresholds[q]));
        would_flip |= u64::from(flips.bits()) << (LANES * q);
    }
    would_flip
}

#[inline(always)]
fn push<L: Lanes>(
    block: Block<'_>,
    fields: &mut [Segment],
    flips: &[Flips],
    next: Block<'_>,
    mut wanted: u64,
) {
    // Each replica asks for its share of the rows.
    let share = (wanted.count_ones() as usize).div_ceil(fields.len().max(1));
    for (fields, flips) in fields.iter_mut().zip(flips) {
        for _ in 0..share {
            if wanted == 0 {
                break;
            }
            for line in &next.row(wanted.trailing_zeros() as usize).0 {
                L::prefetch(line);
            }
            wanted &= wanted - 1;
        }
        if flips.up | flips.down == 0 {
            continue;
        }
        add_rows::<L>(block, fields, *flips);
    }
}

/// Adds to the fields of one replica, in one panel, what its flips do to them.
#[inline(always)]
fn add_rows<L: Lanes>(block: Block<'_>, fields: &mut Segment, flips: Flips) {
    match L::SUMS {
        8 => add_parts::<L, 8>(block, fields, flips),
        4 => add_parts::<L, 4>(block, fields, flips),
        _ => add_parts::<L, 2>(block, fields, flips),
    }
}

/// The rows of a block whose bits are set.
#[inline(always)]
fn rows(block: Block<'_>, mut bits: u64) -> impl Iterator<Item = &Segment> {
    std::iter::from_fn(move || {
        let row = (bits != 0).then(|| block.row(bits.trailing_zeros() as usize));
        bits &= bits.wrapping_sub(1);
        row
    })
}

/// The panel of a tile, and in which half of it the tile lies.
pub(super) fn panel_of(tile: usize) -> (usize, usize) {
    (tile * TILE / COLUMNS, tile * TILE % COLUMNS / TILE)
}

/// `S` vectors of fields at a time are kept in registers.
#[inline(always)]
fn add_parts<L: Lanes, const S: usize>(block: Block<'_>, fields: &mut Segment, flips: Flips) {
    for part in 0..COLUMNS / LANES / S {
        let mut sums = [L::splat(0); S];
        for k in 0..S {
            sums[k] = L::load(&fields.0[part * S + k]);
        }
        for row in rows(block, flips.up) {
            for k in 0..S {
                sums[k] = sums[k].add(L::load(&row.0[part * S + k]));
            }
        }
        for row in rows(block, flips.down) {
            for k in 0..S {
                sums[k] = sums[k].sub(L::load(&row.0[part * S + k]));
            }
        }
        for k in 0..S {
            sums[k].store(&mut fields.0[part * S + k]);
        }
    }
}
