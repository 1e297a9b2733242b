//! An energy landscape: local minima, their basins, and the barriers between them.
//!
//! The landscape is the energies of all 2^N states; states that differ in one spin are neighbours.
//! State number k has spin i up if bit N-1-i of k is set. States are ordered by energy, those of
//! equal energy by the smaller of two numbers, their own and that of the state with all spins flipped,
//! and those two by their own. So of any two states one is the *lower*, and flipping all spins
//! changes no order but that of two such states. Energies within a tolerance t count as equal:
//!
//! - The *plateau* of a state of energy E are all states that paths from it reach without rising
//!   above E + t. A state is a *local minimum* if it is the lowest of its plateau. Plateaus of
//!   different minima have no state in common. A minimum is named after the first state of its
//!   plateau, whatever noise below t says about their energies.
//! - *Descent*: a state moves to the lowest of its neighbours, until none is lower than itself. It may
//!   end on a shelf, a state with no lower neighbour which is no minimum, as its plateau has a way
//!   down. Then it goes on over the lowest state that joins the shelf with something lower,
//!   from the lowest neighbour of that state which lies there. The *basin* of a minimum is all
//!   states whose descents end in it.
//! - *Symmetry*: without fields, where flipping all spins changes no energy, states with the first
//!   spin up descend as their mirror images do, in the mirror: minima that are mirror images have equal
//!   basins. The order alone does not see to that where mirror images are rivals: with two spins
//!   both neighbours of a state are, and the ways down from a plateau may be.
//! - *Barriers*: flood the landscape by adding states in their order. A state that joins separate
//!   lakes is a *saddle*, the lowest one between their minima: each pair of minima has its barrier,
//!   min over paths of the highest energy on the way. The joins are a tree.
//!
//! O. M. Becker, M. Karplus, J. Chem. Phys. 106, 1495 (1997), for the tree of barriers; T. Klotz,
//! S. Kobe, J. Phys. A 27, L95 (1994), for spin glasses; C. Flamm, I. L. Hofacker, P. F. Stadler,
//! M. T. Wolfinger, Z. Phys. Chem. 216, 155 (2002), for flooding and degenerate states.
//!
//! `descent.rs` finds where states descend to, `bands.rs` cuts the energies into bands of a size
//! that can be sorted, `flood.rs` joins the lakes, `plateaus.rs` walks over plateaus, `rows.rs` puts
//! the minima in order. All need integers alone, so any number of threads gives the same landscape.

mod bands;
mod descent;
mod flood;
mod plateaus;
mod rows;

use rayon::prelude::*;

use crate::{
    control::Control,
    error::{Error, Result},
};

/// The most spins: 2^28 states take 4 GB and about a minute.
pub const MOST_SPINS: usize = 28;

/// How many times the progress of a landscape counts every state.
pub const PASSES: u64 = 4;

/// Energies lie between minus and plus this: their differences are integers of 64 bits.
const LARGEST: i64 = 1 << 62;

/// States of one task: their energies fit in the nearest caches.
const BLOCK_BITS: usize = 12;

/// A local minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minimum {
    /// The first state of its plateau: of lowest number in a landscape without symmetry; in one with
    /// it of lowest [`rank`], so that mirror images have states that are mirror images.
    pub state: u32,
    /// The lowest energy of its plateau.
    pub energy: i64,
    /// The states of its plateau.
    pub plateau: u64,
    /// The states of its basin.
    pub basin: u64,
}

/// Two lakes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The energy of the saddle.
    pub energy: i64,
    /// The number of the saddle.
    pub state: u32,
    /// The two lakes, the one with the lower minimum first: number k below the number M of minima
    /// is that of minimum k alone, number M + k is what merge k made.
    pub lakes: [u32; 2],
}

/// All local minima of a landscape, and the tree of barriers between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landscape {
    /// The minima, the lowest one first; those of equal energy by their states.
    pub minima: Vec<Minimum>,
    /// The merges, by their saddles, the lowest one first: one fewer than there are minima.
    pub merges: Vec<Merge>,
}

impl Landscape {
    /// The landscape of `energies`, one for each state of `n_spins` spins. The progress of
    /// `control` is in states, of which there are [`PASSES`] times as many as energies.
    ///
    /// It takes 5 bytes a state, and for the time of a flood some 16 bytes for each state of a band.
    ///
    /// # Errors
    /// [`Error::Value`] for no spins, more than [`MOST_SPINS`], another number of energies than
    /// states, energies of 2^62 or more, or a negative tolerance; [`Error::Memory`],
    /// [`Error::Cancelled`].
    pub fn new(
        n_spins: usize,
        energies: &[i64],
        tolerance: i64,
        control: &Control,
    ) -> Result<Self> {
        validate(n_spins, energies, tolerance)?;
        let states = 1u64 << n_spins;
        let steps = descent::steps(n_spins, energies, control)?;
        let rests = descent::rests(n_spins, &steps, energies, control)?;
        let basins = descent::basins(&steps, &rests, control)?;
        drop(steps);
        let flooded = flood::flood(n_spins, energies, tolerance, &rests, &basins, control)?;
        let lowest: Vec<u32> = flooded.minima.iter().map(|&rest| rests[rest as usize]).collect();
        let order = Order { n_spins, symmetric: is_symmetric(energies) };
        let sizes = descent::sizes(order, &basins, &flooded.minimum_of, &lowest, control)?;
        let plateaus = plateaus::plateaus(order, energies, tolerance, &lowest, control)?;
        let (done, total) = (control.progress().0, PASSES * states);
        control.advance(total.saturating_sub(done));
        let minima = lowest
            .iter()
            .zip(sizes.iter().zip(&plateaus))
            .map(|(&lowest, (&basin, &(state, plateau)))| Minimum {
                state,
                energy: energies[lowest as usize],
                plateau,
                basin,
            })
            .collect();
        let mut found = Self { minima, merges: flooded.merges };
        rows::sort(order, tolerance, &mut found);
        Ok(found)
    }
}

/// Which of states that count as equal is the first.
#[derive(Clone, Copy)]
struct Order {
    n_spins: usize,
    /// Whether flipping all spins changes no energy.
    symmetric: bool,
}

impl Order {
    /// The state with all spins flipped.
    fn flipped(self, state: u32) -> u32 {
        !state & (u32::MAX >> (32 - self.n_spins))
    }

    /// What the states that count as equal are ordered by.
    fn place(self, state: u32) -> u32 {
        if self.symmetric { rank(self.n_spins, state) } else { state }
    }
}

/// Whether flipping all spins changes no energy.
fn is_symmetric(energies: &[i64]) -> bool {
    let (one, other) = energies.split_at(energies.len() / 2);
    one.par_iter().zip(other.par_iter().rev()).all(|(one, other)| one == other)
}

/// The place of a state among all of the same energy: it and its mirror image are next to each other.
pub fn rank(n_spins: usize, state: u32) -> u32 {
    let flipped = !state & (u32::MAX >> (32 - n_spins));
    if state < flipped { 2 * state } else { 2 * flipped + 1 }
}

/// The state of a rank.
fn ranked(n_spins: usize, rank: u32) -> u32 {
    let state = rank / 2;
    if rank.is_multiple_of(2) { state } else { !state & (u32::MAX >> (32 - n_spins)) }
}

fn validate(n_spins: usize, energies: &[i64], tolerance: i64) -> Result<()> {
    if !(1..=MOST_SPINS).contains(&n_spins) {
        return Err(Error::expected(
            "n_spins",
            format_args!("between 1 and {MOST_SPINS}"),
            n_spins,
        ));
    }
    if energies.len() != 1 << n_spins {
        return Err(Error::expected(
            "energies",
            format_args!("2^{n_spins} numbers"),
            energies.len(),
        ));
    }
    if !(0..LARGEST).contains(&tolerance) {
        return Err(Error::expected("tolerance", "between 0 and 2^62", tolerance));
    }
    let is_large = |energy: &&i64| energy.unsigned_abs() >= LARGEST as u64;
    if let Some(large) = energies.par_iter().find_first(is_large) {
        return Err(Error::expected("energies", "between -2^62 and 2^62", large));
    }
    Ok(())
}

/// `count` copies of `value`, unless the system refuses the memory.
fn filled<T: Clone>(count: usize, value: T) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(count).map_err(|_| {
        let gigabytes = (count * size_of::<T>()) as f64 / 1e9;
        Error::Memory(format!("a landscape of {count} states needs another {gigabytes:.1} GB"))
    })?;
    memory.resize(count, value);
    Ok(memory)
}
