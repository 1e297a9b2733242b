//! Sites that rest by chance, so that a fixed order of sites carries nothing along.
//!
//! Metropolis accepts for certain what costs nothing. In a fixed order, whatever it is, the defects
//! of a chain then move on in step: those that go right and those that go left never mix, and the
//! energy keeps a memory of its start that does not fade. Near infinite temperature nearly every
//! flip is accepted, so that a sweep is nearly the reversal of all spins, and bonds stay as they are.
//! Both end when every site rests in each sweep with some probability p, drawn for itself and
//! without a look at the state: the sweep is still a product of visits that leave the Boltzmann law
//! unchanged.
//!
//! Among free spins, with all flips accepted, a product of two spins keeps (1 - 2p)^2 of its
//! correlation in a sweep, and e^-4 where sites are drawn at random. So p = 1/4 has an
//! autocorrelation time 1.6 times that of random sites at infinite temperature, and p = 1/16 one of
//! nearly 8 times. Where the fields are felt, a sixteenth is enough, and loses fewer visits: at
//! 2 beta h = 1/2, with h the root mean square of the local fields of random states, both are near
//! the time of random sites, and below it from there on.
//!
//! The heat bath visits every site: whatever it does, it might have done otherwise. Without a
//! temperature sites rest too: flips of no cost are certain there as well, and the walls of a
//! quenched ring would end as the surplus of those that go one way, which never meet.

use rayon::prelude::*;

use super::Dynamics;
use crate::control::checkpoint;

/// 2 beta h up to which sites rest often.
const HOT: f64 = 0.5;

/// How often a site rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// In no sweep.
    Never,
    /// In one sweep out of sixteen.
    Seldom,
    /// In one sweep out of four.
    Often,
}

impl Rests {
    /// A site rests if this many random bits are set, unless there are none.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Never => 0,
            Self::Seldom => 4,
            Self::Often => 2,
        }
    }

    /// 2^32 times the probability.
    pub fn chance(self) -> u32 {
        if self == Self::Never { 0 } else { 1 << (32 - self.bits()) }
    }

    /// The probability.
    pub fn share(self) -> f64 {
        f64::from(self.chance()) / (1u64 << 32) as f64
    }
}

/// When the sites of a model rest.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    /// The inverse temperature up to which they rest often.
    hot_up_to: f64,
}

impl Resting {
    /// That of a model whose site i has the couplings and the field `visit(i)` passes to its
    /// callback: sum_j J_ij^2 + h_i^2 is the mean square of its local field.
    pub fn new(n_sites: usize, visit: impl Fn(usize, &mut dyn FnMut(f64)) + Sync) -> Self {
        let largest_of = |site| {
            checkpoint();
            let mut largest = 0.0;
            visit(site, &mut |value| largest = f64::max(largest, value.abs()));
            largest
        };
        let largest =
            (0..n_sites).into_par_iter().panic_fuse().map(largest_of).reduce(|| 0.0, f64::max);
        let square_of = |site| {
            checkpoint();
            let mut square = 0.0;
            // Relative to the largest one, for squares of huge numbers overflow.
            visit(site, &mut |value| square += (value / largest) * (value / largest));
            square
        };
        // Summed site after site, so that threads change no bit.
        let squares: Vec<f64> = (0..n_sites).into_par_iter().panic_fuse().map(square_of).collect();
        let mean = squares.iter().sum::<f64>() / n_sites as f64;
        Self::of_field(if largest > 0.0 { largest * mean.sqrt() } else { 0.0 })
    }

    /// That of a model whose local fields are about as large as this in random states.
    pub fn of_field(field: f64) -> Self {
        Self { hot_up_to: HOT / 2.0 / field }
    }

    /// How often a site rests at this temperature.
    pub fn at(self, dynamics: Dynamics, beta: f64) -> Rests {
        match (dynamics.rests_at(beta), beta <= self.hot_up_to) {
            (false, _) => Rests::Never,
            (true, false) => Rests::Seldom,
            (true, true) => Rests::Often,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_rest_often_where_their_fields_are_hardly_felt() {
        for unit in [1e-250, 1.0, 1e250] {
            // Fields of mean square (9 + 16) and 0.
            let resting = Resting::new(2, |site, visit| {
                [3.0 * unit, -4.0 * unit].iter().filter(|_| site == 0).for_each(|&j| visit(j));
            });
            let limit = 0.25 / (12.5f64.sqrt() * unit);
            let at = |beta| resting.at(Dynamics::Metropolis, beta);
            assert_eq!(at(0.99 * limit), Rests::Often);
            assert_eq!(at(1.01 * limit), Rests::Seldom);
            assert_eq!([at(0.0), at(f64::INFINITY)], [Rests::Never, Rests::Seldom]);
            assert_eq!(resting.at(Dynamics::HeatBath, limit), Rests::Never);
        }
        let free = Resting::new(3, |_, _| ());
        assert_eq!(free.at(Dynamics::Metropolis, 1e300), Rests::Often);
    }
}
