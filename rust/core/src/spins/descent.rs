//! Descent: spins follow their fields, sites 0 to N - 1 in turn, until a whole sweep flips none.
//!
//! A spin flips if its local field is against it, h_i s_i < 0, and every flip lowers the energy by
//! 2 |h_i|; a zero field keeps the spin. The end is a local minimum against single flips (Hopfield,
//! Proc. Natl. Acad. Sci. USA 79, 2554 (1982)). Fields are summed afresh at each visit, in a fixed
//! order: so nothing drifts, and the result depends on the state alone.

use crate::{control::Control, error::Result};

/// Visits between two looks at the cancel flag.
const VISITS_PER_CHECK: usize = 64;

/// What a descent did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descent {
    /// Sweeps run, the one that flipped nothing included.
    pub sweeps: u64,
    /// Spins flipped.
    pub flips: u64,
    /// Whether a whole sweep flipped nothing.
    pub converged: bool,
}

impl Descent {
    /// Moves `spins`, but for those `held` (empty: none), by the fields that `local_field` tells of a
    /// state and a site. On [`Error::Cancelled`](crate::error::Error) they are those of the moment.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn run(
        spins: &mut [i8],
        held: &[bool],
        max_sweeps: u64,
        control: &Control,
        local_field: impl Fn(&[i8], usize) -> f64,
    ) -> Result<Self> {
        let mut descent = Self::default();
        // Visits since the last flip. After N of them the rest of the sweep would flip nothing.
        let mut quiet = 0;
        while descent.sweeps < max_sweeps && !descent.converged {
            descent.sweeps += 1;
            for site in 0..spins.len() {
                if site % VISITS_PER_CHECK == 0 {
                    control.check()?;
                }
                let is_free = held.get(site) != Some(&true);
                if is_free && local_field(spins, site) * f64::from(spins[site]) < 0.0 {
                    spins[site] = -spins[site];
                    descent.flips += 1;
                    quiet = 0;
                    continue;
                }
                quiet += 1;
                if quiet == spins.len() {
                    descent.converged = true;
                    break;
                }
            }
        }
        Ok(descent)
    }
}
