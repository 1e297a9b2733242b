//! The integers B of ordinary overlaps, and the values v = (M - odd) / 2 that they belong to.

use super::{
    energy::Power,
    kernels::{ABSENT, ByteTable, Line, PATTERNS},
};

/// Overlaps up to this many standard deviations of a random pattern's are ordinary.
const DEVIATIONS: f64 = 5.0;

/// So many at least, if all ordinary v fit in bytes then.
const FEWEST_DEVIATIONS: f64 = 4.0;

/// Entries of the largest table for all overlaps.
const LARGEST_TABLE: usize = 1 << 20;

/// B = 2 C / 2^unit + offset, for every ordinary v.
pub(super) struct Table {
    /// Ordinary v are above -edge and below edge; a flip may lead one there.
    pub edge: i64,
    /// 1 if N is odd.
    odd: i64,
    pub unit: u32,
    pub offset: u64,
    /// Of v = -edge to edge.
    entries: Vec<u64>,
    /// 2 S of the same.
    curvatures: Vec<i128>,
    pub n_planes: usize,
    /// The digits for all values of a byte, if v fits in one: a table for each plane.
    pub digits: Vec<ByteTable>,
}

impl Table {
    /// That of ordinary overlaps of `n_spins`.
    pub fn typical(power: Power, n_spins: usize) -> Option<Self> {
        let deviation = (n_spins as f64).sqrt() / 2.0;
        let mut edge = (DEVIATIONS * deviation).ceil() as usize + 2;
        if FEWEST_DEVIATIONS * deviation < f64::from(i8::MAX) {
            edge = edge.min(i8::MAX as usize);
        }
        let halves = std::iter::successors(Some(edge), |edge| (*edge > 1).then_some(edge / 2));
        halves.into_iter().find_map(|edge| Self::new(power, n_spins, edge))
    }

    /// That of all overlaps, if it is not too large.
    pub fn of_all(power: Power, n_spins: usize) -> Option<Self> {
        let edge = n_spins.div_ceil(2) + 1;
        if 2 * edge < LARGEST_TABLE { Self::new(power, n_spins, edge) } else { None }
    }

    /// That of v up to `edge`, unless an entry does not fit.
    fn new(power: Power, n_spins: usize, edge: usize) -> Option<Self> {
        let (odd, edge) = ((n_spins % 2) as i64, edge as i64);
        let slopes: Vec<i128> = (-edge..=edge).map(|v| power.slope(2 * v + odd)).collect();
        let unit = slopes.iter().fold(0, |bits, slope| bits | slope).trailing_zeros();
        let offset = u64::try_from(-(slopes.iter().min()?.min(&0) >> unit)).ok()?;
        let entry = |slope: &i128| u64::try_from((slope >> unit) + i128::from(offset)).ok();
        let entries: Vec<u64> = slopes.iter().map(entry).collect::<Option<_>>()?;
        let bits = u64::BITS - entries.iter().max()?.leading_zeros();
        let n_planes = bits.div_ceil(8) as usize;
        let curvatures = (-edge..=edge).map(|v| power.curvature(2 * v + odd)).collect();
        let digits = Vec::new();
        let mut table = Self { edge, odd, unit, offset, entries, curvatures, n_planes, digits };
        if edge <= i64::from(i8::MAX) {
            table.digits = (0..n_planes).map(|plane| table.digits_of(plane)).collect();
        }
        Some(table)
    }

    fn digits_of(&self, plane: usize) -> ByteTable {
        let digit = |value: i8| {
            let is_within = i64::from(value).abs() <= self.edge;
            let value = is_within.then_some(i64::from(value));
            (self.entry(value) >> (8 * plane)) as u8
        };
        ByteTable(std::array::from_fn(|byte| digit(byte as u8 as i8)))
    }

    /// v of an overlap.
    pub fn value(&self, overlap: i64) -> i64 {
        (overlap - self.odd) / 2
    }

    /// The overlap of a v.
    pub fn overlap(&self, value: i64) -> i64 {
        2 * value + self.odd
    }

    pub fn is_ordinary(&self, overlap: i64) -> bool {
        self.value(overlap).abs() < self.edge
    }

    /// 2 S of an ordinary overlap.
    pub fn curvature(&self, overlap: i64) -> i128 {
        self.curvatures[(self.value(overlap) + self.edge) as usize]
    }

    /// B of a pattern with this v; of none it stands for C = 0.
    pub fn entry(&self, value: Option<i64>) -> u64 {
        value.map_or(self.offset, |value| self.entries[(value + self.edge) as usize])
    }
}

/// v of each pattern; none for those in the list, and at the end of a row.
pub(super) enum Values {
    /// In bytes, where the table has them.
    Bytes(Vec<Line>),
    Integers(Vec<i32>),
}

impl Values {
    /// None at all, for so many lines of patterns.
    pub fn none(table: &Table, n_lines: usize) -> Self {
        if table.digits.is_empty() {
            Self::Integers(vec![i32::MIN; n_lines * PATTERNS])
        } else {
            Self::Bytes(vec![Line([ABSENT as u8; PATTERNS]); n_lines])
        }
    }

    pub fn get(&self, mu: usize) -> Option<i64> {
        match self {
            Self::Bytes(lines) => match lines[mu / PATTERNS].0[mu % PATTERNS] as i8 {
                ABSENT => None,
                value => Some(value.into()),
            },
            Self::Integers(values) => match values[mu] {
                i32::MIN => None,
                value => Some(value.into()),
            },
        }
    }

    pub fn set(&mut self, mu: usize, value: Option<i64>) {
        match self {
            Self::Bytes(lines) => {
                let value = value.map_or(ABSENT, |value| value as i8);
                lines[mu / PATTERNS].0[mu % PATTERNS] = value as u8;
            }
            Self::Integers(values) => values[mu] = value.map_or(i32::MIN, |value| value as i32),
        }
    }
}
