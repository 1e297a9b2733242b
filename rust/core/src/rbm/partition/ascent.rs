//! Ascent to a maximum by steps that remember the curvature (J. Nocedal, Math. Comput. 35, 773 (1980)).
//!
//! It stands here because the numbers it ends at are promised to have the same bits on every machine.

use std::collections::VecDeque;

use crate::rbm::units::gaussian_rows::add;

/// Steps that are remembered.
const MEMORY: usize = 10;

/// The least part of the rise that the slope promises (L. Armijo, Pac. J. Math. 16, 1 (1966)).
const RISE: f64 = 1e-4;

/// Halvings of a step before the ascent gives up.
const HALVINGS: usize = 20;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Goes up from `x` by at most so many steps, until one rises by no more than `least`; returns the highest
/// point and its value. `function` gives a value and its gradient.
pub(in crate::rbm) fn ascend<E>(
    mut x: Vec<f64>,
    steps: usize,
    least: f64,
    mut function: impl FnMut(&[f64]) -> Result<(f64, Vec<f64>), E>,
) -> Result<(f64, Vec<f64>), E> {
    let (mut value, mut gradient) = function(&x)?;
    // Steps, falls of the gradient along them, and the inverse of their product.
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    'steps: for _ in 0..steps {
        let mut direction = gradient.clone();
        let mut shares = Vec::new();
        for (step, fall, inverse) in memory.iter().rev() {
            let share = inverse * dot(step, &direction);
            add(&mut direction, -share, fall);
            shares.push(share);
        }
        // Of the curvature nothing is known at first: a step of length one, or the slope if it is small.
        let scale = match memory.back() {
            Some((_, fall, inverse)) => 1.0 / (inverse * dot(fall, fall)),
            None => 1.0 / dot(&gradient, &gradient).sqrt().max(1.0),
        };
        for d in &mut direction {
            *d *= scale;
        }
        for ((step, fall, inverse), share) in memory.iter().zip(shares.into_iter().rev()) {
            let change = share - inverse * dot(fall, &direction);
            add(&mut direction, change, step);
        }
        let slope = dot(&gradient, &direction);
        let mut factor = 1.0;
        for _ in 0..HALVINGS {
            let next: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + factor * d).collect();
            let (found, other) = function(&next)?;
            // Never for what is no number.
            if found >= value + RISE * factor * slope {
                let step: Vec<f64> = direction.iter().map(|d| factor * d).collect();
                let fall: Vec<f64> = gradient.iter().zip(&other).map(|(a, b)| a - b).collect();
                let product = dot(&step, &fall);
                // A step along which the slope does not fall says nothing of a maximum.
                if product > 1e-10 * dot(&fall, &fall) {
                    if memory.len() == MEMORY {
                        memory.pop_front();
                    }
                    memory.push_back((step, fall, 1.0 / product));
                }
                let rise = found - value;
                (x, value, gradient) = (next, found, other);
                if rise <= least {
                    break 'steps;
                }
                continue 'steps;
            }
            factor *= 0.5;
        }
        break;
    }
    Ok((value, x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_at_the_maximum() {
        // H. H. Rosenbrock, Comput. J. 3, 175 (1960): a bent ridge.
        let mut calls = 0;
        let ridge = |x: &[f64]| {
            calls += 1;
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            Ok::<_, ()>((-a * a - 100.0 * b * b, vec![2.0 * a + 400.0 * b * x[0], -200.0 * b]))
        };
        let (value, x) = ascend(vec![-1.2, 1.0], 200, 0.0, ridge).unwrap();
        let far = (x[0] - 1.0).abs().max((x[1] - 1.0).abs());
        assert!(far < 1e-5, "{far} after {calls} calls, at {value}");
        assert!(calls < 100, "{calls}");
    }
}
