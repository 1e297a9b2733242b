//! Square and cubic lattices: bit-coded sweeps of one lattice at a time.
//!
//! Sites of one colour have no neighbours among themselves, so that all of them may be updated at
//! once, 512 in a vector, one bit a spin (multi-spin coding: Creutz, Jacobs and Rebbi, Phys. Rep.
//! 95, 201 (1983); Zorn, Herrmann and Rebbi, Comput. Phys. Commun. 23, 337 (1981)). Two boards hold
//! the spins: `checkerboard.rs` for the square lattice without a field, which is what people
//! measure most, and `coloured.rs` for everything else. Neighbours and random decisions are exact
//! on both; what they do is written one spin at a time in `reference.rs`, and they equal it bit for
//! bit.
//!
//! Metropolis accepts for certain what costs no energy. Colour by colour, a state in which no spin
//! feels a field, such as diagonal stripes, would be reversed by every sweep for ever: such states
//! have 12% of the weight on 2 x 2 sites at beta J = 0.3, 1% on 3 x 3, 10^-4 on 4 x 4, and ever less
//! beyond. So sites [rest](crate::spins::Resting), and all states meet. That is part of the chance of
//! a flip: thresholds are smaller by a factor, and a flip that is otherwise certain is left out where
//! the first two or four random bits of its comparison, which nobody else reads, are all set.

mod board;
mod bonds;
mod chance;
mod checkerboard;
mod coloured;
mod kinds;
mod model;
mod reference;
mod shared;
mod stream;
mod strips;
mod walkers;

pub use model::Lattice;
pub use reference::{Outcome, reference_sweeps};
