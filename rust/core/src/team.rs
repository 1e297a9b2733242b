//! A few threads on one piece of work, in step.
//!
//! Rayon's tasks are good for pieces of many microseconds. The halves of a sweep over one large
//! lattice take less, and each must wait for the other: so a team is called together once for many
//! sweeps, and its members wait for one another at a barrier that spins.
//!
//! Where another process has taken a processor, whoever waits for the member that ran on it loses
//! milliseconds. Work whose pieces any member may take ([`Team::share`]) goes on without that member.

use std::{
    hint::spin_loop,
    sync::atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{AcqRel, Acquire, Release},
    },
    thread::yield_now,
    time::{Duration, Instant},
};

/// Iterations of the loop before a waiting member offers its processor to others: some
/// microseconds. If one is wanted elsewhere, whoever waits longer keeps the member it waits for from
/// running.
const BUSY_ITERATIONS: usize = 256;

/// How long a member of [`Team::share`] waits for a piece in the hands of another, at least: longer than
/// most pieces take, shorter than the system keeps a thread from its processor.
const PATIENCE: Duration = Duration::from_micros(200);

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

    /// Runs `work` on this thread, as member 0, and on up to `members` - 1 others of the team if and
    /// when they are free: a member may come late, or after all is done. So none may wait for another to
    /// come ([`Barrier::wait`]), only for what another has begun ([`Barrier::wait_until`]).
    pub fn share(&self, members: usize, work: impl Fn(usize, &Barrier) + Sync) {
        let barrier = Barrier::new(members.clamp(1, self.threads));
        let guarded = |member| {
            let guard = Poison(&barrier);
            work(member, &barrier);
            std::mem::forget(guard);
        };
        rayon::scope(|scope| {
            for member in 1..barrier.members {
                let guarded = &guarded;
                scope.spawn(move |_| guarded(member));
            }
            guarded(0);
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

    /// Returns true when `is_done`; false if that takes longer than `patience`, and than a fifth of a
    /// millisecond, unless the patience is `None`. Then the others go on alone.
    ///
    /// # Panics
    /// If another member has panicked.
    pub fn wait_until(&self, patience: Option<Duration>, is_done: impl Fn() -> bool) -> bool {
        let mut since = None;
        for iterations in 1_usize.. {
            if is_done() {
                return true;
            }
            assert!(!self.poisoned.load(Acquire), "another member of the team has panicked");
            if iterations < BUSY_ITERATIONS {
                spin_loop();
            } else if let Some(patience) = patience {
                // Not offered to others: it may be lost for longer than this wait.
                let since = since.get_or_insert_with(Instant::now);
                if since.elapsed() > patience.max(PATIENCE) {
                    return false;
                }
                spin_loop();
            } else {
                yield_now();
            }
        }
        unreachable!("nobody counts so far")
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
    fn shared_work_is_done_once_by_whoever_is_there() {
        for threads in [1, 2, 5] {
            pool(Some(threads)).unwrap().install(|| {
                let pieces: Vec<_> = (0..1000).map(|_| AtomicU64::new(0)).collect();
                let (taken, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
                Team::of_pool().share(threads, |member, barrier| {
                    assert!(member < threads && barrier.members() == threads);
                    while let Some(piece) = pieces.get(taken.fetch_add(1, Relaxed)) {
                        piece.fetch_add(1, Relaxed);
                        finished.fetch_add(1, AcqRel);
                    }
                    assert!(barrier.wait_until(None, || finished.load(Acquire) == pieces.len()));
                });
                assert!(pieces.into_iter().all(|piece| piece.into_inner() == 1));
            });
        }
    }

    #[test]
    fn shared_work_needs_no_member_but_the_first() {
        // The only other thread of the pool is busy until the work is done.
        pool(Some(2)).unwrap().install(|| {
            let is_done = AtomicBool::new(false);
            let busy = || {
                while !is_done.load(Acquire) {
                    yield_now();
                }
            };
            let work = || {
                Team::of_pool().share(2, |member, _| {
                    if member == 0 {
                        is_done.store(true, Release);
                    }
                });
            };
            rayon::join(work, busy);
            assert!(is_done.into_inner());
        });
    }

    #[test]
    fn patience_ends_and_what_is_done_needs_none() {
        let barrier = Barrier::new(2);
        assert!(!barrier.wait_until(Some(Duration::ZERO), || false));
        assert!(barrier.wait_until(Some(Duration::ZERO), || true));
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
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                Team::of_pool().share(3, |member, barrier| {
                    assert!(member != 0, "member 0 stumbles");
                    barrier.wait_until(None, || false);
                });
            }));
            assert!(outcome.is_err());
        });
    }
}
