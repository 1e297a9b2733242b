//! A digest of what a model holds: a run that goes on tells its own model from another by it.
//!
//! The same numbers have the same 128 bits on any machine and any number of threads. It is a
//! checksum (XXH3): nobody's security hangs on it.

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use crate::{control::Control, error::Result};

/// Values that are hashed together. Part of the digest's definition.
const BLOCK: usize = 1 << 14;

/// The parts of a model, taken in one after the other.
pub struct Content<'a> {
    parts: Xxh3Default,
    control: &'a Control,
}

impl<'a> Content<'a> {
    /// Nothing yet of a model of this kind. Kinds differ in what their sweeps draw.
    pub fn of(kind: &str, control: &'a Control) -> Self {
        let mut parts = Xxh3Default::new();
        parts.update(kind.as_bytes());
        Self { parts, control }
    }

    /// Takes in lengths or places.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn counts(&mut self, counts: &[usize]) -> Result<()> {
        self.values(counts, |count| (count as u64).to_le_bytes())
    }

    /// Takes in numbers of sites.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn sites(&mut self, sites: &[u32]) -> Result<()> {
        self.values(sites, u32::to_le_bytes)
    }

    /// Takes in real numbers; -0 is 0.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn numbers(&mut self, numbers: &[f64]) -> Result<()> {
        self.values(numbers, |number| (number + 0.0).to_le_bytes())
    }

    /// Takes in fields, which are no part of the model where all are zero.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn fields(&mut self, fields: &[f64]) -> Result<()> {
        let present = fields.iter().any(|&field| field != 0.0);
        self.numbers(if present { fields } else { &[] })
    }

    /// Takes in bytes.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.blocks(bytes, xxh3_128)
    }

    /// The digest of all that was taken in.
    pub fn digest(&self) -> u128 {
        self.parts.digest128()
    }

    fn values<T: Copy + Sync, const BYTES: usize>(
        &mut self,
        values: &[T],
        bytes: impl Fn(T) -> [u8; BYTES] + Sync,
    ) -> Result<()> {
        self.blocks(values, |block| {
            let mut written = vec![[0; BYTES]; block.len()];
            written.iter_mut().zip(block).for_each(|(place, &value)| *place = bytes(value));
            xxh3_128(written.as_flattened())
        })
    }

    fn blocks<T: Sync>(&mut self, values: &[T], hash: impl Fn(&[T]) -> u128 + Sync) -> Result<()> {
        let control = self.control;
        let blocks = values.par_chunks(BLOCK).map(|block| control.check().map(|()| hash(block)));
        let digests = blocks.collect::<Result<Vec<_>>>()?;
        // The length says where a part ends.
        self.parts.update(&(values.len() as u64).to_le_bytes());
        for digest in digests {
            self.parts.update(&digest.to_le_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(fill: impl Fn(&mut Content<'_>) -> Result<()>) -> u128 {
        let control = Control::default();
        let mut content = Content::of("test", &control);
        fill(&mut content).unwrap();
        content.digest()
    }

    #[test]
    fn the_digest_is_that_of_the_numbers() {
        let numbers: Vec<f64> = (0..3 * BLOCK / 2).map(|k| k as f64 - 5.0).collect();
        let once = digest(|content| content.numbers(&numbers));
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(alone.install(|| digest(|content| content.numbers(&numbers))), once);
        for place in [0, BLOCK - 1, BLOCK, numbers.len() - 1] {
            let mut other = numbers.clone();
            other[place] += 1e-9;
            assert_ne!(digest(|content| content.numbers(&other)), once);
        }
        let mut negative = numbers.clone();
        negative[5] = -0.0;
        assert_eq!(digest(|content| content.numbers(&negative)), once);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let split = |first: &[u32], second: &[u32]| {
            digest(|content| content.sites(first).and_then(|()| content.sites(second)))
        };
        assert_ne!(split(&[1, 2], &[3]), split(&[1], &[2, 3]));
        assert_ne!(split(&[1, 2, 3], &[]), split(&[], &[1, 2, 3]));
    }

    #[test]
    fn fields_that_are_zero_are_none() {
        let none = digest(|content| content.fields(&[]));
        assert_eq!(digest(|content| content.fields(&[0.0, -0.0])), none);
        assert_ne!(digest(|content| content.fields(&[0.0, 1.0])), none);
    }

    /// Other versions of the package must tell the same model from a stored run.
    #[test]
    fn the_digest_does_not_change_between_versions() {
        let digest = digest(|content| content.numbers(&[0.5, -2.0]));
        assert_eq!(format!("{digest:032x}"), "a09bb12c9b211807d98fd5523fe0a016");
    }
}
