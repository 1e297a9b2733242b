//! What every trainer answers.
//!
//! A trainer has a machine, the chains of its negative phase, and what else an update leaves for the next
//! one. All of this is its state: arrays by name, from which a training goes on with the same bits. What
//! holds a trainer (a binding, a file) knows no more of it than this.

use crate::{
    control::Control,
    error::{Error, Result},
    simd::Level,
    team::Team,
};

/// A machine in training.
pub trait Trainer: Send + Sized {
    /// The parameters.
    type Machine: Clone;
    /// Rows to learn from.
    type Data: Sync;
    /// How the machine is trained.
    type Rules;
    /// Everything that a training needs to go on.
    type State: State;

    /// Begins to train `machine`, with one chain (at each temperature) from each row of `hidden`,
    /// which holds a byte a unit, and the streams of `seed`.
    ///
    /// # Errors
    /// [`Error::Value`] for rules that do not hold, or chains of another width.
    fn begin(machine: Self::Machine, hidden: &[u8], seed: u64, rules: Self::Rules) -> Result<Self>;

    /// Goes on from a state. A velocity that it lacks is zero.
    ///
    /// # Errors
    /// [`Error::Value`] for rules that do not hold, or a state that does not hold together.
    fn from_state(state: Self::State, rules: Self::Rules, level: Level) -> Result<Self>;

    /// Makes one update a batch.
    ///
    /// # Errors
    /// [`Error::Value`] for rows or rates that do not fit, or for an update after which the training
    /// has diverged: the parameters before it are kept. [`Error::Cancelled`]: the updates so far are
    /// kept.
    fn update(
        &mut self,
        data: &Self::Data,
        batches: &Batches<'_>,
        team: &Team,
        level: Level,
        control: &Control,
    ) -> Result<()>;

    /// Multiplications of an update on `rows` rows, of a trainer that [`Team::alone`] can drive.
    fn work(&self, rows: usize) -> Option<usize>;

    /// Everything that is needed to go on.
    fn state(&self) -> Self::State;

    /// The machine as it is now.
    fn machine(&self) -> &Self::Machine;

    /// Goes on with other parameters.
    ///
    /// # Errors
    /// [`Error::Value`] if the machine has another shape.
    fn set_machine(&mut self, machine: Self::Machine) -> Result<()>;

    /// Hidden states of the chains that sample the machine itself, a byte a unit, chain after chain.
    fn chains(&self) -> Vec<u8>;

    /// Goes on with other states of these chains.
    ///
    /// # Errors
    /// [`Error::Value`] if they are not as many.
    fn set_chains(&mut self, hidden: &[u8]) -> Result<()>;

    /// Mean probabilities of the hidden units over the last rows.
    fn activity(&self) -> Vec<f64>;

    /// Updates that were made.
    fn updates(&self) -> u64;
}

/// The state of a training: arrays by name.
pub trait State: Default {
    /// The arrays, to be read or to be filled; a slice has the length that it must have.
    fn arrays(&mut self) -> Vec<(&'static str, Array<'_>)>;
}

/// An array of a state.
#[derive(Debug)]
#[allow(missing_docs, reason = "named as their elements")]
pub enum Array<'a> {
    F32(&'a mut Vec<f32>),
    F64(&'a mut Vec<f64>),
    U8(&'a mut Vec<u8>),
    U64(&'a mut Vec<u64>),
    Counts(&'a mut [u64]),
}

/// Consecutive batches of rows, with the learning rate of each.
#[derive(Clone, Copy, Debug)]
pub struct Batches<'a> {
    /// The first row of the first batch.
    pub first: usize,
    /// Rows of all batches; the last one takes what is left.
    pub rows: usize,
    /// Rows of a batch.
    pub size: usize,
    /// The learning rate of each batch.
    pub rates: &'a [f32],
    /// What each row counts; all alike if there are none. A batch makes a step along the mean gradient of
    /// its rows, times the mean of their weights: so the steps of all batches are those of the sum of the
    /// log-likelihoods of all rows, each times its weight.
    pub weights: Option<&'a [f64]>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct OneBatch<'a> {
    pub(super) number: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) rate: f32,
    /// What each row counts.
    pub(super) weights: Option<&'a [f64]>,
}

impl Batches<'_> {
    pub(super) fn each(&self) -> impl Iterator<Item = OneBatch<'_>> {
        self.rates.iter().enumerate().map(|(number, &rate)| {
            let before = number * self.size;
            let rows = self.size.min(self.rows - before);
            let weights = self.weights.map(|weights| &weights[before..before + rows]);
            let mean = weights.map_or(1.0, |weights| weights.iter().sum::<f64>() / rows as f64);
            OneBatch { number, first: self.first + before, rows, rate: rate * mean as f32, weights }
        })
    }

    pub(super) fn check(&self, n_rows: usize) -> Result<()> {
        if self.size == 0 {
            return Err(Error::expected("batch_size", "at least 1", 0));
        }
        let within = self.first.checked_add(self.rows).is_some_and(|last| last <= n_rows);
        if !within || self.rows == 0 {
            let got = format!("{} from {} on", self.rows, self.first);
            return Err(Error::expected("rows", format_args!("1 to {n_rows}"), got));
        }
        if self.rates.len() != self.rows.div_ceil(self.size) {
            let expected =
                format_args!("one for each of {} batches", self.rows.div_ceil(self.size));
            return Err(Error::expected("rates", expected.to_string(), self.rates.len()));
        }
        if let Some(rate) = self.rates.iter().find(|rate| !rate.is_finite()) {
            return Err(Error::expected("learning_rate", "finite", rate));
        }
        let Some(weights) = self.weights else { return Ok(()) };
        check_len("sample_weight", weights.len(), self.rows)?;
        match weights.iter().find(|&&weight| !(weight > 0.0 && weight < f64::INFINITY)) {
            Some(weight) => Err(Error::expected("sample_weight", "finite and above 0", weight)),
            None => Ok(()),
        }
    }
}

/// Fails, by name, if an array has another length than its machine and chains need.
pub(super) fn check_len(name: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::expected(name, format_args!("{expected} numbers").to_string(), found))
}

/// Fails if the hidden and visible units of a machine are not as many as those that are trained.
pub(super) fn check_shape(found: (usize, usize), (h, v): (usize, usize)) -> Result<()> {
    if found == (h, v) {
        return Ok(());
    }
    let got = format!("{found:?}");
    Err(Error::expected("components", format_args!("of shape ({h}, {v})"), got))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_checked_and_multiply_the_rate_by_their_mean() {
        let weights = [1.0, 3.0, 0.5, 0.5, 5.0];
        let batches = |weights| Batches { first: 2, rows: 5, size: 2, rates: &[0.5; 3], weights };
        assert!(batches(Some(&weights[..])).check(7).is_ok());
        for wrong in [&weights[..4], &[1.0, 1.0, 0.0, 1.0, 1.0], &[1.0, f64::NAN, 1.0, 1.0, 1.0]] {
            let error = batches(Some(wrong)).check(7).unwrap_err();
            assert!(error.to_string().contains("sample_weight"), "{error}");
        }
        let all = batches(Some(&weights));
        let found: Vec<_> = all.each().map(|one| (one.first, one.rows, one.rate)).collect();
        assert_eq!(found, [(2, 2, 1.0), (4, 2, 0.25), (6, 1, 2.5)]);
        let plain = batches(None);
        assert!(plain.each().all(|one| one.weights.is_none()));
        assert_eq!(plain.each().map(|one| one.rate).collect::<Vec<_>>(), [0.5; 3]);
    }
}
