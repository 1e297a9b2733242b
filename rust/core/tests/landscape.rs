//! Landscapes held against their definition: reachable sets and lowest barriers between all pairs of
//! states, by a closure over paths.

use proptest::prelude::*;
use spinglass_core::{
    control::Control,
    error::Error,
    landscape::{Landscape, Minimum, PASSES, rank},
    rng::{Philox, Purpose},
    threads,
};

/// The landscape, on some threads.
fn landscape(energies: &[i64], tolerance: i64, n_threads: usize) -> Landscape {
    let n_spins = energies.len().ilog2() as usize;
    let control = Control::default();
    let pool = threads::pool(Some(n_threads)).unwrap();
    pool.install(|| Landscape::new(n_spins, energies, tolerance, &control)).unwrap()
}

/// The energies of all states: integer couplings row after row, and fields.
fn energies(n_spins: usize, couplings: &[i64], fields: &[i64]) -> Vec<i64> {
    (0..1usize << n_spins)
        .map(|state| {
            let spin = |i: usize| if state >> (n_spins - 1 - i) & 1 == 1 { 1 } else { -1 };
            let pairs = (0..n_spins).flat_map(|i| (0..i).map(move |j| (i, j)));
            let bonds: i64 =
                pairs.map(|(i, j)| couplings[i * n_spins + j] * spin(i) * spin(j)).sum();
            let field: i64 = (0..n_spins).map(|i| fields[i] * spin(i)).sum();
            -bonds - field
        })
        .collect()
}

/// The lowest barrier between all pairs of states: the highest energy on the best way, its ends
/// included (the closure of Floyd and Warshall, with the larger of two for their sum).
fn barriers(energies: &[i64]) -> Vec<Vec<i64>> {
    let states = energies.len();
    let mut lowest: Vec<Vec<i64>> = (0..states)
        .map(|one| {
            let edge = |other: usize| {
                let near = (one ^ other).count_ones() <= 1;
                if near { energies[one].max(energies[other]) } else { i64::MAX }
            };
            (0..states).map(edge).collect()
        })
        .collect();
    for middle in 0..states {
        let row = lowest[middle].clone();
        for one in 0..states {
            let there = lowest[one][middle];
            for (barrier, &back) in lowest[one].iter_mut().zip(&row) {
                *barrier = (*barrier).min(there.max(back));
            }
        }
    }
    lowest
}

/// The minima of each lake of a tree, and the barrier between every two of them.
fn tree_barriers(landscape: &Landscape) -> Vec<Vec<i64>> {
    let count = landscape.minima.len();
    let mut lakes: Vec<Vec<usize>> = (0..count).map(|k| vec![k]).collect();
    let mut barriers = vec![vec![i64::MIN; count]; count];
    for merge in &landscape.merges {
        let [lower, higher] = merge.lakes.map(|lake| lakes[lake as usize].clone());
        assert!(lower.iter().min() < higher.iter().min());
        for &one in &lower {
            for &other in &higher {
                assert_eq!(barriers[one][other], i64::MIN, "two that were joined before");
                barriers[one][other] = merge.energy;
                barriers[other][one] = merge.energy;
            }
        }
        lakes.push([lower, higher].concat());
    }
    barriers
}

/// Where the descent of each state ends, by the definition: shelves drain over the lowest state that
/// joins them with something lower.
fn basins(energies: &[i64], tolerance: i64, barriers: &[Vec<i64>]) -> Vec<usize> {
    let n_spins = energies.len().ilog2() as usize;
    let key = |state: usize| (energies[state], rank(n_spins, state as u32));
    let near = |state: usize| (0..n_spins).map(move |bit| state ^ (1 << bit));
    // What hangs together of the states up to one of them, in their order.
    let lake = |state: usize, up_to: usize| {
        let (mut found, mut waiting) = (vec![state], vec![state]);
        while let Some(state) = waiting.pop() {
            for next in near(state) {
                if key(next) <= key(up_to) && !found.contains(&next) {
                    found.push(next);
                    waiting.push(next);
                }
            }
        }
        found
    };
    let mut order: Vec<usize> = (0..energies.len()).collect();
    order.sort_by_key(|&state| key(state));
    let mut next: Vec<usize> = (0..energies.len()).collect();
    for &state in &order {
        let lowest = near(state).min_by_key(|&next| key(next)).unwrap();
        if key(lowest) < key(state) {
            next[state] = lowest;
            continue;
        }
        let is_minimum = (0..energies.len())
            .filter(|&other| barriers[state][other] <= energies[state] + tolerance)
            .all(|other| key(other) >= key(state));
        if is_minimum {
            continue;
        }
        let saddle = order.iter().copied().find(|&saddle| {
            key(saddle) > key(state)
                && lake(state, saddle).iter().any(|&other| key(other) < key(state))
        });
        let saddle = saddle.unwrap();
        let bottom = lake(state, saddle).into_iter().min_by_key(|&other| key(other)).unwrap();
        // The lowest lake that meets here, and its shore.
        let before = order[order.iter().position(|&other| other == saddle).unwrap() - 1];
        let shore = lake(bottom, before)
            .into_iter()
            .filter(|&other| near(saddle).any(|next| next == other))
            .min_by_key(|&other| key(other));
        next[state] = shore.unwrap();
    }
    let end = |mut state: usize| {
        while next[state] != state {
            state = next[state];
        }
        state
    };
    (0..energies.len()).map(end).collect()
}

/// Everything the landscape says, against its definition.
fn check(energies: &[i64], tolerance: i64) {
    let landscape = landscape(energies, tolerance, 1);
    let barriers = barriers(energies);
    let turned = |state: usize| energies.len() - 1 - state;
    let symmetric = (0..energies.len()).all(|state| energies[state] == energies[turned(state)]);
    let n_spins = energies.len().ilog2() as usize;
    let key = |state: usize| (energies[state], rank(n_spins, state as u32));
    let plateau = |state: usize| {
        (0..energies.len())
            .filter(|&other| barriers[state][other] <= energies[state] + tolerance)
            .collect::<Vec<_>>()
    };
    let place = |state: usize| if symmetric { rank(n_spins, state as u32) as usize } else { state };
    let first =
        |lowest: usize| plateau(lowest).into_iter().min_by_key(|&state| place(state)).unwrap();
    let mut minima: Vec<usize> = (0..energies.len())
        .filter(|&state| plateau(state).into_iter().all(|other| key(other) >= key(state)))
        .collect();
    // Equal are energies that follow each other without a gap above the tolerance.
    let saddles = landscape.merges.iter().map(|merge| merge.energy);
    let mut levels: Vec<i64> = minima.iter().map(|&k| energies[k]).chain(saddles).collect();
    levels.sort_unstable();
    let jump = |energy: i64| {
        levels.windows(2).filter(|x| x[1] <= energy && x[1] - x[0] > tolerance).count()
    };
    minima.sort_by_key(|&state| (jump(energies[state]), place(first(state))));
    let states: Vec<usize> =
        landscape.minima.iter().map(|minimum| minimum.state as usize).collect();
    assert_eq!(states, minima.iter().map(|&lowest| first(lowest)).collect::<Vec<_>>());
    let mut ends = basins(energies, tolerance, &barriers);
    if symmetric {
        // The mirror image of where the mirror image of a state ends.
        for state in energies.len() / 2..energies.len() {
            ends[state] = ends[turned(ends[turned(state)])];
        }
    }
    for (minimum, &lowest) in landscape.minima.iter().zip(&minima) {
        assert_eq!(minimum.energy, energies[lowest]);
        assert_eq!(minimum.plateau, plateau(lowest).len() as u64);
        assert_eq!(minimum.basin, ends.iter().filter(|&&end| end == lowest).count() as u64);
    }
    assert_eq!(landscape.merges.len(), minima.len() - 1);
    assert!(landscape.merges.is_sorted_by_key(|x| (x.energy, rank(n_spins, x.state))));
    assert!(landscape.merges.iter().all(|x| x.energy == energies[x.state as usize]));
    for (one, row) in tree_barriers(&landscape).iter().enumerate() {
        for (other, &barrier) in row.iter().enumerate().filter(|&(other, _)| other != one) {
            assert_eq!(barrier, barriers[minima[one]][minima[other]]);
        }
    }
}

fn model(n_spins: usize, largest: i64) -> impl Strategy<Value = Vec<i64>> {
    let range = -largest..=largest;
    let couplings = prop::collection::vec(range.clone(), n_spins * n_spins);
    let fields = prop_oneof![Just(vec![0; n_spins]), prop::collection::vec(range, n_spins)];
    (couplings, fields).prop_map(move |(couplings, fields)| energies(n_spins, &couplings, &fields))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn spin_glasses_are_as_defined(
        energies in (1usize..=7).prop_flat_map(|n| model(n, 1000)),
        tolerance in prop_oneof![Just(0i64), 0i64..3, 0i64..2000],
    ) {
        check(&energies, tolerance);
    }

    #[test]
    fn degenerate_models_are_as_defined(
        energies in (1usize..=7).prop_flat_map(|n| model(n, 1)),
        tolerance in 0i64..3,
    ) {
        check(&energies, tolerance);
    }

    #[test]
    fn any_energies_are_as_defined(
        energies in (1u32..=7).prop_flat_map(|n| prop::collection::vec(-4i64..4, 1 << n)),
        tolerance in 0i64..3,
    ) {
        check(&energies, tolerance);
    }
}

#[test]
fn a_landscape_of_eight_spins_is_as_defined() {
    let stream = Philox::new(4, Purpose::Start, 0);
    let mut words = stream.words_from(0);
    let mut numbers = |largest: u64| -> Vec<i64> {
        (0..64).map(|_| (words.next_word() % (2 * largest + 1)) as i64 - largest as i64).collect()
    };
    for largest in [1, 2, 1_000_000] {
        check(&energies(8, &numbers(largest), &[0; 8]), 0);
    }
}

#[test]
fn without_couplings_all_states_are_one_minimum() {
    for n_spins in [1, 5, 14] {
        let found = landscape(&vec![3; 1 << n_spins], 0, 2);
        let minimum = found.minima[0];
        assert_eq!((found.minima.len(), found.merges.len()), (1, 0));
        assert_eq!((minimum.state, minimum.energy), (0, 3));
        assert_eq!((minimum.plateau, minimum.basin), (1 << n_spins, 1 << n_spins));
    }
}

#[test]
fn spins_in_fields_alone_have_one_minimum_and_free_ones_make_it_a_plateau() {
    let mut fields = [5, -3, 0, 2, 1, 0, -1, 4, 2, 3, -2, 7];
    let found = landscape(&energies(12, &[0; 144], &fields), 0, 2);
    assert_eq!(found.minima.len(), 1);
    assert_eq!((found.minima[0].plateau, found.minima[0].basin), (4, 1 << 12));
    assert_eq!(found.minima[0].energy, -30);
    fields[2] = 1;
    assert_eq!(landscape(&energies(12, &[0; 144], &fields), 0, 2).minima[0].plateau, 2);
}

#[test]
fn a_ferromagnet_has_two_minima_and_the_barrier_between_them_is_at_half() {
    let n_spins = 14;
    let found = landscape(&energies(n_spins, &[1; 196], &[0; 14]), 0, 2);
    let states: Vec<u32> = found.minima.iter().map(|minimum| minimum.state).collect();
    assert_eq!(states, [0, (1 << n_spins) - 1]);
    // The energy is (N - M^2) / 2, highest at M = 0; the first state there joins the two.
    assert_eq!((found.merges[0].energy, found.merges[0].state), (7, (1 << 7) - 1));
    assert_eq!(found.minima.iter().map(|minimum| minimum.basin).sum::<u64>(), 1 << n_spins);
}

#[test]
fn pairs_apart_have_a_minimum_for_each_choice_of_signs() {
    // Five pairs of spins, each up or down, with couplings 1 to 5: a pair turns at twice its own.
    let mut couplings = vec![0; 100];
    for pair in 0..5 {
        couplings[(2 * pair + 1) * 10 + 2 * pair] = pair as i64 + 1;
    }
    let found = landscape(&energies(10, &couplings, &[0; 10]), 0, 2);
    assert_eq!(found.minima.len(), 32);
    assert!(found.minima.iter().all(|minimum| (minimum.energy, minimum.plateau) == (-15, 1)));
    let saddles: Vec<i64> = found.merges.iter().map(|merge| merge.energy + 15).collect();
    let expected: Vec<i64> = (0..5).flat_map(|k| vec![2 * (k + 1); 16 >> k]).collect();
    assert_eq!(saddles, expected);
}

#[test]
fn without_fields_mirror_images_have_equal_basins() {
    let stream = Philox::new(5, Purpose::Start, 0);
    let mut words = stream.words_from(0);
    // Few couplings of one size: many plateaus are their own mirror images, and lead down both ways.
    for n_spins in (2..=10).cycle().take(450) {
        let couplings = (0..n_spins * n_spins).map(|_| (words.next_word() % 3) as i64 - 1);
        let energies = energies(n_spins, &couplings.collect::<Vec<_>>(), &vec![0; n_spins]);
        let found = landscape(&energies, 0, 2);
        for minimum in &found.minima {
            let turned = !minimum.state & ((1 << n_spins) - 1);
            let mut others = found.minima.iter().filter(|other| other.state == turned);
            // Else the plateau holds both.
            let other = others.next().unwrap_or(minimum);
            assert_eq!((other.basin, other.plateau), (minimum.basin, minimum.plateau));
        }
        assert_eq!(found.minima.iter().map(|minimum| minimum.basin).sum::<u64>(), 1 << n_spins);
    }
}

#[test]
fn mirror_images_have_equal_basins_where_a_state_could_go_to_both() {
    // Both neighbours of each state, and the ways down from a plateau that is its own mirror image.
    let plateau = "0-0+0+-0 -0---+0- 0-0--00+ +--0+-0- 0--+000- ++0-00++ -0000+0- 0-+--+-0";
    for (n_spins, rows) in [(2, "0- -0"), (2, "0+ +0"), (8, plateau)] {
        let signs = rows.chars().filter(|&sign| sign != ' ');
        let signs: Vec<i64> = signs.map(|x| i64::from(x == '+') - i64::from(x == '-')).collect();
        let found = landscape(&energies(n_spins, &signs, &vec![0; n_spins]), 0, 1);
        let basins: Vec<u64> = found.minima.iter().map(|minimum| minimum.basin).collect();
        assert_eq!(basins, [1 << (n_spins - 1); 2]);
    }
}

#[test]
fn a_minimum_is_named_after_the_first_state_of_its_plateau_whatever_the_noise() {
    let stream = Philox::new(6, Purpose::Start, 0);
    let mut words = stream.words_from(0);
    let mut number = |largest: i64| (words.next_word() % (2 * largest + 1) as u64) as i64 - largest;
    let mut changed = 0;
    for trial in 0..60 {
        let couplings: Vec<i64> = (0..64).map(|_| number(1)).collect();
        let fields: Vec<i64> = (0..8).map(|_| number(1) * (trial % 2)).collect();
        let clean = energies(8, &couplings, &fields);
        let mut noise: Vec<i64> = (0..256).map(|_| number(5)).collect();
        if fields == [0; 8] {
            // Turning all spins changes no energy, rounded or not.
            (128..256).for_each(|state| noise[state] = noise[255 - state]);
        }
        let noisy: Vec<i64> = clean.iter().zip(&noise).map(|(e, noise)| 1000 * e + noise).collect();
        let (clean, noisy) = (landscape(&clean, 0, 1), landscape(&noisy, 10, 1));
        let named = |found: &Landscape| -> Vec<(u32, u64)> {
            found.minima.iter().map(|minimum| (minimum.state, minimum.plateau)).collect()
        };
        assert_eq!(named(&noisy), named(&clean));
        let barriers = |found: &Landscape, scale: i64| -> Vec<i64> {
            let round = |x: i64| x.saturating_add(scale / 2).div_euclid(scale);
            tree_barriers(found).concat().into_iter().filter(|&x| x > i64::MIN).map(round).collect()
        };
        assert_eq!(barriers(&noisy, 1000), barriers(&clean, 1));
        changed += usize::from(!noisy.minima.is_sorted_by_key(|minimum| minimum.energy));
    }
    assert!(changed > 0, "noise that changes no order");
}

#[test]
fn noise_below_the_tolerance_makes_no_minimum() {
    let clean = energies(10, &(0..100).map(|k| (k * k) % 7 - 3).collect::<Vec<_>>(), &[0; 10]);
    let noisy: Vec<i64> = clean.iter().enumerate().map(|(k, e)| 1000 * e + k as i64 % 5).collect();
    let minima = |found: Landscape, scale: i64| -> Vec<(i64, u64)> {
        let minimum = |x: &Minimum| (x.energy.div_euclid(scale), x.plateau);
        let mut minima: Vec<(i64, u64)> = found.minima.iter().map(minimum).collect();
        minima.sort_unstable();
        minima
    };
    assert_eq!(minima(landscape(&noisy, 10, 1), 1000), minima(landscape(&clean, 0, 1), 1));
}

#[test]
fn the_landscape_is_the_same_on_any_number_of_threads() {
    let stream = Philox::new(9, Purpose::Start, 0);
    let mut words = stream.words_from(0);
    for largest in [1u64, 1 << 40] {
        let mut number = || (words.next_word() % (2 * largest + 1)) as i64 - largest as i64;
        let couplings: Vec<i64> = (0..17 * 17).map(|_| number()).collect();
        let energies = energies(17, &couplings, &[0; 17]);
        let expected = landscape(&energies, 0, 1);
        assert!(expected.minima.len() > 1);
        assert_eq!(expected.minima.iter().map(|x| x.basin).sum::<u64>(), 1 << 17);
        for n_threads in [2, 3, 7] {
            assert_eq!(landscape(&energies, 0, n_threads), expected);
        }
    }
}

#[test]
fn what_is_no_landscape_is_refused_by_name() {
    let control = Control::default();
    let refused = |n_spins, energies: &[i64], tolerance| {
        Landscape::new(n_spins, energies, tolerance, &control).unwrap_err().to_string()
    };
    assert_eq!(refused(0, &[1], 0), "n_spins must be between 1 and 28, got 0");
    assert_eq!(refused(29, &[1], 0), "n_spins must be between 1 and 28, got 29");
    assert_eq!(refused(2, &[1, 2], 0), "energies must be 2^2 numbers, got 2");
    assert_eq!(refused(1, &[1, 2], -1), "tolerance must be between 0 and 2^62, got -1");
    let large = format!("energies must be between -2^62 and 2^62, got {}", i64::MIN);
    assert_eq!(refused(1, &[1, i64::MIN], 0), large);
}

#[test]
fn a_landscape_stops_when_asked_and_counts_to_its_end() {
    let energies = energies(6, &[1; 36], &[0; 6]);
    let control = Control::new(PASSES << 6);
    Landscape::new(6, &energies, 0, &control).unwrap();
    assert_eq!(control.progress(), (PASSES << 6, PASSES << 6));
    control.cancel();
    assert_eq!(Landscape::new(6, &energies, 0, &control), Err(Error::Cancelled));
}
