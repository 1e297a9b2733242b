//! The energy of every state, as an integer.
//!
//! Couplings and fields are multiples of one power of two, fine enough that a double loses nothing
//! unless it is 2^9 times smaller than the sum of all. Energies are then exact sums.
//!
//! A block of states has its first spins in common. With the fields f_i that these exert on the
//! others, a state of the block has the energy
//!
//!   E = E(first) + E(others) - sum_i f_i s_i:
//!
//! E(others) is the same table in every block, and the sum over i doubles from spin to spin.

use rayon::prelude::*;

use super::kernels::Kernels;
use crate::{
    control::Control,
    error::{Error, Result},
    simd::Level,
};

/// The largest models whose states are enumerated.
pub const MOST_SPINS: usize = 30;

/// Spins that differ within a block: its energies and their table fit in the first cache.
const INNER: usize = 10;

/// Energies stay below 2^62 units, roundings included.
const BITS: i32 = 61;

/// The energies of all states of a model with couplings between any spins.
pub struct Energies {
    n_spins: usize,
    /// J_ij in units, row after row.
    couplings: Vec<i64>,
    /// h_i in units.
    fields: Vec<i64>,
    unit: f64,
    tolerance: i64,
    /// The energy of the last spins alone, in all their states.
    table: Vec<i64>,
    pub(super) kernels: &'static Kernels,
}

impl Energies {
    /// The model with couplings J (row after row, symmetric, no diagonal) and fields.
    ///
    /// # Errors
    /// [`Error::Value`] for more than [`MOST_SPINS`] spins or none, or numbers of another shape or
    /// that are not finite.
    pub fn new(
        n_spins: usize,
        couplings: &[f64],
        fields: Option<&[f64]>,
        level: Level,
    ) -> Result<Self> {
        if !(1..=MOST_SPINS).contains(&n_spins) {
            let expected = format_args!("between 1 and {MOST_SPINS} to sum over all states");
            return Err(Error::expected("n_spins", expected, n_spins));
        }
        if couplings.len() != n_spins * n_spins {
            let expected = format_args!("{n_spins} rows of {n_spins}");
            return Err(Error::expected("couplings", expected, couplings.len()));
        }
        let none = vec![0.0; n_spins];
        let fields = fields.unwrap_or(&none);
        if fields.len() != n_spins {
            return Err(Error::expected("fields", format_args!("{n_spins} numbers"), fields.len()));
        }
        let pairs = pairs(n_spins).map(|(i, j)| couplings[i * n_spins + j]);
        let total = pairs.chain(fields.iter().copied()).map(f64::abs).sum::<f64>();
        if !total.is_finite() {
            return Err(Error::expected("couplings and fields", "finite", total));
        }
        let unit = unit(total);
        let units = |values: &[f64]| -> Vec<i64> {
            values.iter().map(|value| (value / unit).round() as i64).collect()
        };
        let mut energies = Self {
            n_spins,
            couplings: units(couplings),
            fields: units(fields),
            unit,
            // Each number is rounded by at most 2^-53 of itself, and flips change its sign.
            tolerance: (total / unit * 2.0 * f64::EPSILON).ceil() as i64,
            table: Vec::new(),
            kernels: Kernels::of(level),
        };
        energies.table = energies.of_last_spins();
        Ok(energies)
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.n_spins
    }

    /// What an energy of 1 stands for, a power of two.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// Energies that differ by no more are equal within the rounding of the couplings.
    pub fn tolerance(&self) -> i64 {
        self.tolerance
    }

    /// The energy of state number `state`, one term after the other: the reference.
    pub fn reference(&self, state: usize) -> i64 {
        let n = self.n_spins;
        let spin = |i: usize| 2 * (state >> (n - 1 - i) & 1) as i64 - 1;
        let pairs: i64 = pairs(n).map(|(i, j)| self.couplings[i * n + j] * spin(i) * spin(j)).sum();
        let fields: i64 = (0..n).map(|i| self.fields[i] * spin(i)).sum();
        -pairs - fields
    }

    /// Spins that differ within a block.
    pub(super) fn inner(&self) -> usize {
        self.n_spins.min(INNER)
    }

    /// Spins that a block has in common: the first ones.
    pub(super) fn outer(&self) -> usize {
        self.n_spins - self.inner()
    }

    /// States of a block.
    pub(super) fn block(&self) -> usize {
        1 << self.inner()
    }

    /// The spins that a block has in common.
    pub(super) fn common(&self, block: usize) -> impl Iterator<Item = i64> {
        let outer = self.outer();
        (0..outer).map(move |i| 2 * (block >> (outer - 1 - i) & 1) as i64 - 1)
    }

    /// The energies of the states of block number `block`.
    pub(super) fn fill_block(&self, block: usize, out: &mut [i64]) {
        let (n, outer) = (self.n_spins, self.outer());
        let mut fields = [0; INNER];
        let mut energy = 0;
        for (i, spin) in self.common(block).enumerate() {
            let row = &self.couplings[i * n..][..n];
            let earlier: i64 = row.iter().zip(self.common(block).take(i)).map(|(j, s)| j * s).sum();
            energy -= spin * (earlier + self.fields[i]);
            for (field, coupling) in fields.iter_mut().zip(&row[outer..]) {
                *field += coupling * spin;
            }
        }
        (self.kernels.fill)(&self.table, &fields[..n - outer], energy, out);
    }

    /// E(others): each state from the one that has its highest spin down.
    fn of_last_spins(&self) -> Vec<i64> {
        let (n, inner) = (self.n_spins, self.inner());
        let spins = n - inner..n;
        let down = |i: usize, from: usize| -> i64 {
            (from..n).map(|j| self.couplings[i * n + j]).sum::<i64>()
        };
        let first = spins.map(|i| self.fields[i] - down(i, i + 1)).sum();
        let mut table = vec![first];
        for bit in 0..inner {
            let i = n - 1 - bit;
            for state in 0..1 << bit {
                let from = |b: usize| 2 * (state >> b & 1) as i64 - 1;
                let below: i64 =
                    (0..bit).map(|b| self.couplings[i * n + n - 1 - b] * from(b)).sum();
                let above = down(i, n - inner) - down(i, i);
                table.push(table[state] - 2 * (self.fields[i] + below - above));
            }
        }
        table
    }

    /// The energies of all states, in units.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    ///
    /// # Panics
    /// If `out` has another length than 2^N.
    pub fn fill(&self, out: &mut [i64], control: &Control) -> Result<()> {
        assert_eq!(out.len(), 1 << self.n_spins);
        out.par_chunks_mut(self.block()).enumerate().try_for_each(|(block, out)| {
            self.fill_block(block, out);
            control.check()
        })
    }
}

impl std::fmt::Debug for Energies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Energies").field("n_spins", &self.n_spins).finish_non_exhaustive()
    }
}

/// All i < j.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j)))
}

/// The power of two of which `total` is less than 2^61; a normal number.
fn unit(total: f64) -> f64 {
    if total == 0.0 {
        return 1.0;
    }
    let mut unit = f64::MIN_POSITIVE;
    let limit = 2f64.powi(BITS);
    while total / unit >= limit {
        unit *= 2.0;
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Couplings and fields of some size, from a list of numbers.
    pub fn model(n: usize, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut couplings = vec![0.0; n * n];
        for (k, (i, j)) in pairs(n).enumerate() {
            let value = values[k % values.len()] * (1.0 + k as f64 / 7.0);
            couplings[i * n + j] = value;
            couplings[j * n + i] = value;
        }
        (couplings, (0..n).map(|i| values[(i + 3) % values.len()]).collect())
    }

    proptest! {
        #[test]
        fn tables_and_levels_give_the_energies_of_the_reference(
            n in 1..13usize,
            values in prop::collection::vec(-3.0..3.0f64, 1..9),
        ) {
            let (couplings, fields) = model(n, &values);
            for level in Level::available() {
                let energies = Energies::new(n, &couplings, Some(&fields), level).unwrap();
                let mut all = vec![0; 1 << n];
                energies.fill(&mut all, &Control::default()).unwrap();
                for (state, &energy) in all.iter().enumerate() {
                    prop_assert_eq!(energy, energies.reference(state));
                }
            }
        }

        #[test]
        fn units_are_fine_and_sums_stay_below_their_limit(total in prop::num::f64::POSITIVE) {
            let unit = unit(total);
            prop_assert!(total / unit < 2f64.powi(BITS));
            prop_assert!(total / unit >= 2f64.powi(BITS - 1) || unit <= f64::MIN_POSITIVE);
        }
    }

    #[test]
    fn what_is_no_model_is_refused_by_name() {
        let refusal = |n, couplings: &[f64], fields| {
            Energies::new(n, couplings, fields, Level::Portable).unwrap_err().to_string()
        };
        let message = refusal(31, &[0.0; 961], None);
        assert_eq!(message, "n_spins must be between 1 and 30 to sum over all states, got 31");
        assert!(refusal(2, &[0.0; 3], None).starts_with("couplings must be 2 rows of 2"));
        assert!(refusal(2, &[0.0; 4], Some(&[1.0])).starts_with("fields must be 2 numbers"));
        assert!(refusal(1, &[0.0], Some(&[f64::INFINITY])).contains("must be finite"));
    }
}
