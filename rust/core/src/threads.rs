//! A thread pool of our own.
//!
//! Rayon's global pool belongs to the whole process and does not survive a fork: its threads are
//! gone in the child, but the pool still waits for them. Ours are kept by (process, thread count),
//! so a forked child makes new ones and never touches what its parent held, locks included.
//!
//! A call has its pool for itself while it runs. In a shared pool a thread that waits for a piece of
//! one call may take up another call whole, and the first could neither end nor be cancelled
//! before the second is done.

use std::{
    cell::OnceCell,
    collections::HashMap,
    num::IntErrorKind,
    ops::Deref,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::available_parallelism,
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// The most threads a call may ask for: more than any machine has cores, far fewer than a system
/// refuses to start.
pub const MAX_THREADS: usize = 1024;

/// The pools of one process, and the registry of its forked child, should it become one.
#[derive(Debug)]
struct Registry {
    process: u32,
    /// Pools that nobody uses now, by thread count.
    idle: Mutex<HashMap<usize, Vec<Pool>>>,
    child: OnceLock<Box<Registry>>,
}

static FIRST: OnceLock<Box<Registry>> = OnceLock::new();

fn registry() -> &'static Registry {
    let process = std::process::id();
    let mut generation = &FIRST;
    loop {
        let registry = generation.get_or_init(|| {
            Box::new(Registry { process, idle: Mutex::default(), child: OnceLock::new() })
        });
        if registry.process == process {
            return registry;
        }
        generation = &registry.child;
    }
}

/// The variable of ours, which goes before those of others.
const VARIABLE: &str = "SPINGLASS_NUM_THREADS";

/// The threads of a call that asks for none: those of `SPINGLASS_NUM_THREADS`, else the smaller of
/// `RAYON_NUM_THREADS` and `OMP_NUM_THREADS`, which joblib, Dask and batch systems set for the
/// processes that they start; but never more than the affinity and the quota of the control group
/// leave.
///
/// # Errors
/// [`Error::Value`] if the variable of ours has no count. Those of others are passed over then, as
/// their owners do.
pub fn available() -> Result<usize> {
    let wanted = asked_for(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))?;
    let most = available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    Ok(wanted.map_or(most, |count| count.min(most)))
}

/// The threads that the environment asks for.
fn asked_for(variable: impl Fn(&str) -> Option<String>) -> Result<Option<usize>> {
    if let Some(text) = variable(VARIABLE).filter(|text| !text.trim().is_empty()) {
        let count = count_of(&text)
            .ok_or_else(|| Error::expected(VARIABLE, "an integer >= 1", format_args!("{text:?}")));
        return count.map(Some);
    }
    let rayon = variable("RAYON_NUM_THREADS").as_deref().and_then(count_of);
    // A list has the count of each level of nested parallel regions. Ours are the outermost.
    let openmp = variable("OMP_NUM_THREADS")
        .as_deref()
        .and_then(|list| list.split(',').next().and_then(count_of));
    Ok(rayon.into_iter().chain(openmp).min())
}

/// A text as a count, or None if it is not one.
fn count_of(text: &str) -> Option<usize> {
    match text.trim().parse() {
        Ok(count) => Some(count).filter(|&count| count > 0),
        Err(error) => (*error.kind() == IntErrorKind::PosOverflow).then_some(usize::MAX),
    }
}

/// Threads, and whether they have been asked to leave what they are doing.
#[derive(Debug)]
struct Pool {
    threads: ThreadPool,
    cancelled: Arc<AtomicBool>,
}

thread_local! {
    /// The flag of the pool that a thread belongs to.
    static CANCELLED: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
}

/// Whether the pool of this thread has been asked to stop.
pub fn is_cancelled() -> bool {
    CANCELLED.with(|flag| flag.get().is_some_and(|flag| flag.load(Relaxed)))
}

/// A pool in use. It goes back among the idle ones when it is dropped.
#[derive(Debug)]
pub struct Lease {
    registry: &'static Registry,
    pool: Option<Pool>,
}

impl Lease {
    /// Asks the threads to leave what they are doing at the next
    /// [`checkpoint`](crate::control::checkpoint).
    pub fn cancel(&self) {
        if let Some(pool) = &self.pool {
            pool.cancelled.store(true, Relaxed);
        }
    }
}

impl Deref for Lease {
    type Target = ThreadPool;

    fn deref(&self) -> &ThreadPool {
        &self.pool.as_ref().expect("a lease has its pool until it is dropped").threads
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A lease that was copied into a child by a fork has no threads there: it is forgotten.
        match self.pool.take() {
            Some(pool) if self.registry.process == std::process::id() => {
                let mut idle = self.registry.idle.lock().unwrap_or_else(PoisonError::into_inner);
                pool.cancelled.store(false, Relaxed);
                idle.entry(pool.threads.current_num_threads()).or_default().push(pool);
            }
            pool => std::mem::forget(pool),
        }
    }
}

/// The threads of a call that asks for `num_threads`: no more than the process may use. Those beyond
/// would only take each other's time.
///
/// # Errors
/// [`Error::Value`] for a count of zero or above [`MAX_THREADS`].
pub fn at_most(num_threads: usize) -> Result<usize> {
    check_count(num_threads)?;
    Ok(match num_threads {
        1 => 1,
        _ => num_threads.min(available_parallelism().map_or(1, usize::from)),
    })
}

fn check_count(count: usize) -> Result<()> {
    if (1..=MAX_THREADS).contains(&count) {
        return Ok(());
    }
    Err(Error::expected("num_threads", format_args!("between 1 and {MAX_THREADS}"), count))
}

/// A pool of `num_threads` threads, or of [`available`] ones.
///
/// # Errors
/// [`Error::Value`] for a count of zero or above [`MAX_THREADS`], and as [`available`]; [`Error::Memory`] if the system
/// will not start the threads.
pub fn pool(num_threads: Option<usize>) -> Result<Lease> {
    let count = num_threads.map_or_else(available, Ok)?;
    check_count(count)?;
    let registry = registry();
    let mut idle = registry.idle.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = idle.get_mut(&count).and_then(Vec::pop);
    drop(idle);
    let pool = if let Some(pool) = kept {
        pool
    } else {
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = cancelled.clone();
        let threads = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("spinglass-{index}"))
            .start_handler(move |_| {
                // A thread belongs to one pool for all its life.
                let _ = CANCELLED.with(|own| own.set(flag.clone()));
            })
            .build()
            .map_err(|cause| Error::Memory(format!("cannot start {count} threads: {cause}")))?;
        Pool { threads, cancelled }
    };
    Ok(Lease { registry, pool: Some(pool) })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rayon::prelude::*;

    use super::*;
    use crate::control::checkpoint;

    #[test]
    fn a_pool_has_the_threads_asked_for_and_is_one_calls_own() {
        for count in [1, 3] {
            let (first, second) = (pool(Some(count)).unwrap(), pool(Some(count)).unwrap());
            assert_eq!(first.current_num_threads(), count);
            let threads = |lease: &Lease| lease.broadcast(|_| std::thread::current().id());
            assert!(threads(&first).iter().all(|id| !threads(&second).contains(id)));
        }
    }

    #[test]
    fn a_pool_is_used_again() {
        let threads = || pool(Some(5)).unwrap().broadcast(|_| std::thread::current().id());
        assert_eq!(threads(), threads());
    }

    /// What an environment of ours, Rayon's and OpenMP's variable asks for.
    fn asked(ours: &str, rayon: &str, openmp: &str) -> Result<Option<usize>> {
        asked_for(|name| {
            let text = match name {
                VARIABLE => ours,
                "RAYON_NUM_THREADS" => rayon,
                "OMP_NUM_THREADS" => openmp,
                _ => unreachable!("another variable"),
            };
            Some(text.to_owned()).filter(|text| !text.is_empty())
        })
    }

    #[test]
    fn the_environment_asks_for_threads_ours_first_then_the_smaller_of_the_others() {
        assert_eq!(asked("", "", ""), Ok(None));
        assert_eq!(asked("5", "2", "3"), Ok(Some(5)));
        assert_eq!(asked("", "2", "3"), Ok(Some(2)));
        assert_eq!(asked("", "4", "3"), Ok(Some(3)));
        assert_eq!(asked("", "", "3"), Ok(Some(3)));
        assert_eq!(asked(" ", "4", ""), Ok(Some(4)));
    }

    #[test]
    fn lists_and_spaces_are_read_and_what_is_no_count_is_passed_over() {
        for (openmp, count) in [("2,1", 2), (" 4 ", 4), ("4 , 2", 4), ("+3", 3)] {
            assert_eq!(asked("", "", openmp), Ok(Some(count)));
        }
        for text in ["0", "abc", "-1", "2.5", ",2", "0x4", "\u{fffd}"] {
            assert_eq!(asked("", text, text), Ok(None));
            assert_eq!(asked("", text, "3"), Ok(Some(3)));
            let message = asked(text, "2", "2").unwrap_err().to_string();
            let expected = "SPINGLASS_NUM_THREADS must be an integer >= 1, got ";
            assert_eq!(message, format!("{expected}{text:?}"));
        }
        assert_eq!(asked("", "2,1", ""), Ok(None));
        assert_eq!(asked("99999999999999999999999", "", ""), Ok(Some(usize::MAX)));
    }

    #[test]
    fn a_job_that_is_asked_to_stop_leaves_at_its_next_checkpoint_and_the_pool_goes_on() {
        let job = || {
            let lease = pool(Some(6)).unwrap();
            lease.cancel();
            lease.install(|| (0..1000).into_par_iter().panic_fuse().for_each(|_| checkpoint()));
        };
        let left = catch_unwind(AssertUnwindSafe(job)).unwrap_err();
        assert_eq!(left.downcast_ref(), Some(&Error::Cancelled));
        pool(Some(6)).unwrap().install(checkpoint);
        checkpoint();
    }

    #[test]
    fn zero_threads_are_refused_by_name() {
        let message = pool(Some(0)).unwrap_err().to_string();
        assert_eq!(message, "num_threads must be between 1 and 1024, got 0");
    }
}
