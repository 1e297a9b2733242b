//! The statistical physics of neural networks at the speed of the machine.
//!
//! This crate holds the physics and nothing else: no Python, no NumPy, no files. It is a house of
//! rooms on three floors; a room imports what stands below it.
//!
//! **The ground floor** knows no physics. [`error`] has the one error type, [`control`] carries
//! cancellation and progress into long calls, [`content`] tells models apart. [`threads`] runs them on so many threads, [`team`]
//! keeps some in step through barriers. [`simd`] compiles a kernel once an instruction set and
//! chooses at run time; `lanes` is sixteen 32-bit integers in the registers of each set. [`rng`]
//! holds counter-based random streams: a number is known by its place, whoever asks for it.
//! `elementary` has every exponential, logarithm and sigmoid. [`bits`] packs -1 and +1 into words,
//! and multiplies and transposes them there.
//!
//! **Models and what is done to them.** [`spins`] is what all spin models share: the traits
//! [`SpinModel`](spins::SpinModel) and [`Walkers`](spins::Walkers), acceptance rules, random
//! thresholds, clusters. A model is a room of its own, with its energy, the scalar reference of its
//! dynamics, and the fast path that equals the reference bit for bit:
//!
//! - [`hopfield`]: memories in bit-packed patterns, recalled without a weight matrix;
//! - [`associative`]: memories with steeper energies, which store more patterns than spins;
//! - [`lattice`]: square and cubic lattices, one bit a spin;
//! - [`dense`]: a coupling for every pair, the Sherrington-Kirkpatrick glass above all;
//! - [`sparse`]: couplings on any graph, +-J glasses with 64 replicas in a word.
//!
//! [`sampling`] moves replicas of any of them: it samples, anneals, tempers and
//! descends. [`exact`] sums over
//! all states of a small model, [`landscape`] finds all its minima and the barriers between them.
//! [`inverse`] goes from samples back to couplings.
//!
//! **Machines.** [`rbm`] is the restricted Boltzmann machine with 0/1 or real visible units: Gibbs
//! sampling, training, and the partition sum, exact and annealed.
//!
//! A network of 1000 spins that stores 100 patterns, and recalls one of them from a noisy start:
//!
//! ```
//! use spinglass_core::{
//!     control::Control,
//!     hopfield::{Dynamics, Hopfield, Patterns, Update, corrupt},
//!     simd::Level,
//! };
//!
//! let (control, level) = (Control::default(), Level::current()?);
//! let patterns = Patterns::random(100, 1000, 42, level, &control)?;
//! let network = Hopfield::new(&patterns, None, level)?;
//!
//! let mut spins = patterns.to_spins(&[7], &control)?;
//! corrupt(&mut spins, 150, 1, 0);
//! let dynamics =
//!     Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 100, seed: 0 };
//! let outcome = network.recall(&dynamics, 0, &mut spins, None, &control)?;
//!
//! assert!(outcome.converged);
//! assert!(network.overlaps(&spins, &control)?[7] > 990);
//! # Ok::<(), spinglass_core::error::Error>(())
//! ```

// The kernels are whole loops that must become part of a function compiled for an instruction set.
#![allow(clippy::inline_always)]

pub mod associative;
pub mod bits;
pub mod content;
pub mod control;
pub mod dense;
mod elementary;
pub mod error;
pub mod exact;
pub mod hopfield;
pub mod inverse;
pub mod landscape;
mod lanes;
pub mod lattice;
pub mod rbm;
pub mod rng;
pub mod sampling;
pub mod simd;
pub mod sparse;
pub mod spins;
pub mod team;
pub mod threads;
