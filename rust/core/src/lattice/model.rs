//! The nearest-neighbour Ising model on a periodic lattice:
//! `E(s) = -J sum_<ij> s_i s_j - h sum_i s_i` (Ising, Z. Phys. 31, 253 (1925)).
//!
//! Sites are numbered in C order, the last side fastest. A side of 2 has both bonds between its
//! pair, so that every site has two neighbours along every side, on any lattice.

use super::{checkerboard::Checkerboard, coloured::Coloured, walkers};
use crate::{
    content::Content,
    control::Control,
    error::{Error, Result},
    simd::Level,
    spins::{Dynamics, Link, Resting, SpinModel, Start, Walkers, clusters::cluster_walkers},
};

/// The most sides a lattice may have.
pub(super) const MAX_SIDES: usize = 4;

/// A periodic lattice of spins with one coupling and one field.
#[derive(Clone, Debug)]
pub struct Lattice {
    shape: Vec<usize>,
    coupling: f64,
    field: f64,
    level: Level,
}

impl Lattice {
    /// The lattice of this shape: 1 to 4 sides of 2 or more, the last one running fastest.
    ///
    /// # Errors
    /// [`Error::Value`] for another shape or a number that is not finite, [`Error::Memory`] for
    /// more sites than memory can have.
    pub fn new(shape: &[usize], coupling: f64, field: f64, level: Level) -> Result<Self> {
        if !(1..=MAX_SIDES).contains(&shape.len()) || shape.iter().any(|&side| side < 2) {
            return Err(Error::expected(
                "shape",
                format_args!("1 to {MAX_SIDES} sides of 2 or more"),
                format_args!("{shape:?}"),
            ));
        }
        for (name, number) in [("coupling", coupling), ("field", field)] {
            if !number.is_finite() {
                return Err(Error::expected(name, "finite", number));
            }
        }
        // Sums over all bonds, and bytes of the spins, must be far from the end of an i64.
        let sites = shape.iter().try_fold(1usize, |sites, &side| sites.checked_mul(side));
        if sites.is_none_or(|sites| sites > isize::MAX as usize / 64) {
            return Err(Error::Memory(format!("a lattice of shape {shape:?} fits in no memory")));
        }
        Ok(Self { shape: shape.to_vec(), coupling, field, level })
    }

    /// The sides, the last one running fastest.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// J.
    pub fn coupling(&self) -> f64 {
        self.coupling
    }

    /// h.
    pub fn field(&self) -> f64 {
        self.field
    }

    /// The instruction set of the sweeps.
    pub fn level(&self) -> Level {
        self.level
    }

    /// When its sites rest.
    pub(super) fn resting(&self) -> Resting {
        Resting::new(1, |_, visit| {
            (0..2 * self.shape.len()).for_each(|_| visit(self.coupling));
            visit(self.field);
        })
    }

    /// Calls `f` with the two neighbours of `site` along each side.
    #[inline]
    pub fn each_neighbour(&self, site: usize, mut f: impl FnMut(usize)) {
        let mut stride = 1;
        for &side in self.shape.iter().rev() {
            let coordinate = site / stride % side;
            let around = (side - 1) * stride;
            f(if coordinate == 0 { site + around } else { site - stride });
            f(if coordinate == side - 1 { site - around } else { site + stride });
            stride *= side;
        }
    }

    /// The energy of a state with this sum of s_i s_j over bonds and this sum of spins.
    pub(super) fn energy_of(&self, bonds: i64, magnetization: i64) -> f64 {
        // A zero has no sign.
        0.0 - (self.coupling * bonds as f64 + self.field * magnetization as f64)
    }
}

/// The sum of the products of spins.
fn product(a: &[i8], b: &[i8]) -> i64 {
    // Sums of 64 fit in a byte's vector lanes; longer ones would not.
    let pairs = a.chunks(64).zip(b.chunks(64));
    pairs.map(|(a, b)| i64::from(a.iter().zip(b).map(|(&a, &b)| a * b).sum::<i8>())).sum()
}

impl SpinModel for Lattice {
    fn n_spins(&self) -> usize {
        self.shape.iter().product()
    }

    fn energy(&self, spins: &[i8]) -> f64 {
        // The bonds along a side join the sites of a block with those one stride on, and its last
        // ones with its first.
        let (mut bonds, mut stride) = (0, 1);
        for &side in self.shape.iter().rev() {
            for block in spins.chunks(side * stride) {
                let (inner, last) = block.split_at(block.len() - stride);
                bonds += product(inner, &block[stride..]) + product(last, &block[..stride]);
            }
            stride *= side;
        }
        self.energy_of(bonds, spins.iter().map(|&spin| i64::from(spin)).sum())
    }

    fn local_field(&self, spins: &[i8], site: usize) -> f64 {
        let mut sum = 0;
        self.each_neighbour(site, |neighbour| sum += i64::from(spins[neighbour]));
        self.coupling * sum as f64 + self.field
    }

    fn overlaps_are_cheap(&self) -> bool {
        false
    }

    fn keeps_bits(&self, dynamics: Dynamics) -> bool {
        dynamics.is_local()
    }

    fn n_bonds(&self) -> usize {
        if self.coupling == 0.0 { 0 } else { self.n_spins() * self.shape.len() }
    }

    fn links(&self) -> Vec<Link> {
        let (mut links, mut stride) = (Vec::new(), 1);
        let sides: &[usize] = if self.coupling == 0.0 { &[] } else { &self.shape };
        for &side in sides.iter().rev() {
            // The sites of a block are bound to those one stride on, and its last ones to its first.
            let (block, last) = (side * stride, (side - 1) * stride);
            for first in (0..self.n_spins()).step_by(block) {
                links.push(Link { first, second: first + stride, len: last });
                links.push(Link { first, second: first + last, len: stride });
            }
            stride = block;
        }
        links
    }

    fn digest(&self, control: &Control) -> Result<u128> {
        let mut content = Content::of("lattice", control);
        content.counts(&self.shape)?;
        content.numbers(&[self.coupling, self.field])?;
        Ok(content.digest())
    }

    fn walkers<'a>(
        &'a self,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Result<Box<dyn Walkers + 'a>> {
        match dynamics {
            Dynamics::Metropolis | Dynamics::HeatBath => {
                if Checkerboard::fits(self, dynamics) {
                    walkers::start(self, Checkerboard::new(self), start)
                } else {
                    walkers::start(self, Coloured::new(self, dynamics)?, start)
                }
            }
            Dynamics::Wolff | Dynamics::SwendsenWang => cluster_walkers(self, dynamics, start),
        }
    }
}
