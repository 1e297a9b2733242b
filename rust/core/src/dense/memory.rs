//! Large pieces of memory, which the system may refuse.

use crate::error::{Error, Result};

/// `count` copies of `value`, for `what`; no count is one that overflows.
pub(super) fn zeros<T: Clone>(count: Option<usize>, value: T, what: &str) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    let bytes = count.and_then(|count| count.checked_mul(size_of::<T>()));
    if bytes.is_none_or(|_| memory.try_reserve_exact(count.unwrap_or(0)).is_err()) {
        return Err(Error::Memory(match bytes {
            Some(bytes) => format!("{what} need {:.1} GB", bytes as f64 / 1e9),
            None => format!("{what} need more bytes than can be counted"),
        }));
    }
    memory.resize(count.unwrap_or(0), value);
    Ok(memory)
}
