//! The kernels under every room, on each instruction set that this machine has.
//!
//! `weigh` is what a visit of a spin costs; in bytes of pattern rows a second, from a set that
//! stays in cache and from one that does not. `hamming_block` is what a dense coupling costs.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};
use spinglass_core::{
    bits::{BLOCK, Kernels, PlaneStack, ones},
    control::Control,
    hopfield::Patterns,
    simd::Level,
};

/// The overlaps of random patterns with a random state, in `width` planes.
fn typical_planes(patterns: &Patterns, width: usize, kernels: &Kernels) -> PlaneStack {
    let n = patterns.n_spins();
    let mut planes = PlaneStack::zeros(patterns.rows().stride(), 24);
    (kernels.tally)(patterns.rows(), 0, &vec![1; n], &mut planes);
    let mut all = ones(patterns.n_patterns());
    planes.centre(n.div_ceil(2) as i64, &all);
    planes.narrow(width, usize::MAX, &mut all);
    planes
}

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    // At load 0.138: 1.9 MB and 170 MB of rows, in the first sweep and in a late one.
    for (n, width) in [(10_000, 9), (100_000, 11)] {
        let p = (0.138 * f64::from(n)).round() as usize;
        let control = Control::default();
        let widest = Level::available().last().expect("the portable level is always there");
        let patterns =
            Patterns::random(p, n as usize, 1, widest, &control).expect("the set fits in memory");
        let planes = typical_planes(&patterns, width, Kernels::of(widest));
        let sites: Vec<u32> = (0..n as u32).collect();
        let mut out = vec![0; sites.len()];
        let mut group = criterion.benchmark_group(format!("bits/weigh/N={n}, planes={width}"));
        group.throughput(Throughput::Bytes(patterns.as_bytes().len() as u64));
        for level in Level::available() {
            let weigh = Kernels::of(level).weigh;
            group.bench_function(level.name(), |bencher| {
                bencher.iter(|| weigh(patterns.rows(), &sites, &planes, black_box(&mut out)));
            });
        }
        group.finish();
    }

    let patterns = Patterns::random(1380, 2 * BLOCK, 1, Level::Portable, &Control::default())
        .expect("a small set fits in memory");
    let rows = [patterns.rows(); 2];
    let mut out = vec![0; BLOCK * BLOCK];
    let mut group = criterion.benchmark_group("bits/hamming_block/P=1380");
    group.throughput(Throughput::Elements((BLOCK * BLOCK) as u64));
    for level in Level::available() {
        let hamming_block = Kernels::of(level).hamming_block;
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| hamming_block(rows, [0, BLOCK], black_box(&mut out)));
        });
    }
    group.finish();
    criterion.final_summary();
}
