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
    collections::HashMap,
    ops::Deref,
    sync::{Mutex, OnceLock, PoisonError},
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
    idle: Mutex<HashMap<usize, Vec<ThreadPool>>>,
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

/// The threads that this process may use: `RAYON_NUM_THREADS`, or its affinity and quota.
pub fn available() -> usize {
    std::env::var("RAYON_NUM_THREADS")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|&count| count > 0)
        .unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
        .min(MAX_THREADS)
}

/// A pool in use. It goes back among the idle ones when it is dropped.
#[derive(Debug)]
pub struct Lease {
    registry: &'static Registry,
    pool: Option<ThreadPool>,
}

impl Deref for Lease {
    type Target = ThreadPool;

    fn deref(&self) -> &ThreadPool {
        self.pool.as_ref().expect("a lease has its pool until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A lease that was copied into a child by a fork has no threads there: it is forgotten.
        match self.pool.take() {
            Some(pool) if self.registry.process == std::process::id() => {
                let mut idle = self.registry.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.entry(pool.current_num_threads()).or_default().push(pool);
            }
            pool => std::mem::forget(pool),
        }
    }
}

/// A pool of `num_threads` threads, or of all that the process may use.
///
/// # Errors
/// [`Error::Value`] for a count of zero or above [`MAX_THREADS`], [`Error::Memory`] if the system
/// will not start the threads.
pub fn pool(num_threads: Option<usize>) -> Result<Lease> {
    let count = num_threads.unwrap_or_else(available);
    if !(1..=MAX_THREADS).contains(&count) {
        return Err(Error::expected(
            "num_threads",
            format_args!("between 1 and {MAX_THREADS}"),
            count,
        ));
    }
    let registry = registry();
    let mut idle = registry.idle.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = idle.get_mut(&count).and_then(Vec::pop);
    drop(idle);
    let pool = match kept {
        Some(pool) => pool,
        None => ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("spinglass-{index}"))
            .build()
            .map_err(|cause| Error::Memory(format!("cannot start {count} threads: {cause}")))?,
    };
    Ok(Lease { registry, pool: Some(pool) })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn zero_threads_are_refused_by_name() {
        let message = pool(Some(0)).unwrap_err().to_string();
        assert_eq!(message, "num_threads must be between 1 and 1024, got 0");
    }
}
