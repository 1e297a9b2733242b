//! Random thresholds: the whole of the chance and of the temperature in one integer a visit.
//!
//! A spin flips when s h <= theta, with its field h in fixed point (`fixed_point.rs`) and
//!
//! - theta = -ln(u) / (2 beta) for Metropolis: u < exp(-2 beta s h), where the site does not rest
//!   (`resting.rs`);
//! - theta = ln((1 - u) / u) / (2 beta) for the heat bath: u < 1 / (1 + exp(2 beta s h)).
//!
//! u has 32 bits and comes from the counter-based stream of the replica, at the place of its sweep
//! and visit. With the smallest of these numbers, a share p of them, a site rests; the others make u.
//! The logarithm is our own, in single precision and without contraction, so every
//! instruction set gives the same integers; its error of 2e-7 is one of the acceptance probability
//! relative to itself.

use super::Rests;
use crate::{
    elementary::single::ln,
    rng::{LANES, Philox},
    simd::kernel_table,
};

/// Sites whose thresholds are drawn together.
pub const SITES: usize = 64;

/// Random numbers of 32 bits.
const ALL: f64 = 4_294_967_296.0;

/// A threshold that no field reaches.
pub const NEVER: i32 = i32::MIN;

/// Dynamics and temperature of one replica.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// 1 / (2 beta).
    half_temperature: f32,
    heat_bath: bool,
    /// With random numbers below this one the site rests.
    rest: u32,
    /// One over how many numbers are left.
    unit: f32,
}

impl Rule {
    /// The heat bath, or Metropolis, at `beta` between 0 and infinity; in the heat bath no site rests.
    pub fn new(heat_bath: bool, beta: f64, rests: Rests) -> Self {
        let rest = if heat_bath { 0 } else { rests.chance() };
        Self {
            half_temperature: (0.5 / beta).min(f64::from(f32::MAX)) as f32,
            heat_bath,
            rest,
            unit: 1.0 / (ALL - f64::from(rest)) as f32,
        }
    }

    /// The threshold that a 32-bit random number makes, in units of a site. The conversion saturates:
    /// what lies beyond 2^31 flips always, or never.
    #[inline(always)]
    pub fn threshold(self, word: u32, scale: f32) -> i32 {
        let scale = self.half_temperature * scale;
        if self.heat_bath {
            // One unit less: without a temperature, theta is -1 and a tie keeps the spin.
            saturate((ln(uniform(!word)) - ln(uniform(word))) * scale).saturating_sub(1)
        } else {
            let theta = saturate(-ln(share(word.wrapping_sub(self.rest), self.unit)) * scale);
            if word < self.rest { NEVER } else { theta }
        }
    }
}

/// `x as i32`, in steps that the compiler makes into vectors; the conversion that `as` stands for is
/// taken apart into scalars, and costs more than all the rest.
#[inline(always)]
fn saturate(x: f32) -> i32 {
    const END: f32 = 2_147_483_648.0;
    let inside = if x < END { x } else { 0.0 };
    let inside = if inside >= -END { inside } else { -END };
    // SAFETY: between -2^31 and the number before 2^31, and not NaN.
    let whole = unsafe { inside.to_int_unchecked::<i32>() };
    if x >= END { i32::MAX } else { whole }
}

/// (word + 1/2) / 2^32, rounded to single precision: between 2^-33 and 1.
#[inline(always)]
fn uniform(word: u32) -> f32 {
    share(word, 1.0 / ALL as f32)
}

/// (word + 1/2) times one over the number of words, in single precision: at most 1, since a product of
/// a number with its rounded inverse is.
#[inline(always)]
fn share(word: u32, unit: f32) -> f32 {
    (word as f32 + 0.5) * unit
}

/// The place of a site's random number in the stream of a replica: block and word of the block.
///
/// Sixteen blocks serve 64 sites: word w of block l is that of site 16 w + l, so that sixteen
/// lanes find the numbers of consecutive sites side by side.
#[inline(always)]
pub fn place(n_groups: usize, sweep: u64, site: usize) -> (u64, usize) {
    let (group, within) = (site / SITES, site % SITES);
    let block = (sweep * n_groups as u64 + group as u64) * LANES as u64 + (within % LANES) as u64;
    (block, within / LANES)
}

/// The threshold of one visit: the scalar truth.
pub fn threshold(
    stream: &Philox,
    n_groups: usize,
    sweep: u64,
    site: usize,
    rule: Rule,
    scale: f32,
) -> i32 {
    let (block, word) = place(n_groups, sweep, site);
    let words = stream.block(block);
    rule.threshold((words[word / 2] >> (32 * (word % 2))) as u32, scale)
}

kernel_table! {
    /// Thresholds for many visits at once.
    pub struct Thresholds for Unused in [(), (), ()] {
        /// Those of one replica at 64 consecutive sites: `first` is the block of the first site,
        /// the scales are those of the sites.
        pub sites: fn(
            stream: &Philox,
            first: u64,
            rule: Rule,
            scales: &[f32; SITES],
            out: &mut [i32; SITES],
        ) = sites;
        /// Those of sixteen replicas at 64 consecutive sites, the replicas of a site side by side.
        pub replicas: fn(
            streams: &[Philox; LANES],
            first: u64,
            rules: &[Rule; LANES],
            scales: &[f32; SITES],
            out: &mut [[i32; LANES]; SITES],
        ) = replicas;
    }
}

#[inline(always)]
fn sites(stream: &Philox, first: u64, rule: Rule, scales: &[f32; SITES], out: &mut [i32; SITES]) {
    let words = stream.blocks(first);
    let (scales, _) = scales.as_chunks::<LANES>();
    let (out, _) = out.as_chunks_mut::<LANES>();
    // Each rule has a loop of its own, without a branch inside.
    if rule.heat_bath {
        let rule = Rule { heat_bath: true, ..rule };
        for word in 0..4 {
            for lane in 0..LANES {
                out[word][lane] = rule.threshold(words[word][lane], scales[word][lane]);
            }
        }
    } else {
        let rule = Rule { heat_bath: false, ..rule };
        for word in 0..4 {
            for lane in 0..LANES {
                out[word][lane] = rule.threshold(words[word][lane], scales[word][lane]);
            }
        }
    }
}

#[inline(always)]
fn replicas(
    streams: &[Philox; LANES],
    first: u64,
    rules: &[Rule; LANES],
    scales: &[f32; SITES],
    out: &mut [[i32; LANES]; SITES],
) {
    let mut half_temperatures = [0.0; LANES];
    // All ones where the heat bath holds.
    let mut heat_bath = [0u32; LANES];
    let (mut rest, mut unit) = ([0u32; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        half_temperatures[lane] = rules[lane].half_temperature;
        (rest[lane], unit[lane]) = (rules[lane].rest, rules[lane].unit);
        heat_bath[lane] = if rules[lane].heat_bath { u32::MAX } else { 0 };
    }
    let any_heat_bath = rules.iter().any(|rule| rule.heat_bath);
    for block in 0..LANES {
        let words = Philox::block_of_each(streams, first + block as u64);
        for word in 0..4 {
            let site = LANES * word + block;
            let (words, scale, out) = (&words[word], scales[site], &mut out[site]);
            if any_heat_bath {
                for lane in 0..LANES {
                    let complement = ln(uniform(!words[lane])).to_bits() & heat_bath[lane];
                    let own = share(words[lane].wrapping_sub(rest[lane]), unit[lane]);
                    let logit = f32::from_bits(complement) - ln(own);
                    let theta = saturate(logit * (half_temperatures[lane] * scale));
                    let theta = theta.saturating_sub((heat_bath[lane] & 1) as i32);
                    out[lane] = if words[lane] < rest[lane] { NEVER } else { theta };
                }
            } else {
                for lane in 0..LANES {
                    let own = share(words[lane].wrapping_sub(rest[lane]), unit[lane]);
                    let theta = saturate(-ln(own) * (half_temperatures[lane] * scale));
                    out[lane] = if words[lane] < rest[lane] { NEVER } else { theta };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rng::Purpose, simd::Level};

    #[test]
    fn many_thresholds_are_those_of_single_visits() {
        let streams: [Philox; LANES] =
            std::array::from_fn(|k| Philox::new(7, Purpose::Dynamics, k as u64));
        let scales: [f32; SITES] = std::array::from_fn(|site| 2f32.powi(site as i32 % 5 + 18));
        let betas = [0.0, 0.3, 1.0, 7.5, 1e300, f64::INFINITY];
        let (n_groups, sweep, group) = (3, 11, 2);
        let first = place(n_groups, sweep, group * SITES).0;
        for level in Level::available() {
            let kernels = Thresholds::of(level);
            for heat in 0..4 {
                let rules: [Rule; LANES] = std::array::from_fn(|k| {
                    let beta = betas[k % betas.len()];
                    let rests = [Rests::Seldom, Rests::Often, Rests::Never][k % 3];
                    Rule::new(if heat < 2 { heat == 1 } else { k % heat == 0 }, beta, rests)
                });
                let mut many = [[0; LANES]; SITES];
                (kernels.replicas)(&streams, first, &rules, &scales, &mut many);
                for (k, stream) in streams.iter().enumerate() {
                    let mut one = [0; SITES];
                    (kernels.sites)(stream, first, rules[k], &scales, &mut one);
                    for site in 0..SITES {
                        let visit = threshold(
                            stream,
                            n_groups,
                            sweep,
                            group * SITES + site,
                            rules[k],
                            scales[site],
                        );
                        assert_eq!(
                            (one[site], many[site][k]),
                            (visit, visit),
                            "{level} {site} {k}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn without_a_temperature_a_tie_flips_in_metropolis_and_stays_in_the_heat_bath() {
        for word in [0, 1, 1 << 31, u32::MAX] {
            assert_eq!(Rule::new(false, f64::INFINITY, Rests::Never).threshold(word, 1e9), 0);
            assert_eq!(Rule::new(true, f64::INFINITY, Rests::Never).threshold(word, 1e9), -1);
        }
    }

    #[test]
    fn a_site_rests_with_its_chance_and_else_a_tie_flips() {
        for (rests, one_in) in [(Rests::Never, 0), (Rests::Seldom, 16), (Rests::Often, 4)] {
            let rule = Rule::new(false, 1.0, rests);
            let words = (0..1u32 << 16).map(|k| k << 16).chain([u32::MAX]);
            let thetas: Vec<i32> = words.map(|word| rule.threshold(word, 1e6)).collect();
            let resting = thetas.iter().filter(|&&theta| theta == NEVER).count();
            assert_eq!(resting, (1usize << 16).checked_div(one_in).unwrap_or(0));
            assert!(thetas.iter().all(|&theta| theta == NEVER || theta >= 0));
            // The median of an exponential variable of mean 1/2 among the others.
            let below = thetas.iter().filter(|&&theta| (0..346_574).contains(&theta)).count();
            assert!(below.abs_diff(((1 << 16) - resting) / 2) < 9, "{rests:?}: {below}");
        }
    }

    #[test]
    fn at_infinite_temperature_the_heat_bath_tosses_a_coin() {
        let rule = Rule::new(true, 0.0, Rests::Never);
        let up = (0..1u32 << 16).filter(|&k| rule.threshold((k << 16) + 7, 1.0) > 1 << 30).count();
        assert_eq!(up, 1 << 15);
    }
}
