//! Local fields h_i = sum_j J_ij s_j + h_i of a replica, from the couplings as they were given: all of
//! them, or the mean of their sizes, (1/N) sum_i |h_i|, summed site after site.

use super::{Measure, Scratch, snapshots::Packing};
use crate::{
    bits::{CHUNK_BITS, Chunk},
    spins::SpinModel,
};

pub(super) struct LocalFields<'a> {
    pub model: &'a dyn SpinModel,
    pub mean_size: bool,
}

impl Measure for LocalFields<'_> {
    fn width(&self) -> usize {
        if self.mean_size { 1 } else { self.model.n_spins() }
    }

    fn measure(
        &self,
        packing: &Packing,
        [row, _]: [&[Chunk]; 2],
        _scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        let (n, row) = (packing.n_spins(), &row[..packing.chunks()]);
        let row: Vec<Chunk> = row.iter().map(|&chunk| packing.in_site_order(chunk)).collect();
        let spin = |site: usize| 2 * i8::from(row[site / CHUNK_BITS].bit(site % CHUNK_BITS)) - 1;
        let spins: Vec<i8> = (0..n).map(spin).collect();
        if self.mean_size {
            let mut fields = vec![0.0; n];
            self.model.local_fields(&spins, &mut fields);
            out[0] = fields.iter().map(|field| field.abs()).sum::<f64>() / n as f64;
        } else {
            self.model.local_fields(&spins, out);
        }
    }
}
