//! Rows of data for the visible layer: bits where they are exactly 0 and 1, floats otherwise.

use super::kernels::{Kernels, UNITS};
use crate::{
    error::{Error, Result},
    simd::Level,
};

/// Rows of data.
#[derive(Debug)]
pub struct Data {
    n_rows: usize,
    n_visible: usize,
    pub(in crate::rbm) values: Values,
}

/// A number that data may come as.
pub trait Value: Copy + Sealed {
    /// As it is used where it is neither 0 nor 1.
    fn real(self) -> f32;
}

/// What packs a row, and says whether all of it is 0 or 1.
type Pack<T> = fn(&[T], &mut [u32]) -> bool;

mod sealed {
    /// Only types with a kernel are values.
    pub trait Sealed: Sized {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "nobody outside can name the table of kernels")]
        fn pack(kernels: &super::Kernels) -> super::Pack<Self>;
    }
}
use sealed::Sealed;

/// Values of a type, the kernel that packs them, and how they become floats.
macro_rules! values {
    ($($type:ty: $pack:ident, $real:expr;)*) => {$(
        impl Sealed for $type {
            #[allow(private_interfaces, reason = "nobody outside can name the table of kernels")]
            fn pack(kernels: &Kernels) -> Pack<Self> {
                kernels.$pack
            }
        }
        impl Value for $type {
            fn real(self) -> f32 {
                $real(self)
            }
        }
    )*};
}

values! {
    u8: pack_u8, f32::from;
    f32: pack_f32, |value| value;
    f64: pack_f64, |value| value as f32;
}

#[derive(Debug)]
pub(in crate::rbm) enum Values {
    /// Words of 32 units, row after row.
    Bits(Vec<u32>),
    /// Real numbers, row after row.
    Real(Vec<f32>),
}

impl Data {
    /// The rows in `values`, each of `n_visible` numbers.
    ///
    /// # Errors
    /// [`Error::Value`] if a number is not finite.
    pub fn new<T: Value>(values: &[T], n_visible: usize, level: Level) -> Result<Self> {
        let mut data = Self::empty(n_visible);
        data.extend(values, level)?;
        Ok(data)
    }

    /// No rows, of `n_visible` numbers each.
    pub fn empty(n_visible: usize) -> Self {
        Self { n_rows: 0, n_visible, values: Values::Bits(Vec::new()) }
    }

    /// Appends the rows in `values`.
    ///
    /// # Errors
    /// [`Error::Value`] if a number is not finite.
    pub fn extend<T: Value>(&mut self, values: &[T], level: Level) -> Result<()> {
        let n_rows = values.len().checked_div(self.n_visible).unwrap_or(0);
        if let Values::Bits(bits) = &mut self.values {
            let blocks = self.n_visible.div_ceil(UNITS);
            let first = bits.len();
            bits.resize(first + n_rows * blocks, 0);
            let pack = T::pack(Kernels::of(level));
            let words = bits[first..].chunks_exact_mut(blocks.max(1));
            let mut rows = values.chunks_exact(self.n_visible.max(1)).zip(words);
            if rows.all(|(row, words)| pack(row, words)) {
                self.n_rows += n_rows;
                return Ok(());
            }
            self.values = Values::Real(self.unpacked());
        }
        if let Values::Real(reals) = &mut self.values {
            let first = reals.len();
            reals.extend(values.iter().map(|&value| value.real()));
            if let Some(value) = reals[first..].iter().find(|value| !value.is_finite()) {
                return Err(Error::expected(
                    "X",
                    "finite (and within the range of float32)",
                    value,
                ));
            }
        }
        self.n_rows += n_rows;
        Ok(())
    }

    /// The rows that are bits so far, as numbers.
    fn unpacked(&self) -> Vec<f32> {
        let units = (0..self.n_rows).flat_map(|row| (0..self.n_visible).map(move |i| (row, i)));
        units.map(|(row, i)| (self.word(row, i / UNITS) >> (i % UNITS) & 1) as f32).collect()
    }

    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Numbers in a row.
    pub fn n_visible(&self) -> usize {
        self.n_visible
    }

    /// Whether all numbers are exactly 0 or 1.
    pub fn is_binary(&self) -> bool {
        matches!(self.values, Values::Bits(_))
    }

    /// Word `tile` of row `row`; zero for real data.
    #[inline]
    pub(in crate::rbm) fn word(&self, row: usize, tile: usize) -> u32 {
        match &self.values {
            Values::Bits(bits) => bits[row * self.n_visible.div_ceil(UNITS) + tile],
            Values::Real(_) => 0,
        }
    }

    /// The numbers of rows `first` to `first + rows`, if they are real.
    pub(in crate::rbm) fn real(&self, first: usize, rows: usize) -> Option<&[f32]> {
        match &self.values {
            Values::Bits(_) => None,
            Values::Real(values) => {
                Some(&values[first * self.n_visible..(first + rows) * self.n_visible])
            }
        }
    }

    /// The words of rows `first` to `first + rows`, tile after tile; none for real data.
    pub(in crate::rbm) fn read(&self, first: usize, rows: usize, out: &mut Vec<u32>) {
        out.clear();
        if let Values::Bits(bits) = &self.values {
            let blocks = self.n_visible.div_ceil(UNITS);
            for tile in 0..blocks {
                out.extend((first..first + rows).map(|row| bits[row * blocks + tile]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_binary_rows_become_bits() {
        let rows: Vec<u8> = (0..3 * 40).map(|k| u8::from(k % 7 == 0)).collect();
        let floats: Vec<f64> = rows.iter().map(|&bit| f64::from(bit)).collect();
        for level in Level::available() {
            for data in
                [Data::new(&rows, 40, level).unwrap(), Data::new(&floats, 40, level).unwrap()]
            {
                assert!(data.is_binary());
                assert_eq!((data.n_rows(), data.n_visible()), (3, 40));
                for (k, &bit) in rows.iter().enumerate() {
                    let word = data.word(k / 40, k % 40 / 32);
                    assert_eq!(word >> (k % 40 % 32) & 1, u32::from(bit));
                }
            }
        }
    }

    #[test]
    fn rows_in_pieces_are_those_in_one() {
        let rows: Vec<f64> = (0..9 * 40).map(|k| f64::from(u8::from(k % 7 == 0))).collect();
        for last in [0.0, 1.0, 0.25] {
            let mut rows = rows.clone();
            *rows.last_mut().unwrap() = last;
            for level in Level::available() {
                let whole = Data::new(&rows, 40, level).unwrap();
                let mut pieces = Data::empty(40);
                for piece in rows.chunks(3 * 40) {
                    pieces.extend(piece, level).unwrap();
                }
                assert_eq!((pieces.n_rows(), pieces.is_binary()), (9, last.fract() == 0.0));
                assert_eq!(pieces.real(0, 9), whole.real(0, 9));
                assert!(
                    (0..9).all(|row| (0..2).all(|k| pieces.word(row, k) == whole.word(row, k)))
                );
            }
        }
    }

    #[test]
    fn other_rows_stay_real_and_must_be_finite() {
        for level in Level::available() {
            let data = Data::new(&[0.0, 0.5, 1.0, 1.5f64], 2, level).unwrap();
            assert!(!data.is_binary());
            assert_eq!(data.real(1, 1), Some(&[1.0, 1.5][..]));
            assert!(!Data::new(&[0u8, 2], 2, level).unwrap().is_binary());
            let nearly = Data::new(&[0.0, 1.0 - 1e-12f64], 2, level).unwrap();
            assert!(!nearly.is_binary());
            let message = Data::new(&[0.0, f64::NAN], 2, level).unwrap_err().to_string();
            assert!(message.starts_with("X must be finite"), "{message}");
        }
    }
}
