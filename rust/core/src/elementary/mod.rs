//! Elementary functions: every exponential, logarithm and sigmoid of this crate is here.
//!
//! They are our own, and never the platform's, which differ between machines. Each operation is one
//! IEEE multiplication, addition, division or comparison in the order written, and none is
//! contracted. So a function gives the same bits on every machine, alone or in lanes of any width.
//!
//! Those bits decide which moves a sampler accepts: the same seed gives the same trajectory only as
//! long as they stay. This is why a function stands here twice where two rooms began with two
//! series for it, and each one says which numbers hang on it.
//!
//! - [`double`]: 64-bit exponentials, logarithm and softplus: energies, weights of states, ln Z.
//! - [`single`]: 32-bit exponential and logarithm for the hot loops of samplers, and short series.
//! - [`turns`]: cosine and sine of a fraction of a turn: structure factors.
//! - [`sigmoid`]: the logistic function, and a unit that fires with its probability.

mod double;
pub(crate) mod sigmoid;
pub(crate) mod single;
mod turns;

#[cfg(test)]
pub(crate) use double::tests;
pub(crate) use double::{exp, exp_alone, ln, log_sum_exp, softplus};
pub(crate) use turns::of_turn;

/// 64-bit floats that are worked on side by side, and summed lane by lane.
pub(crate) const WIDTH: usize = 8;

/// The sum of the lanes, halves first: the same order on every instruction set.
#[inline(always)]
pub(crate) fn sum_lanes(lanes: [f64; WIDTH]) -> f64 {
    let fours =
        [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (fours[0] + fours[2]) + (fours[1] + fours[3])
}
