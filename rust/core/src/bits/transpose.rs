//! A square of bits with rows and columns exchanged.

/// Turns 64 rows of 64 bits: bit l of row b becomes bit b of row l (Warren, 7-3).
pub(crate) fn transpose(rows: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = u64::from(u32::MAX);
    while width > 0 {
        for pair in 0..32 {
            let k = (pair & !(width - 1)) << 1 | pair & (width - 1);
            let differing = (rows[k] >> width ^ rows[k + width]) & mask;
            rows[k] ^= differing << width;
            rows[k + width] ^= differing;
        }
        width /= 2;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let word = |row: u64| 0x9E37_79B9_7F4A_7C15u64.wrapping_mul(row + 1).rotate_left(23);
        let mut square: [u64; 64] = std::array::from_fn(|row| word(row as u64));
        transpose(&mut square);
        for (column, bits) in square.iter().enumerate() {
            for row in 0..64 {
                assert_eq!(bits >> row & 1, word(row) >> column & 1);
            }
        }
    }
}
