//! The tail of a descent: many sweeps in one pass over the rows.
//!
//! After a few sweeps a handful of spins flip in each, and a sweep reads all rows to find them. These
//! are spins whose field is small. So the *candidates*, the few spins of small field, go on alone for
//! many sweeps, as if all others were held. One pass over the rows of the others then verifies that
//! none of them would have flipped (`verification.rs`). If one would have, only the sweeps before
//! that count. So the dynamics is exactly the sequential one, however the candidates were chosen.
//!
//! A flip of spin k changes N h_i by 2 sum_mu xi_i^mu xi_k^mu, which for random patterns has the
//! standard deviation 2 sqrt(P). The candidates go on for as many flips as leave all others five
//! standard deviations from a change of sign.
//!
//! Bound: the vector ports.

use super::{
    recall::Watch,
    verification::Others,
    window::{Run, Step},
};
use crate::{control::Control, error::Result};

/// How far a run looks ahead. This decides what it costs, never what comes out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foresight {
    /// Bytes of all rows up to which it does not: a cache holds them.
    few_bytes: usize,
    /// Of so many spins one is a candidate.
    spins_per_candidate: usize,
    /// Standard deviations of the change of a field that do not occur.
    deviations: f64,
    /// Flips to look ahead for at least, in flips of the sweep before.
    least_flips: usize,
    /// Sweeps at most.
    sweeps: u64,
}

impl Default for Foresight {
    fn default() -> Self {
        Self {
            few_bytes: 1 << 25,
            spins_per_candidate: 32,
            deviations: 5.0,
            least_flips: 2,
            sweeps: 32,
        }
    }
}

/// A flip in one of the sweeps ahead. Sweep 0 is the one before them.
#[derive(Clone, Copy)]
pub(super) struct Flip {
    pub position: usize,
    pub sweep: usize,
    /// The spin before it.
    pub spin: i8,
}

/// What the candidates do if nobody else flips.
pub(super) struct Guess {
    pub sweeps: usize,
    is_at_rest: bool,
    /// Of all sweeps, one after the other.
    pub flips: Vec<Flip>,
    /// Of the candidates.
    fields: Vec<i64>,
}

impl Run<'_> {
    /// Looks ahead, if that is worth it.
    pub fn run_ahead(
        &mut self,
        max_sweeps: u64,
        watch: &mut Watch<'_>,
        control: &Control,
    ) -> Result<Option<Step>> {
        let Some((candidates, most_flips)) = self.candidates() else { return Ok(None) };
        let others = Others::new(self, &candidates);
        let mut most_sweeps = self.foresight.sweeps.min(max_sweeps - self.sweeps);
        while most_sweeps > 0 {
            let guess = self.guess(&candidates, most_sweeps, most_flips, control)?;
            let (verified, fields) = others.verify(self, &guess, control)?;
            if verified == guess.sweeps {
                let known = [(&candidates, &guess.fields), (&others.positions, &fields)];
                for (positions, fields) in known {
                    for (&position, &field) in positions.iter().zip(fields) {
                        self.fields[position] = field;
                    }
                }
                return Ok(Some(self.accept(&guess, watch)));
            }
            self.foresight.deviations *= 2.0;
            most_sweeps = verified as u64;
        }
        Ok(None)
    }

    /// The positions of the spins that may flip soon, and for how many flips they are all of those.
    /// None if it is not time to look ahead.
    fn candidates(&self) -> Option<(Vec<usize>, usize)> {
        let (n, foresight) = (self.sites.len(), self.foresight);
        let is_small = n * self.row_bytes() <= foresight.few_bytes;
        if is_small || self.chance.is_some() || self.next_window.is_some() {
            return None;
        }
        let margin = |position| {
            let (site, field): (u32, i64) = (self.sites[position], self.fields[position]);
            self.model.scaled_field(site as usize, field).abs() as i64
        };
        let margins: Vec<i64> = (0..n).map(margin).collect();
        let (_, &mut least, _) =
            margins.clone().select_nth_unstable(n / foresight.spins_per_candidate);
        let deviation = 2.0 * (self.model.n_patterns() as f64).sqrt();
        let flips = (least as f64 / deviation / foresight.deviations).powi(2) as usize;
        let is_candidate =
            |&position: &usize| self.in_window[position] || margins[position] < least;
        (flips >= foresight.least_flips * self.window_size)
            .then(|| ((0..n).filter(is_candidate).collect(), flips))
    }

    /// Runs the candidates alone.
    fn guess(
        &self,
        candidates: &[usize],
        max_sweeps: u64,
        most_flips: usize,
        control: &Control,
    ) -> Result<Guess> {
        let sites = of(self.sites, candidates);
        let mut before = of(&self.spins, candidates);
        let in_window = of(&self.in_window, candidates);
        let flip = |k: usize, sweep, spin| Flip { position: candidates[k], sweep, spin };
        let flipped = (0..candidates.len()).filter(|&k| in_window[k]);
        let mut flips: Vec<Flip> = flipped.map(|k| flip(k, 0, -before[k])).collect();
        let mut run = Run {
            chance: None,
            state: &mut [],
            sites: &sites,
            spins: before.clone(),
            fields: of(&self.fields, candidates),
            counts: of(&self.counts, candidates),
            in_window,
            planes: self.planes.clone(),
            next_window: None,
            sweeps: 0,
            flips: 0,
            foresight: Foresight { few_bytes: usize::MAX, ..self.foresight },
            ..*self
        };
        let mut watch = |sweep, spins: &[i8]| {
            let flipped = (0..spins.len()).filter(|&k| spins[k] != before[k]);
            flips.extend(flipped.map(|k| flip(k, sweep as usize, before[k])));
            before.copy_from_slice(spins);
            flips.len() < most_flips
        };
        let outcome = run.run(max_sweeps, &mut watch, control)?;
        let (sweeps, is_at_rest) = (outcome.sweeps as usize, outcome.converged);
        Ok(Guess { sweeps, is_at_rest, flips, fields: run.fields })
    }

    /// Takes over a guess that is true, sweep by sweep.
    fn accept(&mut self, guess: &Guess, watch: &mut Watch<'_>) -> Step {
        self.in_window.fill(false);
        self.window_size = 0;
        self.planes = self.planes.changes();
        let mut flips = guess.flips.iter().skip_while(|flip| flip.sweep == 0).peekable();
        for sweep in 1..=guess.sweeps {
            self.sweeps += 1;
            while let Some(flip) = flips.next_if(|flip| flip.sweep == sweep) {
                self.spins[flip.position] = -flip.spin;
                self.flips += 1;
                if sweep == guess.sweeps {
                    self.planes.flip(self.sites[flip.position] as usize, flip.spin);
                    self.in_window[flip.position] = true;
                    self.window_size += 1;
                }
            }
            if guess.is_at_rest && sweep == guess.sweeps {
                return Step::Rest;
            }
            if !watch(self.sweeps, &self.spins) {
                return Step::Stop;
            }
        }
        Step::On
    }
}

/// The values at some positions; none if none are known.
pub(super) fn of<T: Copy>(values: &[T], positions: &[usize]) -> Vec<T> {
    if values.is_empty() {
        return Vec::new();
    }
    positions.iter().map(|&position| values[position]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hopfield::{
            Dynamics, Hopfield, Outcome, Patterns, Update, associations::Associations, corrupt,
            reference_recall,
        },
        simd::Level,
        threads,
    };

    const DYNAMICS: Dynamics =
        Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 1000, seed: 1 };

    /// A descent from a corrupted pattern, with a threshold a spin if any, of the spins not held.
    struct Case {
        patterns: Patterns,
        thresholds: Option<Vec<f64>>,
        start: Vec<i8>,
        clamp: Vec<bool>,
    }

    /// What a run did, its state, and the spins that were watched after each sweep.
    type Story = (Outcome, Vec<i8>, Vec<(u64, Vec<i8>)>);

    impl Case {
        fn new(n: usize, p: usize, n_flips: usize, seed: u64) -> Self {
            let control = Control::default();
            let patterns = Patterns::random(p, n, seed, Level::Portable, &control).unwrap();
            let mut start = patterns.to_spins(&[0], &control).unwrap();
            corrupt(&mut start, n_flips, seed, 0);
            Self { patterns, thresholds: None, start, clamp: vec![false; n] }
        }

        fn model(&self, level: Level) -> Hopfield {
            Hopfield::new(&self.patterns, self.thresholds.as_deref(), level).unwrap()
        }

        fn expected(&self, max_sweeps: u64) -> (Outcome, Vec<i8>) {
            let mut spins = self.start.clone();
            let dynamics = Dynamics { max_sweeps, ..DYNAMICS };
            let model = self.model(Level::Portable);
            let outcome = reference_recall(&model, &dynamics, 0, &mut spins, Some(&self.clamp));
            (outcome, spins)
        }

        /// Runs with this foresight. Also returns by what its deviations have grown, which they do
        /// whenever a guess was wrong.
        fn run(&self, level: Level, max_sweeps: u64, foresight: Foresight) -> (Story, f64) {
            let (model, control) = (self.model(level), Control::default());
            let free: Vec<u32> =
                (0..self.start.len() as u32).filter(|&i| !self.clamp[i as usize]).collect();
            let mut spins = self.start.clone();
            let mut run = Run::new(&model.associations, None, &mut spins, &free, &control).unwrap();
            run.foresight = foresight;
            let mut seen = Vec::new();
            let mut watch = |sweep, spins: &[i8]| {
                seen.push((sweep, spins.to_vec()));
                true
            };
            let outcome = run.run(max_sweeps, &mut watch, &control).unwrap();
            let growth = run.foresight.deviations / foresight.deviations;
            run.write_back();
            ((outcome, spins, seen), growth)
        }

        /// Holds runs of every foresight against the reference; returns in how many of them a guess
        /// was wrong.
        fn check(&self, max_sweeps: u64) -> usize {
            let expected = self.expected(max_sweeps);
            let never = Foresight { few_bytes: usize::MAX, ..Foresight::default() };
            let (plain, _) = self.run(Level::Portable, max_sweeps, never);
            assert_eq!((plain.0, plain.1.clone()), expected);
            let mut wrong = 0;
            for level in Level::available() {
                for n_threads in [1, 2, 3, 7] {
                    for foresight in foresights() {
                        let pool = threads::pool(Some(n_threads)).unwrap();
                        let (story, growth) =
                            pool.install(|| self.run(level, max_sweeps, foresight));
                        assert_eq!(story, plain, "{level}, {n_threads} threads, {foresight:?}");
                        wrong += usize::from(growth > 1.0);
                    }
                }
            }
            wrong
        }
    }

    /// That of large sets, at once; one who thinks that fields hardly change; one whose candidates
    /// are those of the last sweep alone; one who looks one sweep ahead, and one three.
    fn foresights() -> [Foresight; 5] {
        let sound = Foresight { few_bytes: 0, least_flips: 0, ..Foresight::default() };
        let rash = Foresight { deviations: 1e-3, ..sound };
        [
            sound,
            rash,
            Foresight { spins_per_candidate: usize::MAX, ..rash },
            Foresight { sweeps: 1, ..rash },
            Foresight { sweeps: 3, spins_per_candidate: 4, ..rash },
        ]
    }

    #[test]
    fn a_run_that_looks_ahead_equals_the_reference_though_its_guesses_are_wrong() {
        // Memories that stay and that are lost; N odd and even, P small enough for many ties
        // and so large that rows are counted.
        let mut wrong = 0;
        for (n, p, flips) in [
            (1, 1, 0),
            (121, 4200, 30),
            (2, 3, 1),
            (40, 3, 12),
            (130, 60, 40),
            (301, 40, 30),
            (600, 87, 60),
            (1001, 190, 250),
        ] {
            wrong += Case::new(n, p, flips, 3).check(1000);
        }
        assert!(wrong > 20, "{wrong}");
    }

    #[test]
    fn looking_ahead_heeds_thresholds_clamps_and_the_most_sweeps() {
        let mut case = Case::new(500, 80, 70, 5);
        let n = case.start.len();
        case.clamp = (0..n).map(|i| i % 7 == 3).collect();
        for max_sweeps in [1, 2, 3, 5, 1000] {
            case.thresholds = None;
            case.check(max_sweeps);
            // Multiples of 1/N tie with fields.
            case.thresholds = Some((0..n).map(|i| (i % 9) as f64 / n as f64 - 0.004).collect());
            assert!(case.check(max_sweeps) > 0 || max_sweeps < 3);
        }
    }

    #[test]
    fn looking_ahead_is_right_where_some_patterns_call_for_others() {
        let control = Control::default();
        let mut wrong = 0;
        for (n, p) in [(130, 30), (301, 40), (600, 87)] {
            let draw = |seed| Patterns::random(p, n, seed, Level::Portable, &control).unwrap();
            let (cues, others) = (draw(1), draw(2));
            let answers =
                Patterns::joined(&[(&cues, 0..p - 4), (&others, 0..4)], &control).unwrap();
            let mut start = cues.to_spins(&[0], &control).unwrap();
            corrupt(&mut start, n / 4, 1, 0);
            let sites: Vec<u32> = (0..n as u32).collect();
            for level in Level::available() {
                let model = Associations::within(&cues, &answers, level).unwrap();
                let mut story = |foresight| {
                    let (mut spins, mut seen) = (start.clone(), Vec::new());
                    let mut run = Run::new(&model, None, &mut spins, &sites, &control).unwrap();
                    run.foresight = foresight;
                    let mut watch = |sweep, spins: &[i8]| {
                        seen.push((sweep, spins.to_vec()));
                        true
                    };
                    let outcome = run.run(30, &mut watch, &control).unwrap();
                    wrong += usize::from(run.foresight.deviations > foresight.deviations);
                    run.write_back();
                    (outcome, spins, seen)
                };
                let never = Foresight { few_bytes: usize::MAX, ..Foresight::default() };
                let plain = story(never);
                for foresight in foresights() {
                    assert_eq!(story(foresight), plain, "{level}, N = {n}, {foresight:?}");
                }
            }
        }
        assert!(wrong > 0, "{wrong}");
    }

    #[test]
    fn a_run_that_looks_ahead_ends_where_its_watch_says() {
        let case = Case::new(600, 87, 60, 3);
        let (model, control) = (case.model(Level::current().unwrap()), Control::default());
        let sites: Vec<u32> = (0..600).collect();
        for most in 1..6 {
            let mut spins = case.start.clone();
            let mut run =
                Run::new(&model.associations, None, &mut spins, &sites, &control).unwrap();
            run.foresight = foresights()[0];
            let outcome = run.run(1000, &mut |sweep, _| sweep < most, &control).unwrap();
            run.write_back();
            assert_eq!((outcome, spins), case.expected(most));
        }
    }
}
