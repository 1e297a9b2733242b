//! A few threads on one piece of work, in step.
//!
//! Rayon's tasks are good for pieces of many microseconds. The halves of a sweep over one large
//! lattice take less, and each must wait for the other: so a team is called together once for many
//! sweeps, and its members wait for one another at a barrier that spins.

use std::{
    hint::spin_loop,
    sync::atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{AcqRel, Acquire, Release},
    },
    thread::yield_now,
};

/// Iterations of the loop before a waiting member offers its processor to others: some
/// microseconds. If one is wanted elsewhere, whoever waits longer keeps the member it waits for from
/// running.
const BUSY_ITERATIONS: usize = 256;

/// How many threads of the current pool may work together on one thing.
#[derive(Debug)]
pub struct Team {
    threads: usize,
}

impl Team {
    /// One thread: the rest of the pool is busy with other replicas.
    pub fn alone() -> Self {
        Self { threads: 1 }
    }

    /// The whole current pool. Only for a caller that knows all its other threads to be idle.
    pub fn of_pool() -> Self {
        Self { threads: rayon::current_num_threads() }
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `work` at once on `members` threads (at most all of the team), each with its number.
    pub fn run(&self, members: usize, work: impl Fn(usize, &Barrier) + Sync) {
        let members = members.clamp(1, self.threads);
        let barrier = Barrier::new(members);
        if members == 1 {
            return work(0, &barrier);
        }
        rayon::broadcast(|context| {
            if context.index() < members {
                let guard = Poison(&barrier);
                work(context.index(), &barrier);
                std::mem::forget(guard);
            }
        });
    }
}

/// Where the members of a team wait for one another.
#[derive(Debug)]
pub struct Barrier {
    members: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    poisoned: AtomicBool,
}

impl Barrier {
    fn new(members: usize) -> Self {
        Self {
            members,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            poisoned: AtomicBool::new(false),
        }
    }

    /// How many there are.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Returns when all members have called it as often as this one.
    ///
    /// # Panics
    /// If another member has panicked and will never come.
    pub fn wait(&self) {
        if self.members == 1 {
            return;
        }
        let round = self.round.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.members {
            self.arrived.store(0, Release);
            self.round.store(round.wrapping_add(1), Release);
            return;
        }
        let mut iterations = 0;
        while self.round.load(Acquire) == round {
            assert!(!self.poisoned.load(Acquire), "another member of the team has panicked");
            iterations += 1;
            if iterations < BUSY_ITERATIONS { spin_loop() } else { yield_now() }
        }
    }
}

/// Tells the others when its owner leaves by a panic.
struct Poison<'a>(&'a Barrier);

impl Drop for Poison<'_> {
    fn drop(&mut self) {
        self.0.poisoned.store(true, Release);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::{AtomicU64, Ordering::Relaxed},
    };

    use super::*;
    use crate::threads::pool;

    #[test]
    fn members_pass_a_barrier_together() {
        for threads in [1, 2, 5] {
            pool(Some(threads)).unwrap().install(|| {
                let (sum, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
                Team::of_pool().run(threads, |_, barrier| {
                    for round in 1..=100 {
                        sum.fetch_add(1, Relaxed);
                        barrier.wait();
                        if sum.load(Relaxed) != round * threads as u64 {
                            wrong.fetch_add(1, Relaxed);
                        }
                        barrier.wait();
                    }
                });
                assert_eq!((sum.into_inner(), wrong.into_inner()), (100 * threads as u64, 0));
            });
        }
    }

    #[test]
    fn a_panic_of_one_member_releases_the_others() {
        pool(Some(3)).unwrap().install(|| {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                Team::of_pool().run(3, |member, barrier| {
                    assert!(member != 1, "member 1 stumbles");
                    barrier.wait();
                });
            }));
            assert!(outcome.is_err());
        });
    }
}
