//! How many rows are weighed before the flips among them are looked for.

/// Longest blocks: alone (a few register tiles), and shared among threads.
pub(super) const LONGEST: [usize; 2] = [32, 4096];

/// Shortest block that is worth sharing.
const SHORTEST_SHARED: usize = 32;

/// How far to weigh ahead. A block costs each of its rows a correction for every change before it,
/// about half the changes it holds, and a correction costs about as much as a plane: so a block
/// should hold about one change. Its length changes no result.
pub(super) struct Pace {
    shared: bool,
    changes: usize,
    visits: usize,
}

impl Pace {
    pub fn new(shared: bool) -> Self {
        Self { shared, changes: 1, visits: 64 }
    }

    pub fn block_length(&self) -> usize {
        let visits_per_change = self.visits / self.changes.max(1);
        if self.shared {
            visits_per_change.clamp(SHORTEST_SHARED, LONGEST[1])
        } else {
            (visits_per_change / 4 * 4).clamp(4, LONGEST[0])
        }
    }

    pub fn record(&mut self, changes: usize, visits: usize) {
        self.changes += changes;
        self.visits += visits;
    }

    /// Forgets half, so that the pace follows the run.
    pub fn halve(&mut self) {
        self.changes = self.changes.div_ceil(2);
        self.visits = self.visits.div_ceil(2);
    }
}
