//! The bonds of a graph, in runs of equal distance.

/// Bonds between the sites `first + k` and `second + k`, for all k below `len`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One end of the first bond.
    pub first: usize,
    /// The other one.
    pub second: usize,
    /// How many bonds.
    pub len: usize,
}

/// Adds a bond, to the last run if it goes on there.
pub fn add(links: &mut Vec<Link>, first: usize, second: usize) {
    match links.last_mut() {
        Some(run) if (run.first + run.len, run.second + run.len) == (first, second) => run.len += 1,
        _ => links.push(Link { first, second, len: 1 }),
    }
}

/// The bonds of compressed sparse rows that are not zero, each once, sorted by the distance of their
/// sites: so those of a lattice are in few runs.
pub(super) fn of_rows(offsets: &[usize], neighbours: &[u32], values: &[f64]) -> Vec<Link> {
    let mut bonds = Vec::new();
    for (site, row) in offsets.windows(2).enumerate() {
        for (&other, &value) in neighbours[row[0]..row[1]].iter().zip(&values[row[0]..row[1]]) {
            if other as usize > site && value != 0.0 {
                bonds.push((other - site as u32, site as u32));
            }
        }
    }
    bonds.sort_unstable();
    // Both bonds of a pair would begin a run each at every site: the second ones come after all first.
    let (mut links, mut seconds) = (Vec::new(), Vec::new());
    let mut last = None;
    for (distance, site) in bonds {
        let is_second = last == Some((distance, site));
        last = (!is_second).then_some((distance, site));
        let (site, distance) = (site as usize, distance as usize);
        add(if is_second { &mut seconds } else { &mut links }, site, site + distance);
    }
    links.append(&mut seconds);
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bonds_come_once_in_runs() {
        // The ring 0 1 2 3 with a second bond between 0 and 1, and a zero between 0 and 2.
        let rows: [&[(u32, f64)]; 4] = [
            &[(1, 1.0), (1, -1.0), (2, 0.0), (3, 2.0)],
            &[(0, 1.0), (0, -1.0), (2, 1.0)],
            &[(0, 0.0), (1, 1.0), (3, 1.0)],
            &[(0, 2.0), (2, 1.0)],
        ];
        let mut offsets = vec![0];
        offsets.extend(rows.iter().scan(0, |sum, row| {
            *sum += row.len();
            Some(*sum)
        }));
        let (neighbours, values): (Vec<u32>, Vec<f64>) =
            rows.iter().flat_map(|row| row.iter().copied()).unzip();
        let run = |first, second, len| Link { first, second, len };
        let expected = [run(0, 1, 3), run(0, 3, 1), run(0, 1, 1)];
        assert_eq!(of_rows(&offsets, &neighbours, &values), expected);
    }
}
