//! The statistical physics of neural networks at the speed of the machine.
//!
//! This crate holds the physics and nothing else: no Python, no files. A *model* is a room of its
//! own, with its energy, the scalar reference of its dynamics, and the fast path that equals the
//! reference bit for bit, on every instruction set and any number of threads.
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
//!
//! The ground floor is [`error`], [`rng`], [`simd`], [`threads`] and [`control`]; [`bits`] holds
//! bit-packed matrices and their products, [`spins`] what all spin models share. Above them stands
//! [`hopfield`].

// The kernels are whole loops that must become part of a function compiled for an instruction set.
#![allow(clippy::inline_always)]

pub mod bits;
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
