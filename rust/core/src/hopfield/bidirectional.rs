//! Two layers that recall each other (Kosko, IEEE Trans. Syst. Man Cybern. 18, 49 (1988)).
//!
//! Pattern mu is a pair (x^mu, y^mu). N W_ji = sum_mu y_j^mu x_i^mu couples spin i of one layer to spin
//! j of the other, N = N_x + N_y; within a layer there are no couplings. So the energy
//! E = -y W x = -(1/N) sum_mu M_mu^x M_mu^y falls when all spins of a layer follow their fields at
//! once, and the layers take turns: a sweep updates one layer and then the other.

use super::{
    Patterns,
    associations::Associations,
    couplings,
    overlaps::OverlapPlanes,
    recall::{Dynamics, Outcome},
    synchronous::{Draws, follow, turn, turning},
};
use crate::{
    control::Control,
    error::Result,
    rng::{Philox, Purpose},
    simd::Level,
};

/// One of the two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    X,
    /// The second.
    Y,
}

/// P pairs of patterns.
pub struct Bidirectional {
    /// Cues x, answers y.
    from_x: Associations,
    /// Cues y, answers x.
    from_y: Associations,
}

/// A recall, and the overlaps of both layers with all patterns at its end.
pub struct Paired {
    /// Sweeps and flips.
    pub outcome: Outcome,
    /// M_mu of the layer that it began with, at the start.
    pub start: Vec<i64>,
    /// M_mu of that layer at the end.
    pub here: Vec<i64>,
    /// M_mu of the other layer at the end.
    pub there: Vec<i64>,
}

impl Side {
    /// The layer across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::X => Self::Y,
            Self::Y => Self::X,
        }
    }
}

impl Bidirectional {
    /// The memory of the pairs of these patterns.
    ///
    /// # Errors
    /// [`Error::Value`](crate::error::Error::Value) if there are not as many of both.
    pub fn new(x: &Patterns, y: &Patterns, level: Level) -> Result<Self> {
        let n = x.n_spins() + y.n_spins();
        let (from_x, from_y) =
            (Associations::between(x, y, n, level)?, Associations::between(y, x, n, level)?);
        Ok(Self { from_x, from_y })
    }

    /// What the spins of a layer cause in the other one.
    pub(super) fn from(&self, side: Side) -> &Associations {
        match side {
            Side::X => &self.from_x,
            Side::Y => &self.from_y,
        }
    }

    /// Spins of a layer.
    pub fn n_spins(&self, side: Side) -> usize {
        self.from(side).cues.n_spins()
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.from_x.n_patterns()
    }

    /// M_mu of a state of a layer.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn overlaps(&self, side: Side, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.from(side).overlaps(spins, control)
    }

    /// The fields in the other layer that a state of this one causes.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn local_fields(&self, side: Side, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        let model = self.from(side);
        // Their spins do not matter: none is coupled to itself.
        model.local_fields(spins, &vec![1; model.answers.n_spins()], control)
    }

    /// E = -(1/N) sum_mu M_mu^x M_mu^y.
    pub fn energy(&self, of_x: &[i64], of_y: &[i64]) -> f64 {
        let product = |(&a, &b)| i128::from(a) * i128::from(b);
        let sum: i128 = of_x.iter().zip(of_y).map(product).sum();
        // No -0.
        (0 - sum) as f64 / self.from_x.scale as f64
    }

    /// Writes W, a row for each spin of y, into zeros.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    ///
    /// # Panics
    /// If `out` is not N_y x N_x.
    pub fn couplings(&self, out: &mut [f64], control: &Control) -> Result<()> {
        couplings::write(&self.from_x, out, control)
    }

    /// Where the random words of a layer begin, within those of a sweep.
    pub(super) fn offset(&self, side: Side) -> u64 {
        match side {
            Side::X => 0,
            Side::Y => self.n_spins(Side::X) as u64,
        }
    }

    /// Runs the dynamics from the state `here` of the layer `side`: sweep after sweep the other layer
    /// follows, then this one. The spins `there` begin at what they are: it matters where their first
    /// field is zero, and is no flip. At zero temperature a sweep without a flip ends the run.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn recall(
        &self,
        side: Side,
        dynamics: &Dynamics,
        replica: u64,
        here: &mut [i8],
        there: &mut [i8],
        control: &Control,
    ) -> Result<Paired> {
        let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
        let mut here = Layer::new(self, side, here, control)?;
        let mut there = Layer::new(self, side.other(), there, control)?;
        let start = here.overlaps.decode();
        let n = self.from_x.scale as u64;
        let mut words = philox.words_from(0);
        let mut outcome = Outcome::default();
        while outcome.sweeps < dynamics.max_sweeps {
            let first = outcome.sweeps * n;
            let mut draws = Draws { dynamics, words: &mut words, first };
            let mut flips = there.answer(&here, &mut draws, control)?;
            if outcome.sweeps == 0 {
                flips = 0;
            }
            flips += here.answer(&there, &mut draws, control)?;
            outcome.sweeps += 1;
            outcome.flips += flips;
            if dynamics.is_deterministic() && flips == 0 {
                outcome.converged = true;
                outcome.cycle_length = 1;
                break;
            }
        }
        let (here, there) = (here.overlaps.decode(), there.overlaps.decode());
        Ok(Paired { outcome, start, here, there })
    }
}

/// A layer in a run.
struct Layer<'a> {
    /// What causes its fields.
    to: &'a Associations,
    /// What it causes.
    from: &'a Associations,
    spins: &'a mut [i8],
    sites: Vec<u32>,
    overlaps: OverlapPlanes<'a>,
    offset: u64,
    flipped: Vec<u32>,
}

impl<'a> Layer<'a> {
    fn new(
        model: &'a Bidirectional,
        side: Side,
        spins: &'a mut [i8],
        control: &Control,
    ) -> Result<Self> {
        let from = model.from(side);
        Ok(Self {
            to: model.from(side.other()),
            from,
            overlaps: OverlapPlanes::of_state(from, spins, control)?,
            sites: (0..spins.len() as u32).collect(),
            spins,
            offset: model.offset(side),
            flipped: Vec::new(),
        })
    }

    /// Updates all spins in the fields of the other layer. Returns the flips.
    fn answer(
        &mut self,
        other: &Self,
        draws: &mut Draws<'_, '_>,
        control: &Control,
    ) -> Result<u64> {
        let first = draws.first;
        draws.first += self.offset;
        let (overlaps, sites) = (&other.overlaps, &self.sites);
        turning(self.to, overlaps, draws, self.spins, sites, &mut self.flipped, control)?;
        draws.first = first;
        turn(self.spins, &self.flipped);
        follow(self.from, &mut self.overlaps, self.spins, &self.flipped, control)?;
        Ok(self.flipped.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hopfield::Update, hopfield::corrupt, threads};

    fn patterns(p: usize, n: usize, seed: u64) -> (Patterns, Vec<i8>) {
        let control = Control::default();
        let set = Patterns::random(p, n, seed, Level::Portable, &control).unwrap();
        let first = set.to_spins(&[0], &control).unwrap();
        (set, first)
    }

    #[test]
    fn recall_is_that_of_the_reference_on_every_level_and_thread_count() {
        let sizes =
            [(1, 1, 1), (1, 8, 5), (3, 40, 41), (60, 130, 70), (600, 33, 64), (4300, 500, 90)];
        let control = Control::default();
        for (p, n_x, n_y) in sizes {
            let (x, mut start) = patterns(p, n_x, 1);
            let (y, _) = patterns(p, n_y, 2);
            corrupt(&mut start, n_x / 4, 1, 0);
            for (beta, max_sweeps) in [(f64::INFINITY, 40), (f64::INFINITY, 1), (0.0, 3), (3.0, 6)]
            {
                let dynamics = Dynamics { update: Update::Synchronous, beta, max_sweeps, seed: 5 };
                for level in Level::available() {
                    let memory = Bidirectional::new(&x, &y, level).unwrap();
                    let mirrored = Bidirectional::new(&y, &x, level).unwrap();
                    let mut expected = (start.clone(), vec![1; n_y]);
                    let (here, there) = (&mut expected.0, &mut expected.1);
                    let truth = memory.reference_recall(Side::X, &dynamics, 3, here, there);
                    for n_threads in [1, 3] {
                        let mut found = (start.clone(), vec![1; n_y]);
                        let (here, there) = (&mut found.0, &mut found.1);
                        let pool = threads::pool(Some(n_threads)).unwrap();
                        let run = pool.install(|| {
                            memory.recall(Side::X, &dynamics, 3, here, there, &control).unwrap()
                        });
                        let case = format!("{p} {n_x} {n_y} {beta} {level} {n_threads}");
                        assert_eq!((run.outcome, &found), (truth, &expected), "{case}");
                        let of = |side, spins| memory.overlaps(side, spins, &control).unwrap();
                        assert_eq!(run.start, of(Side::X, &start));
                        assert_eq!(run.here, of(Side::X, &found.0));
                        assert_eq!(run.there, of(Side::Y, &found.1));
                    }
                    if beta == f64::INFINITY {
                        let mut found = (start.clone(), vec![1; n_y]);
                        let (here, there) = (&mut found.0, &mut found.1);
                        mirrored.recall(Side::Y, &dynamics, 3, here, there, &control).unwrap();
                        assert_eq!(found, expected, "the names of the layers do not matter");
                    }
                }
            }
        }
    }

    #[test]
    fn sets_of_different_sizes_are_no_pairs() {
        let (x, y) = (patterns(3, 5, 1).0, patterns(4, 5, 1).0);
        let error = Bidirectional::new(&x, &y, Level::Portable).err().unwrap();
        assert_eq!(error.to_string(), "answers must be 3, got 4");
    }
}
