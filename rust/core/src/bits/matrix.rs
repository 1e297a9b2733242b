//! The storage of a bit matrix: a vector, an anonymous map for large ones, or somebody's bytes.

use memmap2::MmapMut;

use super::{CHUNK_BITS, Chunk};
use crate::error::{Error, Result};

/// Above this many bytes the storage is an anonymous map: its pages are zeroed when first written,
/// by the threads that fill them, and the system may make them huge.
const MAP_ABOVE: usize = 1 << 21;

/// Bytes that the core reads but does not own, such as a mapped file.
pub type SharedBytes = Box<dyn AsRef<[u8]> + Send + Sync>;

enum Storage {
    Vector(Vec<Chunk>),
    Map(MmapMut),
    Shared(SharedBytes),
}

/// A matrix of `n_rows` rows of `n_bits` bits, each row padded to whole chunks.
///
/// The padding of a matrix made here is zero. Of shared bytes it is what their owner wrote; the
/// kernels mask it wherever it could count.
pub struct BitMatrix {
    n_rows: usize,
    n_bits: usize,
    storage: Storage,
}

impl BitMatrix {
    /// A matrix of zeros.
    ///
    /// # Errors
    /// [`Error::Memory`] if the system will not give the memory.
    pub fn zeros(n_rows: usize, n_bits: usize) -> Result<Self> {
        let stride = n_bits.div_ceil(CHUNK_BITS);
        let refused = || {
            let bytes = n_rows as f64 * stride as f64 * size_of::<Chunk>() as f64;
            Error::Memory(format!(
                "{n_bits} patterns of {n_rows} spins need {:.1} GB, which the system refused",
                bytes * 1e-9
            ))
        };
        let chunks = n_rows.checked_mul(stride).ok_or_else(refused)?;
        let bytes = chunks.checked_mul(size_of::<Chunk>()).ok_or_else(refused)?;
        let storage = if bytes > MAP_ABOVE {
            let map = MmapMut::map_anon(bytes).map_err(|_| refused())?;
            // Only advice: without huge pages the same bits come more slowly.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            Storage::Map(map)
        } else {
            Storage::Vector(vec![Chunk::default(); chunks])
        };
        Ok(Self { n_rows, n_bits, storage })
    }

    /// The matrix that stands in `bytes`, row after row, as [`BitMatrix::as_bytes`] wrote it.
    ///
    /// # Errors
    /// [`Error::Value`] if the length is not that of such a matrix, or the bytes are not aligned
    /// to 64.
    pub fn from_shared(n_rows: usize, n_bits: usize, bytes: SharedBytes) -> Result<Self> {
        let length = (*bytes).as_ref().len();
        let expected = n_bits
            .div_ceil(CHUNK_BITS)
            .checked_mul(n_rows)
            .and_then(|chunks| chunks.checked_mul(size_of::<Chunk>()));
        if expected != Some(length) {
            return Err(Error::Value(format!(
                "{n_bits} patterns of {n_rows} spins take {} bytes, got {length}",
                expected.map_or("too many".to_string(), |bytes| bytes.to_string())
            )));
        }
        if !(*bytes).as_ref().as_ptr().addr().is_multiple_of(align_of::<Chunk>()) {
            return Err(Error::Value("packed patterns must be aligned to 64 bytes".into()));
        }
        Ok(Self { n_rows, n_bits, storage: Storage::Shared(bytes) })
    }

    /// Rows of the matrix.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Bits in a row, padding not counted.
    pub fn n_bits(&self) -> usize {
        self.n_bits
    }

    /// Chunks in a row.
    pub fn stride(&self) -> usize {
        self.n_bits.div_ceil(CHUNK_BITS)
    }

    /// All chunks, row after row.
    #[inline]
    pub fn chunks(&self) -> &[Chunk] {
        match &self.storage {
            Storage::Vector(chunks) => chunks,
            Storage::Map(map) => as_chunks(map),
            Storage::Shared(bytes) => as_chunks((**bytes).as_ref()),
        }
    }

    /// All chunks, to be filled.
    ///
    /// # Panics
    /// If the bytes are shared: what is mapped from a file is never written.
    pub fn chunks_mut(&mut self) -> &mut [Chunk] {
        match &mut self.storage {
            Storage::Vector(chunks) => chunks,
            Storage::Map(map) => {
                // SAFETY: `Chunk` is plain integers, and any bytes are a value of it.
                let (before, chunks, after) = unsafe { map.align_to_mut::<Chunk>() };
                assert!(before.is_empty() && after.is_empty(), "maps are aligned to pages");
                chunks
            }
            Storage::Shared(_) => panic!("shared patterns are read-only"),
        }
    }

    /// The bytes of all rows.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: every byte of a `Chunk` is initialised, and a byte has no alignment.
        let (before, bytes, after) = unsafe { self.chunks().align_to::<u8>() };
        debug_assert!(before.is_empty() && after.is_empty());
        bytes
    }

    /// A view of the rows, for loops that fetch many.
    #[inline]
    pub fn rows(&self) -> Rows<'_> {
        Rows { chunks: self.chunks(), stride: self.stride() }
    }

    /// Bit `k` of row `i`.
    pub fn get(&self, i: usize, k: usize) -> bool {
        self.rows().bit(i, k)
    }
}

/// The rows of a [`BitMatrix`].
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    chunks: &'a [Chunk],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Row `i`.
    #[inline]
    pub fn row(self, i: usize) -> &'a [Chunk] {
        &self.chunks[i * self.stride..][..self.stride]
    }

    /// The `count` chunks of row `i` from number `first` on.
    #[inline]
    pub(super) fn part(self, i: usize, first: usize, count: usize) -> &'a [Chunk] {
        &self.chunks[i * self.stride + first..][..count]
    }

    /// Bit `k` of row `i`.
    #[inline]
    pub fn bit(self, i: usize, k: usize) -> bool {
        self.chunks[i * self.stride + k / CHUNK_BITS].bit(k % CHUNK_BITS)
    }

    /// Chunks in a row.
    #[inline]
    pub fn stride(self) -> usize {
        self.stride
    }

    /// Rows in the view.
    #[inline]
    pub fn n_rows(self) -> usize {
        self.chunks.len().checked_div(self.stride).unwrap_or(0)
    }
}

fn as_chunks(bytes: &[u8]) -> &[Chunk] {
    // SAFETY: `Chunk` is plain integers, and any bytes are a value of it.
    let (before, chunks, after) = unsafe { bytes.align_to::<Chunk>() };
    assert!(before.is_empty() && after.is_empty(), "checked when the matrix was made");
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_matrix_holds_what_a_small_one_holds() {
        // Both sides of MAP_ABOVE.
        for n_rows in [100, 40_000] {
            let mut matrix = BitMatrix::zeros(n_rows, 700).unwrap();
            assert!(matrix.chunks().iter().all(|&chunk| chunk == Chunk::default()));
            let stride = matrix.stride();
            matrix.chunks_mut()[(n_rows - 1) * stride + 1].set_bit(699 - 512, true);
            assert!(matrix.get(n_rows - 1, 699));
            assert!(!matrix.get(n_rows - 1, 698));
            let bytes = matrix.as_bytes();
            assert_eq!(bytes.len(), n_rows * 128);
            assert_eq!(bytes.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
        }
    }

    #[test]
    fn shared_bytes_of_another_length_are_refused() {
        let message = BitMatrix::from_shared(3, 5, Box::new(vec![0u8; 100])).err().unwrap();
        assert_eq!(message.to_string(), "5 patterns of 3 spins take 192 bytes, got 100");
    }

    #[test]
    fn an_impossible_size_is_an_error_and_no_crash() {
        assert!(matches!(BitMatrix::zeros(usize::MAX / 2, 1000), Err(Error::Memory(_))));
    }
}
