//! Random streams: the same bits for the same (seed, stream), whoever draws them and wherever.
//!
//! [`Philox`] is counter-based: any block of it can be computed alone, so an update takes its
//! random number by what it *is* (sweep, site) and not by when it happens. [`Xoshiro8`] is for
//! where many bits are drawn at once; its eight lanes are part of its definition, so that every
//! vector width gives the same bits.
//!
//! Philox4x32-10: Salmon, Moraes, Dror and Shaw, SC11 (2011). xoshiro256++: Blackman and Vigna,
//! ACM Trans. Math. Softw. 47, 36 (2021).

use crate::bits::Chunk;

/// What a stream is drawn for. Streams of one seed but different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The bits of a random pattern set; one stream a block of rows.
    Patterns = 1,
    /// Which spins of a state are flipped; one stream a state.
    Corruption = 2,
    /// The choices of a dynamics; one stream a replica.
    Dynamics = 3,
    /// Random initial states; one stream a replica.
    Start = 4,
    /// Random couplings; one stream a site.
    Couplings = 5,
    /// Which neighbouring temperatures exchange their replicas; one stream a ladder.
    Exchange = 6,
    /// Which sites a Metropolis sweep passes over; one stream a replica, or 64 of them.
    Rest = 7,
    /// Visible units of a Boltzmann machine; one stream a tile of units.
    Visible = 8,
    /// Hidden units of a Boltzmann machine; one stream a tile of units.
    Hidden = 9,
    /// Weights that a training starts from.
    Weights = 10,
    /// Both layers of a Boltzmann machine that is annealed; one stream a tile of units.
    Annealing = 11,
    /// The order in which a sweep visits the sites; one stream for all models.
    Order = 12,
}

/// Philox4x32-10, keyed by (seed, purpose, stream).
#[derive(Clone, Debug)]
pub struct Philox {
    key: [u32; 2],
    stream: [u32; 2],
}

impl Philox {
    pub(crate) const ROUNDS: usize = 10;
    pub(crate) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];

    /// The stream number `stream` (below 2^56) of `seed`, for `purpose`.
    pub fn new(seed: u64, purpose: Purpose, stream: u64) -> Self {
        debug_assert!(stream >> 56 == 0, "stream numbers have 56 bits");
        Self { key: halves(seed), stream: halves(stream | (purpose as u64) << 56) }
    }

    /// The two 64-bit words of block number `block`.
    pub fn block(&self, block: u64) -> [u64; 2] {
        let [low, high] = halves(block);
        let [a, b, c, d] = philox4x32_10([low, high, self.stream[0], self.stream[1]], self.key);
        [join(a, b), join(c, d)]
    }

    /// The key of each round, for a kernel that computes many blocks at once.
    pub(crate) fn round_keys(&self) -> [[u32; 2]; Self::ROUNDS] {
        let mut key = self.key;
        std::array::from_fn(|_| {
            let current = key;
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
            current
        })
    }

    /// The upper half of every counter of this stream.
    pub(crate) fn stream(&self) -> [u32; 2] {
        self.stream
    }

    /// The blocks `first` to `first + 15` as 32-bit words: word w of block l is `[w][l]`.
    #[inline(always)]
    pub(crate) fn blocks(&self, first: u64) -> [[u32; LANES]; 4] {
        let mut counter =
            [[0; LANES], [0; LANES], [self.stream[0]; LANES], [self.stream[1]; LANES]];
        for lane in 0..LANES {
            [counter[0][lane], counter[1][lane]] = halves(first + lane as u64);
        }
        philox_lanes(counter, self.key)
    }

    /// Block `block` of each of sixteen streams of one seed, laid out likewise.
    #[inline(always)]
    pub(crate) fn block_of_each(streams: &[Self; LANES], block: u64) -> [[u32; LANES]; 4] {
        let [low, high] = halves(block);
        let mut counter = [[low; LANES], [high; LANES], [0; LANES], [0; LANES]];
        for lane in 0..LANES {
            debug_assert_eq!(streams[lane].key, streams[0].key, "streams of one seed");
            [counter[2][lane], counter[3][lane]] = streams[lane].stream;
        }
        philox_lanes(counter, streams[0].key)
    }

    /// A reader of the stream's words, from word number `position` on.
    pub fn words_from(&self, position: u64) -> Words<'_> {
        Words { philox: self, position, block: [0; 2], loaded: None }
    }
}

/// Reads a Philox stream word by word; [`Words::seek`] jumps anywhere at no cost.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    philox: &'a Philox,
    position: u64,
    block: [u64; 2],
    loaded: Option<u64>,
}

impl Words<'_> {
    /// Goes to word number `position`.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// The next 64 bits.
    pub fn next_word(&mut self) -> u64 {
        let (index, half) = (self.position / 2, (self.position % 2) as usize);
        if self.loaded != Some(index) {
            self.block = self.philox.block(index);
            self.loaded = Some(index);
        }
        self.position += 1;
        self.block[half]
    }

    /// A uniform number between 0 and 1, with 53 bits: never 0, and 1 once in 2^53.
    pub fn uniform(&mut self) -> f64 {
        uniform(self.next_word())
    }

    /// A uniform integer below `bound`. The bias of one multiplication is below `bound` / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_word()) * bound as u128) >> 64) as usize
    }
}

/// A uniform number between 0 and 1 from a random word, with 53 bits: never 0, and 1 once in 2^53.
#[inline]
pub fn uniform(word: u64) -> f64 {
    ((word >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
}

fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The bijection of Salmon et al. (2011), ten rounds.
fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let left = 0xD251_1F53 * u64::from(counter[0]);
        let right = 0xCD9E_8D57 * u64::from(counter[2]);
        counter = [
            (right >> 32) as u32 ^ counter[1] ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ counter[3] ^ key[1],
            left as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// Blocks that are computed side by side.
pub(crate) const LANES: usize = 16;

/// The same bijection on sixteen counters, in loops that become vectors.
#[inline(always)]
fn philox_lanes(mut counter: [[u32; LANES]; 4], mut key: [u32; 2]) -> [[u32; LANES]; 4] {
    for _ in 0..10 {
        let mut next = [[0; LANES]; 4];
        for lane in 0..LANES {
            let left = 0xD251_1F53 * u64::from(counter[0][lane]);
            let right = 0xCD9E_8D57 * u64::from(counter[2][lane]);
            next[0][lane] = (right >> 32) as u32 ^ counter[1][lane] ^ key[0];
            next[1][lane] = right as u32;
            next[2][lane] = (left >> 32) as u32 ^ counter[3][lane] ^ key[1];
            next[3][lane] = left as u32;
        }
        counter = next;
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// xoshiro256++, eight independent lanes: one [`Chunk`] of 512 bits a step.
#[derive(Clone, Debug)]
pub struct Xoshiro8 {
    state: [[u64; 8]; 4],
}

impl Xoshiro8 {
    /// How many words the state has.
    pub const STATE_WORDS: usize = 32;

    /// The generator whose 32 state words are the first 32 words of `philox`.
    pub fn new(philox: &Philox) -> Self {
        Self::numbered(philox, 0)
    }

    /// Generator number `number` of many that start from one stream: its state words are words
    /// 32 `number` to 32 `number` + 31 of `philox`.
    pub fn numbered(philox: &Philox, number: u64) -> Self {
        let mut words = philox.words_from(Self::STATE_WORDS as u64 * number);
        Self { state: std::array::from_fn(|_| std::array::from_fn(|_| words.next_word())) }
    }

    /// The state words, lane after lane of the first state word, then of the second, and so on.
    pub fn state(&self) -> &[[u64; 8]; 4] {
        &self.state
    }

    /// The generator with this state.
    pub fn from_state(state: [[u64; 8]; 4]) -> Self {
        Self { state }
    }

    /// The next 512 bits.
    #[inline(always)]
    pub fn step(&mut self) -> [u64; 8] {
        let s = &mut self.state;
        let mut out = [0; 8];
        for lane in 0..8 {
            out[lane] =
                s[0][lane].wrapping_add(s[3][lane]).rotate_left(23).wrapping_add(s[0][lane]);
            let shifted = s[1][lane] << 17;
            s[2][lane] ^= s[0][lane];
            s[3][lane] ^= s[1][lane];
            s[1][lane] ^= s[2][lane];
            s[0][lane] ^= s[3][lane];
            s[2][lane] ^= shifted;
            s[3][lane] = s[3][lane].rotate_left(45);
        }
        out
    }

    /// Fills `chunks` with random bits. The kernels compile it once an instruction set.
    #[inline(always)]
    pub(crate) fn fill(&mut self, chunks: &mut [Chunk]) {
        for chunk in chunks {
            *chunk = Chunk(self.step());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_vectors() {
        // Random123 distribution, kat_vectors, philox4x32 with 10 rounds.
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32_10(counter, key), expected);
        }
    }

    #[test]
    fn xoshiro_gives_the_published_vector_in_every_lane() {
        // The reference implementation (Blackman and Vigna) started from the state 1, 2, 3, 4.
        let expected: [u64; 6] = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        let mut generator = Xoshiro8 { state: [[1; 8], [2; 8], [3; 8], [4; 8]] };
        for word in expected {
            assert_eq!(generator.step(), [word; 8]);
        }
    }

    #[test]
    fn seeking_reads_the_word_that_counting_reads() {
        let philox = Philox::new(3, Purpose::Dynamics, 9);
        let mut counted = philox.words_from(0);
        let words: Vec<u64> = (0..9).map(|_| counted.next_word()).collect();
        let mut sought = philox.words_from(0);
        for position in [8, 1, 4, 3, 0] {
            sought.seek(position);
            assert_eq!(sought.next_word(), words[position as usize]);
        }
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_number() {
        let first = Philox::new(1, Purpose::Patterns, 1).block(0);
        assert_ne!(first, Philox::new(2, Purpose::Patterns, 1).block(0));
        assert_ne!(first, Philox::new(1, Purpose::Dynamics, 1).block(0));
        assert_ne!(first, Philox::new(1, Purpose::Patterns, 2).block(0));
    }
}
