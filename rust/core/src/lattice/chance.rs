//! With what probability a spin flips, as something that random bits can decide exactly.

use crate::{
    elementary::exp_alone,
    spins::{Dynamics, Rests},
};

/// A probability to 64 bits; 1 is exactly 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chance {
    Always,
    /// That of a uniform 64-bit integer to be below this one.
    Below(u64),
}

impl Chance {
    pub(super) const NEVER: Self = Self::Below(0);

    /// The chance to flip a spin when that changes the energy by `change`.
    ///
    /// At beta = infinity Metropolis flips where the energy does not rise, and the heat bath only
    /// where it falls.
    pub(super) fn of_flip(dynamics: Dynamics, beta: f64, change: f64) -> Self {
        let heat_bath = dynamics.is_heat_bath_at(beta);
        if beta == 0.0 {
            return Self::Below(1 << 63);
        }
        if beta == f64::INFINITY {
            let flips = if heat_bath { change < 0.0 } else { change <= 0.0 };
            return if flips { Self::Always } else { Self::NEVER };
        }
        if heat_bath {
            Self::of(1.0 / (1.0 + exp_alone(beta * change)))
        } else if change <= 0.0 {
            Self::Always
        } else {
            // A rise is never quite certain, so that it always waits for random bits.
            match Self::of(exp_alone(-beta * change)) {
                Self::Always => Self::Below(u64::MAX),
                below @ Self::Below(_) => below,
            }
        }
    }

    /// The chance that the spin does not rest, and then flips; of a certain flip only the latter.
    pub(super) fn unless_resting(self, rests: Rests) -> Self {
        match self {
            Self::Below(threshold) if rests != Rests::Never => {
                Self::Below(threshold - (threshold >> rests.bits()))
            }
            chance => chance,
        }
    }

    fn of(probability: f64) -> Self {
        if probability >= 1.0 {
            Self::Always
        } else {
            // The product is exact; what the conversion cuts off is below 2^-64.
            Self::Below((probability * (2.0f64).powi(64)) as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_follow_the_rules() {
        use Dynamics::{HeatBath, Metropolis};
        let infinity = f64::INFINITY;
        for (dynamics, beta, change, chance) in [
            (Metropolis, 1.0, 0.0, Chance::Always),
            (Metropolis, 1e-300, 1.0, Chance::Below(u64::MAX)),
            (Metropolis, 1.0, -1.0, Chance::Always),
            (Metropolis, 1.0, 1e300, Chance::NEVER),
            (Metropolis, infinity, 0.0, Chance::Always),
            (Metropolis, infinity, 1.0, Chance::NEVER),
            (Metropolis, 0.0, infinity, Chance::Below(1 << 63)),
            (HeatBath, 1.0, 0.0, Chance::Below(1 << 63)),
            (HeatBath, 1.0, -1e300, Chance::Always),
            (HeatBath, infinity, 0.0, Chance::NEVER),
            (HeatBath, infinity, -1.0, Chance::Always),
        ] {
            assert_eq!(
                Chance::of_flip(dynamics, beta, change),
                chance,
                "{dynamics:?} {beta} {change}"
            );
        }
        assert_eq!(Chance::Always.unless_resting(Rests::Often), Chance::Always);
        assert_eq!(Chance::Below(16).unless_resting(Rests::Often), Chance::Below(12));
        assert_eq!(Chance::Below(16).unless_resting(Rests::Never), Chance::Below(16));
        let Chance::Below(threshold) = Chance::of_flip(Metropolis, 0.5, 2.0) else {
            panic!("a rise of the energy is accepted with a probability below 1");
        };
        assert!((threshold as f64 / 2.0f64.powi(64) - (-1.0f64).exp()).abs() < 1e-15);
    }
}
