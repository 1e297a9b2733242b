//! Cosine and sine of a fraction of a turn.

use std::f64::consts::FRAC_PI_4;

/// cos and sin of 2 pi p / q, to one unit in the last place; exact at multiples of a quarter.
///
/// The fraction is reduced to an eighth of a turn in integers, where Taylor series to order 17 leave
/// 1e-19.
pub(crate) fn of_turn(p: usize, q: usize) -> [f64; 2] {
    let eighths = 8 * (p % q);
    let (octant, rest) = (eighths / q, eighths % q);
    // In every other octant from its end: from the nearest multiple of a quarter.
    let part = if octant % 2 == 0 { rest } else { q - rest };
    let x = part as f64 / q as f64 * FRAC_PI_4;
    let square = x * x;
    let (mut cos, mut sin) = (1.0, 1.0);
    for k in (1..=8).rev() {
        let k = f64::from(k);
        cos = 1.0 - square / (2.0 * k * (2.0 * k - 1.0)) * cos;
        sin = 1.0 - square / (2.0 * k * (2.0 * k + 1.0)) * sin;
    }
    sin *= x;
    match octant {
        0 => [cos, sin],
        1 => [sin, cos],
        2 => [-sin, cos],
        3 => [-cos, sin],
        4 => [-cos, -sin],
        5 => [-sin, -cos],
        6 => [sin, -cos],
        _ => [cos, -sin],
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[test]
    fn turns_are_those_of_the_platform_to_its_own_precision() {
        for q in [1, 2, 3, 4, 5, 7, 8, 12, 16, 100, 1021, 4096] {
            for p in 0..2 * q {
                let angle = (p % q) as f64 / q as f64 * TAU;
                let [cos, sin] = of_turn(p, q);
                // The rounding of the platform's argument, up to 2 pi, is the largest error.
                assert!((cos - angle.cos()).abs() < 1.5e-15, "cos of {p}/{q}: {cos}");
                assert!((sin - angle.sin()).abs() < 1.5e-15, "sin of {p}/{q}: {sin}");
                assert!((cos * cos + sin * sin - 1.0).abs() < 5e-16);
            }
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "they are exact")]
    fn quarters_are_exact() {
        let quarters = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
        for q in [4, 8, 12, 20, 1024] {
            for (k, quarter) in quarters.into_iter().enumerate() {
                assert!(of_turn(k * q / 4, q).iter().zip(quarter).all(|(&x, y)| x == y));
            }
        }
    }
}
