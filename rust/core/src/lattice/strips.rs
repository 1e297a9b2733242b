//! Who updates which strip: the members of a team take them, step by step.
//!
//! Each member takes the strips of its own share, which are in its cache, then those that others have
//! not begun. So a member that has lost its processor to another process holds back a step by one
//! strip at most, and often by none. Step k + 1 begins when all strips of step k are finished.

use std::{
    sync::atomic::{
        AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
    time::Instant,
};

use crate::{control::Control, team::Barrier};

pub(super) struct Strips {
    n_steps: u64,
    /// In how many steps each strip was taken.
    taken: Vec<AtomicU64>,
    /// Strips that were finished, in all steps.
    finished: AtomicU64,
}

impl Strips {
    pub(super) fn new(n_strips: usize, n_steps: u64) -> Self {
        let taken = (0..n_strips).map(|_| AtomicU64::new(0)).collect();
        Self { n_steps, taken, finished: AtomicU64::new(0) }
    }

    /// Whether `strip` is for the caller to update in `step`.
    fn take(&self, strip: usize, step: u64) -> bool {
        let taken = &self.taken[strip];
        // What was written before is seen since `finished` was read.
        taken.load(Relaxed) == step
            && taken.compare_exchange(step, step + 1, Relaxed, Relaxed).is_ok()
    }

    /// The work of one member: `update(step, strip)` for strips until all steps are done, the member is
    /// kept waiting, or `control` is cancelled. Member 0 waits as long as it takes.
    pub(super) fn work(
        &self,
        member: usize,
        barrier: &Barrier,
        control: &Control,
        update: impl Fn(u64, usize),
    ) {
        let n_strips = self.taken.len();
        let share = |member: usize| n_strips * member / barrier.members();
        let (first, own) = (share(member), share(member + 1) - share(member));
        // Others begin at the other end of what they leave.
        let order = |k: usize| {
            if k < own { first + k } else { (first + own + n_strips - 1 - k) % n_strips }
        };
        let current = || self.finished.load(Acquire) / n_strips as u64;
        let mut step = current();
        while step < self.n_steps {
            let begun = Instant::now();
            for strip in (0..n_strips).map(order).filter(|&strip| self.take(strip, step)) {
                update(step, strip);
                self.finished.fetch_add(1, AcqRel);
            }
            let patience = (member > 0).then(|| begun.elapsed());
            let goes_on = || current() > step || control.check().is_err();
            if !barrier.wait_until(patience, goes_on) || control.check().is_err() {
                return;
            }
            step = current();
        }
    }
}
