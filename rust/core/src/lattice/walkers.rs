//! Replicas of a lattice on their way, each cut into strips.
//!
//! A strip is a run of chunks with a random generator of its own. Strips are fixed by the shape of
//! the lattice alone, so that any number of threads makes the same sweep, whichever takes a strip
//! (`strips.rs`).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{
    board::{Board, Phase, Planes, n_strips, plane, strip, words},
    model::Lattice,
    shared::Shared,
    strips::Strips,
};
use crate::{
    bits::Chunk,
    control::Control,
    error::{Error, Result},
    rng::{Philox, Purpose, Xoshiro8},
    spins::{SpinModel, Start, Walkers},
    team::Team,
};

struct LatticeWalkers<'a, B: Board> {
    lattice: &'a Lattice,
    board: B,
    replicas: Vec<Replica<B::Rule>>,
    /// Phases since the start, in all.
    phases: u64,
    /// Whether the colours are visited in the opposite order. Two of them never are: a translation by
    /// one site exchanges them, so that the law of a reversed sweep is that of a sweep.
    reversed: bool,
}

struct Replica<R> {
    planes: Planes,
    /// A bit for each held spin, and the planes at the start; none if all are free.
    held: Option<[Planes; 2]>,
    generators: Vec<Xoshiro8>,
    rule: R,
    flips: u64,
}

/// A replica while a team works on it.
struct Common<'a, R> {
    planes: [Shared<'a, Chunk>; 2],
    generators: Shared<'a, Xoshiro8>,
    rule: &'a R,
    held: &'a Option<[Planes; 2]>,
    flips: AtomicU64,
}

/// The generators of a replica's strips before its first sweep.
pub(super) fn fresh_generators(seed: u64, replica: u64, n_strips: usize) -> Vec<Xoshiro8> {
    let philox = Philox::new(seed, Purpose::Dynamics, replica);
    (0..n_strips as u64).map(|strip| Xoshiro8::numbered(&philox, strip)).collect()
}

/// The generators that `streams` describes, replica after replica.
fn restored_generators(streams: &[u64]) -> Vec<Xoshiro8> {
    let (words, _) = streams.as_chunks::<8>();
    let (states, _) = words.as_chunks::<4>();
    states.iter().map(|&state| Xoshiro8::from_state(state)).collect()
}

/// Sets replicas on their way on a board.
pub(super) fn start<'a, B: Board + 'a>(
    lattice: &'a Lattice,
    board: B,
    start: &Start<'_>,
) -> Result<Box<dyn Walkers + 'a>> {
    let (n, n_chunks) = (lattice.n_spins(), board.n_chunks());
    let n_strips = n_strips(n_chunks);
    if start.spins.len() != n * start.n_replicas() {
        let expected = format!("{} replicas of {n} spins", start.n_replicas());
        return Err(Error::expected("spins", expected, start.spins.len()));
    }
    let n_words = start.n_replicas() * n_strips * Xoshiro8::STATE_WORDS;
    if !start.streams.is_empty() && start.streams.len() != n_words {
        let expected = format!("empty or {n_words} words");
        return Err(Error::expected("streams", expected, start.streams.len()));
    }
    let mut restored = restored_generators(start.streams).into_iter();
    let mut replicas = Vec::with_capacity(start.n_replicas());
    for (k, (&beta, spins)) in start.betas.iter().zip(start.spins.chunks(n)).enumerate() {
        let mut generators: Vec<Xoshiro8> = restored.by_ref().take(n_strips).collect();
        if generators.is_empty() {
            generators = fresh_generators(start.seed, start.first + k as u64, n_strips);
        }
        let mut planes = [plane(n_chunks)?, plane(n_chunks)?];
        board.put(spins, &mut planes);
        let is_held = start.held(k, n);
        let mut held = None;
        if !is_held.is_empty() {
            let marks: Vec<i8> = is_held.iter().map(|&held| if held { 1 } else { -1 }).collect();
            let mut mask = [plane(n_chunks)?, plane(n_chunks)?];
            board.put(&marks, &mut mask);
            held = Some([mask, planes.clone()]);
        }
        let rule = board.rule(beta);
        replicas.push(Replica { planes, held, generators, rule, flips: 0 });
    }
    Ok(Box::new(LatticeWalkers {
        lattice,
        replicas,
        phases: 0,
        reversed: start.reversed && board.n_colours() > 2,
        board,
    }))
}

/// Gives the spins of a mask the values they had at the start; returns how many flips that takes back.
fn restore(target: &mut [Chunk], mask: &[Chunk], start: &[Chunk]) -> u64 {
    let mut flips = 0;
    for ((target, mask), start) in target.iter_mut().zip(mask).zip(start) {
        for ((word, mask), start) in target.0.iter_mut().zip(mask.0).zip(start.0) {
            let flipped = (*word ^ start) & mask;
            *word ^= flipped;
            flips += u64::from(flipped.count_ones());
        }
    }
    flips
}

impl<B: Board> LatticeWalkers<'_, B> {
    /// The plane that the next phase reads.
    fn source(&self) -> usize {
        (self.phases + 1) as usize % 2
    }

    /// Phase number `phase` of the sweeps of one replica, on the strips of one member.
    fn phase(
        &self,
        replica: &Common<'_, B::Rule>,
        (phase, colour): (u64, usize),
        strips: std::ops::Range<usize>,
        control: &Control,
    ) {
        let written = phase as usize % 2;
        let mut flips = 0;
        for number in strips {
            if control.check().is_err() {
                break;
            }
            let chunks = strip(self.board.n_chunks(), self.board.group(), number);
            // SAFETY: in this phase every member reads this plane, and writes only the strips of the
            // other one that it took, and their generators; the next phase begins when all of these
            // are finished, with no borrow left.
            let (source, target, generator) = unsafe {
                (
                    replica.planes[1 - written].all(),
                    replica.planes[written].part(chunks.start + 1..chunks.end + 1),
                    replica.generators.part(number..number + 1),
                )
            };
            flips += self.board.update(Phase {
                rule: replica.rule,
                colour,
                source: words(source),
                target: &mut *target,
                first: chunks.start,
                generator: &mut generator[0],
            });
            if let Some([mask, start]) = replica.held {
                let held = chunks.start + 1..chunks.end + 1;
                flips -= restore(target, &mask[written][held.clone()], &start[written][held]);
            }
        }
        replica.flips.fetch_add(flips, Relaxed);
    }
}

impl<B: Board> Walkers for LatticeWalkers<'_, B> {
    fn sweep(&mut self, sweeps: u64, team: &Team, control: &Control) -> Result<()> {
        let n_strips = n_strips(self.board.n_chunks());
        let members = (self.lattice.n_spins() / B::SPINS_PER_MEMBER).clamp(1, n_strips);
        let colours = self.board.n_colours();
        let mut replicas = std::mem::take(&mut self.replicas);
        let common: Vec<_> = replicas
            .iter_mut()
            .map(|Replica { planes: [even, odd], held, generators, rule, flips }| Common {
                planes: [Shared::new(even), Shared::new(odd)],
                generators: Shared::new(generators),
                rule,
                held,
                flips: AtomicU64::new(*flips),
            })
            .collect();
        // A step is a phase of one replica.
        let phases = sweeps.saturating_mul(colours as u64);
        let step = |step: u64, strips| {
            let (replica, phase) = (&common[(step / phases) as usize], step % phases);
            let colour = (phase % colours as u64) as usize;
            let colour = if self.reversed { colours - 1 - colour } else { colour };
            self.phase(replica, (self.phases.wrapping_add(phase), colour), strips, control);
        };
        let n_steps = phases.saturating_mul(common.len() as u64);
        if members.min(team.threads()) == 1 {
            let until = (0..n_steps).take_while(|_| control.check().is_ok());
            until.for_each(|number| step(number, 0..n_strips));
        } else {
            let plan = Strips::new(n_strips, n_steps);
            team.share(members, |member, barrier| {
                plan.work(member, barrier, control, |number, strip| step(number, strip..strip + 1));
            });
        }
        let flips: Vec<u64> = common.into_iter().map(|common| common.flips.into_inner()).collect();
        for (replica, flips) in replicas.iter_mut().zip(flips) {
            replica.flips = flips;
        }
        self.replicas = replicas;
        self.phases = self.phases.wrapping_add(sweeps.wrapping_mul(colours as u64));
        // Whoever skipped a strip saw a flag that is never taken back.
        control.check()
    }

    fn set_betas(&mut self, betas: &[f64]) {
        for (replica, &beta) in self.replicas.iter_mut().zip(betas) {
            replica.rule = self.board.rule(beta);
        }
    }

    fn energies(&self, out: &mut [f64]) {
        let n = self.lattice.n_spins() as i64;
        let bonds = n * self.lattice.shape().len() as i64;
        for (replica, out) in self.replicas.iter().zip(out) {
            let unlike = self.board.n_unlike(&replica.planes, self.source()) as i64;
            // The sum of spins costs a pass over the lattice, and is nothing without a field.
            let up = if self.lattice.field() == 0.0 {
                0
            } else {
                self.board.n_up(&replica.planes, self.source()) as i64
            };
            *out = self.lattice.energy_of(bonds - 2 * unlike, 2 * up - n);
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        for (replica, out) in self.replicas.iter().zip(out) {
            let up = self.board.n_up(&replica.planes, self.source()) as i64;
            *out = 2 * up - self.lattice.n_spins() as i64;
        }
    }

    fn flips(&self, out: &mut [u64]) {
        for (replica, out) in self.replicas.iter().zip(out) {
            *out = replica.flips;
        }
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        self.board.take(&self.replicas[replica].planes, self.source(), out);
    }

    fn bits(&self, replica: usize, _n_spins: usize, out: &mut [Chunk]) {
        self.board.bits(&self.replicas[replica].planes, self.source(), out);
    }

    fn streams(&self) -> Vec<u64> {
        let generators = self.replicas.iter().flat_map(|replica| &replica.generators);
        generators.flat_map(|generator| generator.state().as_flattened()).copied().collect()
    }
}
