//! Large pieces of memory, which the system may refuse.

use crate::{
    control::checkpoint,
    error::{Error, Result},
};

/// Elements that are written between two looks at whether to stop.
const PIECE: usize = 1 << 20;

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
    let count = count.unwrap_or(0);
    while memory.len() < count {
        memory.resize(count.min(memory.len() + PIECE), value.clone());
        checkpoint();
    }
    Ok(memory)
}
