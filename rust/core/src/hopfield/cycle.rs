//! Whether a deterministic dynamics has come back to a state.

/// The state after a sweep whose number is a power of two, which later ones are compared with. From
/// the first such sweep within the cycle on, the first state that equals it is one length later.
pub(crate) struct Cycle {
    spins: Vec<i8>,
    since: u64,
    limit: u64,
}

impl Cycle {
    /// Before the first sweep.
    pub fn new(spins: &[i8]) -> Self {
        Self { spins: spins.to_vec(), since: 0, limit: 1 }
    }

    /// The length of the cycle in sweeps, once the state after the next sweep closes it.
    pub fn after_sweep(&mut self, spins: &[i8]) -> Option<u64> {
        self.since += 1;
        if self.spins == spins {
            return Some(self.since);
        }
        if self.since == self.limit {
            self.spins.copy_from_slice(spins);
            (self.since, self.limit) = (0, 2 * self.limit);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_the_cycle_whatever_leads_to_it() {
        for lead in 0..20u8 {
            for length in 1..20u8 {
                let state =
                    |t: u8| vec![if t < lead { t } else { lead + (t - lead) % length } as i8];
                let mut cycle = Cycle::new(&state(0));
                let found = (1..200).find_map(|t| cycle.after_sweep(&state(t)));
                assert_eq!(found, Some(u64::from(length)), "{lead} {length}");
            }
        }
    }
}
