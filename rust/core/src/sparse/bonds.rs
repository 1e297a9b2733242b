//! What cluster moves ask of the model.

use super::Sparse;
use crate::spins::{SpinModel, clusters::Bonds};

impl Bonds for Sparse {
    fn n_spins(&self) -> usize {
        SpinModel::n_spins(self)
    }
    fn each_neighbour(&self, site: usize, mut visit: impl FnMut(usize, f64)) {
        self.neighbours(site).for_each(|(other, coupling)| visit(other, coupling));
    }
    fn has_fields(&self) -> bool {
        Sparse::has_fields(self)
    }
    fn energy(&self, spins: &[i8]) -> f64 {
        SpinModel::energy(self, spins)
    }
}
