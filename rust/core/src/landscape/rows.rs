//! The minima in the order in which they are shown.
//!
//! The flood numbers them by exact energies. What the tolerance calls equal then comes in an order
//! that noise makes, and here in that of the states. Equal are energies of minima and saddles that
//! follow each other without a gap above the tolerance.

use rayon::prelude::*;

use super::{Landscape, Order};

/// Sorts minima of equal energy by their states, and gives the lakes their new numbers.
pub(super) fn sort(order: Order, tolerance: i64, found: &mut Landscape) {
    let minima = &found.minima;
    let mut energies: Vec<i64> = minima.iter().map(|minimum| minimum.energy).collect();
    energies.extend(found.merges.iter().map(|merge| merge.energy));
    energies.par_sort_unstable();
    let gaps = energies.windows(2).filter(|pair| pair[1] - pair[0] > tolerance);
    let starts: Vec<i64> = gaps.map(|pair| pair[1]).collect();
    let key = |k: u32| {
        let minimum = &minima[k as usize];
        (starts.partition_point(|&start| start <= minimum.energy), order.place(minimum.state))
    };
    let count = minima.len() as u32;
    if (0..count).is_sorted_by_key(key) {
        return;
    }
    let mut rows: Vec<u32> = (0..count).collect();
    rows.sort_by_cached_key(|&k| key(k));
    found.minima = rows.iter().map(|&row| minima[row as usize]).collect();
    let mut row_of = vec![0; rows.len()];
    for (row, &old) in (0..).zip(&rows) {
        row_of[old as usize] = row;
    }
    // Of each lake the minimum that is shown first.
    let mut first: Vec<u32> = (0..count).collect();
    for merge in &mut found.merges {
        let renamed = |lake: u32| if lake < count { row_of[lake as usize] } else { lake };
        merge.lakes = merge.lakes.map(renamed);
        merge.lakes.sort_unstable_by_key(|&lake| first[lake as usize]);
        first.push(first[merge.lakes[0] as usize]);
    }
}
