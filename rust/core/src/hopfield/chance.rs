//! Chance in a recall in site order: which spins stay for sure, and which flip.

use std::f64::consts::LN_2;

use super::recall::Dynamics;
use crate::{
    rng::{LANES, Philox, Purpose, uniform},
    spins::acceptance::heat_bath,
};

/// Words that are drawn together.
const AT_ONCE: usize = 2 * LANES;

/// The random numbers of a heat bath, one for each sweep and site.
pub(crate) struct Chance {
    beta: f64,
    /// A field times this is what margins are compared with: N, where that is an integer.
    scale: f64,
    philox: Philox,
    /// What the scaled h_i s_i must be at least for the spin to stay, by the zeros that its random
    /// word (of a spin that is up: its complement) begins with.
    margins: [f64; 65],
    words: [u64; AT_ONCE],
    /// The number of the first of them, as a multiple of their count.
    loaded: Option<u64>,
}

impl Chance {
    /// That of a replica, where anything is left to chance, for fields that come times `scale`.
    pub fn of(dynamics: &Dynamics, replica: u64, scale: f64) -> Option<Self> {
        // A spin flips where exp(2 beta h_i s_i) < 1/u - 1, with u counted from the other end if it
        // is up. A word that begins with z zeros says u >= 2^-(z + 1): so it stays if
        // 2 beta h_i s_i >= (z + 1) ln 2. One more factor of 2 is ample for any rounding.
        let step = LN_2 * scale / (2.0 * dynamics.beta);
        let margin = |zeros| ((zeros + 2) as f64 * step).ceil();
        (!dynamics.is_deterministic()).then(|| Self {
            beta: dynamics.beta,
            scale,
            philox: Philox::new(dynamics.seed, Purpose::Dynamics, replica),
            margins: std::array::from_fn(margin),
            words: [0; AT_ONCE],
            loaded: None,
        })
    }

    /// The word of that number.
    #[inline]
    fn word(&mut self, number: u64) -> u64 {
        let block = number / AT_ONCE as u64;
        if self.loaded != Some(block) {
            let blocks = self.philox.blocks(block * LANES as u64);
            for lane in 0..LANES {
                let [a, b, c, d] = blocks.map(|word| u64::from(word[lane]));
                self.words[2 * lane] = a | b << 32;
                self.words[2 * lane + 1] = c | d << 32;
            }
            self.loaded = Some(block);
        }
        self.words[number as usize % AT_ONCE]
    }

    /// What the integers N h_i s_i of some spins must be at least for them to stay. The sweep's
    /// random numbers begin at `first`.
    pub fn margins(&mut self, first: u64, sites: &[u32], spins: &[i8], margins: &mut [i64]) {
        for ((margin, &site), &spin) in margins.iter_mut().zip(sites).zip(spins) {
            let word = self.word(first + u64::from(site));
            *margin = (self.margin(word, spin) as i64).min(1 << 60);
        }
    }

    #[inline]
    fn margin(&self, word: u64, spin: i8) -> f64 {
        let is_up = u64::from(spin > 0).wrapping_neg();
        self.margins[(word ^ is_up).leading_zeros() as usize]
    }

    /// Whether a spin in this scaled field flips, by the random word of that number.
    pub fn flips(&mut self, number: u64, scaled: f64, spin: i8) -> bool {
        let word = self.word(number);
        if scaled * f64::from(spin) >= self.margin(word, spin) {
            return false;
        }
        heat_bath(self.beta, scaled / self.scale, uniform(word)) != (spin > 0)
    }
}
