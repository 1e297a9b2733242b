//! Replicas on their way: for each tile of sites the visits of all replicas, then their flips.
//!
//! Fields and spins of a group of replicas are kept panel by panel and tile by tile, so that what a
//! kernel works on stands in one piece. Replicas go through the visits in lanes, sixteen at a time;
//! one or two that are left over go alone, for sixteen lanes cost about as much as three replicas.

use std::ops::Range;

use super::{
    Dense,
    kernels::{Flips, TILE, panel_of},
    memory::zeros,
    panels::{COLUMNS, Segment},
    visits::{NEVER, Visits},
};
use crate::{
    control::Control,
    error::Result,
    lanes::LANES,
    rng::{Philox, Purpose},
    spins::{
        Dynamics, Held, Rests, Start, Walkers,
        thresholds::{self, Rule, place},
    },
    team::Team,
};

/// From how many replicas on they fill lanes.
const WORTH_LANES: usize = 3;

/// Tiles whose flips reach the other panels together, while the fields of a panel are in cache: those
/// of two panels.
const TOGETHER: usize = 2 * COLUMNS / TILE;

/// Additions of a sweep from which on it looks for a cancellation within: a tenth of a second on
/// the plainest set.
const LONG: u64 = 1 << 31;

/// Replicas of a dense model.
#[allow(clippy::struct_field_names, reason = "the number of replicas has its usual name")]
pub(super) struct Replicas<'a> {
    model: &'a Dense,
    visits: &'a Visits,
    dynamics: Dynamics,
    n_replicas: usize,
    /// The replicas that go in lanes; a last block that is not full is filled with spins that never flip.
    n_blocks: usize,
    sweeps: u64,
    streams: Vec<Philox>,
    rules: Vec<Rule>,
    held: Vec<Held>,
    /// Panel after panel, in each a segment of every replica.
    fields: Vec<Segment>,
    /// Tile after tile, in each a word of every replica: a bit is set where the spin is up, as it is
    /// beyond the last site.
    up: Vec<u64>,
    /// Of each tile that goes together, those of every replica.
    flips: [Vec<Flips>; TOGETHER],
    n_flips: Vec<u64>,
}

impl<'a> Replicas<'a> {
    pub(super) fn new(model: &'a Dense, dynamics: Dynamics, start: &Start<'_>) -> Result<Self> {
        let n_replicas = start.n_replicas();
        let rest = n_replicas % LANES;
        let n_blocks = n_replicas / LANES + usize::from(rest >= WORTH_LANES);
        let n_places = n_replicas.max(n_blocks * LANES);
        let visits = model.visits(start.reversed)?;
        let (n_panels, n_tiles) = (visits.panels.n_panels(), visits.panels.n_tiles());
        let what = "the fields of the replicas";
        let mut replicas = Self {
            model,
            visits,
            dynamics,
            n_replicas,
            n_blocks,
            sweeps: start.sweeps,
            streams: (0..n_places as u64)
                .map(|k| Philox::new(start.seed, Purpose::Dynamics, start.first + k))
                .collect(),
            rules: vec![Rule::new(false, f64::INFINITY, Rests::Never); n_places],
            held: (0..n_places)
                .map(|k| {
                    let (n, sites) = (visits.sites.len(), visits.sites.iter());
                    Held::in_order(n, start.held(k, n), sites.map(|&site| site as usize))
                })
                .collect(),
            fields: zeros(n_panels.checked_mul(n_places), Segment::splat(NEVER), what)?,
            up: zeros(n_tiles.checked_mul(n_places), u64::MAX, what)?,
            flips: std::array::from_fn(|_| vec![Flips::default(); n_replicas]),
            n_flips: vec![0; n_replicas],
        };
        replicas.set_betas(start.betas);
        replicas.place(start.spins);
        Ok(replicas)
    }

    /// Lanes and replicas without.
    fn n_places(&self) -> usize {
        self.streams.len()
    }

    /// Puts the replicas into these states: from all spins down, those that are up are flipped.
    fn place(&mut self, spins: &[i8]) {
        let (n, n_places) = (self.visits.panels.n_sites(), self.n_places());
        for (fields, &down) in self.fields.chunks_exact_mut(n_places).zip(&self.visits.all_down) {
            fields[..self.n_replicas].fill(down);
        }
        let n_panels = self.visits.panels.n_panels();
        for tile in 0..self.visits.panels.n_tiles() {
            let sites = tile * TILE..n.min((tile + 1) * TILE);
            let beyond = if sites.len() < TILE { u64::MAX << sites.len() } else { 0 };
            let words = &mut self.up[tile * n_places..];
            let flips = &mut self.flips[tile % TOGETHER];
            for ((flips, word), spins) in flips.iter_mut().zip(words).zip(spins.chunks_exact(n)) {
                let sites = self.visits.sites[sites.clone()].iter().rev();
                let up =
                    sites.fold(0, |word, &site| word << 1 | u64::from(spins[site as usize] > 0));
                *flips = Flips { up, down: 0 };
                *word = up | beyond;
            }
            self.push(tile..tile + 1, 0..n_panels, 0..self.n_replicas);
        }
    }

    /// Visits the sites of one tile.
    fn visit(&mut self, tile: usize) {
        let (model, visits, n_places) = (self.model, self.visits, self.n_places());
        let (panel, half) = panel_of(tile);
        let block = visits.panels.block(panel, tile);
        let fields = &self.fields[panel * n_places..][..n_places];
        let up = &mut self.up[tile * n_places..][..n_places];
        let (first, _) = place(visits.panels.n_tiles(), self.sweeps, tile * TILE);
        let places = [tile, tile + TOGETHER - 1].map(|tile| tile % TOGETHER);
        let [out, before] = self.flips.get_disjoint_mut(places).expect("neighbours differ");
        let scales = visits.single_scales[tile * TILE..].first_chunk();
        let scales = scales.expect("scales are padded to whole tiles");

        let (in_lanes, alone) = up.as_chunks_mut::<LANES>();
        let (in_lanes, rest) = in_lanes.split_at_mut(self.n_blocks);
        debug_assert!(rest.is_empty(), "a full block goes in lanes");
        let blocks = fields.as_chunks::<LANES>().0.iter().zip(self.streams.as_chunks().0);
        let blocks = blocks.zip(self.rules.as_chunks().0).zip(in_lanes);
        for (index, (((fields, streams), rules), up)) in blocks.enumerate() {
            let (mut thresholds, mut flips) = ([[0; LANES]; TILE], [0; LANES]);
            (model.thresholds.replicas)(streams, first, rules, scales, &mut thresholds);
            for lane in 0..LANES {
                for site in self.held[index * LANES + lane].of_group(tile) {
                    thresholds[site][lane] = thresholds::NEVER;
                }
            }
            (model.kernels.visit_many)(block, half, fields, &thresholds, up, &mut flips);
            let out = out[index * LANES..].iter_mut().zip(&mut self.n_flips[index * LANES..]);
            for (((out, count), up), flips) in out.zip(up).zip(flips) {
                record(up, flips, out, count);
            }
        }
        for (k, up) in (self.n_blocks * LANES..).zip(alone) {
            let mut thresholds = [0; TILE];
            let (stream, rule) = (&self.streams[k], self.rules[k]);
            (model.thresholds.sites)(stream, first, rule, scales, &mut thresholds);
            for site in self.held[k].of_group(tile) {
                thresholds[site] = thresholds::NEVER;
            }
            let before = if tile > 0 { (tile - 1, before[k]) } else { (0, Flips::default()) };
            let (panels, fields) = (&visits.panels, &mut self.fields[k..]);
            let visit = model.kernels.visit_one;
            let flips = visit(panels, tile, before, fields, n_places, &thresholds, *up);
            record(up, flips, &mut out[k], &mut self.n_flips[k]);
        }
    }

    /// Adds the flips of these replicas in these tiles to their fields in these panels.
    fn push(&mut self, tiles: Range<usize>, panels: Range<usize>, replicas: Range<usize>) {
        if replicas.is_empty() {
            return;
        }
        let (model, n_places) = (self.model, self.n_places());
        let flips = self.flips.each_ref().map(|flips| &flips[replicas.clone()]);
        let wanted =
            flips.map(|flips| flips.iter().fold(0, |wanted, flips| wanted | flips.up | flips.down));
        for panel in panels.clone() {
            let fields = &mut self.fields[panel * n_places..][replicas.clone()];
            for tile in tiles.clone() {
                let block = self.visits.panels.block(panel, tile);
                let (next, wanted) = if tile + 1 < tiles.end {
                    (self.visits.panels.block(panel, tile + 1), wanted[(tile + 1) % TOGETHER])
                } else if panel + 1 < panels.end {
                    let next = self.visits.panels.block(panel + 1, tiles.start);
                    (next, wanted[tiles.start % TOGETHER])
                } else {
                    (block, 0)
                };
                (model.kernels.push)(block, fields, flips[tile % TOGETHER], next, wanted);
            }
        }
    }

    /// One sweep over the tiles that go together: their own panels are updated before the next
    /// tile is visited, the others at the end. A replica alone keeps the flips of a tile until the next
    /// visit, or until the end of the sweep.
    fn advance(&mut self, tiles: Range<usize>) {
        let (n_panels, n_tiles) = (self.visits.panels.n_panels(), self.visits.panels.n_tiles());
        let in_lanes = 0..self.n_replicas.min(self.n_blocks * LANES);
        let own = tiles.start * TILE / COLUMNS..(tiles.end * TILE).div_ceil(COLUMNS);
        for tile in tiles.clone() {
            self.visit(tile);
            self.push(tile..tile + 1, own.clone(), in_lanes.clone());
        }
        self.push(tiles.clone(), 0..own.start, in_lanes.clone());
        self.push(tiles.clone(), own.end..n_panels, in_lanes.clone());
        if tiles.end == n_tiles {
            self.push(n_tiles - 1..n_tiles, 0..n_panels, in_lanes.end..self.n_replicas);
        }
    }
}

/// Turns over the spins that flip, and remembers which way.
fn record(up: &mut u64, flips: u64, out: &mut Flips, count: &mut u64) {
    *out = Flips { up: flips & !*up, down: flips & *up };
    *up ^= flips;
    *count += u64::from(flips.count_ones());
}

impl Walkers for Replicas<'_> {
    fn sweep(&mut self, sweeps: u64, _team: &Team, control: &Control) -> Result<()> {
        let n = self.visits.panels.n_sites() as u64;
        let is_long = n.saturating_mul(n).saturating_mul(self.n_replicas as u64) > LONG;
        for _ in 0..sweeps {
            let n_tiles = self.visits.panels.n_tiles();
            for tile in (0..n_tiles).step_by(TOGETHER) {
                if is_long {
                    control.check()?;
                }
                self.advance(tile..n_tiles.min(tile + TOGETHER));
            }
            self.sweeps += 1;
        }
        Ok(())
    }

    fn set_betas(&mut self, betas: &[f64]) {
        for (rule, &beta) in self.rules.iter_mut().zip(betas) {
            *rule = self.model.rule(self.dynamics, beta);
        }
    }

    fn energies(&self, out: &mut [f64]) {
        let (model, n, n_places) = (self.model, self.visits.panels.n_sites(), self.n_places());
        if !model.scales_are_exact() {
            let mut spins = vec![0; n * self.n_replicas];
            for (replica, spins) in spins.chunks_exact_mut(n).enumerate() {
                self.spins(replica, spins);
            }
            return model.energies_of(&spins, out);
        }
        // E = -1/2 sum_i s_i (H_i + h_i), where H_i has the field h_i in it.
        for (k, energy) in out.iter_mut().enumerate() {
            let mut lanes = [0.0; 8];
            for tile in 0..self.visits.panels.n_tiles() {
                let (panel, half) = panel_of(tile);
                let fields = &self.fields[panel * n_places + k].0.as_flattened()[half * TILE..];
                (model.sums.alignments)(
                    fields.first_chunk().expect("a panel has whole tiles"),
                    &self.visits.units[tile],
                    self.up[tile * n_places + k],
                    &mut lanes,
                );
            }
            *energy = -0.5 * lanes.iter().sum::<f64>();
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        let (n, n_places) = (self.visits.panels.n_sites(), self.n_places());
        let beyond = n.next_multiple_of(TILE) - n;
        for (k, sum) in out.iter_mut().enumerate() {
            let words = self.up[k..].iter().step_by(n_places);
            let up = words.map(|word| i64::from(word.count_ones())).sum::<i64>() - beyond as i64;
            *sum = 2 * up - n as i64;
        }
    }

    fn flips(&self, out: &mut [u64]) {
        out.copy_from_slice(&self.n_flips);
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        let words = self.up[replica..].iter().step_by(self.n_places());
        for (sites, &word) in self.visits.sites.chunks(TILE).zip(words) {
            for (k, &site) in sites.iter().enumerate() {
                out[site as usize] = if word >> k & 1 == 1 { 1 } else { -1 };
            }
        }
    }
}
