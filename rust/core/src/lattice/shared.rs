//! A slice that the members of a team read and write alternately.
//!
//! A phase of a sweep reads one plane of bits and writes another, each member the strips of it that it
//! took; the next phase begins when all strips are finished. The borrow checker cannot see that, so the
//! two borrows that a phase needs are taken here.

use std::{marker::PhantomData, ops::Range};

pub(super) struct Shared<'a, T> {
    pointer: *mut T,
    len: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

// SAFETY: the slice is lent whole for 'a, and its borrowers keep to the promises of `all` and
// `part`, which are those of `&[T]` and `&mut [T]` on other threads.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        Self { pointer: slice.as_mut_ptr(), len: slice.len(), borrowed: PhantomData }
    }

    /// The whole slice, to read.
    ///
    /// # Safety
    /// While the result lives, no thread holds a part.
    pub(super) unsafe fn all(&self) -> &[T] {
        // SAFETY: pointer and length are those of a slice that is lent for 'a; nobody writes to it
        // now, as the caller promises.
        unsafe { std::slice::from_raw_parts(self.pointer, self.len) }
    }

    /// A part of the slice, to write.
    ///
    /// # Safety
    /// While the result lives, no thread holds the whole, or a part that overlaps this one.
    ///
    /// # Panics
    /// If the part leaves the slice.
    #[allow(clippy::mut_from_ref, reason = "that is what the promise of the caller is for")]
    pub(super) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "a part lies within the whole");
        // SAFETY: the part lies within a slice that is lent for 'a, and nobody else holds any of it
        // now, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(range.start), range.len()) }
    }
}
