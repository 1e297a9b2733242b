//! What a tile does at each temperature of an annealing: draws between two machines, and gains of
//! the weight.
//!
//! When beta rises from beta to beta' = beta + d, a hidden unit in the field x gains
//!
//!   ln((1 + e^{beta' x}) / (1 + e^{beta x})) = -ln(1 + p (e^{-d x} - 1)), p = 1 / (1 + 2^t),
//!
//! where 2^t = e^{-beta' x} are the odds against the unit at beta'. With e = e^{-d x} - 1 that is
//! -2 artanh(u), u = e / (2 (1 + 2^t) + e): one division and two short series if |d x| is small, as
//! precise in relation to a tiny gain as to a large one. Larger steps take the difference of two
//! softplus.
//!
//! Operations are single IEEE ones in the order written; lanes are summed in an order fixed here.

use crate::{
    elementary::{
        WIDTH,
        single::{artanh_small, exp_m1_small},
        softplus, sum_lanes,
    },
    elementary::{sigmoid::fires, single::exp2},
    lanes::{Lanes, Pair, Register, Words},
    rbm::units::kernels::{Generators, LANES, Row, UNITS, VECTORS, Weights},
    simd::kernel_table,
};

/// Changes of an exponent, d x, up to which the series hold.
pub(super) const SMALL: f64 = 0.25;

/// The gains of a row so far, in eight parts.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Gain([f64; WIDTH]);

impl Gain {
    pub(super) const ZERO: Self = Self([0.0; WIDTH]);

    pub(super) fn total(self) -> f64 {
        sum_lanes(self.0)
    }
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [Words, Pair, Register] {
        /// New states of a tile, row by row, whose units fire with the odds 2^t, t = `factor` times
        /// the field, plus the `shift` of the unit.
        pub(super) draw: fn(
            fields: &[Row],
            factor: f32,
            shift: &Weights,
            generators: &mut Generators,
            units: u32,
            states: &mut [u32],
        ) = draw::<Vector>;
        /// Adds the gains of a small step: `factor` times a field is t at its end, `step` times a
        /// field -d x.
        pub(super) small_step: fn(fields: &[Row], factor: f32, step: f32, gains: &mut [Gain]) =
            small_step;
        /// Adds the gains of any step, which multiplies the fields by `from` at first, `to` then.
        pub(super) large_step: fn(fields: &[Row], from: f64, to: f64, gains: &mut [Gain]) =
            large_step;
    }
}

#[inline(always)]
fn draw<L: Lanes>(
    fields: &[Row],
    factor: f32,
    shift: &Weights,
    generators: &mut Generators,
    units: u32,
    states: &mut [u32],
) {
    let mut streams = generators.clone();
    for (row, state) in fields.iter().zip(states) {
        let mut word = 0;
        for vector in 0..VECTORS {
            let random = streams[vector].step().map(|word| [word as u32, (word >> 32) as u32]);
            let random = random.as_flattened();
            let mut fired = [0; LANES];
            for lane in 0..LANES {
                let t = row.0[vector][lane] as f32 * factor + shift.0[vector][lane];
                fired[lane] = -i32::from(fires(random[lane], exp2(t)));
            }
            word |= u32::from(L::load(&fired).bits()) << (LANES * vector);
        }
        *state = word & units;
    }
    *generators = streams;
}

/// The gain where 2^t are the odds at the end of a step, and `z` = -d x, |z| <= [`SMALL`].
#[inline(always)]
fn small_gain(odds: f32, z: f32) -> f32 {
    let e = exp_m1_small(z);
    -2.0 * artanh_small(e / (2.0 * (1.0 + odds) + e))
}

#[inline(always)]
fn small_step(fields: &[Row], factor: f32, step: f32, gains: &mut [Gain]) {
    for (row, gain) in fields.iter().zip(gains) {
        let mut values = [[0.0; LANES]; VECTORS];
        for vector in 0..VECTORS {
            for lane in 0..LANES {
                let x = row.0[vector][lane] as f32;
                values[vector][lane] = small_gain(exp2(x * factor), x * step);
            }
        }
        // Pairs of values of one size may be added as they are; sums over many steps may not.
        for lane in 0..WIDTH {
            let low = values[0][lane] + values[1][lane];
            let high = values[0][lane + WIDTH] + values[1][lane + WIDTH];
            gain.0[lane] += f64::from(low + high);
        }
    }
}

#[inline(always)]
fn large_step(fields: &[Row], from: f64, to: f64, gains: &mut [Gain]) {
    for (row, gain) in fields.iter().zip(gains) {
        for fields in row.0.as_flattened().as_chunks::<WIDTH>().0 {
            for lane in 0..WIDTH {
                let x = f64::from(fields[lane]);
                gain.0[lane] += softplus(x * to) - softplus(x * from);
            }
        }
    }
}

/// The dot products of the states of a tile with one number a unit: sums of four of these, by the
/// states of the four.
#[derive(Clone, Debug)]
pub(super) struct Dots([[f64; 16]; UNITS / 4]);

impl Dots {
    pub(super) fn new(numbers: &[f64; UNITS]) -> Self {
        let mut tables = [[0.0; 16]; UNITS / 4];
        for (numbers, table) in numbers.as_chunks::<4>().0.iter().zip(&mut tables) {
            for (subset, sum) in table.iter_mut().enumerate() {
                *sum = (0..4).filter(|k| subset >> k & 1 == 1).map(|k| numbers[k]).sum();
            }
        }
        Self(tables)
    }

    /// The product with the units of one word.
    #[inline(always)]
    pub(super) fn of(&self, word: u32) -> f64 {
        let mut sums = [0.0; UNITS / 4];
        for group in 0..UNITS / 4 {
            sums[group] = self.0[group][(word >> (4 * group)) as usize % 16];
        }
        sum_lanes(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::{Philox, Purpose, Xoshiro8},
        simd::Level,
    };
    use proptest::prelude::*;

    /// -ln(1 + p (e^z - 1)) by the platform.
    fn platform(odds: f64, z: f64) -> f64 {
        -(z.exp_m1() / (1.0 + odds)).ln_1p()
    }

    proptest! {
        #[test]
        fn small_gains_are_precise_however_small(
            t in -60.0..60.0f32,
            mantissa in -1.0..1.0f32,
            exponent in -40..-2i32,
        ) {
            // No gain here is so small that 32-bit floats lose digits of it.
            let z = mantissa * 2f32.powi(exponent);
            let expected = platform(f64::from(t).exp2(), f64::from(z));
            // Odds are known to 3e-7; then come the roundings of e, of the divisor, of u and of the
            // last two sums, 6e-8 each, and 5e-8 of the series.
            let error = f64::from(small_gain(exp2(t), z)) - expected;
            prop_assert!(error.abs() <= 7e-7 * expected.abs(), "{} of {}", error, expected);
        }

        #[test]
        fn dots_are_sums_over_the_units_that_are_on(word: u32, scale in -1e3..1e3f64) {
            let numbers = std::array::from_fn(|k| scale * (k as f64 - 11.3));
            let on = (0..UNITS).filter(|k| word >> k & 1 == 1);
            let expected: f64 = on.map(|k| numbers[k]).sum();
            prop_assert!((Dots::new(&numbers).of(word) - expected).abs() < 1e-9);
        }
    }

    /// Fields of 5 rows, small ones and large ones.
    fn fields() -> Vec<Row> {
        let stream = Philox::new(3, Purpose::Start, 0);
        let mut words = stream.words_from(0);
        let mut field = || (words.next_word() as i32) >> (words.next_word() % 20);
        let mut rows = vec![Row::ZERO; 5];
        rows.iter_mut().flat_map(|row| row.0.as_flattened_mut()).for_each(|x| *x = field());
        rows
    }

    #[test]
    fn gains_and_draws_have_the_same_bits_on_every_level() {
        let fields = fields();
        let stream = Philox::new(1, Purpose::Annealing, 0);
        let fresh: Generators = [0, 1].map(|k| Xoshiro8::numbered(&stream, k));
        let mut shift = Weights::ZERO;
        shift.0.as_flattened_mut().iter_mut().enumerate().for_each(|(k, x)| *x = k as f32 * 0.1);
        let run = |level| {
            let kernels = Kernels::of(level);
            let mut gains = vec![Gain([1.0; WIDTH]); 5];
            (kernels.small_step)(&fields, -1e-8, 1e-10, &mut gains);
            (kernels.large_step)(&fields, 1e-8, 3e-8, &mut gains);
            let (mut states, mut generators) = ([0; 5], fresh.clone());
            (kernels.draw)(&fields, -1e-9, &shift, &mut generators, 0xFFFF_FFF7, &mut states);
            (gains.iter().map(|gain| gain.0.map(f64::to_bits)).collect::<Vec<_>>(), states)
        };
        let expected = run(Level::Portable);
        assert!(expected.1.iter().all(|word| word >> 3 & 1 == 0));
        for level in Level::available() {
            assert_eq!(run(level), expected, "{level}");
        }
    }

    #[test]
    fn small_and_large_steps_agree() {
        let (fields, beta, step) = (fields(), 2f64.powi(-30), 2f64.powi(-34));
        let (mut small, mut large) = ([Gain::ZERO; 5], [Gain::ZERO; 5]);
        let factor = -std::f64::consts::LOG2_E * (beta + step);
        small_step(&fields, factor as f32, -step as f32, &mut small);
        large_step(&fields, beta, beta + step, &mut large);
        for (small, large) in small.into_iter().zip(large) {
            assert!((small.total() - large.total()).abs() < 2e-6, "{small:?} {large:?}");
        }
    }
}
