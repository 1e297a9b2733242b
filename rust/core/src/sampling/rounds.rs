//! How many sweeps until somebody may interrupt.

use std::time::{Duration, Instant};

use crate::{
    control::Control,
    error::{Error, Result},
};

/// How long a round should take: long against the cost of starting it, short against the 0.2 s
/// within which Ctrl-C must be noticed.
const ROUND: Duration = Duration::from_millis(25);

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// All sweeps were done.
    #[default]
    Complete,
    /// Cancelled, or what it looked for was reached, between two sweeps of all replicas: the run can
    /// go on.
    Stopped,
    /// Cancelled within a sweep: what was measured is right, but the states are out of step.
    Broken,
}

/// Does `total` sweeps in rounds of at most `longest`. `advance(from, to, control)` moves everything, and returns the sweep
/// at which the run is to end, if it is to end early; an error of it other than a cancellation is
/// passed on. Returns the sweeps done by all.
///
/// The control it is given is cancelled only where a single sweep takes long: other
/// rounds are finished, so that all replicas stand at the same sweep.
pub(super) fn in_rounds(
    total: u64,
    longest: u64,
    control: &Control,
    mut advance: impl FnMut(u64, u64, &Control) -> Result<Option<u64>>,
) -> Result<(u64, Ending)> {
    let mut done = 0;
    let mut length = 1;
    let (never, mut is_slow) = (Control::default(), true);
    while done < total {
        if control.check().is_err() {
            return Ok((done, Ending::Stopped));
        }
        let to = total.min(done.saturating_add(length));
        let started = Instant::now();
        match advance(done, to, if is_slow { control } else { &never }) {
            Ok(None) => {}
            Ok(Some(end)) => {
                control.advance(end - done);
                return Ok((end, Ending::Stopped));
            }
            Err(Error::Cancelled) => return Ok((done, Ending::Broken)),
            Err(error) => return Err(error),
        }
        let spent = started.elapsed();
        control.advance(to - done);
        is_slow = to - done == 1 && spent > 2 * ROUND;
        done = to;
        // The clock decides how long rounds are, and so how soon a run stops, but no result.
        length = if spent < ROUND / 2 {
            length.saturating_mul(2).min(longest)
        } else if spent > ROUND * 2 {
            (length / 2).max(1)
        } else {
            length
        };
    }
    Ok((done, Ending::Complete))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_cover_every_sweep_once() {
        let (control, mut next) = (Control::new(1000), 0);
        let outcome = in_rounds(1000, 16, &control, |from, to, _| {
            assert_eq!(from, next);
            assert!(to > from && to <= from + 16);
            next = to;
            Ok(None)
        });
        assert_eq!(outcome, Ok((1000, Ending::Complete)));
        assert_eq!((next, control.progress()), (1000, (1000, 1000)));
    }

    #[test]
    fn a_cancelled_run_stops_between_rounds() {
        let control = Control::new(9);
        let outcome = in_rounds(9, u64::MAX, &control, |_, _, _| {
            control.cancel();
            Ok(None)
        });
        assert_eq!(outcome, Ok((1, Ending::Stopped)));
        let reached =
            in_rounds(9, u64::MAX, &Control::new(9), |_, to, _| Ok((to > 2).then_some(2)));
        assert_eq!(reached, Ok((2, Ending::Stopped)));
        let broken = in_rounds(9, u64::MAX, &Control::new(9), |_, _, _| Err(Error::Cancelled));
        assert_eq!(broken, Ok((0, Ending::Broken)));
    }
}
