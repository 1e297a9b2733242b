//! The way into the core and back: the GIL, Ctrl-C, progress, errors, panics.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

use pyo3::{
    exceptions::{
        PyKeyboardInterrupt, PyMemoryError, PyOverflowError, PyRuntimeError, PyValueError,
    },
    prelude::*,
};
use spinglass_core::{
    control::Control,
    error::{Error, Result},
    threads,
};

/// How often the waiting thread looks for Ctrl-C and shows progress.
const TICK: Duration = Duration::from_millis(100);

/// The Python exception of a core error: in one place.
pub fn raise(error: Error) -> PyErr {
    match error {
        Error::Value(message) => PyValueError::new_err(message),
        Error::Overflow(message) => PyOverflowError::new_err(message),
        Error::Memory(message) => PyMemoryError::new_err(message),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
    }
}

/// Runs `job` on a pool of `num_threads`, without the GIL.
///
/// The calling thread waits, and every tenth of a second runs Python's signal handlers and calls
/// `progress(done, total)`. If either raises, the job is cancelled, waited for, and the exception
/// is passed on.
pub fn enter<T: Send>(
    py: Python<'_>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    control: &Control,
    job: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let (mut job, mut value) = (Some(job), None);
    wait(py, num_threads, progress, control, &mut || {
        value = job.take().map(|job| job()).transpose()?;
        Ok(())
    })?;
    value.ok_or_else(vanished)
}

/// [`enter`] for a job that keeps its value: compiled once for all jobs.
fn wait(
    py: Python<'_>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    control: &Control,
    job: &mut (dyn FnMut() -> Result<()> + Send),
) -> PyResult<()> {
    let count = num_threads.map(threads::at_most).transpose().map_err(raise)?;
    let pool = threads::pool(count).map_err(raise)?;
    let process = std::process::id();
    let progress = progress.map(|callback| callback.clone().unbind());
    let report = |py: Python<'_>| match &progress {
        Some(callback) => callback.call1(py, control.progress()).map(drop),
        None => Ok(()),
    };
    let (outcome, interruption) = py.detach(|| {
        let (sender, receiver) = channel();
        pool.in_place_scope(|scope| {
            scope.spawn(move |_| {
                // The receiver outlives the scope's tasks, so the message always arrives.
                let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
            });
            let mut interruption = None;
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok(outcome) => break (Some(outcome), interruption),
                    Err(RecvTimeoutError::Disconnected) => break (None, interruption),
                    Err(RecvTimeoutError::Timeout) if interruption.is_none() => {
                        let tick = Python::attach(|py| {
                            let seen = py.check_signals().and_then(|()| report(py));
                            if std::process::id() != process {
                                leave_child(py);
                            }
                            seen
                        });
                        if let Err(error) = tick {
                            control.cancel();
                            pool.cancel();
                            interruption = Some(error);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    });
    if let Some(error) = interruption {
        return Err(error);
    }
    match outcome {
        // Ctrl-C since the last tick, which would strike wherever Python is next.
        Some(Ok(Ok(()))) => report(py).and_then(|()| py.check_signals()),
        Some(Ok(Err(error))) => Err(raise(error)),
        Some(Err(panic)) => Err(internal_error(&*panic)),
        None => Err(vanished()),
    }
}

/// Ends a process that a callback has forked off and that came back from it. The threads which do the
/// work are in its parent, so that here the call can neither go on nor end.
fn leave_child(py: Python<'_>) {
    PyRuntimeError::new_err(
        "a process that is forked within a progress callback must end there, as by os._exit(0): the \
         call goes on in its parent alone",
    )
    .print(py);
    let left = py.import("os").and_then(|os| os.call_method1("_exit", (1,)));
    if left.is_err() {
        std::process::abort();
    }
}

fn vanished() -> PyErr {
    PyRuntimeError::new_err("internal error in spinglass: the worker vanished")
}

/// Runs a job of well under a millisecond on the calling thread, without the GIL. No pool is woken,
/// and Ctrl-C is noticed after it.
pub fn enter_alone<T: Send>(py: Python<'_>, job: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(job))) {
        Ok(outcome) => outcome.map_err(raise),
        Err(panic) => Err(internal_error(&*panic)),
    }
}

/// A panic is a defect of ours, never the caller's: it becomes an error that says so.
fn internal_error(panic: &(dyn Any + Send)) -> PyErr {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown");
    PyRuntimeError::new_err(format!("internal error in spinglass, please report it: {message}"))
}
