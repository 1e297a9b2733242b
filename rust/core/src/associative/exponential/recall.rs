//! Recall: visits of spins that see the near set alone.

use rayon::prelude::*;

use super::{
    super::memory::{Recalled, Replica},
    ExponentialMemory, Near, decides,
};
use crate::{
    control::Control,
    error::{Error, Result},
    hopfield::{Dynamics, Outcome, Update},
    rng::{Philox, Purpose},
};

impl ExponentialMemory {
    /// Runs the dynamics on each replica until it comes to rest or has had its sweeps; replica k has
    /// the random stream k of the seed. Some are scanned together.
    ///
    /// # Errors
    /// [`Error::Value`] for the synchronous update, [`Error::Cancelled`].
    pub fn recall(
        &self,
        dynamics: &Dynamics,
        replicas: &mut [Replica<'_>],
        control: &Control,
    ) -> Result<()> {
        if dynamics.update == Update::Synchronous {
            let expected = "\"sequential\" or \"random\"";
            return Err(Error::expected("update", expected, "\"synchronous\""));
        }
        let share = self.scan.share(replicas.len() * self.n_spins()) / self.n_spins();
        replicas.par_chunks_mut(share).enumerate().try_for_each(|(chunk, replicas)| {
            let states: Vec<i8> = replicas.iter().flat_map(|x| x.spins.iter().copied()).collect();
            let near = Near::of_states(&self.scan, &states, control)?;
            for (k, (replica, near)) in replicas.iter_mut().zip(near).enumerate() {
                self.run(dynamics, (chunk * share + k) as u64, replica, near, control)?;
                control.advance(1);
            }
            Ok(())
        })
    }

    fn run(
        &self,
        dynamics: &Dynamics,
        number: u64,
        replica: &mut Replica<'_>,
        mut near: Near<'_>,
        control: &Control,
    ) -> Result<()> {
        let (pattern, start_overlap) = near.best();
        let outcome = visit(dynamics, number, replica.spins, replica.clamp, &mut near, control)?;
        let (best_pattern, best_overlap) = near.best();
        let distance = self.scan.distance(pattern, &self.scan.packed(replica.spins));
        *replica.recalled = Some(Recalled {
            outcome,
            pattern,
            start_overlap,
            overlap: self.n_spins() as i64 - 2 * i64::from(distance),
            best_pattern,
            best_overlap,
            energy: near.energy(),
        });
        Ok(())
    }
}

/// The dynamics of one replica.
fn visit(
    dynamics: &Dynamics,
    number: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
    near: &mut Near<'_>,
    control: &Control,
) -> Result<Outcome> {
    let n = spins.len();
    let is_held = |site: usize| clamp.is_some_and(|held| held[site]);
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, number);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();
    while outcome.sweeps < dynamics.max_sweeps {
        let (first_word, flips_before) = (outcome.sweeps * n as u64, outcome.flips);
        for visit in 0..n {
            // The near set may be large, and then a visit is long.
            control.check()?;
            // The random numbers of a visit stand where its sweep and its number in the sweep say,
            // so a clamped spin shifts nobody's.
            let place = first_word + visit as u64;
            let site = if dynamics.update == Update::Random {
                words.seek(2 * place);
                words.below(n)
            } else {
                words.seek(place);
                visit
            };
            if is_held(site) {
                continue;
            }
            if decides(dynamics.beta, &near.sides(site, spins[site]), spins[site], &mut words) {
                spins[site] *= -1;
                near.flip(site, spins, control)?;
                outcome.flips += 1;
            }
        }
        outcome.sweeps += 1;
        if dynamics.is_deterministic() && outcome.flips == flips_before {
            // A sweep in random order leaves out a third of the sites, so a quiet one proves nothing.
            let may_flip = |site: usize| {
                control.check()?;
                let sides = near.sides(site, spins[site]);
                Ok(!is_held(site) && sides.balance() * f64::from(spins[site]) < 0.0)
            };
            let is_proved = dynamics.update == Update::Sequential;
            if is_proved || !any((0..n).map(may_flip))? {
                outcome.converged = true;
                outcome.cycle_length = 1;
                break;
            }
        }
    }
    Ok(outcome)
}

/// Whether any is true, unless an error comes before it.
fn any(mut truths: impl Iterator<Item = Result<bool>>) -> Result<bool> {
    let found = truths.find(|truth| !matches!(truth, Ok(false)));
    found.unwrap_or(Ok(false))
}
