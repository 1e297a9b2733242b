//! Progress out of a long call, and the wish to stop into it.
//!
//! A kernel calls [`Control::check`] once a block of rows (well under a millisecond of work) and
//! [`Control::advance`] once a finished unit. The thread that waits for the result reads the
//! counter and raises the flag; nobody blocks.
//!
//! What is only of use when it is whole, such as a model that is being made, has no results so far to
//! come back with. Whoever makes it calls [`checkpoint`], which leaves the job then and there, through
//! callers that know nothing of it.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::{
    error::{Error, Result},
    threads,
};

/// Leaves the job that this thread works on, by unwinding, once somebody has asked its pool to stop.
/// A thread of no pool goes on. A parallel iterator must have a `panic_fuse`, or every piece of it
/// unwinds for itself.
pub fn checkpoint() {
    if threads::is_cancelled() {
        // Not by a panic, which would be reported: nothing is wrong.
        resume_unwind(Box::new(Error::Cancelled));
    }
}

/// A cancel flag and a progress counter, shared by the workers and whoever waits for them.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Control {
    /// A control for `total` units of work.
    pub fn new(total: u64) -> Self {
        let control = Self::default();
        control.total.store(total, Relaxed);
        control
    }

    /// Asks the workers to stop at their next check.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Fails once somebody has asked to stop.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Counts `units` as done.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Relaxed);
    }

    /// Units done, and their total.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Relaxed), self.total.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_control_fails_its_check() {
        let control = Control::new(3);
        assert!(control.check().is_ok());
        control.advance(2);
        control.cancel();
        assert_eq!(control.check(), Err(Error::Cancelled));
        assert_eq!(control.progress(), (2, 3));
    }
}
