//! A thread pool of our own.
//!
//! Rayon's global pool belongs to the whole process and does not survive a fork: its threads are
//! gone in the child, but the pool still waits for them. Ours are kept by (process, thread count),
//! so a forked child makes new ones and never touches what its parent held, locks included.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread::available_parallelism,
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// The most threads a call may ask for: more than any machine has cores, far fewer than a system
/// refuses to start.
pub const MAX_THREADS: usize = 1024;

/// The pools of one process, and the registry of its forked child, should it become one.
struct Registry {
    process: u32,
    pools: Mutex<HashMap<usize, Arc<ThreadPool>>>,
    child: OnceLock<Box<Registry>>,
}

static FIRST: OnceLock<Box<Registry>> = OnceLock::new();

fn registry() -> &'static Registry {
    let process = std::process::id();
    let mut generation = &FIRST;
    loop {
        let registry = generation.get_or_init(|| {
            Box::new(Registry { process, pools: Mutex::default(), child: OnceLock::new() })
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

/// The pool of `num_threads` threads, or of all that the process may use.
///
/// # Errors
/// [`Error::Value`] for a count of zero or above [`MAX_THREADS`], [`Error::Memory`] if the system
/// will not start the threads.
pub fn pool(num_threads: Option<usize>) -> Result<Arc<ThreadPool>> {
    let count = num_threads.unwrap_or_else(available);
    if !(1..=MAX_THREADS).contains(&count) {
        return Err(Error::expected(
            "num_threads",
            format_args!("between 1 and {MAX_THREADS}"),
            count,
        ));
    }
    let mut pools = registry().pools.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&count) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|index| format!("spinglass-{index}"))
        .build()
        .map_err(|cause| Error::Memory(format!("cannot start {count} threads: {cause}")))?;
    let pool = Arc::new(pool);
    pools.insert(count, Arc::clone(&pool));
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_the_threads_asked_for_and_is_kept() {
        for count in [1, 3] {
            let first = pool(Some(count)).unwrap();
            assert_eq!(first.current_num_threads(), count);
            assert!(Arc::ptr_eq(&first, &pool(Some(count)).unwrap()));
        }
    }

    #[test]
    fn zero_threads_are_refused_by_name() {
        let message = pool(Some(0)).unwrap_err().to_string();
        assert_eq!(message, "num_threads must be between 1 and 1024, got 0");
    }
}
