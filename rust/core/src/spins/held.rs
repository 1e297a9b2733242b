//! The spins that are held: sweeps pass over them.
//!
//! A held spin keeps its value for the whole run, so the others follow the law given that value.

/// Sites whose bits share a word.
const WORD: usize = u64::BITS as usize;

/// The held spins of one replica.
#[derive(Clone, Debug)]
pub struct Held {
    /// A bit a site, set where the spin is held; empty if all are free.
    words: Vec<u64>,
}

impl Held {
    /// Those of `n_spins` that `is_held` marks, which is empty if none is.
    pub fn new(n_spins: usize, is_held: &[bool]) -> Self {
        Self::in_order(n_spins, is_held, 0..n_spins)
    }

    /// The same with other numbers: spin number k is number `order[k]` in `is_held`.
    pub fn in_order(
        n_spins: usize,
        is_held: &[bool],
        order: impl IntoIterator<Item = usize>,
    ) -> Self {
        let mut words = vec![0; if is_held.is_empty() { 0 } else { n_spins.div_ceil(WORD) }];
        if !is_held.is_empty() {
            for (k, site) in order.into_iter().enumerate() {
                words[k / WORD] |= u64::from(is_held[site]) << (k % WORD);
            }
        }
        Self { words }
    }

    /// Whether a spin is held.
    pub fn holds(&self, site: usize) -> bool {
        self.word(site / WORD) >> (site % WORD) & 1 == 1
    }

    /// Which of the 64 sites from number 64 `group` on are held, a bit each.
    fn word(&self, group: usize) -> u64 {
        self.words.get(group).copied().unwrap_or(0)
    }

    /// The held ones among the 64 sites from number 64 `group` on, counted from there.
    pub fn of_group(&self, group: usize) -> impl Iterator<Item = usize> {
        let mut left = self.word(group);
        std::iter::from_fn(move || {
            let site = (left != 0).then(|| left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            site
        })
    }
}
